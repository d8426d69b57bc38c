//! Places for a token: what is kept, what is replaced, what is refused, and what is said.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::cli;
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT, record};
use tests::process::Running;

use super::{define, into_cluster, source, sync, text};

pub(super) const TOKEN: &str = "the-token-of-the-pod";

pub(super) fn emulator() -> Result<Emulator> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[record("logs", ACCOUNT, true)]);
    let fleet = fleet::with_vaults(&accounts, &[vault]);
    let emulator = Emulator::start(&fleet::with_cluster(fleet, TOKEN))?;
    define(&emulator)?;
    Ok(emulator)
}

fn minted(emulator: &Emulator) -> Result<usize> {
    emulator.count("GetSecret")
}

#[test]
fn a_good_token_is_left_alone_and_one_past_half_of_its_life_is_not() -> Result<()> {
    let emulator = emulator()?;
    let check = |advance: &str, expected: (&str, &str, usize)| -> Result<()> {
        if !advance.is_empty() {
            emulator.advance(advance)?;
        }
        let before = minted(&emulator)?;
        let (code, row) = into_cluster(&emulator, &[])?;
        let found = (
            text(&row, "outcome"),
            text(&row, "code"),
            minted(&emulator)? - before,
        );
        assert_eq!((code, found), (Some(0), expected), "{advance}: {row}");
        Ok(())
    };
    check("", ("replaced", "token-missing", 1))?;
    check("", ("kept", "", 0))?;
    check("PT1H59M", ("kept", "", 0))?;
    check("PT2M", ("replaced", "token-ends-soon", 1))?;
    check("PT5H", ("replaced", "token-expired", 1))?;
    check("P70D", ("replaced", "token-expired", 1))
}

#[test]
fn a_token_whose_key_somebody_renewed_at_once_is_replaced() -> Result<()> {
    let emulator = emulator()?;
    let (_, row) = into_cluster(&emulator, &[])?;
    ensure!(text(&row, "key") == "key1", "{row}");
    // Long enough after the token for two clocks that differ.
    emulator.advance("PT10M")?;
    let place = ["--vault-name", VAULT, "-n", "logs"];
    for key in ["key2", "key1"] {
        let renew = [
            "vault",
            "regenerate-key",
            "--key-name",
            key,
            "--force",
            "--yes",
        ];
        cli::keyrotation(&emulator, &[&renew[..], &place].concat())?.expect_code(0)?;
    }
    let (code, row) = into_cluster(&emulator, &["--check"])?;
    let found = (code, text(&row, "outcome"), text(&row, "code"));
    assert_eq!(found, (Some(2), "dead", "token-key-renewed"), "{row}");
    let (code, row) = into_cluster(&emulator, &[])?;
    assert_eq!(
        (code, text(&row, "outcome")),
        (Some(0), "replaced"),
        "{row}"
    );
    emulator.advance("PT10M")?;
    let (code, row) = into_cluster(&emulator, &["--check"])?;
    assert_eq!((code, text(&row, "outcome")), (Some(0), "kept"), "{row}");
    Ok(())
}

#[test]
fn a_check_changes_nothing_and_says_whether_tokens_last() -> Result<()> {
    let emulator = emulator()?;
    let check = |more: &[&str], expected: (i32, &str, &str)| -> Result<()> {
        let (code, row) = into_cluster(&emulator, &[&["--check"], more].concat())?;
        let found = (code, text(&row, "outcome"), text(&row, "code"));
        assert_eq!(
            found,
            (Some(expected.0), expected.1, expected.2),
            "{more:?}: {row}"
        );
        Ok(())
    };
    check(&[], (2, "dead", "token-missing"))?;
    assert_eq!(minted(&emulator)?, 0);
    assert_eq!(emulator.count("patchCoreV1NamespacedSecret")?, 0);
    into_cluster(&emulator, &[])?;
    emulator.advance("PT3H")?;
    check(&[], (0, "kept", ""))?;
    check(&["--refresh-before", "PT2H"], (2, "due", "token-ends-soon"))?;
    // Whoever may not see the keys cannot say that the one that signed is still the same.
    emulator.set_fault(&json!({
        "operation": "StorageAccounts_GetProperties", "count": 9,
        "fault": {"status": 403, "code": "AuthorizationFailed"},
    }))?;
    check(&[], (3, "kept", ""))
}

#[test]
fn a_server_that_is_busy_proves_nothing() -> Result<()> {
    let emulator = emulator()?;
    into_cluster(&emulator, &[])?;
    emulator.set_fault(&json!({
        "operation": "GetStorageAccount", "count": 9, "fault": {"reset": "before"},
    }))?;
    let (code, row) = into_cluster(&emulator, &[])?;
    assert_eq!((code, text(&row, "outcome")), (Some(3), "kept"), "{row}");
    Ok(())
}

#[test]
fn a_lost_answer_and_a_killed_run_leave_a_token_that_the_next_run_knows() -> Result<()> {
    for fault in [
        json!({"reset": "after"}),
        json!({"reset": "before"}),
        json!({"status": 503, "when": "after"}),
    ] {
        let emulator = emulator()?;
        let fault = json!({"operation": "patchCoreV1NamespacedSecret", "nth": 1, "fault": fault});
        emulator.set_fault(&fault)?;
        let (code, row) = into_cluster(&emulator, &[])?;
        assert_eq!(
            (code, text(&row, "outcome")),
            (Some(0), "replaced"),
            "{fault}: {row}"
        );
        let (_, row) = into_cluster(&emulator, &[])?;
        assert_eq!(text(&row, "outcome"), "kept", "{fault}: {row}");
    }
    Ok(())
}

/// Changes the secret as somebody else would.
fn patch(emulator: &Emulator, kind: &str, query: &str, object: &Value) -> Result<()> {
    let path = format!("/api/v1/namespaces/team/secrets/storage?{query}");
    patch_at(emulator, &path, kind, object)
}

/// Changes an object in the cluster as somebody else would.
pub(super) fn patch_at(emulator: &Emulator, path: &str, kind: &str, object: &Value) -> Result<()> {
    let file = emulator.scratch().path().join("object.json");
    fs::write(&file, object.to_string())?;
    let mut command = emulator.command(&tests::place::python()?);
    let program = "import sys, urllib.request as u\n\
         r = u.Request(sys.argv[1], data=open(sys.argv[2], 'rb').read(), method='PATCH', headers={\
         'Authorization': 'Bearer ' + sys.argv[3], 'Content-Type': sys.argv[4]})\n\
         u.urlopen(r)";
    let url = format!("{}{path}", fleet::CLUSTER_API);
    command
        .arg("-c")
        .arg(program)
        .arg(&url)
        .arg(&file)
        .args([TOKEN, kind]);
    Running::start(&mut command)?
        .finish()?
        .expect_code(0)
        .map(drop)
}

/// Writes the secret as somebody else would, and returns what `sync` says then.
fn beside_another(object: &Value, manager: &str, more: &[&str]) -> Result<(Option<i32>, Value)> {
    let emulator = emulator()?;
    let query = format!("fieldManager={manager}");
    patch(&emulator, "application/apply-patch+yaml", &query, object)?;
    into_cluster(&emulator, more)
}

#[test]
fn what_belongs_to_others_is_theirs() -> Result<()> {
    let object = |immutable: bool| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "storage"},
            "data": {"token": "dGhlaXJz", "other": "dGhlaXJz"}, "immutable": immutable,
        })
    };
    let (code, row) = beside_another(&object(false), "helm", &[])?;
    let said = text(&row, "reason");
    ensure!(
        code == Some(1) && said.contains("--force-conflicts"),
        "{said}"
    );
    ensure!(said.contains("helm"), "the owner is named: {said}");
    let (code, row) = beside_another(&object(false), "helm", &["--force-conflicts"])?;
    assert_eq!(
        (code, text(&row, "outcome")),
        (Some(0), "replaced"),
        "{row}"
    );
    let (code, row) = beside_another(&object(true), "helm", &["--force-conflicts"])?;
    let said = text(&row, "reason");
    ensure!(code == Some(1) && said.contains("is immutable"), "{said}");
    ensure!(
        said.contains("Name another secret"),
        "it names the way out: {said}"
    );
    Ok(())
}

#[test]
fn a_file_is_private_and_replaced_whole() -> Result<()> {
    let emulator = emulator()?;
    let folder = emulator.scratch().folder("tokens")?;
    let file = folder.join("token");
    let path = file.to_string_lossy().into_owned();
    let source = source();
    let place = ["--from", &source, "--file", &path];
    for outcome in ["replaced", "kept"] {
        let said = sync(&emulator, &place)?.expect_code(0)?;
        ensure!(said.stdout.contains(outcome), "{}", said.stdout);
        let value = fs::read_to_string(&file)?;
        ensure!(
            !said.stdout.contains(&value) && !said.stderr.contains(&value),
            "no token is shown"
        );
        ensure!(value.starts_with("sv=2018-03-28&"), "a bare token");
        assert_eq!(mode(&file)?, 0o600);
    }
    fs::write(&file, "sv=2018-03-28&se=2099-01-01&sig=foreign")?;
    let said = sync(&emulator, &[&place[..], &["--format", "json"]].concat())?.expect_code(0)?;
    ensure!(
        said.stdout.contains("token-of-another-source"),
        "{}",
        said.stdout
    );
    let said = sync(&emulator, &["--from", &source, "--file", "-"])?.expect_code(0)?;
    ensure!(
        said.stdout.starts_with("sv=2018-03-28&"),
        "asked for, and given"
    );
    Ok(())
}

fn mode(file: &Path) -> Result<u32> {
    let found = fs::metadata(file).context("no file")?;
    Ok(found.permissions().mode() & 0o777)
}

#[test]
fn many_places_are_declared_in_a_file_and_one_that_fails_stops_none() -> Result<()> {
    let emulator = emulator()?;
    let folder = emulator.scratch().folder("many")?;
    let (source, cluster) = (source(), fleet::cluster_id());
    let settings = format!(
        r#"
[[sync]]
from = "{source}"
secret = "team/storage"
entry = "SAS_TOKEN"
cluster = "{cluster}"
restart = ["deployment/web"]
refresh_before = "PT3H"

[[sync]]
from = "{source}"
secret = "nowhere/storage"
cluster = "{cluster}"

[[sync]]
from = "{source}"
file = "{}/token"
"#,
        folder.display()
    );
    let file = folder.join("tokens.toml");
    fs::write(&file, settings)?;
    let file = file.to_string_lossy().into_owned();
    let said = sync(&emulator, &["--config", &file])?.expect_code(3)?;
    let asked = emulator.count("StorageAccounts_GetProperties")?;
    assert_eq!(asked, 1, "places of one enrolment ask once who signs");
    let lines: Vec<_> = said.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{}", said.stdout);
    for (line, expected) in lines.iter().skip(1).zip(["replaced", "failed", "replaced"]) {
        ensure!(line.contains(expected), "{line}");
    }
    ensure!(
        said.stdout.contains("namespaces \"nowhere\" not found"),
        "{}",
        said.stdout
    );
    Ok(())
}

#[test]
fn a_value_that_somebody_put_there_is_not_taken_for_the_token() -> Result<()> {
    let emulator = emulator()?;
    into_cluster(&emulator, &[])?;
    let value = json!({"data": {"token": "Y2hhbmdlbWU="}});
    patch(&emulator, "application/merge-patch+json", "", &value)?;
    let (code, row) = into_cluster(&emulator, &["--check"])?;
    let found = (code, text(&row, "outcome"), text(&row, "code"));
    assert_eq!(found, (Some(2), "dead", "token-of-another-source"), "{row}");
    Ok(())
}

#[test]
fn the_secret_of_a_definition_is_no_place_to_read_from() -> Result<()> {
    let emulator = emulator()?;
    let from = format!(
        "https://{VAULT}.vault.azure.net/secrets/logs-{}",
        super::DEFINITION
    );
    let file = emulator
        .scratch()
        .path()
        .join("token")
        .display()
        .to_string();
    let (code, row) = super::row(&emulator, &["--from", &from, "--file", &file])?;
    let said = text(&row, "reason");
    ensure!(
        code == Some(1) && said.contains("name its SAS definition instead"),
        "{said}"
    );
    ensure!(!Path::new(&file).exists());
    Ok(())
}
