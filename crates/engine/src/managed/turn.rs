//! A turn on request: the idle key of an enrolled account is regenerated through its vault.
//!
//! # Flow
//! Look at the record, the account and the definitions that mint tokens; let `rotation::turn`
//! decide; look whether the record is still the same and send one request; after an unclear answer,
//! look at what changed.
//!
//! # Guarantees
//! - The request is sent once, whatever is answered.
//! - The key that signs tokens now is never regenerated, nor one whose tokens may still be in use.
//!
//! # Caveats
//! - Tokens of definitions that were deleted meanwhile are not known here.
//! - A client that uses the idle key directly, beside the vault's tokens, loses it.

use azure::request::Listed;
use azure::vault::sas_definition;
use jiff::Timestamp;
use rotation::observation::{KeyTimes, PerSlot};
use rotation::period::Period;
use rotation::slot::KeySlot;
use rotation::turn::{Standing, Turn, decide_turn};

use super::regenerate::{Sent, regenerate};
use super::sas::{DefinitionPlace, look_at_definition};
use super::{Enrolment, Place, look, look_at_account};
use crate::run::{Pauses, Run, StepError};

/// How often the vault and the account are looked at after an unclear answer.
const LOOKS: u32 = 5;

/// A key that was regenerated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// The account, as the vault spells it.
    pub account: String,
    /// The slot whose key is new, and signs tokens from now on.
    pub slot: KeySlot,
    /// When Azure says that the new key was made; `None` if it does not say so yet.
    pub created_at: Option<Timestamp>,
}

/// How far a turn is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The record and the account have been read: this slot is idle and may go.
    Decided {
        /// The account.
        account: String,
        /// The idle slot.
        slot: KeySlot,
    },
    /// The answer was lost, and what changed is being looked at.
    LookingBack(KeySlot),
}

/// A turn could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// A request failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The vault holds nothing under the name.
    #[error("`{place}` does not exist")]
    NotEnrolled {
        /// The identifier that was asked for.
        place: String,
    },
    /// The record names no account that can be looked at, or one that does not exist.
    #[error("`{place}` manages `{account}`, which cannot be found")]
    NoAccount {
        /// The identifier of the record.
        place: String,
        /// The account that the record names.
        account: String,
    },
    /// The record does not say which key is active.
    #[error("`{place}` names no active key that is understood")]
    NoActiveKey {
        /// The identifier of the record.
        place: String,
    },
    /// A definition does not say in a way that is understood how long its tokens are good.
    #[error("`{definition}` is not understood: {reason}")]
    OddDefinition {
        /// The identifier of the definition.
        definition: String,
        /// What is odd about it.
        reason: String,
    },
    /// Tokens that were signed with the idle key may still be in use.
    #[error("tokens signed with {slot} of `{account}` may be in use until {until}")]
    TooEarly {
        /// The account.
        account: String,
        /// The idle slot.
        slot: KeySlot,
        /// When the last of them has expired.
        until: Timestamp,
    },
    /// Nothing tells since when the idle key has been idle.
    #[error("nothing tells since when {slot} of `{account}` has signed no tokens")]
    IdleSinceUnknown {
        /// The account.
        account: String,
        /// The idle slot.
        slot: KeySlot,
    },
    /// Somebody regenerated a key or changed the record since it was looked at.
    #[error("somebody else was at `{place}` since it was looked at")]
    Overtaken {
        /// The identifier of the record.
        place: String,
    },
    /// The request was sent, and it cannot be told whether it took effect.
    #[error("cannot tell whether {slot} of `{account}` was regenerated")]
    Unclear {
        /// The account.
        account: String,
        /// The slot it was about.
        slot: KeySlot,
        /// The last answer.
        #[source]
        last: StepError,
    },
}

/// Regenerates the idle key of an enrolled account through its vault, and makes it the active one.
/// It is the `agreed` one, if somebody was told which it is.
///
/// # Cancellation
/// A run that ends before the request has changed nothing; once it is sent, Azure finishes it
/// alone. Another run decides anew by what it finds.
///
/// # Errors
/// Why nothing was sent; or that it cannot be told whether what was sent took effect.
pub async fn turn(
    run: &Run<'_>,
    place: &Place,
    agreed: Option<KeySlot>,
    tell: &mut (dyn FnMut(Stage) + Send),
) -> Result<Turned, TurnError> {
    let ready = prepare(run, place).await?;
    if agreed.is_some_and(|slot| slot != ready.slot) {
        let place = place.to_string();
        return Err(TurnError::Overtaken { place });
    }
    ready.carry_out(run, tell).await
}

/// A turn that may be made by what was seen a moment ago.
#[derive(Debug)]
pub struct Ready<'a> {
    place: &'a Place,
    before: Before,
    slot: KeySlot,
}

/// Tells which slot a turn would regenerate; changes nothing.
///
/// # Errors
/// What [`turn`] would refuse.
pub async fn prepare<'a>(run: &Run<'_>, place: &'a Place) -> Result<Ready<'a>, TurnError> {
    let before = Before::look(run, place).await?;
    let slot = decide(run, place, &before).await?;
    Ok(Ready {
        place,
        before,
        slot,
    })
}

impl Ready<'_> {
    /// Gives the idle slot.
    pub fn slot(&self) -> KeySlot {
        self.slot
    }

    /// Makes the turn, unless the record was changed since it was seen.
    ///
    /// # Cancellation
    /// As for [`turn`].
    ///
    /// # Errors
    /// As for [`turn`].
    pub async fn carry_out(
        self,
        run: &Run<'_>,
        tell: &mut (dyn FnMut(Stage) + Send),
    ) -> Result<Turned, TurnError> {
        let Self {
            place,
            before,
            slot,
        } = self;
        let account = before.enrolment.account.clone();
        tell(Stage::Decided {
            account: account.clone(),
            slot,
        });
        match regenerate(run, place, &before.enrolment, slot).await? {
            Sent::Done => {
                let created_at = made_since(run, &before, slot).await;
                Ok(Turned {
                    account,
                    slot,
                    created_at,
                })
            }
            Sent::Overtaken => Err(TurnError::Overtaken {
                place: place.to_string(),
            }),
            Sent::Unclear(last) => {
                tell(Stage::LookingBack(slot));
                look_back(run, place, &before, slot, last).await
            }
        }
    }
}

/// What was there before the request.
#[derive(Debug)]
struct Before {
    enrolment: Enrolment,
    active: KeySlot,
    key_times: KeyTimes,
}

impl Before {
    async fn look(run: &Run<'_>, place: &Place) -> Result<Self, TurnError> {
        let name = || place.to_string();
        let enrolment = look(run, place)
            .await?
            .ok_or_else(|| TurnError::NotEnrolled { place: name() })?;
        let active = enrolment
            .active
            .ok_or_else(|| TurnError::NoActiveKey { place: name() })?;
        let key_times = key_times(run, &enrolment)
            .await?
            .ok_or_else(|| TurnError::NoAccount {
                place: name(),
                account: enrolment.account.clone(),
            })?;
        Ok(Self {
            enrolment,
            active,
            key_times,
        })
    }
}

async fn key_times(run: &Run<'_>, enrolment: &Enrolment) -> Result<Option<KeyTimes>, StepError> {
    let Ok(account) = enrolment.account.parse() else {
        return Ok(None);
    };
    let found = look_at_account(run, &account).await?;
    Ok(found.map(|account| PerSlot {
        key1: account.key1_created_at,
        key2: account.key2_created_at,
    }))
}

async fn decide(run: &Run<'_>, place: &Place, before: &Before) -> Result<KeySlot, TurnError> {
    let standing = Standing {
        active: before.active,
        key_times: before.key_times,
        record: before.enrolment.times,
        longest_token: longest_token(run, place).await?,
    };
    let account = || before.enrolment.account.clone();
    match decide_turn(&standing, run.now()) {
        Turn::Regenerate(slot) => Ok(slot),
        Turn::TooEarly { slot, until } => Err(TurnError::TooEarly {
            account: account(),
            slot,
            until,
        }),
        Turn::Unknown { slot } => Err(TurnError::IdleSinceUnknown {
            account: account(),
            slot,
        }),
    }
}

/// Tells how long the longest-lived tokens of an enrolment are good; `None` if it mints none.
async fn longest_token(run: &Run<'_>, place: &Place) -> Result<Option<Period>, TurnError> {
    let list = sas_definition::list(&place.vault, &place.name);
    let mut longest = None;
    for element in run.list("list the SAS definitions of", place, list).await? {
        let name = match element {
            Listed::Item(item) => item.name,
            Listed::Odd { id, reason } => {
                return Err(TurnError::OddDefinition {
                    definition: id.unwrap_or_else(|| format!("{place}/sas")),
                    reason,
                });
            }
        };
        let definition = DefinitionPlace {
            enrolment: place.clone(),
            name,
        };
        // One that is deleted in between mints no more tokens, and those it minted stay unknown.
        let Some(found) = look_at_definition(run, &definition).await? else {
            continue;
        };
        let validity = found.validity_text.parse::<Period>();
        let validity = validity.map_err(|error| TurnError::OddDefinition {
            definition: definition.to_string(),
            reason: error.to_string(),
        })?;
        longest = longest.max(Some(validity));
    }
    Ok(longest)
}

/// Reads when the new key was made, if the account tells it already.
async fn made_since(run: &Run<'_>, before: &Before, slot: KeySlot) -> Option<Timestamp> {
    let now = key_times(run, &before.enrolment).await.ok()??;
    let made = *now.of(slot);
    made.filter(|_| made > *before.key_times.of(slot))
}

/// Looks for traces of a request whose answer is lost.
async fn look_back(
    run: &Run<'_>,
    place: &Place,
    before: &Before,
    slot: KeySlot,
    last: StepError,
) -> Result<Turned, TurnError> {
    let account = before.enrolment.account.clone();
    let mut pauses = Pauses::new();
    for _ in 0..LOOKS {
        let created_at = made_since(run, before, slot).await;
        if created_at.is_some() || is_active_now(run, place, slot).await {
            return Ok(Turned {
                account,
                slot,
                created_at,
            });
        }
        if run.pause(pauses.next()).await.is_err() {
            break;
        }
    }
    Err(TurnError::Unclear {
        account,
        slot,
        last,
    })
}

/// Tells whether the vault's record shows that the slot was regenerated: that makes it the active
/// one, which it was not before.
async fn is_active_now(run: &Run<'_>, place: &Place, slot: KeySlot) -> bool {
    let found = look(run, place).await;
    matches!(found, Ok(Some(now)) if now.active == Some(slot))
}
