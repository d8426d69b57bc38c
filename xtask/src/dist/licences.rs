//! The licences of what a program holds: those who let us use their code ask that their words go with it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::pack::Entry;
use crate::process::Supervisor;
use crate::sbom::{self, Program};
use crate::workspace;

const NAME: &str = "THIRD-PARTY-LICENSES.txt";

/// What the names of files with such words begin with.
const BEGINNINGS: [&str; 5] = ["license", "licence", "copying", "notice", "copyright"];

/// Collects the words of all packages that a program holds.
pub fn of(supervisor: &Supervisor, program: &Program<'_>) -> Result<Entry> {
    let held = sbom::held(supervisor, program)?;
    let folders = folders(supervisor, program)?;
    // The same words are told once, with all whose they are.
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut silent = String::new();
    for ((name, version), licence) in held {
        let Some(folder) = folders.get(&(name.clone(), version.clone())) else {
            // Ours, whose licence lies beside this file.
            continue;
        };
        let title = format!("{name} {version} ({licence})");
        let found = words_in(folder)?;
        if found.is_empty() {
            silent.push_str(&format!("{title}\n"));
        }
        for text in found {
            texts.entry(text).or_default().insert(title.clone());
        }
    }
    Ok(Entry::file(
        NAME.to_owned(),
        page(&texts, &silent).into_bytes(),
    ))
}

fn page(texts: &BTreeMap<String, BTreeSet<String>>, silent: &str) -> String {
    let mut page = String::from("This program holds packages of others, under these licences.\n");
    if !silent.is_empty() {
        page.push_str("\nThese name a licence, and no words of it lie in their packages:\n\n");
        page.push_str(silent);
    }
    let mut parts: Vec<(&BTreeSet<String>, &String)> =
        texts.iter().map(|(text, titles)| (titles, text)).collect();
    parts.sort();
    for (titles, text) in parts {
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let rule = "-".repeat(78);
        page.push_str(&format!(
            "\n{rule}\n{}\n{rule}\n\n{text}\n",
            titles.join("\n")
        ));
    }
    page
}

fn words_in(folder: &Path) -> Result<Vec<String>> {
    let mut words = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let is_ours = BEGINNINGS.iter().any(|begin| name.starts_with(begin));
        if is_ours && entry.file_type()?.is_file() {
            let bytes = fs::read(entry.path())?;
            let text = String::from_utf8_lossy(&bytes).replace('\r', "");
            words.push(text.trim_end().to_owned());
        }
    }
    Ok(words)
}

/// Says where cargo keeps each package of others.
fn folders(
    supervisor: &Supervisor,
    program: &Program<'_>,
) -> Result<BTreeMap<(String, String), PathBuf>> {
    let platform = format!("--filter-platform={}", program.system);
    let mut metadata = workspace::cargo();
    metadata.current_dir(program.sources);
    metadata.args(["metadata", "--format-version=1", "--locked", &platform]);
    let said = supervisor.capture_text(&mut metadata)?;
    let metadata: Value = serde_json::from_str(&said).context("cargo tells no JSON")?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let of_others = packages.into_iter().flatten().filter_map(|package| {
        package.get("source")?.as_str()?;
        let text = |name: &str| package.get(name)?.as_str().map(str::to_owned);
        let manifest = PathBuf::from(text("manifest_path")?);
        let folder = manifest.parent()?.to_owned();
        Some(((text("name")?, text("version")?), folder))
    });
    Ok(of_others.collect())
}
