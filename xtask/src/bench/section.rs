//! What a part of the bench found: a table of Markdown for people, and figures for programs.

use std::time::Duration;

use serde_json::Value;

/// The result of one part.
pub(super) struct Section {
    /// The part's name, as it is asked for and as it is called among the figures.
    pub(super) name: &'static str,
    /// The tables.
    pub(super) text: String,
    /// The same for programs.
    pub(super) figures: Value,
}

/// A table of Markdown.
pub(super) struct Table {
    lines: Vec<String>,
}

impl Table {
    /// Begins a table. The columns behind the first `words` ones hold numbers.
    pub(super) fn new(heads: &[&str], words: usize) -> Self {
        let marks = (0..heads.len()).map(|column| if column < words { "---" } else { "--:" });
        let marks: Vec<&str> = marks.collect();
        Self {
            lines: vec![
                format!("| {} |", heads.join(" | ")),
                format!("|{}|", marks.join("|")),
            ],
        }
    }

    /// Adds a row.
    pub(super) fn row<Cell: AsRef<str>>(&mut self, cells: &[Cell]) {
        let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
        self.lines.push(format!("| {} |", cells.join(" | ")));
    }

    /// Gives the lines.
    pub(super) fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// Compares two times; nothing beside none.
pub(super) fn ratio(time: Duration, other: Duration) -> Option<f64> {
    (!other.is_zero()).then(|| time.as_secs_f64() / other.as_secs_f64())
}

/// Writes a ratio.
pub(super) fn shown(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
}

/// Writes a time in seconds.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// Gives a time in milliseconds.
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Writes a size. A megabyte is a million bytes; the precision is a tenth.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

/// Gives the middle one.
pub(super) fn median<T: Ord + Default>(mut all: Vec<T>) -> T {
    all.sort();
    let middle = all.len() / 2;
    all.into_iter().nth(middle).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_with_their_units() {
        assert_eq!(megabytes(55_749_000), "55.7 MB");
        assert_eq!(seconds(Duration::from_millis(3216)), "3.22 s");
        let ratio =
            |wall, bound| shown(ratio(Duration::from_secs(wall), Duration::from_secs(bound)));
        assert_eq!(ratio(3, 2), "1.50");
        assert_eq!(ratio(3, 0), "-");
        assert_eq!(median(vec![3, 1, 2]), 2);
    }

    #[test]
    fn a_table_is_one_of_markdown() {
        let mut table = Table::new(&["name", "size"], 1);
        table.row(&["a", "1"]);
        assert_eq!(table.text(), "| name | size |\n|---|--:|\n| a | 1 |");
    }
}
