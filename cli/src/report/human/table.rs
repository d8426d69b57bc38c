//! Columns of text that stay aligned when some of it is coloured.
//!
//! Names in Azure and our own words are one column per character, so no width table is needed.

use super::Paint;

const GAP: &str = "  ";

/// Rows of cells.
pub(super) struct Table {
    rows: Vec<Vec<Cell>>,
}

/// A text and perhaps its colour, as an SGR code.
pub(super) struct Cell {
    text: String,
    color: Option<u8>,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            color: None,
        }
    }

    pub(super) fn colored(text: impl Into<String>, color: Option<u8>) -> Self {
        Self {
            text: text.into(),
            color,
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }

    fn painted(&self, paint: Paint) -> String {
        match (paint, self.color) {
            (Paint::Colored, Some(color)) => format!("\u{1b}[{color}m{}\u{1b}[0m", self.text),
            _ => self.text.clone(),
        }
    }
}

impl Table {
    pub(super) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self {
            rows: vec![head.into_iter().map(Cell::plain).collect()],
        }
    }

    pub(super) fn without_head() -> Self {
        Self { rows: Vec::new() }
    }

    pub(super) fn push<const N: usize>(&mut self, row: [Cell; N]) {
        self.rows.push(row.into());
    }

    /// Writes one line per row; the last cell of a row is not padded.
    pub(super) fn text(&self, paint: Paint) -> String {
        let widths = self.widths();
        let line = |row: &Vec<Cell>| {
            let last = row.len().saturating_sub(1);
            let cells = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| {
                    let padding = if column == last {
                        0
                    } else {
                        width.saturating_sub(cell.width())
                    };
                    format!("{}{}", cell.painted(paint), " ".repeat(padding))
                });
            cells.collect::<Vec<_>>().join(GAP) + "\n"
        };
        self.rows.iter().map(line).collect()
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(Cell::width)
                .max()
        };
        (0..columns)
            .map(|column| width(column).unwrap_or_default())
            .collect()
    }
}
