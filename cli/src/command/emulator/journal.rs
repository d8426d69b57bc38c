//! The request journal as people read it.

use serde::Deserialize;

/// The journal as the emulator gives it.
#[derive(Deserialize)]
pub(super) struct Journal {
    requests: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    at: String,
    method: String,
    url: String,
    status: Option<u16>,
    operation: String,
}

/// Writes one line for each request, with the address last because it is long.
pub(super) fn table(journal: &Journal) -> String {
    let operations = journal.requests.iter().map(|entry| entry.operation.len());
    let width = operations.max().unwrap_or_default();
    journal
        .requests
        .iter()
        .map(|entry| line(entry, width))
        .collect()
}

fn line(entry: &Entry, width: usize) -> String {
    let Entry {
        at,
        method,
        url,
        status,
        operation,
    } = entry;
    let second = at
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end_matches('Z');
    let status = status.map_or_else(|| "cut".to_owned(), |status| status.to_string());
    format!("{second}Z  {status:>3}  {operation:width$}  {method:7}  {url}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_line_and_a_cut_connection_says_so() {
        let text = r#"{"requests": [
            {"at": "2026-01-01T00:00:00.123Z", "method": "GET", "url": "https://h/p", "status": 200,
             "operation": "GetSecret"},
            {"at": "2026-01-01T00:00:01Z", "method": "PUT", "url": "https://h/q", "status": null,
             "operation": "SetStorageAccount"}]}"#;
        let journal: Journal = serde_json::from_str(text).expect("a valid journal");
        let expected = "2026-01-01T00:00:00Z  200  GetSecret          GET      https://h/p\n\
                        2026-01-01T00:00:01Z  cut  SetStorageAccount  PUT      https://h/q\n";
        assert_eq!(table(&journal), expected);
    }
}
