//! The manual of `check` says what the program does.

use clap::CommandFactory;
use cli::args::Args;
use rotation::drift::Verdict;
use rotation::finding::explanations;

const MANUAL: &str = include_str!("../../docs/cli/check.md");

#[test]
fn every_finding_is_in_the_manual_with_its_own_texts() {
    for row in explanations() {
        let severity = row.severity.as_str();
        let line = format!(
            "| `{}` | {severity} | {} | {} |\n",
            row.name, row.risk, row.remediation
        );
        assert!(MANUAL.contains(&line), "the manual lacks: {line}");
    }
}

#[test]
fn every_verdict_is_in_the_manual() {
    for verdict in Verdict::ALL {
        assert!(MANUAL.contains(&format!("| `{verdict}` |")), "{verdict}");
    }
}

#[test]
fn every_option_is_in_the_manual() {
    let command = Args::command();
    let check = command
        .find_subcommand("check")
        .expect("there is such a command");
    let long = |argument: &clap::Arg| argument.get_long().map(str::to_owned);
    for option in command
        .get_arguments()
        .chain(check.get_arguments())
        .filter_map(long)
    {
        assert!(MANUAL.contains(&format!("| `--{option}")), "{option}");
    }
}
