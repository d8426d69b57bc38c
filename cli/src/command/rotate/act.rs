//! What comes of a look at an account and a step, and why a step fails.

use std::time::Duration;

use engine::direct::error::DirectError;
use engine::holders::HoldersError;
use engine::managed::turn::TurnError;
use engine::run::StepError;
use jiff::Timestamp;

use super::consumers::ConsumerError;
use super::hook::HookError;

/// What came of a look and a step.
#[derive(Debug)]
pub(super) enum Act {
    /// All is done.
    Done,
    /// There is more to do at once.
    Again,
    /// There is more to do then.
    Until(Timestamp),
    /// The account is not what the plan was made for, or somebody else is at it.
    Refused(String),
}

/// A step failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ActError {
    #[error(transparent)]
    Direct(#[from] DirectError),
    #[error(transparent)]
    Turn(#[from] TurnError),
    #[error(transparent)]
    Step(#[from] StepError),
    #[error(transparent)]
    Holders(#[from] HoldersError),
    #[error(transparent)]
    Consumer(#[from] ConsumerError),
    #[error(transparent)]
    Hook(#[from] HookError),
}

impl ActError {
    /// Says how long it is until a request can be sent that was held back by Azure's limits.
    pub(super) fn turn_in(&self) -> Option<Duration> {
        match self {
            Self::Direct(DirectError::Step(late)) | Self::Step(late) => late.turn_in(),
            _ => None,
        }
    }
}
