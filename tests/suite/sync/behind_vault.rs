//! The key that a vault signs with, regenerated outside the vault: what it mints is dead, and no dead
//! token is put in place or called good.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT};
use tests::{arm, cli};

use super::places::emulator;
use super::{into_cluster, source, sync, text};

/// Regenerates a key in the account itself.
fn regenerate(emulator: &Emulator, key: &str) -> Result<()> {
    let account = fleet::account_id(ACCOUNT);
    let path = format!("{account}/regenerateKey?api-version=2023-05-01");
    arm::ask(emulator, "POST", &path, &json!({ "keyName": key })).map(drop)
}

/// Takes the way out that the messages name.
fn regenerate_by_vault(emulator: &Emulator, key: &str) -> Result<()> {
    let id = format!("https://{VAULT}.vault.azure.net/storage/logs");
    let words = ["vault", "regenerate-key", "--id", &id, "--key-name", key];
    let words = [&words[..], &["--force", "--again", "--yes"]].concat();
    cli::keyrotation(emulator, &words)?.expect_code(0).map(drop)
}

fn expect_way_out(said: &str) -> Result<()> {
    let id = format!("https://{VAULT}.vault.azure.net/storage/logs");
    for part in [
        ACCOUNT,
        "key1 of",
        "outside the vault",
        &format!("keyrotation vault regenerate-key --id {id} --key-name key1 --force --again"),
    ] {
        ensure!(said.contains(part), "{part} is not in: {said}");
    }
    Ok(())
}

fn expect_replaced((code, row): (Option<i32>, Value)) -> Result<()> {
    ensure!(
        code == Some(0) && text(&row, "outcome") == "replaced",
        "{row}"
    );
    Ok(())
}

#[test]
fn a_token_of_a_key_that_the_vault_does_not_know_is_not_delivered() -> Result<()> {
    let emulator = emulator()?;
    expect_replaced(into_cluster(&emulator, &[])?)?;
    regenerate(&emulator, "key1")?;

    let (code, row) = into_cluster(&emulator, &["--check"])?;
    let found = (code, text(&row, "outcome"), text(&row, "code"));
    let expected = (Some(2), "dead", "regenerated-behind-vault");
    assert_eq!(found, expected, "{row}");
    expect_way_out(text(&row, "doubt"))?;
    for more in [&[][..], &["--always"]] {
        let (code, row) = into_cluster(&emulator, more)?;
        assert_eq!((code, text(&row, "outcome")), (Some(1), "failed"), "{row}");
        expect_way_out(text(&row, "reason"))?;
    }
    assert_eq!(emulator.count("GetSecret")?, 1, "no dead token was minted");
    assert_eq!(emulator.count("patchCoreV1NamespacedSecret")?, 1);

    regenerate_by_vault(&emulator, "key1")?;
    expect_replaced(into_cluster(&emulator, &[])?)?;
    let (code, row) = into_cluster(&emulator, &["--check"])?;
    assert_eq!((code, text(&row, "outcome")), (Some(0), "kept"), "{row}");
    Ok(())
}

#[test]
fn a_key_made_before_any_turn_was_due_needs_no_earlier_token_to_be_known() -> Result<()> {
    let emulator = emulator()?;
    regenerate_by_vault(&emulator, "key1")?;
    emulator.advance("P1D")?;
    regenerate(&emulator, "key1")?;
    let (code, row) = into_cluster(&emulator, &[])?;
    assert_eq!((code, text(&row, "outcome")), (Some(1), "failed"), "{row}");
    expect_way_out(text(&row, "reason"))?;
    let said = sync(&emulator, &["--from", &source(), "--file", "-"])?.expect_code(1)?;
    assert_eq!(said.stdout, "", "no dead token is shown");
    expect_way_out(&said.stderr)?;
    assert_eq!(emulator.count("GetSecret")?, 0);
    let (_, report) = cli::check(&emulator, &[])?;
    let shown = report.to_string();
    ensure!(shown.contains("regenerated-behind-vault"), "{shown}");

    // The turn makes the other key the active one, which the vault knows.
    emulator.advance("P30D")?;
    expect_replaced(into_cluster(&emulator, &[])?)
}

#[test]
fn a_token_of_the_other_key_stays_while_it_lives() -> Result<()> {
    let emulator = emulator()?;
    regenerate_by_vault(&emulator, "key1")?;
    expect_replaced(into_cluster(&emulator, &[])?)?;
    emulator.advance("PT20M")?;
    // The vault signs with key2 now, and a token of key1 is in place.
    regenerate_by_vault(&emulator, "key2")?;
    emulator.advance("PT30M")?;
    regenerate(&emulator, "key2")?;
    let (code, row) = into_cluster(&emulator, &[])?;
    let found = (code, text(&row, "outcome"), text(&row, "key"));
    assert_eq!(found, (Some(3), "kept", "key1"), "{row}");
    ensure!(text(&row, "doubt").contains("key2 of"), "{row}");
    emulator.advance("PT2H")?;
    let (code, row) = into_cluster(&emulator, &[])?;
    assert_eq!((code, text(&row, "outcome")), (Some(1), "failed"), "{row}");
    assert_eq!(emulator.count("patchCoreV1NamespacedSecret")?, 1);
    Ok(())
}

#[test]
fn what_does_not_tell_is_never_good() -> Result<()> {
    let emulator = emulator()?;
    // The record is so old that the key may be that of a turn.
    regenerate(&emulator, "key1")?;
    for (more, outcome) in [(&[][..], "replaced"), (&[], "kept"), (&["--check"], "kept")] {
        let (code, row) = into_cluster(&emulator, more)?;
        assert_eq!((code, text(&row, "outcome")), (Some(3), outcome), "{row}");
        let said = text(&row, "doubt");
        ensure!(said.contains("it cannot be told whether key1 of"), "{said}");
    }
    Ok(())
}
