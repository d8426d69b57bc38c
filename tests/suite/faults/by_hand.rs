//! Enrolments and rotations by the command line tool.

use anyhow::{Result, ensure};
use tests::cli;
use tests::emulator::Emulator;
use tests::faults::cut::Begin;
use tests::faults::{Ended, Excused, Memory, Operation, Stage};
use tests::fleet::{self, ACCOUNT, SUBSCRIPTION, VAULT};

use super::{cut_short, ended, enrolled};

/// The host stands for what is asked before any account or vault is known.
const OBJECTS: [&str; 6] = [
    ACCOUNT,
    VAULT,
    SUBSCRIPTION,
    "logs",
    "management.azure.com",
    "the subscriptions",
];

/// What most operations have in common.
const COMMON: Operation = Operation {
    objects: &OBJECTS,
    ..super::COMMON
};

/// Puts the names of the fleet into the words of a command line.
fn named(words: &str) -> String {
    words
        .replace("ACCOUNT", &fleet::account_id(ACCOUNT))
        .replace("VAULT", VAULT)
}

fn keyrotation(emulator: &Emulator, words: &str) -> Result<Ended> {
    let words = named(words);
    let words: Vec<&str> = words.split(' ').collect();
    cli::keyrotation(emulator, &words).map(ended)
}

/// Renews both keys of whatever is due, as the journal says that it is begun with.
const ROTATE: &str = "rotate apply --both --wait=PT1S --vault-uri=https://VAULT.vault.azure.net \
     --secret-name=st-{account} --no-verify --auto-approve --due-soon=P14D --journal=";

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
        return keyrotation(emulator, &format!("{ROTATE}again"));
    }
    keyrotation(emulator, &format!("{ROTATE}j"))
}

/// Renews both keys until the signal comes.
const BEGIN_TO_ROTATE: Begin =
    |emulator, _, cut| cut_short(emulator, &named(&format!("{ROTATE}j")), cut);

pub(super) const ROTATE_DIRECTLY: Operation = Operation {
    name: "rotate apply, directly",
    run: rotate_both,
    begin: Some(BEGIN_TO_ROTATE),
    awaited: Some("SetSecret"),
    renews_both: true,
    ..COMMON
};

pub(super) const ROTATE_THROUGH_THE_VAULT: Operation = Operation {
    name: "rotate apply, through the vault",
    stage: enrolled,
    run: rotate_both,
    begin: Some(BEGIN_TO_ROTATE),
    renews_both: true,
    ..COMMON
};

const ADD: &str = "vault add --vault-name VAULT -n logs --resource-id ACCOUNT \
                   --active-key-name key1 --grant-access --yes";

pub(super) const VAULT_ADD: Operation = Operation {
    name: "vault add",
    run: |emulator, _| keyrotation(emulator, ADD),
    begin: Some(|emulator, _, cut| cut_short(emulator, &named(ADD), cut)),
    ..COMMON
};

const UPDATE: &str = "vault update --vault-name VAULT -n logs --regeneration-period P20D \
                      --active-key-name key2 --tags team=platform --yes";

pub(super) const VAULT_UPDATE: Operation = Operation {
    name: "vault update",
    stage: enrolled,
    run: |emulator, _| keyrotation(emulator, UPDATE),
    begin: Some(|emulator, _, cut| cut_short(emulator, &named(UPDATE), cut)),
    ..COMMON
};

const REMOVE: &str = "vault remove --vault-name VAULT -n logs --yes";

pub(super) const VAULT_REMOVE: Operation = Operation {
    name: "vault remove",
    stage: enrolled,
    run: |emulator, _| keyrotation(emulator, REMOVE),
    begin: Some(|emulator, _, cut| cut_short(emulator, &named(REMOVE), cut)),
    excused: &[Excused {
        request: "GetStorageAccount",
        nth: Some(2),
        faults: &["404"],
        reason: "an answer that says that the record is gone is believed",
    }],
    ..COMMON
};

/// Starts where the vault keeps an enrolment that was removed.
fn removed() -> Result<Stage> {
    let stage = enrolled()?;
    let removed = keyrotation(&stage.emulator, REMOVE)?;
    ensure!(removed.done, "{}", removed.said);
    Ok(stage)
}

const RECOVER: &str = "vault recover --vault-name VAULT -n logs --yes";

pub(super) const VAULT_RECOVER: Operation = Operation {
    name: "vault recover",
    stage: removed,
    run: |emulator, _| {
        let mut ended = keyrotation(emulator, RECOVER)?;
        // What an earlier run has brought back is said to live.
        ended.done |= ended.said.contains("is not deleted");
        Ok(ended)
    },
    begin: Some(|emulator, _, cut| cut_short(emulator, &named(RECOVER), cut)),
    ..COMMON
};

const REGENERATE: &str = "vault regenerate-key --vault-name VAULT -n logs --yes";
const INSIST: &str =
    "vault regenerate-key --vault-name VAULT -n logs --yes --key-name key1 --force";

/// Has a key regenerated, unless that is what an earlier run was at: then a person decides.
fn regenerate(emulator: &Emulator, words: &str) -> Result<Ended> {
    let mut ended = keyrotation(emulator, words)?;
    ended.done |= ended.said.contains("within the last hour");
    Ok(ended)
}

pub(super) const VAULT_REGENERATE_KEY: Operation = Operation {
    name: "vault regenerate-key",
    stage: enrolled,
    run: |emulator, _| regenerate(emulator, REGENERATE),
    begin: Some(|emulator, _, cut| cut_short(emulator, &named(REGENERATE), cut)),
    ..COMMON
};

pub(super) const VAULT_REGENERATE_BY_FORCE: Operation = Operation {
    name: "vault regenerate-key, by force",
    stage: enrolled,
    run: |emulator, _| regenerate(emulator, INSIST),
    begin: Some(|emulator, _, cut| cut_short(emulator, &named(INSIST), cut)),
    ..COMMON
};
