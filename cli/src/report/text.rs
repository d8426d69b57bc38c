//! Text from outside, made harmless for each place it is written to.
//!
//! Names, tags and Azure's own sentences are other people's text. A report must not let it move a
//! terminal's cursor, break out of markup, or speak to the pipeline that shows the report: agents
//! take `##vso[…]`, `##[…]` and `::…::` in any output of a step for a command.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Puts text on one line, without control characters or anything that an agent obeys.
pub(crate) fn inert(text: &str) -> Cow<'_, str> {
    let is_clean = !text.contains(is_unsafe) && !text.contains("##") && !text.contains("::");
    if is_clean {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '#' | ':' if clean.ends_with(letter) => {
                clean.push(' ');
                clean.push(letter);
            }
            letter if is_blank(letter) => clean.push(' '),
            letter if is_unsafe(letter) => clean.push('\u{fffd}'),
            letter => clean.push(letter),
        }
    }
    Cow::Owned(clean)
}

/// Makes lines of talk harmless: words of others in them give no command to a terminal or a pipeline.
pub(crate) fn harmless(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let mut clean = String::with_capacity(line.len());
        for letter in line.chars() {
            match letter {
                '#' if clean.ends_with('#') => clean.push_str(" #"),
                '\t' => clean.push(' '),
                letter if is_unsafe(letter) => clean.push('\u{fffd}'),
                letter => clean.push(letter),
            }
        }
        if clean.trim_start().starts_with("::") {
            clean.insert(0, '.');
        }
        clean
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_unsafe(letter: char) -> bool {
    is_blank(letter) || letter.is_control() || reorders(letter) || !is_xml(letter)
}

fn is_blank(letter: char) -> bool {
    matches!(
        letter,
        '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// Characters that show the text after them in another order than it has.
fn reorders(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_xml(letter: char) -> bool {
    !matches!(letter, '\u{fffe}' | '\u{ffff}')
}

/// Text for XML and HTML, between tags and within quoted attributes.
pub(crate) struct Markup<'a>(pub(crate) &'a str);

impl fmt::Display for Markup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in inert(self.0).chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// Text for Markdown, in a paragraph or in a cell of a table.
pub(crate) struct Marked<'a>(pub(crate) &'a str);

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in inert(self.0).chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                // A name with this before it is told of the report by the sites that show it.
                '@' => f.write_str("&#64;")?,
                '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '~' | '!' => {
                    f.write_char('\\')?;
                    f.write_char(letter)?;
                }
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// Writes our own words for a verdict: without the underscore that programs read.
pub(crate) fn words(verdict: rotation::drift::Verdict) -> &'static str {
    use rotation::drift::Verdict;
    match verdict {
        Verdict::NotApplicable => "not applicable",
        Verdict::Compliant => "compliant",
        Verdict::DueSoon => "due soon",
        Verdict::Unknown => "unknown",
        Verdict::Overdue => "overdue",
        Verdict::Stalled => "stalled",
    }
}

/// Counts things in words: the number, and the noun in the form that fits it.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn commands_to_an_agent_lose_their_form() {
        let check = |text: &str, expected: &str| assert_eq!(inert(text), expected);
        check("##vso[task.complete]", "# #vso[task.complete]");
        check("a ###[error]", "a # # #[error]");
        check("\n::error::x", " : :error: :x");
        check("\u{1b}[31mred\u{7}", "\u{fffd}[31mred\u{fffd}");
        check("a\u{202e}b", "a\u{fffd}b");
        check("https://kv.example/#1", "https://kv.example/#1");
    }

    #[test]
    fn markup_is_written_as_text() {
        let check = |text: &str, html: &str, markdown: &str| {
            assert_eq!(Markup(text).to_string(), html);
            assert_eq!(Marked(text).to_string(), markdown);
        };
        check(
            "<b a='\"'>&",
            "&lt;b a=&#39;&quot;&#39;&gt;&amp;",
            "&lt;b a='\"'&gt;&amp;",
        );
        check(
            "@all | [x](y)",
            "@all | [x](y)",
            "&#64;all \\| \\[x\\]\\(y\\)",
        );
    }

    #[test]
    fn talk_gives_no_command() {
        let check = |text: &str, expected: &str| assert_eq!(harmless(text), expected);
        check("two\nlines: a::b, #1", "two\nlines: a::b, #1");
        check("\u{1b}]0;x\u{7}\ttab", "\u{fffd}]0;x\u{fffd} tab");
        check("said\n ::error::x", "said\n. ::error::x");
        check("a ###vso[task.x]", "a # # #vso[task.x]");
        check("a\u{202e}b\rc", "a\u{fffd}b\u{fffd}c");
    }

    proptest! {
        #[test]
        fn nothing_that_is_made_harmless_needs_it_again(text in ".*") {
            let once = inert(&text).into_owned();
            prop_assert_eq!(inert(&once), once.as_str());
            prop_assert!(!once.contains("##") && !once.contains("::"));
            prop_assert!(!once.contains(char::is_control));
        }
    }
}
