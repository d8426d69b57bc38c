//! What a run without a person has to say: lines for a log, and whether something was left undone.

use crate::report::text::inert;

/// What was said, and whether another run is asked for.
#[derive(Debug, Default)]
pub(crate) struct Told {
    lines: Vec<String>,
    is_unfinished: bool,
}

impl Told {
    /// Says something that asks for nothing.
    pub(crate) fn say(&mut self, line: &str) {
        self.lines.push(inert(line).into_owned());
    }

    /// Says what could not be done, or could not be told: another run may.
    pub(crate) fn leave(&mut self, line: &str) {
        self.say(line);
        self.is_unfinished = true;
    }

    /// Borrows the lines.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Tells whether something was left undone.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.is_unfinished
    }
}
