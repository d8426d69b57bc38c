//! The rules of the architecture that can be read from manifests and sources.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use tests::metadata::{self, Room};
use tests::source::{self, Function, SourceFile};

/// Which room calls which. Every arrow is used, and there is no other.
const ARROWS: [(&str, &[&str]); 12] = [
    ("proto", &[]),
    ("rotation", &[]),
    ("azure", &[]),
    ("emulator", &[]),
    ("kubernetes", &[]),
    ("plugin", &["proto"]),
    ("engine", &["azure", "rotation"]),
    ("provider", &["azure", "engine", "plugin", "rotation"]),
    (
        "cli",
        &["azure", "emulator", "engine", "kubernetes", "rotation"],
    ),
    ("tests", &["proto"]),
    (
        "targets",
        &[
            "azure", "cli", "emulator", "plugin", "proto", "provider", "rotation",
        ],
    ),
    ("xtask", &[]),
];

/// Arrows that only tests use.
const TEST_ARROWS: [(&str, &str); 1] = [("engine", "emulator")];

/// Everything outside that the room which decides may use.
const ROTATION_DEPENDS_ON: [&str; 2] = ["jiff", "thiserror"];

/// Files that may read the clock or the environment, or wait.
const CLOCK_AND_ENVIRONMENT_DOORS: [&str; 8] = [
    "crates/azure/src/clock.rs",
    "crates/azure/src/env.rs",
    "crates/emulator/src/clock.rs",
    "tests/src/place.rs",
    "tests/src/process.rs",
    "xtask/src/bench/measure.rs",
    "xtask/src/process.rs",
    "xtask/src/workspace.rs",
];

/// Files of the product that may see the inside of a secret. The emulator's secrets open nothing, but
/// it is listed as well: it shows how little of a real client needs to.
const FILES_THAT_EXPOSE: [&str; 26] = [
    "cli/src/command/sync/round.rs",
    "cli/src/command/vault/disclose.rs",
    "cli/src/destination/file.rs",
    "crates/azure/src/arm/apps/config.rs",
    "crates/azure/src/arm/clusters.rs",
    "crates/azure/src/blob.rs",
    "crates/azure/src/identity/assertion.rs",
    "crates/azure/src/identity/certificate.rs",
    "crates/azure/src/identity/credential.rs",
    "crates/azure/src/identity/job.rs",
    "crates/azure/src/secret.rs",
    "crates/azure/src/vault/backup.rs",
    "crates/azure/src/vault/secret.rs",
    "crates/emulator/src/azurite.rs",
    "crates/emulator/src/canary.rs",
    "crates/emulator/src/environment.rs",
    "crates/emulator/src/routes/control/held.rs",
    "crates/emulator/src/routes/entra.rs",
    "crates/emulator/src/wire/management.rs",
    "crates/emulator/src/world/directory.rs",
    "crates/engine/src/deliver.rs",
    "crates/engine/src/deliver/source.rs",
    "crates/kubernetes/src/described.rs",
    "crates/kubernetes/src/secret.rs",
    "crates/kubernetes/src/ssh.rs",
    "provider/src/ephemeral/sas_token.rs",
];

/// Files that are tables or declarations of a wire, which grow with what they describe.
const FILES_WITHOUT_LIMIT: [&str; 0] = [];

const LONGEST_FILE: usize = 400;
const MEDIAN_FILE: usize = 200;
const LONGEST_FUNCTION: usize = 60;
const LONGEST_FUNCTION_WITH_A_REASON: usize = 80;
const SHORT_FUNCTION: usize = 25;
const MEDIAN_FUNCTION: usize = 8;

fn expect_none(what: &str, found: &[String]) -> Result<()> {
    ensure!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
    Ok(())
}

fn rooms() -> Result<BTreeMap<String, Room>> {
    Ok(metadata::rooms()?
        .into_iter()
        .map(|room| (room.name.clone(), room))
        .collect())
}

#[test]
fn the_arrows_are_exactly_the_listed_ones() -> Result<()> {
    let expected: BTreeSet<(String, String)> = ARROWS
        .iter()
        .flat_map(|(from, to)| to.iter().map(|to| ((*from).to_owned(), (*to).to_owned())))
        .collect();
    let found: BTreeSet<(String, String)> = rooms()?
        .values()
        .flat_map(|room| room.calls.iter().map(|to| (room.name.clone(), to.clone())))
        .collect();
    assert_eq!(found, expected);
    let known: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    let rooms = rooms()?;
    assert_eq!(
        rooms.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        known
    );
    Ok(())
}

#[test]
fn only_the_listed_arrows_are_for_tests() -> Result<()> {
    let expected: BTreeSet<(String, String)> = TEST_ARROWS
        .iter()
        .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
        .collect();
    let found: BTreeSet<(String, String)> = rooms()?
        .values()
        .flat_map(|room| {
            room.calls_in_tests
                .iter()
                .map(|to| (room.name.clone(), to.clone()))
        })
        .collect();
    assert_eq!(found, expected);
    Ok(())
}

#[test]
fn every_arrow_is_used() -> Result<()> {
    let files = source::all()?;
    let rooms = rooms()?;
    let mut unused = Vec::new();
    for room in rooms.values() {
        let folder = folder_of(room)?;
        for called in room.calls.iter().chain(&room.calls_in_tests) {
            let path = format!("{called}::");
            let mut own = files.iter().filter(|file| file.path.starts_with(&folder));
            if !own.any(|file| file.uses(&path)) {
                unused.push(format!("{} -> {called}", room.name));
            }
        }
    }
    expect_none("arrows that nobody uses", &unused)
}

#[test]
fn the_command_line_tool_names_the_emulator_in_one_command() -> Result<()> {
    let found: Vec<String> = source::all()?
        .iter()
        .filter(|file| file.path.starts_with("cli/"))
        .filter(|file| !file.path.starts_with("cli/src/command/emulator"))
        .filter(|file| file.uses("use emulator::"))
        .map(|file| file.path.clone())
        .collect();
    expect_none("files that name the emulator", &found)
}

#[test]
fn the_room_that_decides_is_pure() -> Result<()> {
    let rooms = rooms()?;
    let rotation = rooms.get("rotation").context("no room `rotation`")?;
    let depends_on: Vec<&str> = rotation.depends_on.iter().map(String::as_str).collect();
    assert_eq!(depends_on, ROTATION_DEPENDS_ON);
    let impure = [
        "async",
        "await",
        "SecretString",
        "std::env",
        "std::fs",
        "std::net",
        "std::io",
    ];
    expect_none(
        "impure",
        &uses(&folder_files("crates/rotation/src/")?, &impure),
    )
}

#[test]
fn planning_neither_waits_nor_reads_a_clock() -> Result<()> {
    let mut files = source::all()?;
    files.retain(|file| file.path.starts_with("provider/src/") && file.path.ends_with("/plan.rs"));
    ensure!(!files.is_empty(), "the provider has no plan.rs");
    expect_none(
        "planning",
        &uses(&files, &["async", "await", "Clock", "clock", "SystemTime"]),
    )
}

#[test]
fn clock_and_environment_are_read_at_the_doors_only() -> Result<()> {
    check_exactly("clippy::disallowed_methods", &CLOCK_AND_ENVIRONMENT_DOORS)
}

#[test]
fn only_the_listed_files_expose_a_secret() -> Result<()> {
    let files = source::all()?;
    let found: BTreeSet<&str> = files
        .iter()
        .filter(|file| !file.path.ends_with("/tests.rs") && !file.path.contains("/tests/"))
        .filter(|file| file.uses(".expose(") || file.uses("expose_secret("))
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(found, BTreeSet::from(FILES_THAT_EXPOSE));
    Ok(())
}

#[test]
fn no_room_has_a_feature_to_switch() -> Result<()> {
    let found: Vec<String> = rooms()?
        .values()
        .flat_map(|room| {
            room.features
                .iter()
                .map(|feature| format!("{}/{feature}", room.name))
        })
        .collect();
    expect_none("features", &found)
}

#[test]
fn every_file_says_what_it_is_for() -> Result<()> {
    let silent: Vec<String> = source::all()?
        .iter()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| file.path.clone())
        .collect();
    expect_none("files without a `//!` header", &silent)
}

#[test]
fn only_front_doors_re_export() -> Result<()> {
    let found: Vec<String> = source::all()?
        .iter()
        .filter(|file| !file.path.ends_with("/lib.rs") && file.uses("pub use"))
        .map(|file| file.path.clone())
        .collect();
    expect_none("re-exports outside `lib.rs`", &found)
}

#[test]
fn files_stay_short() -> Result<()> {
    let files = source::all()?;
    let long: Vec<String> = files
        .iter()
        .filter(|file| !FILES_WITHOUT_LIMIT.contains(&file.path.as_str()))
        .map(|file| (file.text.lines().count(), &file.path))
        .filter(|(lines, _)| *lines >= LONGEST_FILE)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    expect_none("files that are too long", &long)?;
    let median = median(files.iter().map(|file| file.text.lines().count()));
    ensure!(median <= MEDIAN_FILE, "the median file has {median} lines");
    Ok(())
}

#[test]
fn functions_stay_short() -> Result<()> {
    let files = source::all()?;
    let functions: Vec<(&SourceFile, Function)> = files
        .iter()
        .flat_map(|file| {
            file.functions()
                .into_iter()
                .map(move |function| (file, function))
        })
        .collect();
    let long: Vec<String> = functions
        .iter()
        .filter(|(file, function)| function.lines > limit(file))
        .map(|(file, function)| format!("{} {}: {}", file.path, function.name, function.lines))
        .collect();
    expect_none("functions that are too long", &long)?;
    let lengths = || functions.iter().map(|(_, function)| function.lines);
    let short = lengths().filter(|lines| *lines < SHORT_FUNCTION).count();
    ensure!(
        short * 10 >= functions.len() * 9,
        "only {short} of {} are short",
        functions.len()
    );
    let median = median(lengths());
    ensure!(
        median <= MEDIAN_FUNCTION,
        "the median function has {median} lines"
    );
    Ok(())
}

/// Returns how long a function of the file may be: longer if the file states a reason.
fn limit(file: &SourceFile) -> usize {
    if file.uses("clippy::too_many_lines") {
        LONGEST_FUNCTION_WITH_A_REASON
    } else {
        LONGEST_FUNCTION
    }
}

fn check_exactly(word: &str, expected: &[&str]) -> Result<()> {
    let files = source::all()?;
    let using = files
        .iter()
        .filter(|file| file.uses(word))
        .map(|file| file.path.as_str());
    assert_eq!(
        using.collect::<BTreeSet<_>>(),
        expected.iter().copied().collect()
    );
    Ok(())
}

fn uses(files: &[SourceFile], words: &[&str]) -> Vec<String> {
    let used = |file: &SourceFile| {
        let path = file.path.clone();
        let words: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| file.uses(word))
            .collect();
        (!words.is_empty()).then(|| format!("{path}: {}", words.join(", ")))
    };
    files.iter().filter_map(used).collect()
}

fn folder_files(folder: &str) -> Result<Vec<SourceFile>> {
    let mut files = source::all()?;
    files.retain(|file| file.path.starts_with(folder));
    ensure!(!files.is_empty(), "{folder} holds no source");
    Ok(files)
}

fn folder_of(room: &Room) -> Result<String> {
    let folder = room.folder.strip_prefix(tests::place::root())?;
    Ok(format!("{}/", folder.display()))
}

fn median(values: impl Iterator<Item = usize>) -> usize {
    let mut values: Vec<usize> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}
