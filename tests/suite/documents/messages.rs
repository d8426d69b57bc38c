//! The messages that the page on troubleshooting quotes are said by the programs.

use std::fs;

use anyhow::{Result, ensure};
use tests::place;
use tests::source;

/// The rooms whose messages people read.
const SPEAK: [&str; 6] = [
    "provider/",
    "cli/",
    "crates/azure/",
    "crates/engine/",
    "crates/plugin/",
    "crates/rotation/",
];

/// Writes what a source says in its strings as it is said: in one line, without the marks of a string
/// that goes on.
fn said(text: &str) -> String {
    let joined = text.replace("\\\n", " ").replace("\\\"", "\"");
    joined.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_message_that_is_explained_is_said() -> Result<()> {
    let sources = source::all()?;
    let sources: Vec<String> = sources
        .iter()
        .filter(|file| SPEAK.iter().any(|room| file.path.starts_with(room)))
        .map(|file| said(&file.text))
        .collect();
    let page = fs::read_to_string(place::root().join("docs/guides/troubleshooting.md"))?;
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut seen = 0;
    let mut unsaid = Vec::new();
    for message in rows.filter_map(|row| row.split('`').next()) {
        seen += 1;
        let parts: Vec<&str> = message
            .split('…')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        if !sources
            .iter()
            .any(|text| parts.iter().all(|part| text.contains(part)))
        {
            unsaid.push(message);
        }
    }
    ensure!(unsaid.is_empty(), "nobody says:\n{}", unsaid.join("\n"));
    ensure!(seen >= 25, "only {seen} messages were found");
    Ok(())
}
