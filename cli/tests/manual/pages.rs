//! Pages made from tables: commands, exit codes, findings, variables.

use std::fmt::Write as _;

use clap::{Arg, Command};
use cli::env_vars;
use rotation::finding::explanations;

/// What stands before the exit codes in the description of a command.
const EXIT_CODES: &str = "Exit codes:";

pub(crate) fn head(title: &str, source: &str) -> String {
    format!(
        "# {title}\n\n<!-- Generated from {source}: change that, then run `cargo xtask docs`. -->\n\n"
    )
}

pub(crate) fn findings() -> String {
    let mut page = head("Findings", "the table of findings in `crates/rotation`");
    page.push_str(
        "A verdict says how bad it is; a finding says why. `keyrotation explain CODE` prints the same \
         texts.\n\n| Code | Severity | Risk | What to do |\n|---|---|---|---|\n",
    );
    for row in explanations() {
        let severity = row.severity.as_str();
        let _ = writeln!(
            page,
            "| `{}` | {severity} | {} | {} |",
            row.name, row.risk, row.remediation
        );
    }
    page
}

pub(crate) fn environment() -> String {
    let mut page = head("Environment variables", "`cli/src/env_vars.rs`");
    page.push_str("| Variable | Says | Since |\n|---|---|---|\n");
    for one in env_vars::variables() {
        let _ = writeln!(page, "| `{}` | {} | {} |", one.name, one.meaning, one.since);
    }
    page
}

/// Takes the codes from the descriptions of the commands, which are what `--help` shows.
pub(crate) fn exit_codes(command: &Command) -> String {
    let mut page = head(
        "Exit codes",
        "the descriptions of the commands in `cli/src`",
    );
    page.push_str(
        "A command that says nothing of its own about them exits with 0 when it did what it was \
         asked, and with 1 otherwise. Wrong usage is 1 everywhere.\n",
    );
    for (name, command) in all(command) {
        let about = long_about(&command);
        let Some((_, codes)) = about.split_once(EXIT_CODES) else {
            continue;
        };
        let _ = write!(page, "\n## {name}\n\n| Code | Means |\n|---|---|\n");
        for line in codes.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (code, meaning) = line.split_once(' ').unwrap_or((line, ""));
            let _ = writeln!(page, "| {code} | {} |", meaning.trim());
        }
    }
    page
}

pub(crate) fn reference(command: &Command) -> String {
    let mut page = head("Commands", "the arguments in `cli/src`");
    let _ = writeln!(page, "{}\n", long_about(command));
    for (name, command) in all(command) {
        if command.has_subcommands() && name != "keyrotation" {
            let _ = write!(page, "## {name}\n\n{}\n\n", long_about(&command));
            continue;
        }
        if name == "keyrotation" {
            page.push_str("Options of all commands:\n\n");
            options(&mut page, &command, Arg::is_global_set);
            continue;
        }
        let about = long_about(&command);
        let about = about.split(EXIT_CODES).next().unwrap_or_default().trim();
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        let _ = write!(page, "## {name}\n\n{about}\n\n```text\n{usage}\n```\n\n");
        options(&mut page, &command, |argument| !argument.is_global_set());
    }
    format!("{}\n", page.trim_end())
}

/// Lists the command and all below it, in the order of `--help`, with their full names.
fn all(command: &Command) -> Vec<(String, Command)> {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let mut found = vec![(name.to_owned(), command.clone())];
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        found.extend(all(sub));
    }
    found
}

fn options(page: &mut String, command: &Command, wanted: impl Fn(&Arg) -> bool) {
    let arguments: Vec<_> = command
        .get_arguments()
        .filter(|argument| wanted(argument) && !argument.is_hide_set())
        .filter(|argument| !["help", "version"].contains(&argument.get_id().as_str()))
        .collect();
    if arguments.is_empty() {
        return;
    }
    page.push_str("| Option | Meaning | Default |\n|---|---|---|\n");
    for argument in arguments {
        let (meaning, said) = without_default(&meaning(argument));
        let default = default(argument);
        let default = if default.is_empty() { said } else { default };
        let _ = writeln!(page, "| {} | {meaning} | {default} |", spelled(argument));
    }
    page.push('\n');
}

fn spelled(argument: &Arg) -> String {
    let names: Vec<_> = argument
        .get_value_names()
        .into_iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    let takes_values = argument.get_action().takes_values();
    let values = if takes_values {
        names.join(" ")
    } else {
        String::new()
    };
    let Some(long) = argument.get_long() else {
        return format!("`{values}`");
    };
    let short = argument.get_short();
    let short = short.map_or_else(String::new, |letter| format!("`-{letter}`, "));
    format!("{short}`{}`", format!("--{long} {values}").trim())
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let mut text = help.map_or_else(String::new, ToString::to_string);
    let values: Vec<_> = argument
        .get_possible_values()
        .into_iter()
        .filter(|value| value.get_help().is_some())
        .collect();
    for value in values {
        let help = value
            .get_help()
            .map_or_else(String::new, ToString::to_string);
        let _ = write!(text, "\n`{}`: {help}", value.get_name());
    }
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("<br>").replace('|', "\\|")
}

/// Takes out what a text says of the default, for options whose default is settled later.
fn without_default(text: &str) -> (String, String) {
    let parts = text
        .split_once(" [default: ")
        .and_then(|(before, rest)| Some((before, rest.split_once(']')?)));
    match parts {
        Some((before, (default, after))) => (format!("{before}{after}"), default.to_owned()),
        None => (text.to_owned(), String::new()),
    }
}

fn default(argument: &Arg) -> String {
    let values: Vec<_> = argument
        .get_default_values()
        .iter()
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    if argument.get_action().takes_values() {
        values.join(" ")
    } else {
        String::new()
    }
}

pub(crate) fn long_about(command: &Command) -> String {
    let about = command.get_long_about().or_else(|| command.get_about());
    about.map_or_else(String::new, ToString::to_string)
}
