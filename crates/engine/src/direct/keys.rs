//! The keys of an account: reading one, and regenerating one exactly once.

use azure::arm::storage::{self, AccountKey};
use azure::error::Error;
use azure::id::StorageAccountId;
use azure::secret::KeyMaterial;
use jiff::Timestamp;
use rotation::slot::KeySlot;

use super::error::DirectError;
use super::{DirectWish, Progress};
use crate::managed::key_name;
use crate::run::{Pauses, Run, StepError};

/// How often the keys are looked at after an unclear answer.
const LOOKS: u32 = 5;

/// What is in a slot.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) material: KeyMaterial,
    pub(super) created_at: Option<Timestamp>,
}

/// Reads the key in a slot.
pub(super) async fn read(
    run: &Run<'_>,
    account: &StorageAccountId,
    slot: KeySlot,
) -> Result<Key, DirectError> {
    let keys = list(run, account).await?;
    in_slot(keys, slot).ok_or_else(|| DirectError::NoKey {
        account: account.to_string(),
        slot,
    })
}

/// By what a key that was regenerated is told from the one before, should the answer be lost.
enum Before {
    /// That one was made at this time.
    Made(Timestamp),
    /// Azure does not say when it was made, so here it is.
    Is(KeyMaterial),
}

impl Before {
    async fn look(
        run: &Run<'_>,
        account: &StorageAccountId,
        slot: KeySlot,
        made: Option<Timestamp>,
    ) -> Result<Self, DirectError> {
        match made {
            Some(made) => Ok(Self::Made(made)),
            None => Ok(Self::Is(read(run, account, slot).await?.material)),
        }
    }

    fn is_over(&self, now: &Key) -> bool {
        match self {
            Self::Made(made) => now.created_at.is_some_and(|now| now > *made),
            Self::Is(old) => !now.material.is(&old.clone().into_secret()),
        }
    }
}

/// Regenerates the key in a slot, which was made at a known time or not, and gives the new one. It is
/// asked for by a moment, or not at all.
///
/// # Cancellation
/// Before the request nothing is changed; after it the new key is in the account.
pub(super) async fn regenerate(
    run: &Run<'_>,
    wish: &DirectWish,
    slot: KeySlot,
    made: Option<Timestamp>,
    by: Timestamp,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Key, DirectError> {
    let account = &wish.account;
    let before = Before::look(run, account, slot, made).await?;
    let request = storage::regenerate_key(account, key_name(slot));
    let sent = run.send_by(by, "regenerate a key of", account, request);
    let last = match sent.await {
        Ok(keys) => {
            return in_slot(keys, slot).ok_or_else(|| DirectError::NoKey {
                account: account.to_string(),
                slot,
            });
        }
        Err(error) if error.is(Error::may_have_executed) => error,
        Err(error) => return Err(error.into()),
    };
    tell(Progress::LookingBack(slot));
    look_back(run, account, slot, &before, last).await
}

/// Looks whether the key in a slot has become another one, after an unclear answer.
async fn look_back(
    run: &Run<'_>,
    account: &StorageAccountId,
    slot: KeySlot,
    before: &Before,
    last: StepError,
) -> Result<Key, DirectError> {
    let mut pauses = Pauses::new();
    for _ in 0..LOOKS {
        // A stop does not keep from looking: otherwise nobody would know of the new key.
        let listed = run.client().send(storage::list_keys(account)).await;
        let now = listed.ok().and_then(|keys| in_slot(keys, slot));
        if let Some(new) = now.filter(|now| before.is_over(now)) {
            return Ok(new);
        }
        if run.pause(pauses.next()).await.is_err() {
            break;
        }
    }
    Err(DirectError::Unclear {
        account: account.to_string(),
        slot,
        last,
    })
}

async fn list(run: &Run<'_>, account: &StorageAccountId) -> Result<Vec<AccountKey>, StepError> {
    run.send("list the keys of", account, storage::list_keys(account))
        .await
}

fn in_slot(keys: Vec<AccountKey>, slot: KeySlot) -> Option<Key> {
    let key = keys
        .into_iter()
        .find(|key| key.name.eq_ignore_ascii_case(slot.as_str()))?;
    Some(Key {
        material: key.value,
        created_at: key.created_at,
    })
}
