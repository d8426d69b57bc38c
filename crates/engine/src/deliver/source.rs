//! Where a value comes from, and what is known of the keys behind it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use azure::id::StorageAccountId;
use azure::sas::token::TokenParameters;
use azure::secret::fingerprint;
use azure::vault::secret;
use rotation::enrolment::next_turn;
use rotation::observation::KeyTimes;
use rotation::origin::{Record, Turns};
use rotation::slot::KeySlot;
use rotation::token::{NextTurn, Signing};
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::{Fresh, Notes};
use crate::direct::SecretPlace;
use crate::managed::sas::DefinitionPlace;
use crate::managed::{Enrolment, look, look_at_account};
use crate::run::{Run, StepError};
use crate::vault::token::{self, TokenError};

/// The tag that names the slot, by Microsoft's dual-credential convention.
const SLOT: &str = "CredentialId";

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A SAS definition: every reading mints a token.
    Definition(DefinitionPlace),
    /// A published secret, such as direct rotation keeps: it is read as it is.
    Secret(SecretPlace),
}

impl fmt::Display for Source {
    /// Writes the identifier that Key Vault gives it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Definition(place) => place.fmt(f),
            Self::Secret(place) => place.fmt(f),
        }
    }
}

/// Who signs the tokens of a definition, as far as it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signer {
    /// When the keys were made, and when one is renewed next.
    pub signing: Signing,
    /// The slot whose key signs.
    pub active: Option<KeySlot>,
    /// The account, as the vault spells it.
    pub account: String,
    /// What could not be read of it, and why.
    pub unseen: Vec<String>,
    /// Whether some of that may be read a little later: then nothing is proven for now.
    pub is_passing: bool,
}

/// The signers of one round: places of the same enrolment ask for them once.
#[derive(Debug, Default)]
pub struct Signers(Mutex<HashMap<String, Arc<OnceCell<Signer>>>>);

impl Signers {
    pub(super) async fn of(&self, run: &Run<'_>, place: &DefinitionPlace) -> Signer {
        let known = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(place.enrolment.to_string()).or_default())
        };
        let read = || signer(run, place);
        known.get_or_init(read).await.clone()
    }
}

/// Reads what is known of the keys that sign. An identity that may only mint tokens sees nothing
/// here; then tokens are judged by their own end alone, and that is said.
pub(super) async fn signer(run: &Run<'_>, place: &DefinitionPlace) -> Signer {
    let mut unseen = Unseen::default();
    let enrolment = unseen.told(look(run, &place.enrolment).await);
    if matches!(enrolment, Some(None)) {
        let absence = format!("there is no enrolment `{}`", place.enrolment);
        unseen.texts.push(absence);
    }
    let Some(enrolment) = enrolment.flatten() else {
        return Signer {
            unseen: unseen.texts,
            is_passing: unseen.is_passing,
            ..Signer::default()
        };
    };
    let key_times = key_times(run, &enrolment, &mut unseen).await;
    Signer {
        signing: Signing {
            key_times,
            next: next(&enrolment, key_times),
            record: record(&enrolment),
        },
        active: enrolment.active,
        account: enrolment.account,
        unseen: unseen.texts,
        is_passing: unseen.is_passing,
    }
}

/// What could not be seen so far.
#[derive(Default)]
struct Unseen {
    texts: Vec<String>,
    is_passing: bool,
}

impl Unseen {
    /// Keeps why something was not read. A refusal lasts; whatever else it was may pass.
    fn told<T>(&mut self, read: Result<T, StepError>) -> Option<T> {
        let error = read.map_err(|error| {
            self.is_passing |= !error.is(|answer| answer.forbidden_cause().is_some());
            self.texts.push(said(&error));
        });
        error.ok()
    }
}

/// The act and the answer, in one line.
fn said(error: &StepError) -> String {
    match error.azure() {
        Some(answer) => format!("{error}: {answer}"),
        None => error.to_string(),
    }
}

async fn key_times(run: &Run<'_>, enrolment: &Enrolment, unseen: &mut Unseen) -> KeyTimes {
    let Ok(account) = enrolment.account.parse::<StorageAccountId>() else {
        let odd = format!("`{}` is no storage account", enrolment.account);
        unseen.texts.push(odd);
        return KeyTimes::default();
    };
    let seen = unseen.told(look_at_account(run, &account).await);
    if matches!(seen, Some(None)) {
        unseen
            .texts
            .push(format!("there is no account `{account}`"));
    }
    let seen = seen.flatten();
    let times = seen
        .as_ref()
        .map(|one| [one.key1_created_at, one.key2_created_at]);
    if times.is_some_and(|times| times.contains(&None)) {
        let silence = format!("Azure does not tell when the keys of `{account}` were made");
        unseen.texts.push(silence);
    }
    KeyTimes {
        key1: seen.as_ref().and_then(|account| account.key1_created_at),
        key2: seen.as_ref().and_then(|account| account.key2_created_at),
    }
}

fn record(enrolment: &Enrolment) -> Option<Record> {
    Some(Record {
        active: enrolment.active?,
        times: enrolment.times,
        turns: Turns::of(&enrolment.terms),
    })
}

fn next(enrolment: &Enrolment, times: KeyTimes) -> Option<NextTurn> {
    let KeyTimes { key1, key2 } = times;
    Some(NextTurn {
        at: next_turn(&enrolment.terms, enrolment.times, [key1, key2])?,
        active: enrolment.active?,
        period: enrolment.terms.period?.period(),
    })
}

/// Mints a token. Whose key signed it is known only if the vault named the same active key before
/// and after.
pub(super) async fn mint(
    run: &Run<'_>,
    place: &DefinitionPlace,
    before: &Signer,
) -> Result<Fresh, TokenError> {
    let minted = run.now();
    let token = token::mint(run, place).await?;
    let slot = match before.active {
        Some(slot) if active(run, place).await == Some(slot) => Some(slot),
        _ => None,
    };
    let bare = token.token.expose().trim_start_matches('?');
    let said = TokenParameters::parse(bare).ok();
    let value = SecretString::from(bare);
    let notes = Notes {
        source: Some(place.to_string()),
        minted: Some(minted),
        expires: said.and_then(|said| said.expires).or(token.expires),
        slot,
        key_made: slot.and_then(|slot| *before.signing.key_times.of(slot)),
        refresh: None,
        fingerprint: Some(fingerprint(&value)),
    };
    Ok(Fresh { value, notes })
}

async fn active(run: &Run<'_>, place: &DefinitionPlace) -> Option<KeySlot> {
    let enrolment = look(run, &place.enrolment).await.ok().flatten();
    enrolment.and_then(|enrolment| enrolment.active)
}

/// Reads a published secret.
pub(super) async fn published(run: &Run<'_>, place: &SecretPlace) -> Result<Fresh, TokenError> {
    let request = secret::get(&place.vault, &place.name);
    let read = run.send("read the secret", place, request).await?;
    if read.managed {
        return Err(TokenError::Minted {
            secret: place.to_string(),
        });
    }
    let slot = read.tags.get(SLOT).and_then(|text| text.parse().ok());
    let minted = run.now();
    let notes = Notes {
        source: Some(place.to_string()),
        minted: Some(minted),
        expires: read.expires,
        slot,
        key_made: None,
        refresh: None,
        fingerprint: Some(fingerprint(&read.value)),
    };
    let value = read.value;
    Ok(Fresh { value, notes })
}
