//! Sentences broken over lines: at spaces, with the same margin on every line but the first.

use std::io::{self, Write};

use crate::report::text::inert;

/// The least room for words; a narrower screen has to scroll.
const LEAST: usize = 24;

/// Writes `text` where the cursor stands at `margin`, and ends the line.
pub(crate) fn write(
    text: &str,
    margin: usize,
    width: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let text = inert(text);
    let Some(width) = width else {
        return writeln!(out, "{text}");
    };
    let room = width.saturating_sub(margin).max(LEAST);
    let mut taken = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if taken > 0 && taken + 1 + length > room {
            write!(out, "\n{:margin$}", "")?;
            taken = 0;
        }
        if taken > 0 {
            out.write_all(b" ")?;
            taken += 1;
        }
        out.write_all(word.as_bytes())?;
        taken += length;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_keep_the_margin() {
        let check = |width, expected: &str| {
            let mut out = Vec::new();
            let text = "a key may be as old as the limit and no older";
            write(text, 2, width, &mut out).expect("memory takes it");
            assert_eq!(String::from_utf8(out).expect("text"), expected);
        };
        check(None, "a key may be as old as the limit and no older\n");
        check(
            Some(30),
            "a key may be as old as the\n  limit and no older\n",
        );
    }
}
