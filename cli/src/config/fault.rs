//! A mistake in a file of settings, and where it is.

use std::fmt;

use crate::report::text::inert;

/// A mistake, with its line if that can be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    line: Option<usize>,
    what: String,
}

impl Fault {
    /// A mistake of the whole file.
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self {
            line: None,
            what: what.to_string(),
        }
    }

    /// A mistake in a line, counted from 1.
    pub(crate) fn in_line(line: usize, what: impl fmt::Display) -> Self {
        Self {
            line: Some(line),
            ..Self::new(what)
        }
    }

    /// A mistake at a byte of the text.
    pub(crate) fn at_byte(text: &str, byte: Option<usize>, what: &str) -> Self {
        let before = byte.and_then(|byte| text.get(..byte));
        Self {
            line: before.map(|before| before.matches('\n').count() + 1),
            ..Self::new(what)
        }
    }

    /// A mistake in one of several tables of a name, counted from 1.
    pub(crate) fn in_table(text: &str, head: &str, number: usize, what: impl fmt::Display) -> Self {
        let mut lines = text.lines().enumerate();
        let mut heads = lines
            .by_ref()
            .filter(|(_, line)| line.trim_start().starts_with(head));
        // A file that has them in an array instead has no heads: then the number has to do.
        match heads.nth(number.saturating_sub(1)) {
            Some((line, _)) => Self::in_line(line + 1, what),
            None => Self::new(format!("{head} number {number}: {what}")),
        }
    }

    /// Writes it as editors and linters read it; the name of a file and its text are other people's.
    pub(crate) fn show(&self, path: &str) -> String {
        let (path, what) = (inert(path), inert(&self.what));
        match self.line {
            Some(line) => format!("{path}:{line}: {what}"),
            None => format!("{path}: {what}"),
        }
    }
}
