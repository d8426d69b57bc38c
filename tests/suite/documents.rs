//! Pages and examples are what they claim to be: generated pages are those of the schema, examples
//! are formatted and valid.

mod console;
mod links;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tests::emulator::Emulator;
use tests::terraform::Terraform;
use tests::{fleet, pages, place};

use crate::configuration::Configuration;

#[test]
fn the_pages_are_those_of_the_schema() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "pages", &Configuration::default().text())?;
    let schema = terraform.succeed(&["providers", "schema", "-json"])?.stdout;
    let pages = pages::pages(&schema, &place::root().join("examples"))?;
    let docs = place::root().join("docs");
    if place::writes_pages() {
        return write(&docs, &pages);
    }
    for (name, text) in &pages {
        let present = fs::read_to_string(docs.join(name)).unwrap_or_default();
        ensure!(
            present == *text,
            "docs/{name} is not what the schema says: run `cargo xtask docs`"
        );
    }
    let known: BTreeSet<&str> = pages.keys().map(String::as_str).collect();
    for folder in pages::GENERATED {
        if !docs.join(folder).is_dir() {
            continue;
        }
        for file in files(&docs.join(folder), "md")? {
            let name = format!("{folder}/{}", file_name(&file)?);
            ensure!(
                known.contains(name.as_str()),
                "docs/{name} describes nothing there is"
            );
        }
    }
    Ok(())
}

#[test]
fn every_example_is_formatted_and_valid() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "examples", &Configuration::default().text())?;
    let mut seen = 0;
    for folder in example_folders(&place::root().join("examples"))? {
        terraform.replace_by(&folder)?;
        let shown = folder.display();
        terraform
            .succeed(&["fmt", "-check", "-recursive"])
            .with_context(|| format!("{shown} is not formatted"))?;
        if folder.join("tests").is_dir() {
            // What tests call has to be known to the core before they are valid.
            terraform.succeed(&["get"])?;
        }
        terraform
            .succeed(&["validate"])
            .with_context(|| format!("{shown} is not valid"))?;
        seen += 1;
    }
    ensure!(seen >= 3, "only {seen} examples were found");
    Ok(())
}

#[test]
fn every_example_of_a_list_is_formatted_and_valid() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "lists", &Configuration::default().text())?;
    let mut seen = 0;
    for folder in example_folders(&place::root().join("examples/list-resources"))? {
        let shown = folder.display();
        terraform.replace_by(&folder)?;
        terraform
            .succeed(&["fmt", "-check"])
            .with_context(|| format!("{shown} is not formatted"))?;
        terraform
            .succeed(&["validate", "-query"])
            .with_context(|| format!("{shown} is not valid"))?;
        seen += files(&folder, "hcl")?.len();
    }
    ensure!(seen >= 2, "only {seen} examples were found");
    Ok(())
}

/// The registries show guides under the title and the description that they begin with.
#[test]
fn every_guide_says_its_title_as_registries_want_it() -> Result<()> {
    for page in files(&place::root().join("docs/guides"), "md")? {
        let name = file_name(&page)?;
        let text = fs::read_to_string(&page)?;
        let parts = text
            .strip_prefix("---\n")
            .and_then(|rest| rest.split_once("\n---\n\n# "));
        let (head, body) = parts.with_context(|| format!("{name} has no head"))?;
        let title = body.lines().next().unwrap_or_default().replace('`', "");
        let begins = format!("page_title: \"{title}\"\nsubcategory: \"\"\ndescription: |-\n  ");
        let description = head.strip_prefix(&begins);
        let description = description.with_context(|| format!("{name} does not begin {begins}"))?;
        ensure!(
            description.ends_with('.') && !description.contains('\n'),
            "{name}: {description}"
        );
    }
    Ok(())
}

fn write(docs: &Path, pages: &BTreeMap<String, String>) -> Result<()> {
    for (name, text) in pages {
        let path = docs.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Finds the folders below `folder` that hold Terraform files.
fn example_folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !files(folder, "tf")?.is_empty() {
        found.push(folder.to_owned());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !file_name(&path)?.starts_with('.') {
            found.extend(example_folders(&path)?);
        }
    }
    found.sort();
    Ok(found)
}

/// Lists the pages that are read by people: those at the root, the manuals, and those of examples
/// and of the emulator.
fn written_pages() -> Result<Vec<PathBuf>> {
    let root = place::root();
    let mut pages = files(root, "md")?;
    pages.push(root.join("crates/emulator/README.md"));
    for folder in ["docs", "examples"] {
        collect(&root.join(folder), "md", &mut pages)?;
    }
    Ok(pages)
}

/// Finds the files with an ending below a folder.
fn collect(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    found.extend(files(folder, ending)?);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, ending, found)?;
        }
    }
    Ok(())
}

fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn file_name(path: &Path) -> Result<&str> {
    path.file_name()
        .and_then(|name| name.to_str())
        .with_context(|| format!("{} has no readable name", path.display()))
}
