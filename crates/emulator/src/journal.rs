//! The request journal: every request that reached the emulator, without its secrets. Header values and bodies are not
//! kept at all; of a query only the parameters that are known to be harmless.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

use crate::fault::Fault;

/// The journal forgets its oldest entries beyond this number.
const KEPT: usize = 100_000;

/// Query parameters whose values may be shown.
const SHOWN: &[&str] = &[
    "api-version",
    "maxresults",
    "$filter",
    "$top",
    "$select",
    "$expand",
    "$skiptoken",
    "$skipToken",
    "resource",
    "client_id",
];

/// The operation of a request that the emulator does not model.
pub const UNMODELLED: &str = "unmodelled";

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JournalEntry {
    /// When it was answered, by the virtual clock.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The address, secrets left out.
    pub url: String,
    /// The status of the answer; nothing if the connection was closed instead.
    pub status: Option<u16>,
    /// The published name of the operation, or `unmodelled`.
    pub operation: String,
    /// The client id of the caller, if one was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Whether the emulator itself failed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bug: bool,
    /// The fault that struck it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// All requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<JournalEntry>,
}

impl Journal {
    /// Adds a request.
    pub(crate) fn record(&mut self, entry: JournalEntry) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Gives all entries.
    pub(crate) fn entries(&self) -> Vec<JournalEntry> {
        self.entries.iter().cloned().collect()
    }

    /// Forgets all entries.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

fn as_text<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// Writes an address without what may be secret in its query.
pub(crate) fn shown_url(scheme: &str, host: &str, path: &str, query: Option<&str>) -> String {
    let mut url = format!("{scheme}://{host}{path}");
    let parameters = query
        .unwrap_or_default()
        .split('&')
        .filter(|parameter| !parameter.is_empty());
    for (index, parameter) in parameters.enumerate() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let plain = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        let value = if SHOWN.contains(&plain.as_ref()) {
            value
        } else {
            "redacted"
        };
        url.push(if index == 0 { '?' } else { '&' });
        url.push_str(&format!("{name}={value}"));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_parameters_are_shown() {
        let query = "api-version=7.4&sig=c2VjcmV0&%24filter=atScope()&code=s";
        let url = shown_url("https", "h", "/p", Some(query));
        assert_eq!(
            url,
            "https://h/p?api-version=7.4&sig=redacted&%24filter=atScope()&code=redacted"
        );
        assert_eq!(shown_url("https", "h", "/p", None), "https://h/p");
    }
}
