//! Direct two-key rotation: the account's own keys, published as a secret that clients read.
//!
//! # Flow
//! Look at the account's key times and at the versions of the secret; let `rotation::direct` decide;
//! take one step. A turn claims the account, regenerates the idle key, sees that it opens the
//! account, and publishes it; the other key stays as it is.
//!
//! # Guarantees
//! - The key that is published is never regenerated, nor one that was within the overlap.
//! - Nothing is regenerated before it is known that the secret can be written.
//! - A key that was regenerated is not lost: it can be read from the account, and the next run finds
//!   by its age that it was never published.
//! - A regeneration is sent once; after an unclear answer the keys themselves tell.
//! - An account that a vault manages is not touched, nor one on which Key Vault holds a role: a
//!   vault that cannot be listed may manage it.
//! - A key that does not open the account is not published.
//! - Where apps are looked through, no key is regenerated that one of them holds, or has held within
//!   the overlap.
//!
//! # Assumptions
//! Two runs keep out of each other's way by a claim in the tags of the secret, which Key Vault
//! cannot set conditionally: a run writes its claim, waits, and goes on if the claim is still its
//! own and the keys are as they were. So a run that is held up for longer than the wait between
//! looking and writing could still meet another one; then both look again before they regenerate.
//! Key Vault needs a role on an account to manage it; a record in a vault that cannot be listed,
//! whose role was taken away again, is not found.

mod apps;
mod claim;
pub mod error;
mod keys;
pub mod publish;
mod turn;
mod unmanaged;
mod verify;

use azure::arm::storage::StorageAccount;
use azure::id::{SecretName, StorageAccountId, VaultUrl};
use jiff::Timestamp;
use rotation::direct::{Reason, Standing, Step, Terms, decide_step};
use rotation::observation::PerSlot;
use rotation::slot::KeySlot;

use error::DirectError;
use publish::{Content, Label, Version};

use crate::holders::{self, Reach};
use crate::managed::look_at_account;
use crate::register::Register;
use crate::run::Run;
use crate::surroundings::Surroundings;

/// Where the key in use is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretPlace {
    /// The vault.
    pub vault: VaultUrl,
    /// The name of the secret.
    pub name: SecretName,
}

impl std::fmt::Display for SecretPlace {
    /// Writes the identifier that Key Vault gives the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/secrets/{}", self.vault.as_str(), self.name)
    }
}

/// The rotation that somebody wants.
#[derive(Clone, Debug)]
pub struct DirectWish {
    /// The account.
    pub account: StorageAccountId,
    /// Where its key is published.
    pub place: SecretPlace,
    /// When it is rotated.
    pub terms: Terms,
    /// What the secret holds.
    pub content: Content,
    /// Whether a key has to open the account before it is published.
    pub verify: bool,
    /// Whether somebody vouches that no vault manages the account, where that cannot be seen.
    pub assume_unmanaged: bool,
    /// The mark of whoever rotates, by which a later run knows a claim of its own; `None` for one
    /// that is good for this run alone. No two runs at once may have the same.
    pub owner: Option<String>,
    /// The apps that get the other key before theirs is renewed; `None` if nobody asks for that.
    pub apps: Option<Reach>,
}

/// What there is: the account, and what clients are told to use.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The account.
    pub account: StorageAccount,
    /// The newest version of the secret; `None` if there is none.
    pub published: Option<Version>,
}

impl Seen {
    /// Gives what a decision needs.
    pub fn standing(&self) -> Standing {
        Standing {
            key_times: PerSlot {
                key1: self.account.key1_created_at,
                key2: self.account.key2_created_at,
            },
            published: self.published.as_ref().map(Version::as_published),
        }
    }

    /// Decides what comes next: what the rules say, or the same key again where the secret holds it
    /// in another form than is wanted.
    pub fn next_step(&self, terms: &Terms, content: Content, now: Timestamp) -> Step {
        let step = decide_step(&self.standing(), terms, now);
        match &self.published {
            Some(there) if !step.acts() && there.holds_other_than(content) => Step::Publish {
                slot: there.slot,
                reason: Reason::Replaced,
            },
            _ => step,
        }
    }

    fn made(&self, slot: KeySlot) -> Option<Timestamp> {
        *self.standing().key_times.of(slot)
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nothing had to be done.
    Rested {
        /// When something will have to be.
        until: Timestamp,
    },
    /// A turn is due, and clients may still use the key it would regenerate.
    Waiting {
        /// The idle slot.
        slot: KeySlot,
        /// Until when.
        until: Timestamp,
    },
    /// The key of a slot was published as it was.
    Published {
        /// The slot.
        slot: KeySlot,
        /// Why.
        reason: Reason,
        /// The version of the secret.
        version: Version,
    },
    /// The key of a slot was regenerated and published.
    Turned {
        /// The slot.
        slot: KeySlot,
        /// The version of the secret.
        version: Version,
    },
    /// Another run is at it.
    Busy {
        /// Since when.
        since: Option<Timestamp>,
    },
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is decided.
    Decided(Step),
    /// Apps that hold a key get the other one.
    Apps(holders::Progress),
    /// The account is claimed, and the key in this slot will be regenerated.
    Regenerating(KeySlot),
    /// The answer was lost, and the keys are being looked at.
    LookingBack(KeySlot),
    /// The key in this slot is new.
    Regenerated(KeySlot),
    /// The key in this slot opens the account.
    Verified(KeySlot),
    /// The key in this slot is published.
    Published(KeySlot),
}

/// Looks at the account and at what is published.
///
/// # Errors
/// Azure's refusal, an account that is not there, or a secret that is something else.
pub async fn look(
    run: &Run<'_>,
    account: &StorageAccountId,
    place: &SecretPlace,
) -> Result<Seen, DirectError> {
    let found = look_at_account(run, account).await?;
    let found = found.ok_or_else(|| DirectError::NoAccount {
        account: account.to_string(),
    })?;
    let published = publish::newest(run, account, place).await?;
    Ok(Seen {
        account: found,
        published,
    })
}

/// Tells which account's key a secret holds; `None` if there is no such secret.
///
/// # Errors
/// Azure's refusal, or a secret that names no account.
pub async fn account_of(
    run: &Run<'_>,
    place: &SecretPlace,
) -> Result<Option<StorageAccountId>, DirectError> {
    publish::account_of(run, place).await
}

/// Reads what a secret says of itself; `None` if there is no such secret.
///
/// # Errors
/// Azure's refusal, or a secret that holds no key of an account.
pub async fn label(run: &Run<'_>, place: &SecretPlace) -> Result<Option<Label>, DirectError> {
    publish::label(run, place).await
}

/// Takes the step that is due, if one is.
///
/// # Cancellation
/// Dropped or killed anywhere, it leaves the published key as it was, or a new one published; a key
/// that was regenerated in between is found and published by the next run.
///
/// # Errors
/// Why the step was not taken, or not to its end. What clients are told to use still works.
pub async fn step(
    run: &Run<'_>,
    around: &Surroundings,
    register: &Register,
    wish: &DirectWish,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Outcome, DirectError> {
    let seen = look(run, &wish.account, &wish.place).await?;
    step_from(run, around, register, wish, &seen, tell).await
}

/// Takes the step that is due by what was seen a moment ago.
///
/// # Cancellation
/// As for [`step`].
///
/// # Errors
/// As for [`step`].
pub async fn step_from(
    run: &Run<'_>,
    around: &Surroundings,
    register: &Register,
    wish: &DirectWish,
    seen: &Seen,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Outcome, DirectError> {
    let step = seen.next_step(&wish.terms, wish.content, run.now());
    tell(Progress::Decided(step));
    if step.acts() {
        check_fit(run, around, register, seen, wish).await?;
    }
    match step {
        Step::Rest { until } => Ok(Outcome::Rested { until }),
        Step::Wait { slot, until } => Ok(Outcome::Waiting { slot, until }),
        Step::Turn { slot } => {
            let held = match &seen.published {
                Some(version) => apps::leave(run, around, wish, version, slot, tell).await?,
                None => None,
            };
            match held {
                Some(until) => Ok(Outcome::Waiting { slot, until }),
                None => turn::turn(run, around, wish, seen, slot, tell).await,
            }
        }
        Step::Publish { slot, reason } => {
            let version = turn::republish(run, wish, seen, slot, tell).await?;
            Ok(Outcome::Published {
                slot,
                reason,
                version,
            })
        }
    }
}

/// Tells which step is due, and that nothing known stands in its way; changes nothing.
///
/// # Errors
/// What [`step`] would refuse.
pub async fn foresee(
    run: &Run<'_>,
    around: &Surroundings,
    register: &Register,
    wish: &DirectWish,
) -> Result<(Seen, Step), DirectError> {
    let seen = look(run, &wish.account, &wish.place).await?;
    check_fit(run, around, register, &seen, wish).await?;
    let step = seen.next_step(&wish.terms, wish.content, run.now());
    Ok((seen, step))
}

/// Refuses what must not be rotated this way, before anything is changed.
async fn check_fit(
    run: &Run<'_>,
    around: &Surroundings,
    register: &Register,
    seen: &Seen,
    wish: &DirectWish,
) -> Result<(), DirectError> {
    let account = || wish.account.to_string();
    if seen.account.allow_shared_key_access == Some(false) {
        return Err(DirectError::SharedKeyOff { account: account() });
    }
    if let Some(lock) = around.lock(run, &wish.account).await {
        return Err(DirectError::Locked {
            account: account(),
            lock: lock.name,
            scope: lock.scope,
        });
    }
    unmanaged::check(run, around, register, wish).await
}

/// Has every app that is looked through give up the key of a slot, in favour of the published one.
///
/// # Cancellation
/// Each app has the one key or the other, which both work.
///
/// # Errors
/// Why some app may still hold the key.
pub async fn tell_apps(
    run: &Run<'_>,
    around: &Surroundings,
    wish: &DirectWish,
    published: &Version,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Option<Timestamp>, DirectError> {
    apps::leave(run, around, wish, published, published.slot.other(), tell).await
}
