//! The release as registries, mirrors and people get it: packed of the programs under test, and installed by
//! a real core.

mod image;
mod mirror;
mod packed;
mod registry;
mod workplace;

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::place::{self, Scratch};
use tests::process;
use tests::signer::Signer;

use packed::{PROVIDER, TOOL, VERSION};

#[test]
fn the_providers_archive_holds_a_program_that_can_be_run() -> Result<()> {
    let platform = place::terraform_platform();
    let archive = packed::folder()?.join(format!("{PROVIDER}_{VERSION}_{platform}.zip"));
    let program = format!("{PROVIDER}_v{VERSION}");
    let expected = [
        ("LICENSE", 0o644),
        ("LICENSE-APACHE", 0o644),
        ("LICENSE-MIT", 0o644),
        ("README.md", 0o644),
        ("THIRD-PARTY-LICENSES.txt", 0o644),
        (program.as_str(), 0o755),
    ];
    let expected = expected.map(|(name, mode)| json!([name, mode, "1980-01-01"]));
    assert_eq!(packed::entries(&archive)?, Value::from(expected.to_vec()));
    Ok(())
}

#[test]
fn the_tools_archive_brings_scripts_pages_and_licences() -> Result<()> {
    let name = format!("{TOOL}_{VERSION}_{}", place::terraform_platform());
    let archive = packed::folder()?.join(format!("{name}.tar.gz"));
    let entries = packed::entries(&archive)?;
    for (file, mode) in [
        ("keyrotation", 0o755),
        ("LICENSE-MIT", 0o644),
        ("THIRD-PARTY-LICENSES.txt", 0o644),
        ("completions/keyrotation.bash", 0o644),
        ("completions/_keyrotation", 0o644),
        ("completions/keyrotation.fish", 0o644),
        ("completions/keyrotation.ps1", 0o644),
        ("man/man1/keyrotation.1", 0o644),
        ("man/man1/keyrotation-vault-add.1", 0o644),
    ] {
        let expected = json!([format!("{name}/{file}"), mode, "1980-01-01"]);
        let mut all = entries.as_array().into_iter().flatten();
        ensure!(
            all.any(|entry| *entry == expected),
            "no {expected}: {entries}"
        );
    }
    Ok(())
}

#[test]
fn the_words_of_everybody_whose_code_is_used_are_told() -> Result<()> {
    let name = format!("{PROVIDER}_{VERSION}_{}.zip", place::terraform_platform());
    let words = packed::read(&packed::folder()?.join(name), "THIRD-PARTY-LICENSES.txt")?;
    for (package, says) in [
        ("ring", "Copyright 2015-2025 Brian Smith"),
        ("tokio", "Tokio Contributors"),
    ] {
        let title = format!("\n{package} ");
        ensure!(words.contains(&title), "{package} is not named");
        ensure!(words.contains(says), "the words of {package} are missing");
    }
    ensure!(!words.contains("\ninsta "), "a package of tests is named");
    Ok(())
}

#[test]
fn the_sums_are_over_what_a_registry_wants_and_over_all_else() -> Result<()> {
    let folder = packed::folder()?;
    let platform = place::terraform_platform();
    for (sums, expected) in [
        (
            format!("{PROVIDER}_{VERSION}_SHA256SUMS"),
            vec![
                format!("{PROVIDER}_{VERSION}_{platform}.zip"),
                format!("{PROVIDER}_{VERSION}_manifest.json"),
            ],
        ),
        (
            format!("{TOOL}_{VERSION}_SHA256SUMS"),
            vec![format!("{TOOL}_{VERSION}_{platform}.tar.gz")],
        ),
    ] {
        let text = fs::read_to_string(folder.join(&sums)).context("no sums")?;
        let names: Vec<&str> = text.lines().filter_map(|line| line.get(66..)).collect();
        assert_eq!(names, expected);
        let mut check = Command::new("sha256sum");
        check
            .args(["--check", "--strict", &sums])
            .current_dir(&folder);
        process::run(&mut check)?.expect_code(0)?;
    }
    Ok(())
}

#[test]
fn without_a_key_a_release_says_that_it_is_not_signed() -> Result<()> {
    let scratch = Scratch::new()?;
    let copy = packed::copy(&scratch)?;
    let said = process::run(&mut packed::seal(&copy)?)?.expect_code(0)?;
    ensure!(said.stdout.contains("not signed"), "{}", said.stdout);
    let sums = format!("{PROVIDER}_{VERSION}_SHA256SUMS");
    ensure!(!copy.join(format!("{sums}.sig")).exists());

    let signer = Signer::new(scratch.path(), "publisher")?;
    packed::sign(&copy, &signer)?;
    ensure!(copy.join(format!("{sums}.sig")).exists());

    process::run(&mut packed::seal(&copy)?)?.expect_code(0)?;
    ensure!(
        !copy.join(format!("{sums}.sig")).exists(),
        "an old signature is left"
    );
    Ok(())
}

#[test]
fn a_signature_without_gpg_fails_and_says_how_to_get_it() -> Result<()> {
    let scratch = Scratch::new()?;
    let copy = packed::copy(&scratch)?;
    let mut seal = packed::seal(&copy)?;
    seal.args(["--sign", "nobody"]).env("PATH", scratch.path());
    let said = process::run(&mut seal)?.expect_code(1)?;
    ensure!(said.stderr.contains("install GnuPG"), "{}", said.stderr);
    Ok(())
}
