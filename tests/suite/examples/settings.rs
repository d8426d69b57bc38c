//! The settings and lists among the examples can be used, and `keyrotation config check` says so without
//! a network.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tests::place::{self, Scratch};
use tests::process::{self, Said};

fn check(folder: &Path, files: &[&str]) -> Result<Said> {
    let mut command = place::isolated(&place::keyrotation()?, folder);
    process::run(command.args(["config", "check"]).args(files))
}

/// Finds all files of a name below a folder.
fn named(folder: &Path, name: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            named(&path, name, found)?;
        } else if path.file_name().is_some_and(|own| own == name) {
            found.push(path);
        }
    }
    Ok(())
}

#[test]
fn the_settings_of_every_example_can_be_used() -> Result<()> {
    let mut files = Vec::new();
    named(
        &place::root().join("examples"),
        "keyrotation.toml",
        &mut files,
    )?;
    files.push(place::example("pre-commit").join("fleets/team.txt"));
    ensure!(files.len() >= 4, "only {files:?}");
    let files: Vec<&str> = files.iter().filter_map(|path| path.to_str()).collect();
    let said = check(place::root(), &files)?.expect_code(0)?;
    assert_eq!(said.stdout, "");
    Ok(())
}

#[test]
fn each_mistake_is_named_by_file_and_line_and_fails() -> Result<()> {
    let scratch = Scratch::new()?;
    let folder = scratch.path();
    let good = fs::read_to_string(place::example("pre-commit").join("keyrotation.toml"))?;
    fs::write(folder.join("good.toml"), &good)?;
    fs::write(
        folder.join("keyrotation.toml"),
        good.replace("\"P90D\"", "90"),
    )?;
    fs::write(folder.join("team.txt"), "# ours\nnowhere\n")?;
    let said = check(
        folder,
        &["good.toml", "keyrotation.toml", "team.txt", "none.toml"],
    )?;
    let said = said.expect_code(1)?;
    let lines: Vec<&str> = said.stdout.lines().collect();
    let begins = ["keyrotation.toml:3: ", "team.txt:2: ", "none.toml: "];
    assert_eq!(lines.len(), begins.len(), "{}", said.stdout);
    for (line, begin) in lines.iter().zip(begins) {
        ensure!(line.starts_with(begin), "{line}");
    }
    let alone = check(folder, &[])?.expect_code(1)?;
    let first = lines.first().context("a line")?;
    assert_eq!(
        alone.stdout.trim_end(),
        *first,
        "the file that commands read by themselves"
    );
    Ok(())
}
