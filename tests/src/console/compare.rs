//! Whether a command printed what its page shows.
//!
//! `…` stands for any text in a line, and alone on a line for any lines. Days and numbers of days
//! differ from run to run, so one stands for another. How many spaces there are does not matter.

/// Tells whether the text that was printed is what the page shows.
#[must_use]
pub fn fits(shown: &[String], printed: &str) -> bool {
    let shown: Vec<String> = shown.iter().map(|line| plain(line)).collect();
    let printed: Vec<String> = printed.trim().lines().map(plain).collect();
    lines_fit(&shown, &printed)
}

fn lines_fit(shown: &[String], printed: &[String]) -> bool {
    match (shown.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((line, rest)), _) if line == "…" => {
            lines_fit(rest, printed)
                || printed
                    .split_first()
                    .is_some_and(|(_, later)| lines_fit(shown, later))
        }
        (Some((line, rest)), Some((found, later))) => {
            line_fits(line, found) && lines_fit(rest, later)
        }
        _ => false,
    }
}

fn line_fits(shown: &str, found: &str) -> bool {
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// Writes a line with single spaces, and with words in the place of days.
fn plain(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        if word.starts_with("day") && words.last().is_some_and(|last| is_number(last)) {
            words.pop();
            words.push("N".to_owned());
        }
        words.push(date(word));
    }
    words.join(" ")
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Replaces the day, and the time of day behind it, that a word holds.
fn date(word: &str) -> String {
    let shape: String = word
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
        .collect();
    let Some(at) = shape.find("0000-00-00") else {
        return word.to_owned();
    };
    let time = shape.get(at + 10..).unwrap_or_default();
    let length = if time.starts_with("T00:00:00") {
        let rest = time.get(9..).unwrap_or_default();
        9 + rest
            .find(|letter: char| !matches!(letter, '0' | '.' | 'Z'))
            .unwrap_or(rest.len())
    } else {
        0
    };
    let before = word.get(..at).unwrap_or_default();
    let after = word.get(at + 10 + length..).unwrap_or_default();
    format!("{before}DAY{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shown: &str, printed: &str, expected: bool) {
        let shown: Vec<String> = shown.lines().map(str::to_owned).collect();
        assert_eq!(fits(&shown, printed), expected, "{shown:?} {printed:?}");
    }

    #[test]
    fn what_differs_from_run_to_run_may_differ_and_nothing_else() {
        check("a  b", "a b\n", true);
        check("a b", "a c", false);
        check("a", "a\nb", false);
        check("a\n…", "a\nb\nc", true);
        check("…\nc", "a\nb\nc", true);
        check("a\n…\nc", "a\nc", true);
        check("made … ago, …!", "made long ago, yes!", true);
        check("made … ago", "made long since", false);
        check("44 days  2026-06-17", "4 days 2031-01-01", true);
        check(
            "until 2026-06-17T00:00:00Z.",
            "until 2031-01-01T10:20:30.123Z.",
            true,
        );
        check("44 accounts", "4 accounts", false);
    }
}
