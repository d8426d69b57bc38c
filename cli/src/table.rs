//! Columns for people: as wide as their longest text, the last one as it is.

use crate::report::text::harmless;

/// Writes rows under their titles; every row has as many texts as there are titles.
pub(crate) fn table<const COLUMNS: usize>(
    titles: [&str; COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    let titles = titles.map(str::to_owned);
    let all = || std::iter::once(&titles).chain(rows);
    let mut widths = [0; COLUMNS];
    for row in all() {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    all().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths);
    let cells: Vec<_> = cells
        .map(|(text, width)| format!("{:width$}", harmless(&one_line(text))))
        .collect();
    format!("{}\n", cells.join("  ").trim_end())
}

/// Writes one fact a line, its name before it.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max();
    let width = width.unwrap_or_default();
    let lines = facts.iter().map(|(name, value)| {
        let line = format!("{name:width$}  {}", one_line(value));
        format!("{}\n", harmless(line.trim_end()))
    });
    lines.collect()
}

/// What others have written may hold the ends of lines.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Writes a value, or that it is not known.
pub(crate) fn known(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| value.to_string())
}

/// Writes an answer.
pub(crate) fn yes_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_text() {
        let rows = [
            ["stlogs".to_owned(), "é".to_owned()],
            ["a".to_owned(), String::new()],
        ];
        assert_eq!(table(["N", "TAG"], &rows), "N       TAG\nstlogs  é\na\n");
        let hostile = facts(&[("tags", "a=\u{1b}[2J\n##vso[x]\u{202e}".to_owned())]);
        assert_eq!(hostile, "tags  a=\u{fffd}[2J # #vso[x]\u{fffd}\n");
        let shown = facts(&[("name", "a".to_owned()), ("id", String::new())]);
        assert_eq!(shown, "name  a\nid\n");
    }
}
