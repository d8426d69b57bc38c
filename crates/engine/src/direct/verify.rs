//! Seeing that a key opens its account, before clients are told to use it.

use azure::blob;
use rotation::slot::KeySlot;

use super::DirectWish;
use super::error::DirectError;
use super::keys::Key;
use crate::run::{Pauses, Run};

/// How often a key is tried: a new one takes a moment to be known everywhere.
const TRIES: u32 = 5;

/// Reads with the key, until the account lets it in.
///
/// # Cancellation
/// Nothing is changed.
pub(super) async fn verify(
    run: &Run<'_>,
    wish: &DirectWish,
    slot: KeySlot,
    key: &Key,
) -> Result<(), DirectError> {
    let mut pauses = Pauses::new();
    let mut last = None;
    for _ in 0..TRIES {
        let probe = blob::probe(
            &wish.account,
            run.client().cloud(),
            &key.material,
            run.now(),
        );
        let Some(probe) = probe else { break };
        match run
            .send("read with the new key from", &wish.account, probe)
            .await
        {
            Ok(()) => return Ok(()),
            Err(error) => last = Some(error),
        }
        if run.pause(pauses.next()).await.is_err() {
            break;
        }
    }
    Err(DirectError::NotVerified {
        account: wish.account.to_string(),
        slot,
        last,
    })
}
