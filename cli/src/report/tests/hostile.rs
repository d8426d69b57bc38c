//! Text of other people stays text in every format.

use clap::ValueEnum;

use super::{PLAIN, written};
use crate::report::format::Format;

fn of(format: Format) -> String {
    written(format, &PLAIN)
}

#[test]
fn no_format_lets_an_agent_take_text_for_a_command() {
    for format in Format::value_variants() {
        let text = of(*format);
        let ours = |line: &str| match format {
            Format::Github => ["::error", "::warning", "::notice"]
                .iter()
                .any(|command| line.starts_with(&format!("{command} title="))),
            Format::AzurePipelines => line.starts_with("##vso[task.logissue type="),
            _ => false,
        };
        for line in text.lines().filter(|line| !ours(line)) {
            assert!(!line.trim_start().starts_with("::"), "{format:?}: {line}");
            assert!(!line.contains("##vso["), "{format:?}: {line}");
            assert!(!line.contains("##["), "{format:?}: {line}");
        }
        for line in text.lines().filter(|line| ours(line)) {
            assert_eq!(
                line.matches("##").count() + line.matches("::").count(),
                expected(*format)
            );
        }
    }
}

/// How many markers a command has: two of GitHub's, one of Azure's.
fn expected(format: Format) -> usize {
    if format == Format::Github { 2 } else { 1 }
}

#[test]
fn no_format_holds_a_character_that_moves_the_cursor_or_turns_the_text() {
    for format in Format::value_variants() {
        let text = of(*format);
        let odd = |letter: &char| {
            letter.is_control() && !matches!(letter, '\n' | '\r') || *letter == '\u{202e}'
        };
        let json = matches!(
            format,
            Format::Json | Format::Jsonl | Format::Sarif | Format::Ocsf
        );
        // In JSON a letter that is no control character may stand as it is.
        let found = text
            .chars()
            .find(|letter| odd(letter) && !(json && *letter == '\u{202e}'));
        assert_eq!(found, None, "{format:?}");
    }
}

#[test]
fn markup_is_escaped() {
    for format in [Format::Html, Format::Junit, Format::Markdown] {
        let text = of(format);
        assert!(!text.contains("<script>alert"), "{format:?}");
        assert!(text.contains("&lt;script&gt;alert"), "{format:?}");
    }
}

#[test]
fn a_spreadsheet_gets_no_formula_and_one_line_per_record() {
    let text = of(Format::Csv);
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1 + 7 + 2, "{text}");
    for line in lines {
        assert!(!line.contains('\n'), "{line}");
        assert!(!line.contains(",=") && !line.contains(",\"="), "{line}");
    }
    assert!(text.contains("'=cmd"), "{text}");
}

#[test]
fn what_json_says_is_the_text_itself() {
    let report = super::value(&of(Format::Json));
    let scope = report.pointer("/unscanned/1/scope");
    let scope = scope.and_then(serde_json::Value::as_str);
    assert_eq!(scope, Some(super::model::HOSTILE));
}
