//! What xtask prints: the only file that touches its stdout and stderr.
//!
//! Leaves the words to the commands. A closed pipe is not an error: there is nobody left to tell.

use std::io::Write;

/// Prints one line, or several, on stdout.
pub fn say(text: &str) {
    let mut stdout = std::io::stdout().lock();
    drop(writeln!(stdout, "{text}").and_then(|()| stdout.flush()));
}

/// Prints what another program said, set apart by a margin.
pub fn quote(text: &str) {
    for line in text.trim_end().lines() {
        say(&format!("      | {line}"));
    }
}

/// Prints one line on stderr.
pub fn complain(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}
