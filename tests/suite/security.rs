//! Each promise of `SECURITY.md` names tests that exist; and the few that hold such a promise alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tests::emulator::Emulator;
use tests::{fleet, metadata, place};

/// What a file with tests has in it; the last one is an example that must not compile.
const SIGNS_OF_TESTS: [&str; 3] = ["#[test]", "#[tokio::test", "```compile_fail"];

/// The fewest promises that the table must have for us to believe that it was read.
const FEWEST: usize = 30;

/// A line of the table.
struct Promise {
    words: String,
    /// What stands in backticks in the second column, in order.
    witnesses: Vec<String>,
}

fn promises(text: &str) -> Vec<Promise> {
    let table = text
        .lines()
        .skip_while(|line| *line != "| promise | held by |");
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| {
        let row = row.trim_matches('|');
        let (words, held_by) = row.split_once(" | ")?;
        let quoted = held_by.split('`').skip(1).step_by(2);
        Some(Promise {
            words: words.trim().to_owned(),
            witnesses: quoted.map(str::to_owned).collect(),
        })
    })
    .collect()
}

/// Fails unless the line names a place with tests, and each test by its name stands in the place before it.
fn expect_held(promise: &Promise) -> Result<()> {
    let mut sources: Option<String> = None;
    for witness in &promise.witnesses {
        if witness.contains('/') {
            let text = sources_of(&place::root().join(witness))?;
            let has_tests = SIGNS_OF_TESTS.iter().any(|sign| text.contains(sign));
            ensure!(has_tests, "`{witness}` holds no test");
            sources = Some(text);
        } else {
            let place = sources.as_ref();
            let place = place.with_context(|| format!("no file is named before `{witness}`"))?;
            ensure!(is_test(place, witness), "there is no test `{witness}`");
        }
    }
    ensure!(sources.is_some(), "no test is named");
    Ok(())
}

/// Says whether a function of this name has the attribute of a test right above it.
fn is_test(text: &str, name: &str) -> bool {
    let start = format!("fn {name}(");
    text.match_indices(&start).any(|(position, _)| {
        let above = text.get(..position).unwrap_or_default();
        let attribute = above.rsplit("\n\n").next().unwrap_or_default();
        attribute.contains("#[test]") || attribute.contains("#[tokio::test")
    })
}

/// Reads a file, or all Rust below a folder.
fn sources_of(path: &Path) -> Result<String> {
    let shown = || format!("`{}` is not there", path.display());
    if path.is_file() {
        return fs::read_to_string(path).with_context(shown);
    }
    let mut text = String::new();
    for entry in fs::read_dir(path).with_context(shown)? {
        let path: PathBuf = entry?.path();
        if path.is_dir() || path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&sources_of(&path)?);
        }
    }
    Ok(text)
}

#[test]
fn each_promise_names_tests_that_are_there() -> Result<()> {
    let promises = promises(&fs::read_to_string(place::root().join("SECURITY.md"))?);
    ensure!(promises.len() >= FEWEST, "only {} lines", promises.len());
    let broken: Vec<String> = promises
        .iter()
        .filter_map(|promise| {
            let error = expect_held(promise).err()?;
            Some(format!("{}: {error:#}", promise.words))
        })
        .collect();
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(())
}

fn check_row(held_by: &str, is_held: bool) -> Result<()> {
    let table = format!("| promise | held by |\n|---|---|\n| Something | {held_by} |\n");
    let promises = promises(&table);
    let promise = promises.first().context("the row was not read")?;
    ensure!(expect_held(promise).is_ok() == is_held, "{held_by}");
    Ok(())
}

#[test]
fn a_line_without_a_test_is_found() -> Result<()> {
    let here = "a_line_without_a_test_is_found";
    check_row("`tests/suite/security.rs`", true)?;
    check_row(&format!("`tests/suite`: `{here}`"), true)?;
    check_row(&format!("`tests/suite/check.rs`: `{here}`"), false)?;
    check_row("`tests/suite/security.rs`: `check_row`", false)?;
    check_row("`tests/suite/no_such_file.rs`", false)?;
    check_row("`tests/src/fleet.rs`", false)?;
    check_row(&format!("`{here}`"), false)?;
    check_row("lints", false)
}

#[test]
fn unsafe_code_is_forbidden_in_every_room() -> Result<()> {
    let whole = fs::read_to_string(place::root().join("Cargo.toml"))?;
    ensure!(
        whole.lines().any(|line| line == "unsafe_code = \"forbid\""),
        "the workspace allows it"
    );
    for room in metadata::rooms()? {
        let manifest = fs::read_to_string(room.folder.join("Cargo.toml"))?;
        ensure!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} has lints of its own",
            room.name
        );
    }
    Ok(())
}

/// Says whether a line of a workflow uses an action by the 40 digits of a commit, or one of this repository.
fn is_pinned(line: &str) -> bool {
    let Some((_, used)) = line.split_once("uses:") else {
        return true;
    };
    let action = used.split_whitespace().next().unwrap_or_default();
    let (_, version) = action.split_once('@').unwrap_or_default();
    let is_commit = version.len() == 40 && version.chars().all(|one| one.is_ascii_hexdigit());
    is_commit || action.starts_with("./")
}

#[test]
fn every_action_is_pinned_by_its_commit() -> Result<()> {
    for (line, expected) in [
        ("- uses: actions/checkout@v5", false),
        ("- uses: actions/checkout@main", false),
        (
            "uses: a/b@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0",
            true,
        ),
        ("uses: ./.github/actions/own", true),
        ("run: cargo build", true),
    ] {
        assert_eq!(is_pinned(line), expected, "{line}");
    }
    let mut seen = 0;
    let mut files = vec![place::root().join("action.yml")];
    for entry in fs::read_dir(place::root().join(".github/workflows"))? {
        files.push(entry?.path());
    }
    for path in files {
        let text = fs::read_to_string(&path)?;
        seen += text.matches("uses:").count();
        for line in text.lines() {
            ensure!(is_pinned(line), "{}: {line}", path.display());
        }
    }
    ensure!(
        seen > 0,
        "no workflow uses an action: the test sees nothing"
    );
    Ok(())
}

#[test]
fn what_the_emulator_keeps_is_its_owners_only() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let folder = emulator.scratch().path().join("emulator");
    let mut keys = 0;
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let mode = entry.metadata()?.permissions().mode();
        let name = entry.file_name().to_string_lossy().into_owned();
        ensure!(mode & 0o077 == 0, "others may reach {name}: {mode:o}");
        let content = fs::read(entry.path()).unwrap_or_default();
        keys += usize::from(String::from_utf8_lossy(&content).contains("PRIVATE KEY"));
    }
    ensure!(
        keys > 0,
        "no key of the authority is in {}",
        folder.display()
    );
    Ok(())
}
