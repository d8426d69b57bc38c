//! Enrolling an account, so that it can be interrupted anywhere and finished by the next run.

use azure::error::{Error, ForbiddenCause};
use azure::id::{KeyName, StorageAccountId};
use azure::vault::managed_storage::{self, NewManagedStorage};
use rotation::enrolment::{Creation, Found, Terms, decide_creation};
use rotation::slot::KeySlot;

use super::{Enrolment, Place, found, look, update, whose};
use crate::run::{Halt, Pauses, Run, StepError};

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
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// What the vault holds.
    pub enrolment: Enrolment,
    /// How it came about.
    pub how: How,
}

/// How an enrolment came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was made.
    Made,
    /// A deleted record was brought back and brought up to date.
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
    /// The name belongs to the record of another account.
    #[error("`{place}` is the enrolment of another account, `{account}`")]
    Foreign {
        /// The identifier of the record.
        place: String,
        /// The account that the record is about.
        account: String,
    },
    /// The operation ended while it waited for Azure to accept the enrolment.
    #[error("not enrolled yet: {halt}")]
    Halted {
        /// Why it ended.
        halt: Halt,
        /// What Azure said last, if it said anything.
        #[source]
        last: Option<Error>,
    },
    /// Azure's answers stayed unclear.
    #[error("cannot tell whether `{place}` was enrolled, after several tries")]
    Unclear {
        /// The identifier of the record.
        place: String,
        /// The last answer.
        #[source]
        last: Error,
    },
}

impl From<Halt> for EnrolError {
    fn from(halt: Halt) -> Self {
        Self::Halted { halt, last: None }
    }
}

/// Comes to an enrolment with the wanted settings: makes, recovers or adopts it.
///
/// # Cancellation
/// A run that ends anywhere leaves either no record, or one that the next run adopts.
///
/// # Errors
/// The record is somebody else's, Azure refused, or the time ran out. Nothing was overwritten.
pub async fn enrol(run: &Run<'_>, place: &Place, wish: &Wish) -> Result<Enrolled, EnrolError> {
    let mut pauses = Pauses::new();
    let mut unclear = 0;
    loop {
        run.go_on()?;
        let error = match attempt(run, place, wish).await? {
            Attempt::Settled(enrolled) => return Ok(enrolled),
            Attempt::Failed(error) => error,
        };
        if error.may_have_executed() {
            unclear += 1;
            if unclear == MOST_UNCLEAR_ANSWERS {
                return Err(EnrolError::Unclear {
                    place: place.to_string(),
                    last: error,
                });
            }
        } else if !(wish.rights_are_fresh && is_right_missing(&error)) {
            return Err(StepError::new("enrol", place, error).into());
        }
        if let Err(halt) = run.pause(pauses.next()).await {
            return Err(EnrolError::Halted {
                halt,
                last: Some(error),
            });
        }
    }
}

/// What one look at the vault, and at most one request after it, came to.
enum Attempt {
    Settled(Enrolled),
    Failed(Error),
}

async fn attempt(run: &Run<'_>, place: &Place, wish: &Wish) -> Result<Attempt, EnrolError> {
    let present = match look(run, place).await {
        Ok(present) => present,
        Err(error) => return Ok(Attempt::Failed(error.into_azure())),
    };
    match (
        decide_creation(&found(present.as_ref(), &wish.account), &wish.terms),
        present,
    ) {
        (Creation::Adopt, Some(enrolment)) => Ok(Attempt::Settled(Enrolled {
            enrolment,
            how: How::Adopted,
        })),
        (Creation::RefuseExisting, _) => Err(EnrolError::Exists {
            place: place.to_string(),
        }),
        (Creation::RefuseForeign, Some(enrolment)) => Err(foreign(place, enrolment.account)),
        _ => make(run, place, wish).await,
    }
}

async fn make(run: &Run<'_>, place: &Place, wish: &Wish) -> Result<Attempt, EnrolError> {
    let request = managed_storage::set(&place.vault, &place.name, &new_record(wish));
    match run.client().send(request).await {
        Ok(made) => Ok(Attempt::Settled(Enrolled {
            enrolment: Enrolment::read(made),
            how: How::Made,
        })),
        Err(error) if error.is_conflict() => recover(run, place, wish, error).await,
        Err(error) => Ok(Attempt::Failed(error)),
    }
}

/// Brings back a deleted record that holds the name, if it is one of the same account.
async fn recover(
    run: &Run<'_>,
    place: &Place,
    wish: &Wish,
    conflict: Error,
) -> Result<Attempt, EnrolError> {
    let (vault, name) = (&place.vault, &place.name);
    let request = managed_storage::get_deleted(vault, name);
    let deleted = match run.client().send(request).await {
        Ok(deleted) => deleted,
        // Not a deleted record either: the conflict has another reason, which Azure named.
        Err(_) => return Err(StepError::new("enrol", place, conflict).into()),
    };
    let account = deleted.resource_id.to_string();
    let held = Found::Deleted {
        account: whose(&account, &wish.account),
    };
    if decide_creation(&held, &wish.terms) != Creation::Recover {
        return Err(foreign(place, account));
    }
    let request = managed_storage::recover(vault, name);
    let back = run
        .send("recover the deleted enrolment", place, request)
        .await?;
    let enrolment = update(run, place, Enrolment::read(back), &wish.terms).await?;
    Ok(Attempt::Settled(Enrolled {
        enrolment,
        how: How::Recovered,
    }))
}

fn new_record(wish: &Wish) -> NewManagedStorage {
    NewManagedStorage {
        resource_id: wish.account.clone(),
        active_key: match wish.active {
            KeySlot::Key1 => KeyName::Key1,
            KeySlot::Key2 => KeyName::Key2,
        },
        auto_regenerate: wish.terms.auto_regenerate,
        regeneration_period: wish.terms.period.map(|period| period.to_string()),
        enabled: true,
        tags: wish.terms.tags.clone(),
    }
}

fn foreign(place: &Place, account: String) -> EnrolError {
    EnrolError::Foreign {
        place: place.to_string(),
        account,
    }
}

/// Tells a right that has not arrived yet from one that will not come.
fn is_right_missing(error: &Error) -> bool {
    matches!(
        error.forbidden_cause(),
        Some(
            ForbiddenCause::KeyVaultLacksRole
                | ForbiddenCause::VaultPolicyLacks { .. }
                | ForbiddenCause::CallerLacksArmAction { .. }
        )
    )
}
