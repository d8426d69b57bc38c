//! Columns of text that stay aligned when some of it is coloured.
//!
//! Names in Azure and our own words are one column per character, so no width table is needed.
//! Widths are found in a first pass over the rows, lines are written in a second: no row is kept.

use std::io::{self, Write};

use super::Paint;
use crate::report::text::inert;

const GAP: &str = "  ";
const CUT: char = '…';

/// A text and perhaps its colour, as an SGR code.
pub(super) struct Cell {
    text: String,
    color: Option<u8>,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::colored(text, None)
    }

    pub(super) fn colored(text: impl Into<String>, color: Option<u8>) -> Self {
        let text = text.into();
        Self {
            text: inert(&text).into_owned(),
            color,
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }

    /// Gives the text in at most this many columns.
    fn cut_to(&self, width: usize) -> String {
        if self.width() <= width {
            return self.text.clone();
        }
        let kept = self.text.chars().take(width.saturating_sub(1));
        kept.chain([CUT]).collect()
    }
}

/// The widths of the columns of a table.
pub(super) struct Columns<const N: usize>([usize; N]);

impl<const N: usize> Columns<N> {
    /// Makes columns that hold their heads.
    pub(super) fn of(head: [&str; N]) -> Self {
        Self(head.map(|text| text.chars().count()))
    }

    /// Widens the columns so that they hold the row too.
    pub(super) fn make_room_for(&mut self, row: &[Cell; N]) {
        for (width, cell) in self.0.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }

    /// Narrows columns to no less than their least widths, in the order given, until a line fits;
    /// if that is not enough, leaves them out in the same order.
    pub(super) fn squeeze_into(&mut self, line: usize, may_be_cut: &[(usize, usize)]) {
        for (column, least) in may_be_cut {
            let excess = self.line().saturating_sub(line);
            if let Some(width) = self.0.get_mut(*column) {
                *width = width.saturating_sub(excess).max((*least).min(*width));
            }
        }
        for (column, _) in may_be_cut {
            let is_too_long = self.line() > line;
            if let Some(width) = self.0.get_mut(*column).filter(|_| is_too_long) {
                *width = 0;
            }
        }
    }

    /// Measures a line, with the gaps between the columns that are there.
    fn line(&self) -> usize {
        let there = self.0.iter().filter(|width| **width > 0).count();
        self.0.iter().sum::<usize>() + GAP.len() * there.saturating_sub(1)
    }

    /// Writes one line; the last cell is not padded.
    pub(super) fn write(
        &self,
        row: &[Cell; N],
        paint: Paint,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut pending = 0;
        let there = row.iter().zip(self.0).filter(|(_, width)| *width > 0);
        for (number, (cell, width)) in there.enumerate() {
            let text = cell.cut_to(width);
            if number > 0 {
                pending += GAP.len();
            }
            write!(out, "{:pending$}", "")?;
            pending = width.saturating_sub(text.chars().count());
            match (paint, cell.color) {
                (Paint::Colored, Some(color)) => write!(out, "\u{1b}[{color}m{text}\u{1b}[0m")?,
                _ => out.write_all(text.as_bytes())?,
            }
        }
        writeln!(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: usize, expected: &str) {
        let row = ["stlogs", "rg-production", "kv/logs"].map(Cell::plain);
        let mut columns = Columns::of(["A", "GROUP", "V"]);
        columns.make_room_for(&row);
        columns.squeeze_into(line, &[(2, 3), (1, 4)]);
        let mut out = Vec::new();
        columns
            .write(&row, Paint::Plain, &mut out)
            .expect("memory takes it");
        assert_eq!(String::from_utf8(out).expect("text"), expected, "{line}");
    }

    #[test]
    fn a_narrow_screen_cuts_columns_in_their_order_and_then_leaves_them_out() {
        check(80, "stlogs  rg-production  kv/logs\n");
        check(28, "stlogs  rg-production  kv/l…\n");
        check(24, "stlogs  rg-product…  kv…\n");
        check(17, "stlogs  rg-…  kv…\n");
        check(16, "stlogs  rg-…\n");
        check(1, "stlogs\n");
    }
}
