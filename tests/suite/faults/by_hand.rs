//! Enrolments and rotations by the command line tool.

use anyhow::Result;
use tests::cli;
use tests::emulator::Emulator;
use tests::faults::{Ended, Excused, Memory, Next, Operation, Stage};
use tests::fleet::{self, ACCOUNT, VAULT};

use super::{ended, no_more, run};

/// The host stands for what is asked before any account or vault is known.
const OBJECTS: [&str; 5] = [
    ACCOUNT,
    VAULT,
    "logs",
    "management.azure.com",
    "the subscriptions",
];

/// What most operations have in common.
const COMMON: Operation = Operation {
    name: "",
    stage: bare,
    run: nothing,
    next: Next::Always,
    lapse: 0,
    awaited: None,
    renews_both: false,
    objects: &OBJECTS,
    inspect: no_more,
    excused: &[],
};

fn nothing(_: &Emulator, _: &mut Memory) -> Result<Ended> {
    Ok(Ended::default())
}

/// An old account that nobody manages.
fn bare() -> Result<Stage> {
    Emulator::start(&fleet::one_account()).map(Stage::from)
}

/// An old account whose keys a vault keeps, renewing none by itself.
fn enrolled() -> Result<Stage> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[fleet::record("logs", ACCOUNT, false)]);
    Emulator::start(&fleet::with_vaults(&accounts, &[vault])).map(Stage::from)
}

fn keyrotation(emulator: &Emulator, words: &str) -> Result<Ended> {
    let words = words
        .replace("ACCOUNT", &fleet::account_id(ACCOUNT))
        .replace("VAULT", VAULT);
    let words: Vec<&str> = words.split(' ').collect();
    cli::keyrotation(emulator, &words).map(ended)
}

/// Renews both keys, or goes on by the journal; what it could not see when it was planned is planned
/// again.
fn rotate_both(emulator: &Emulator, _: &mut Memory) -> Result<Ended> {
    if emulator.scratch().path().join("j").exists() {
        let resumed = keyrotation(emulator, "rotate resume j")?;
        let left_out = [
            "plan again to have it examined",
            "is looked at again by a new plan",
        ];
        if !left_out.iter().any(|words| resumed.said.contains(words)) {
            return Ok(resumed);
        }
        return rotate_by(emulator, "again");
    }
    rotate_by(emulator, "j")
}

fn rotate_by(emulator: &Emulator, journal: &str) -> Result<Ended> {
    let words = "rotate apply --both --wait=PT1S --vault-uri=https://VAULT.vault.azure.net \
                 --secret-name=st-{account} --no-verify --auto-approve --due-soon=P14D --journal=";
    keyrotation(emulator, &format!("{words}{journal}"))
}

#[test]
fn rotate_apply_directly() -> Result<()> {
    run(&Operation {
        name: "rotate apply, directly",
        run: rotate_both,
        awaited: Some("SetSecret"),
        renews_both: true,
        excused: &[Excused {
            request: "GetSecretVersions",
            nth: None,
            faults: &["404"],
            reason: "an answer that says that the secret is gone is believed: the key in use is \
                     published once more",
        }],
        ..COMMON
    })
}

#[test]
fn rotate_apply_through_the_vault() -> Result<()> {
    run(&Operation {
        name: "rotate apply, through the vault",
        stage: enrolled,
        run: rotate_both,
        renews_both: true,
        ..COMMON
    })
}

#[test]
fn vault_add() -> Result<()> {
    run(&Operation {
        name: "vault add",
        run: |emulator, _| {
            keyrotation(
                emulator,
                "vault add --vault-name VAULT -n logs --resource-id ACCOUNT \
                 --active-key-name key1 --grant-access --yes",
            )
        },
        ..COMMON
    })
}

#[test]
fn vault_remove() -> Result<()> {
    run(&Operation {
        name: "vault remove",
        stage: enrolled,
        run: |emulator, _| keyrotation(emulator, "vault remove --vault-name VAULT -n logs --yes"),
        excused: &[Excused {
            request: "GetStorageAccount",
            nth: Some(2),
            faults: &["404"],
            reason: "an answer that says that the record is gone is believed",
        }],
        next: Next::AfterFailure,
        ..COMMON
    })
}

#[test]
fn vault_regenerate_key() -> Result<()> {
    run(&Operation {
        name: "vault regenerate-key",
        stage: enrolled,
        run: |emulator, _| {
            keyrotation(
                emulator,
                "vault regenerate-key --vault-name VAULT -n logs --yes",
            )
        },
        next: Next::AfterFailure,
        ..COMMON
    })
}
