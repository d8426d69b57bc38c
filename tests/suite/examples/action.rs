//! The action for GitHub, run step by step as a runner would: what it fetches it verifies, and it ends as
//! the check does.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT};
use tests::place;
use tests::process::{self, Running, wait_for};
use tests::runner::{Ended, Job};

const OLD: Option<&str> = Some("2025-01-01T00:00:00Z");
const VERSION: &str = "1.2.3";

/// A release in a folder, and a server for it.
struct Release {
    folder: PathBuf,
    url: String,
    sums: String,
    _server: Running,
}

impl Release {
    /// Packs the program as a release does; it starts the one that was built.
    fn serve(emulator: &Emulator) -> Result<Self> {
        let root = emulator.scratch().folder("releases")?;
        let name = format!("keyrotation_{VERSION}_{}", place::terraform_platform());
        let folder = root.join(format!("v{VERSION}"));
        fs::create_dir_all(folder.join(&name))?;
        let program = place::keyrotation()?;
        let starter = format!("#!/bin/sh\nexec '{}' \"$@\"\n", program.display());
        fs::write(folder.join(&name).join("keyrotation"), starter)?;
        let pack = format!(
            "set -e; chmod 755 {name}/keyrotation; tar -czf {name}.tar.gz {name}; \
             sha256sum {name}.tar.gz > keyrotation_{VERSION}_SHA256SUMS"
        );
        shell(emulator, &folder, &pack)?;
        let (server, url) = server(emulator, &root)?;
        let sums = sum_of(emulator, &folder)?;
        Ok(Self {
            folder,
            url,
            sums,
            _server: server,
        })
    }

    fn inputs<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let pinned = [
            ("version", VERSION),
            ("sums-sha256", &self.sums),
            ("releases", &self.url),
        ];
        [&pinned, more].concat()
    }
}

fn shell(emulator: &Emulator, folder: &Path, script: &str) -> Result<String> {
    let mut command = emulator.command(Path::new("bash"));
    command.args(["-c", script]).current_dir(folder);
    Ok(process::run(&mut command)?.expect_code(0)?.stdout)
}

fn sum_of(emulator: &Emulator, folder: &Path) -> Result<String> {
    let said = shell(emulator, folder, "sha256sum keyrotation_*_SHA256SUMS")?;
    Ok(said.split(' ').next().unwrap_or_default().to_owned())
}

fn server(emulator: &Emulator, root: &Path) -> Result<(Running, String)> {
    let mut command = emulator.command(&place::python()?);
    command.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]);
    let server = Running::start(command.arg("--directory").arg(root))?;
    let url = wait_for("the server of releases", Duration::from_secs(30), || {
        let said = server.stdout();
        let begin = said.split_once('(').map(|(_, rest)| rest);
        Ok(begin.and_then(|rest| Some(rest.split_once("/)")?.0.to_owned())))
    });
    Ok((server, url?))
}

/// Runs the action in a fresh job over a fleet, and gives how it ended.
fn check(fleet: &Value, more: &[(&str, &str)]) -> Result<Ended> {
    let emulator = Emulator::start(fleet)?;
    let release = Release::serve(&emulator)?;
    Job::begin(&emulator, "job")?.run(&release.inputs(more))
}

fn expect(ended: &Ended, code: i32, outputs: &[(&str, &str)]) -> Result<()> {
    ensure!(
        ended.code == code,
        "{} instead of {code}: {}",
        ended.code,
        ended.log
    );
    for (name, expected) in outputs {
        let found = ended.outputs.get(*name).map_or("", String::as_str);
        ensure!(
            found == *expected,
            "{name} is `{found}` and not `{expected}`: {ended:?}"
        );
    }
    Ok(())
}

#[test]
fn a_pass_passes_and_its_summary_is_shown() -> Result<()> {
    let young = json!({ "resource_group": fleet::GROUP, "name": ACCOUNT });
    let ended = check(&fleet::of(&[young], None), &[])?;
    let outputs = [
        ("exit-code", "0"),
        ("accounts", "1"),
        ("breaks", "0"),
        ("unproven", "0"),
        ("unscanned", "0"),
    ];
    expect(&ended, 0, &outputs)?;
    ensure!(
        ended.summary.starts_with("## Keys of storage accounts"),
        "{}",
        ended.summary
    );
    ensure!(
        ended.called.is_empty(),
        "nobody asked to show it under Security"
    );
    Ok(())
}

#[test]
fn drift_ends_with_2_after_the_reports_are_out() -> Result<()> {
    let accounts = [
        fleet::account(ACCOUNT, OLD),
        fleet::account("stother", None),
    ];
    let ended = check(
        &fleet::of(&accounts, None),
        &[("sarif", "true"), ("summary", "false")],
    )?;
    let outputs = [
        ("exit-code", "2"),
        ("accounts", "2"),
        ("breaks", "1"),
        ("unproven", "1"),
        ("waived", "0"),
    ];
    expect(&ended, 2, &outputs)?;
    ensure!(
        ended.log.contains("::error title=key-overdue::stsuite"),
        "{}",
        ended.log
    );
    assert_eq!(ended.summary, "");
    let [(action, with)] = &ended.called[..] else {
        anyhow::bail!("not shown under Security: {ended:?}");
    };
    ensure!(
        action.starts_with("github/codeql-action/upload-sarif@"),
        "{action}"
    );
    assert_eq!(with.get("sarif_file"), ended.outputs.get("sarif"));
    assert_eq!(
        with.get("category").map(String::as_str),
        Some("keyrotation")
    );
    for form in ["json", "html", "markdown", "sarif", "program"] {
        let path = ended.outputs.get(form).with_context(|| form.to_owned())?;
        ensure!(path.starts_with('/'), "{form}: {path}");
    }
    Ok(())
}

#[test]
fn what_cannot_be_told_ends_with_3_and_what_cannot_be_begun_with_1() -> Result<()> {
    let ended = check(&fleet::of(&[fleet::account(ACCOUNT, None)], None), &[])?;
    expect(
        &ended,
        3,
        &[("exit-code", "3"), ("breaks", "0"), ("unproven", "1")],
    )?;
    let ended = check(&fleet::of(&[], None), &[("sarif", "true")])?;
    expect(
        &ended,
        1,
        &[("exit-code", "1"), ("accounts", "0"), ("sarif", "")],
    )?;
    ensure!(ended.called.is_empty(), "nothing seen closes no finding");
    Ok(())
}

#[test]
fn inputs_reach_the_check_as_they_are() -> Result<()> {
    let emulator = Emulator::start(&fleet::of(
        &[fleet::account(ACCOUNT, OLD), fleet::account("stother", OLD)],
        None,
    ))?;
    let release = Release::serve(&emulator)?;
    let job = Job::begin(&emulator, "job")?;
    let settings = job.workspace().join("settings");
    fs::create_dir(&settings)?;
    let waiver = format!(
        "[[waiver]]\naccounts = \"{}\"\nfindings = [\"no-recent-regeneration\"]\nowner = \"us\"\nreason = \"x\"\nexpires = \"2999-01-01\"\n",
        fleet::account_id(ACCOUNT)
    );
    fs::write(settings.join("ours.toml"), waiver)?;
    let run = |more: &[(&str, &str)]| job.run(&release.inputs(more));
    let areas = format!("{}\r\n\n", fleet::SUBSCRIPTION);
    let given = [
        ("subscriptions", areas.as_str()),
        ("profile", "conformity-002"),
        ("arguments", "--exclude=stoth*\n--due-soon=P1D"),
        ("working-directory", "settings"),
        ("config", "ours.toml"),
    ];
    expect(&run(&given)?, 0, &[("accounts", "1"), ("waived", "1")])?;
    expect(&run(&[("max-age", "P9999D")])?, 0, &[("breaks", "0")])?;
    expect(
        &run(&[("subscriptions", "00000000-0000-4000-8000-000000000009")])?,
        1,
        &[],
    )?;
    expect(&run(&[("fail-on", "much")])?, 1, &[("exit-code", "1")])?;

    let half = run(&[("client-id", "c11e4700-0000-4000-8000-000000000001")])?;
    expect(&half, 1, &[("exit-code", "")])?;
    ensure!(half.log.contains("go together"), "{}", half.log);
    let job_identity = [
        ("client-id", "c11e4700-0000-4000-8000-000000000001"),
        ("tenant-id", "22222222-2222-4222-8222-222222222222"),
    ];
    let ended = run(&job_identity)?;
    expect(&ended, 1, &[("exit-code", "1")])?;
    ensure!(
        ended.log.contains("ACTIONS_ID_TOKEN_REQUEST_URL"),
        "the way to sign in: {}",
        ended.log
    );
    Ok(())
}

#[test]
fn a_release_that_is_not_the_pinned_one_is_never_run() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let release = Release::serve(&emulator)?;
    let job = Job::begin(&emulator, "job")?;
    let refuse = |inputs: &[(&str, &str)], expected: &str| -> Result<()> {
        let ended = job.run(inputs)?;
        expect(&ended, 1, &[("exit-code", ""), ("program", "")])?;
        ensure!(ended.log.contains(expected), "{expected}: {}", ended.log);
        Ok(())
    };
    let pinned = release.inputs(&[]);
    let with = |name: &str, value: &'static str| -> Vec<(&str, &str)> {
        let changed = pinned
            .iter()
            .map(|&(known, old)| (known, if known == name { value } else { old }));
        changed.collect()
    };
    refuse(&with("version", "latest"), "no version of a release")?;
    refuse(&with("version", "../1.2.3"), "no version of a release")?;
    refuse(&with("version", "1.2.4"), "cannot fetch")?;
    refuse(
        &with("version", "5%\n::error::x\r"),
        "'5%25%0A::error::x%0D'",
    )?;
    refuse(&with("sums-sha256", ""), "no SHA-256")?;
    refuse(&with("releases", "http://example.invalid"), "https address")?;
    let other = "0000000000000000000000000000000000000000000000000000000000000000";
    refuse(&with("sums-sha256", other), "is not what it should be")?;
    let archive = shell(
        &emulator,
        &release.folder,
        "ls *.tar.gz; printf x >> *.tar.gz",
    )?;
    refuse(
        &pinned,
        &format!("{} is not what it should be", archive.trim()),
    )?;
    let sums = release
        .folder
        .join(format!("keyrotation_{VERSION}_SHA256SUMS"));
    fs::write(&sums, "")?;
    let empty = sum_of(&emulator, &release.folder)?;
    let nothing = [
        ("version", VERSION),
        ("sums-sha256", &empty),
        ("releases", &release.url),
    ];
    refuse(&nothing, "names no keyrotation_1.2.3")?;
    assert_eq!(emulator.journal()?.len(), 0, "nothing was asked");
    Ok(())
}

#[test]
fn no_input_is_read_as_shell_or_as_a_command_of_the_runner() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let release = Release::serve(&emulator)?;
    let job = Job::begin(&emulator, "job")?;
    let hostile =
        "$(touch pwned)`touch pwned`'; touch pwned; '\" && touch pwned #\n::error::forged";
    for name in [
        "version",
        "sums-sha256",
        "releases",
        "client-id",
        "subscriptions",
        "management-groups",
        "profile",
        "max-age",
        "fail-on",
        "config",
        "arguments",
        "summary",
    ] {
        let mut inputs = release.inputs(&[]);
        inputs.retain(|(known, _)| *known != name);
        inputs.push((name, hostile));
        let ended = job.run(&inputs)?;
        ensure!(ended.code != 0, "{name} was taken: {}", ended.log);
        ensure!(!job.workspace().join("pwned").exists(), "{name} was run");
        let forged = ended
            .log
            .lines()
            .any(|line| line.starts_with("::error::forged"));
        ensure!(!forged, "{name} speaks to the runner: {}", ended.log);
    }
    Ok(())
}
