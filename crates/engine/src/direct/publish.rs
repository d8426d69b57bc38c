//! The secret that clients read: which version is the newest, whose key it holds, and a new one.
//!
//! Versions carry the tags of Microsoft's dual-credential convention, so that their tooling and ours
//! understand each other: `CredentialId` (the slot), `ProviderAddress` (the account) and
//! `ValidityPeriodDays`. One tag is our own: when Azure made the key, by which a key that somebody
//! regenerated behind the secret's back is found without reading either.

use std::collections::BTreeMap;

use azure::blob;
use azure::error::Error;
use azure::id::StorageAccountId;
use azure::request::Listed;
use azure::vault::secret::{self, NewSecret, SecretVersion};
use jiff::Timestamp;
use rotation::direct::Published;
use rotation::period::Period;
use rotation::slot::KeySlot;

use super::error::DirectError;
use super::keys::Key;
use super::{DirectWish, SecretPlace, Seen};
use crate::run::{Run, StepError, absent};

const SLOT: &str = "CredentialId";
const ACCOUNT: &str = "ProviderAddress";
const VALIDITY: &str = "ValidityPeriodDays";
const KEY_CREATED: &str = "KeyCreationTime";

/// What the secret holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The key.
    Key,
    /// A connection string with the key in it.
    ConnectionString,
}

impl Content {
    fn content_type(self) -> &'static str {
        match self {
            Self::Key => "storage account key",
            Self::ConnectionString => "storage account connection string",
        }
    }
}

/// What a secret says of itself: whose key it holds, and for how long one is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The account.
    pub account: StorageAccountId,
    /// The newest version.
    pub version: Version,
    /// For how long a key is good, if that is noted.
    pub validity: Option<Period>,
}

/// A version of the secret that holds a key of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The name of the version.
    pub version: String,
    /// The slot whose key it holds.
    pub slot: KeySlot,
    /// When it was published.
    pub at: Timestamp,
    /// When the key had been made that it holds, if that is noted.
    pub key_created_at: Option<Timestamp>,
    /// When it says that the key stops being good.
    pub expires: Option<Timestamp>,
    /// What it says it holds.
    content_type: Option<String>,
    /// When its tags were changed last.
    pub(super) updated: Option<Timestamp>,
    /// All its tags.
    pub(super) tags: BTreeMap<String, String>,
}

impl Version {
    /// Tells whether it says that it holds something else than is wanted.
    pub fn holds_other_than(&self, wanted: Content) -> bool {
        let said = self.content_type.as_deref();
        said.is_some_and(|said| said != wanted.content_type())
    }

    /// Tells what it holds, if it says so.
    pub fn content(&self) -> Option<Content> {
        let said = self.content_type.as_deref();
        let all = [Content::Key, Content::ConnectionString];
        all.into_iter().find(|one| said == Some(one.content_type()))
    }

    /// Gives what a decision needs of it.
    pub fn as_published(&self) -> Published {
        Published {
            slot: self.slot,
            at: self.at,
            key_created_at: self.key_created_at,
        }
    }
}

/// Finds the newest version; `None` if there is no such secret.
pub(super) async fn newest(
    run: &Run<'_>,
    account: &StorageAccountId,
    place: &SecretPlace,
) -> Result<Option<Version>, DirectError> {
    let newest = newest_of_all(run, place).await?;
    newest
        .map(|newest| read(account, place, newest))
        .transpose()
}

/// Tells which account's key a secret holds; `None` if there is no such secret.
pub(super) async fn account_of(
    run: &Run<'_>,
    place: &SecretPlace,
) -> Result<Option<StorageAccountId>, DirectError> {
    let newest = newest_of_all(run, place).await?;
    newest.map(|newest| account_in(place, &newest)).transpose()
}

/// Reads what a secret says of itself; `None` if there is no such secret.
pub(super) async fn label(
    run: &Run<'_>,
    place: &SecretPlace,
) -> Result<Option<Label>, DirectError> {
    let Some(newest) = newest_of_all(run, place).await? else {
        return Ok(None);
    };
    let account = account_in(place, &newest)?;
    let days = newest.tags.get(VALIDITY).and_then(|text| text.parse().ok());
    Ok(Some(Label {
        version: read(&account, place, newest)?,
        account,
        validity: days.map(Period::days),
    }))
}

fn account_in(place: &SecretPlace, found: &SecretVersion) -> Result<StorageAccountId, DirectError> {
    let account = found.tags.get(ACCOUNT).and_then(|text| text.parse().ok());
    account.ok_or_else(|| foreign(place, format!("its tag `{ACCOUNT}` names no account")))
}

async fn newest_of_all(
    run: &Run<'_>,
    place: &SecretPlace,
) -> Result<Option<SecretVersion>, DirectError> {
    let list = secret::versions(&place.vault, &place.name);
    let listed = absent(run.list("list the versions of", place, list).await)?;
    let mut versions = Vec::new();
    for element in listed.into_iter().flatten() {
        match element {
            Listed::Item(version) => versions.push(version),
            Listed::Odd { reason, .. } => return Err(foreign(place, reason)),
        }
    }
    let enabled = versions.into_iter().filter(|version| version.enabled);
    Ok(enabled.max_by_key(|version| (version.created, key_created(version))))
}

fn read(
    account: &StorageAccountId,
    place: &SecretPlace,
    found: SecretVersion,
) -> Result<Version, DirectError> {
    let tag = |name: &str| found.tags.get(name).map(String::as_str);
    let slot = tag(SLOT).and_then(|text| text.parse().ok());
    let slot = slot
        .filter(|_| !found.managed)
        .ok_or_else(|| foreign(place, format!("its tag `{SLOT}` names no key slot")))?;
    let of = tag(ACCOUNT).unwrap_or_default();
    if !of.eq_ignore_ascii_case(account.as_str()) {
        return Err(foreign(place, format!("its tag `{ACCOUNT}` is `{of}`")));
    }
    let at = found
        .created
        .ok_or_else(|| foreign(place, "it does not say when it was made".to_owned()))?;
    Ok(Version {
        key_created_at: key_created(&found),
        version: found.version,
        slot,
        at,
        expires: found.expires,
        content_type: found.content_type,
        updated: found.updated,
        tags: found.tags,
    })
}

fn key_created(version: &SecretVersion) -> Option<Timestamp> {
    version.tags.get(KEY_CREATED)?.parse().ok()
}

fn foreign(place: &SecretPlace, reason: String) -> DirectError {
    DirectError::Foreign {
        place: place.to_string(),
        reason,
    }
}

/// Publishes a key as a new version.
///
/// # Cancellation
/// A version is there or it is not; a second one with the same key does no harm.
pub(super) async fn publish(
    run: &Run<'_>,
    wish: &DirectWish,
    slot: KeySlot,
    key: &Key,
) -> Result<Version, DirectError> {
    let new = new_version(run, wish, slot, key);
    let place = &wish.place;
    let request = secret::set(&place.vault, &place.name, &new);
    let last = match run.send("publish the new key as", place, request).await {
        Ok(made) => return read(&wish.account, place, made),
        Err(error) => error,
    };
    if last.is(Error::may_have_executed)
        && let Ok(Some(newest)) = newest(run, &wish.account, place).await
        && newest.slot == slot
        && newest.key_created_at == key.created_at
    {
        return Ok(newest);
    }
    Err(not_published(wish, slot, last))
}

fn not_published(wish: &DirectWish, slot: KeySlot, last: StepError) -> DirectError {
    DirectError::NotPublished {
        account: wish.account.to_string(),
        slot,
        last,
    }
}

fn new_version(run: &Run<'_>, wish: &DirectWish, slot: KeySlot, key: &Key) -> NewSecret {
    let value = match wish.content {
        Content::Key => key.material.clone().into_secret(),
        Content::ConnectionString => {
            blob::connection_string(&wish.account, run.client().cloud(), &key.material)
        }
    };
    // A key is regenerated at the end of the period after the one it was published in.
    let life = wish.terms.period.longest_key_life();
    NewSecret {
        value,
        content_type: wish.content.content_type(),
        expires: Some(life.after(run.now())),
        tags: tags(wish, slot, key.created_at),
    }
}

fn tags(wish: &DirectWish, slot: KeySlot, made: Option<Timestamp>) -> BTreeMap<String, String> {
    let days = wish.terms.period.longest_key_life().days_rounded_up();
    let mut tags = BTreeMap::from([
        (SLOT.to_owned(), slot.to_string()),
        (ACCOUNT.to_owned(), wish.account.to_string()),
        (VALIDITY.to_owned(), days.to_string()),
    ]);
    if let Some(made) = made {
        tags.insert(KEY_CREATED.to_owned(), made.to_string());
    }
    tags
}

/// Finds out whether just this key is published already, as after a run whose note was lost; then
/// only the note is put right.
pub(super) async fn same(
    run: &Run<'_>,
    wish: &DirectWish,
    seen: &Seen,
    slot: KeySlot,
    key: &Key,
) -> Result<Option<Version>, DirectError> {
    let Some(present) = seen.published.as_ref().filter(|there| there.slot == slot) else {
        return Ok(None);
    };
    let place = &wish.place;
    let request = secret::get(&place.vault, &place.name);
    let value = run.send("read the secret", place, request).await?.value;
    let wanted = new_version(run, wish, slot, key).value;
    if !azure::KeyMaterial::from(wanted).is(&value) {
        return Ok(None);
    }
    let tags = tags(wish, slot, key.created_at);
    let request = secret::retag(&place.vault, &place.name, &present.version, &tags);
    let done = run.send("put the tags right of", place, request).await?;
    read(&wish.account, place, done).map(Some)
}
