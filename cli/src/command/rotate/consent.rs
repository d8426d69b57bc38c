//! Asking a person before anything is changed.

use std::io::{self, IsTerminal};

use crate::output::Streams;

/// Asks at a terminal; whatever is no terminal cannot consent.
pub(super) fn is_given(streams: &mut Streams) -> Option<bool> {
    let input = io::stdin();
    if !input.is_terminal() || !streams.err_is_terminal {
        return None;
    }
    streams.mutter("Carry this out? Only `yes` counts: ");
    let mut line = String::new();
    let read = input.read_line(&mut line);
    Some(read.is_ok() && line.trim() == "yes")
}
