//! Enrolling an account, so that it can be interrupted anywhere and finished by the next run.

mod recover;

use std::time::Duration;

use azure::error::{Error, ForbiddenCause};
use azure::id::StorageAccountId;
use azure::vault::managed_storage::{self, NewManagedStorage};
use jiff::{SignedDuration, Timestamp};
use rotation::enrolment::{Creation, Terms, decide_creation};
use rotation::slot::KeySlot;

use super::{Enrolment, Place, found, key_name, look};
use crate::register::Register;
use crate::run::{Halt, Pauses, Run, StepError};

/// How long a right, or the end of a deletion, is waited for if this run did not cause it: somebody
/// else may have, a moment ago.
const GRACE: Duration = Duration::from_secs(60);

/// How often an enrolment is sent again after unclear answers, each time only after the vault was
/// seen to hold nothing.
const MOST_UNCLEAR_ANSWERS: u32 = 4;

/// The enrolment that somebody wants.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The account to be managed.
    pub account: StorageAccountId,
    /// The slot that clients use now: it stays untouched for the first period.
    pub active: KeySlot,
    /// The settings.
    pub terms: Terms,
    /// Rights were granted a moment ago and may still be on their way.
    pub rights_are_fresh: bool,
}

/// An enrolment that is now in force.
#[derive(Debug)]
pub struct Enrolled {
    /// What the vault holds.
    pub enrolment: Enrolment,
    /// How it came about.
    pub how: How,
    /// Why its settings are not yet the wanted ones, if they are not.
    pub unfinished: Option<StepError>,
}

/// How an enrolment came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// This run made it.
    Made,
    /// A deleted record was brought back.
    Recovered,
    /// It was there already, exactly as wanted.
    Adopted,
}

/// An account could not be enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// A request failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The vault holds a record of the account under that name, with other settings.
    #[error("`{place}` exists already, with other settings")]
    Exists {
        /// The identifier of the record.
        place: String,
    },
    /// The vault manages the account under another name.
    #[error("the vault manages the account already, as `{others}`")]
    Twice {
        /// The identifiers of the other records.
        others: String,
    },
    /// The name belongs to the record of another account.
    #[error("`{place}` is the enrolment of another account, `{account}`")]
    Foreign {
        /// The identifier of the record.
        place: String,
        /// The account that the record is about.
        account: String,
    },
    /// The operation ended before the account was enrolled.
    #[error("`{place}` is not enrolled yet: {halt}")]
    Halted {
        /// The identifier of the record.
        place: String,
        /// Why it ended.
        halt: Halt,
        /// What Azure said last, if it said anything.
        #[source]
        last: Option<StepError>,
    },
    /// The request was sent, and it cannot be told whether it took effect.
    #[error("cannot tell whether `{place}` was enrolled")]
    Unclear {
        /// The identifier of the record.
        place: String,
        /// The last answer.
        #[source]
        last: StepError,
    },
}

/// Comes to an enrolment with the wanted settings: makes, recovers or adopts it.
///
/// # Cancellation
/// A run that ends anywhere leaves no record, or one that the next run adopts; the one exception is
/// the first caveat of the module.
///
/// # Errors
/// The record is somebody else's, Azure refused, or the time ran out. Nothing was overwritten.
pub async fn enrol(
    run: &Run<'_>,
    register: &Register,
    place: &Place,
    wish: &Wish,
) -> Result<Enrolled, EnrolError> {
    let mut way = Way::new(run, wish);
    loop {
        let last = match attempt(run, register, place, wish, way.sent).await? {
            Attempt::Settled(enrolled) => {
                register.note(place, &wish.account).await;
                return Ok(enrolled);
            }
            Attempt::NotYet(error) if run.now() >= way.patient_until => return Err(error.into()),
            Attempt::NotYet(error) => error,
            Attempt::Unclear(error) => {
                way.sent += 1;
                error
            }
        };
        if way.sent >= MOST_UNCLEAR_ANSWERS {
            return Err(EnrolError::Unclear {
                place: place.to_string(),
                last,
            });
        }
        if let Err(halt) = run.pause(way.pauses.next()).await {
            return end(run, place, wish, way.sent > 0, halt, last).await;
        }
    }
}

/// What an enrolment remembers between its tries.
struct Way {
    pauses: Pauses,
    /// How many requests were sent whose effect is unclear.
    sent: u32,
    patient_until: Timestamp,
}

impl Way {
    fn new(run: &Run<'_>, wish: &Wish) -> Self {
        let grace = SignedDuration::try_from(GRACE).unwrap_or(SignedDuration::ZERO);
        let patient_until = if wish.rights_are_fresh {
            Timestamp::MAX
        } else {
            run.now().checked_add(grace).unwrap_or(Timestamp::MAX)
        };
        Self {
            pauses: Pauses::new(),
            sent: 0,
            patient_until,
        }
    }
}

/// What one look at the vault, and at most one request after it, came to.
enum Attempt {
    Settled(Enrolled),
    /// Refused for now; it may work in a moment.
    NotYet(StepError),
    /// The request was sent and its answer is lost.
    Unclear(StepError),
}

async fn attempt(
    run: &Run<'_>,
    register: &Register,
    place: &Place,
    wish: &Wish,
    sent: u32,
) -> Result<Attempt, EnrolError> {
    let present = match look(run, place).await {
        Ok(present) => present,
        Err(error) if error.is(is_right_missing) => return Ok(Attempt::NotYet(error)),
        Err(error) => return Err(failed(place, sent, error)),
    };
    match (
        decide_creation(&found(present.as_ref(), &wish.account), &wish.terms),
        present,
    ) {
        (Creation::Adopt, Some(enrolment)) => {
            let how = if sent > 0 { How::Made } else { How::Adopted };
            Ok(Attempt::Settled(Enrolled {
                enrolment,
                how,
                unfinished: None,
            }))
        }
        (Creation::RefuseExisting, _) => Err(EnrolError::Exists {
            place: place.to_string(),
        }),
        (Creation::RefuseForeign, Some(enrolment)) => Err(foreign(place, enrolment.account)),
        _ => {
            only_once(run, register, place, wish).await?;
            make(run, place, wish).await
        }
    }
}

/// Words a failure before or after an unclear request was sent.
fn failed(place: &Place, sent: u32, error: StepError) -> EnrolError {
    match error.halt() {
        Some(halt) if sent == 0 => EnrolError::Halted {
            place: place.to_string(),
            halt,
            last: None,
        },
        None if sent == 0 => error.into(),
        _ => EnrolError::Unclear {
            place: place.to_string(),
            last: error,
        },
    }
}

/// Refuses a second record of the same account: each would regenerate the keys of the other's
/// tokens.
async fn only_once(
    run: &Run<'_>,
    register: &Register,
    place: &Place,
    wish: &Wish,
) -> Result<(), EnrolError> {
    let others = match register.others(run, place, &wish.account).await {
        Ok(others) => others,
        // Without the right to list, the vault's own answer to the enrolment decides.
        Err(error) if error.is(|azure| azure.forbidden_cause().is_some()) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if others.is_empty() {
        return Ok(());
    }
    let name = |name: &String| format!("{}/storage/{name}", place.vault.as_str());
    let others: Vec<String> = others.iter().map(name).collect();
    Err(EnrolError::Twice {
        others: others.join("`, `"),
    })
}

async fn make(run: &Run<'_>, place: &Place, wish: &Wish) -> Result<Attempt, EnrolError> {
    let request = managed_storage::set(&place.vault, &place.name, &new_record(wish));
    match run.send("enrol", place, request).await {
        Ok(made) => {
            let enrolment = Enrolment::read(made);
            Ok(Attempt::Settled(Enrolled {
                enrolment,
                how: How::Made,
                unfinished: None,
            }))
        }
        Err(error) if error.is(Error::is_conflict) => {
            recover::recover(run, place, wish, error).await
        }
        Err(error) if error.is(Error::may_have_executed) => Ok(Attempt::Unclear(error)),
        Err(error) if error.is(is_right_missing) => Ok(Attempt::NotYet(error)),
        Err(error) => Err(failed(place, 0, error)),
    }
}

/// Ends an enrolment between two tries. If a request of unclear effect was sent, a last look tells
/// whether it took effect: otherwise nobody would know of the record.
async fn end(
    run: &Run<'_>,
    place: &Place,
    wish: &Wish,
    sent: bool,
    halt: Halt,
    last: StepError,
) -> Result<Enrolled, EnrolError> {
    if !sent {
        return Err(EnrolError::Halted {
            place: place.to_string(),
            halt,
            last: Some(last),
        });
    }
    let request = managed_storage::get(&place.vault, &place.name);
    match run.client().send(request).await {
        Ok(managed) if managed.resource_id.is(&wish.account) => {
            let enrolment = Enrolment::read(managed);
            Ok(Enrolled {
                enrolment,
                how: How::Made,
                unfinished: None,
            })
        }
        Err(error) if error.is_not_found() => Err(EnrolError::Halted {
            place: place.to_string(),
            halt,
            last: Some(last),
        }),
        _ => Err(EnrolError::Unclear {
            place: place.to_string(),
            last,
        }),
    }
}

fn new_record(wish: &Wish) -> NewManagedStorage {
    NewManagedStorage {
        resource_id: wish.account.clone(),
        active_key: key_name(wish.active),
        auto_regenerate: wish.terms.auto_regenerate,
        regeneration_period: wish.terms.period.map(|period| period.to_string()),
        enabled: wish.terms.enabled,
        tags: wish.terms.tags.clone(),
    }
}

fn foreign(place: &Place, account: String) -> EnrolError {
    EnrolError::Foreign {
        place: place.to_string(),
        account,
    }
}

/// Recognises the rights that are granted for an enrolment and take a while to arrive.
fn is_right_missing(error: &Error) -> bool {
    matches!(
        error.forbidden_cause(),
        Some(ForbiddenCause::KeyVaultLacksRole | ForbiddenCause::VaultPolicyLacks { .. })
    )
}
