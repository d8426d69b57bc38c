//! The pages under `docs/cli` that are made from the program's own tables: they say what it does.
//!
//! `cargo xtask docs` writes them; without it they are compared. Pages that are written by hand are
//! held to the tables where they name something.

mod pages;
mod schema;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use azure::env::Env;
use clap::CommandFactory;
use cli::args::Args;
use rotation::drift::Verdict;

/// Set by `cargo xtask docs`: pages are written instead of compared.
const WRITES: &str = "KEYROTATION_WRITE_PAGES";

fn docs() -> PathBuf {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    room.with_file_name("docs").join("cli")
}

fn read(name: &str) -> String {
    fs::read_to_string(docs().join(name)).unwrap_or_default()
}

#[test]
fn the_pages_of_the_tool_are_those_of_its_tables() {
    let pages: BTreeMap<&str, String> = BTreeMap::from([
        ("environment.md", pages::environment()),
        ("exit-codes.md", pages::exit_codes(&command())),
        ("findings.md", pages::findings()),
        ("reference.md", pages::reference(&command())),
        ("report-format.md", schema::page(&command())),
    ]);
    for (name, text) in pages {
        if Env::process().var(WRITES).is_some() {
            fs::write(docs().join(name), &text).expect("a page can be written");
        }
        assert!(
            read(name) == text,
            "docs/cli/{name} is not what the program says: run `cargo xtask docs`"
        );
    }
}

fn command() -> clap::Command {
    let mut command = Args::command();
    command.build();
    command
}

#[test]
fn every_verdict_is_in_the_manual() {
    let manual = read("check.md");
    for verdict in Verdict::ALL {
        assert!(manual.contains(&format!("| `{verdict}` |")), "{verdict}");
    }
}

#[test]
fn the_manual_names_no_option_that_does_not_exist() {
    let manual = read("check.md");
    let mut words: Vec<&str> = manual
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .collect();
    words.sort_unstable();
    words.dedup();
    let command = command();
    let check = command.find_subcommand("check").expect("the command");
    let known: Vec<String> = check
        .get_arguments()
        .filter_map(|argument| argument.get_long().map(|long| format!("--{long}")))
        .collect();
    let rules = |word: &&str| word.trim_matches('-').is_empty();
    for word in words.into_iter().filter(|word| !rules(word)) {
        assert!(known.iter().any(|one| one == word), "{word}");
    }
}
