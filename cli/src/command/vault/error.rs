//! What can go wrong with a command over a vault, in words, with the way out and the exit code.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

use azure::error::{Error, ForbiddenCause};
use azure::id::IdError;
use engine::grant::GrantError;
use engine::managed::UpdateError;
use engine::managed::enrol::EnrolError;
use engine::managed::sas::DefineError;
use engine::managed::turn::TurnError;
use engine::precheck::Obstacle;
use engine::run::StepError;
use engine::vault::backup::RestoreError;
use engine::vault::deleted::DeletedError;
use engine::vault::regenerate::RegenerateError;
use engine::vault::token::TokenError;
use jiff::Timestamp;
use rotation::slot::KeySlot;

use crate::error::{chain, hint};
use crate::exit_code::ExitCode;
use crate::place_id::PlaceIdError;
use crate::session::SessionError;

/// Why no account has two records.
const TWICE: &str = "two records of one account regenerate the keys that the other one signs tokens \
     with; remove the other one first";

const NO_RECORD: &str = "`keyrotation vault list` shows what the vault holds";
const NO_ACCOUNT: &str = "check the id of the account, and the role `Reader` on it";
const ODD_RECORD: &str = "correct that record: without it nobody knows which tokens would die";
const OVERTAKEN: &str = "look with `keyrotation vault show` what became of it before you ask again";
const UNCLEAR: &str = "the request was sent once and is not repeated: look with `keyrotation vault \
     show` whether the key is young before you ask for another one";

/// A command over a vault did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("{0}")]
    Usage(&'static str),
    #[error(transparent)]
    Name(#[from] IdError),
    #[error(transparent)]
    Id(#[from] PlaceIdError),
    #[error("nobody is there to be asked; nothing was changed")]
    NobodyToAsk,
    #[error("nothing was changed")]
    Declined,
    #[error("`{place}` does not exist")]
    Missing { place: String },
    #[error("`{account}` does not exist, or the caller may not see it; nothing was changed")]
    NoAccount { account: String },
    #[error("`{account}` does not allow access by keys, so there is nothing to rotate")]
    KeysOff { account: String },
    #[error("`{place}` is the enrolment of another account, and was left alone")]
    LeftForeign { place: String },
    #[error("{slot} of `{account}` is the active key; nothing was changed")]
    ActiveKey { slot: KeySlot, account: String },
    #[error("{slot} of `{account}` was renewed at {at}, within the last hour; nothing was changed")]
    RenewedLately {
        slot: KeySlot,
        account: String,
        at: Timestamp,
    },
    #[error(
        "when the keys of `{account}` were made cannot be seen, and its enrolment was made or turned \
         at {at}, within the last hour; nothing was changed"
    )]
    PerhapsRenewedLately { account: String, at: Timestamp },
    #[error("`{place}` names no active key that is understood; nothing was changed")]
    NoActiveKey { place: String },
    #[error("the period `{text}` of `{place}` is not understood; nothing was changed")]
    OddPeriod { place: String, text: String },
    #[error("the template of `{place}` is not understood; nothing was changed")]
    OddTemplate {
        place: String,
        source: azure::SasTemplateError,
    },
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` holds no backup", path.display())]
    NoBackup { path: PathBuf },
    #[error("cannot write `{}`", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot write the result")]
    Write(#[source] io::Error),
    #[error(transparent)]
    Step(#[from] StepError),
    #[error(transparent)]
    Change(StepError),
    #[error(transparent)]
    Obstacle(Box<Obstacle>),
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    #[error(transparent)]
    Update(#[from] UpdateError),
    #[error(transparent)]
    Turn(#[from] TurnError),
    #[error(transparent)]
    Regenerate(#[from] RegenerateError),
    #[error(transparent)]
    Define(#[from] DefineError),
    #[error(transparent)]
    Deleted(#[from] DeletedError),
    #[error(transparent)]
    Restore(#[from] RestoreError),
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl From<Obstacle> for VaultError {
    fn from(obstacle: Obstacle) -> Self {
        Self::Obstacle(Box::new(obstacle))
    }
}

impl VaultError {
    /// Says that there is no such thing in the vault.
    pub(super) fn missing(place: impl Display) -> Self {
        let place = place.to_string();
        Self::Missing { place }
    }

    /// Picks the exit code: what may have been done is not the same as what was not.
    pub(super) fn code(&self) -> ExitCode {
        if self.is_unclear() {
            ExitCode::Unproven
        } else {
            ExitCode::Failed
        }
    }

    fn is_unclear(&self) -> bool {
        match self {
            Self::Enrol(EnrolError::Unclear { .. })
            | Self::Turn(TurnError::Unclear { .. })
            | Self::Regenerate(RegenerateError::Unclear { .. })
            | Self::Restore(RestoreError::Unclear { .. })
            | Self::Deleted(DeletedError::Halted { .. }) => true,
            // What only reads has changed nothing, whatever became of its answer.
            Self::Step(_) | Self::Obstacle(_) | Self::Token(_) => false,
            error => error.azure().is_some_and(Error::may_have_executed),
        }
    }

    /// Gives Azure's answer, if there is one behind it.
    fn azure(&self) -> Option<&Error> {
        let step = match self {
            Self::Step(step)
            | Self::Change(step)
            | Self::Grant(GrantError::Step { source: step, .. })
            | Self::Enrol(
                EnrolError::Step(step)
                | EnrolError::Unclear { last: step, .. }
                | EnrolError::Halted {
                    last: Some(step), ..
                },
            )
            | Self::Update(UpdateError::Step(step))
            | Self::Turn(TurnError::Step(step) | TurnError::Unclear { last: step, .. })
            | Self::Regenerate(
                RegenerateError::Step(step) | RegenerateError::Unclear { last: step, .. },
            )
            | Self::Define(DefineError::Step(step))
            | Self::Deleted(DeletedError::Step(step))
            | Self::Restore(RestoreError::Step(step) | RestoreError::Unclear { last: step, .. })
            | Self::Token(TokenError::Step(step)) => step,
            Self::Obstacle(obstacle) => match obstacle.as_ref() {
                Obstacle::Step(step) | Obstacle::NoVault { source: step, .. } => step,
                _ => return None,
            },
            _ => return None,
        };
        step.azure()
    }

    fn hint(&self) -> Option<String> {
        let by_kind = match self {
            Self::NobodyToAsk => Some("add --yes to make the change without being asked".into()),
            Self::Missing { .. }
            | Self::Update(UpdateError::Gone { .. } | UpdateError::Foreign { .. }) => {
                Some(NO_RECORD.into())
            }
            Self::NoAccount { .. } => Some(NO_ACCOUNT.into()),
            Self::NoActiveKey { .. } => Some(ODD_RECORD.into()),
            Self::Turn(error) => of_turn(error),
            Self::RenewedLately { .. } | Self::PerhapsRenewedLately { .. } => Some(
                "if a run that was cut short did that, all is done; add --again to have one more \
                 key regenerated"
                    .into(),
            ),
            Self::Regenerate(RegenerateError::Overtaken { .. }) => Some(OVERTAKEN.into()),
            Self::Regenerate(RegenerateError::Unclear { .. }) => Some(UNCLEAR.into()),
            Self::ActiveKey { .. } => Some(
                "without --key-name the idle key is regenerated, which clients of the vault's \
                 tokens never notice; --force regenerates the active one: every token that is in \
                 use dies, and so does every client that uses that key"
                    .into(),
            ),
            Self::Enrol(EnrolError::Twice { .. }) => Some(TWICE.into()),
            Self::Obstacle(obstacle) => match **obstacle {
                Obstacle::Elsewhere { .. } => Some(TWICE.into()),
                Obstacle::Deleted { .. } => {
                    Some("add --recover to bring it back, or purge it first".into())
                }
                _ => None,
            },
            Self::Define(DefineError::Deleted { .. }) => {
                Some("add --recover to bring it back".into())
            }
            Self::Enrol(EnrolError::Exists { .. }) | Self::Define(DefineError::Exists { .. }) => {
                Some("change it with `update`, or choose another name".into())
            }
            _ => None,
        };
        by_kind
            .or_else(|| right_to_grant(self.azure()?))
            .or_else(|| hint(self.azure()?).map(str::to_owned))
    }
}

/// Says what helps against a turn that was not made, or of which that cannot be told.
fn of_turn(error: &TurnError) -> Option<String> {
    let way_out = match error {
        TurnError::Step(_) => return None,
        TurnError::NotEnrolled { .. } => NO_RECORD,
        TurnError::NoAccount { .. } => NO_ACCOUNT,
        TurnError::NoActiveKey { .. } | TurnError::OddDefinition { .. } => ODD_RECORD,
        TurnError::TooEarly { slot, .. } => {
            return Some(format!(
                "wait until then; or add `--key-name {slot} --force`, and the tokens die at once"
            ));
        }
        TurnError::IdleSinceUnknown { .. } => {
            "change the enrolment, such as by a tag, wait as long as its tokens are good, and try \
             again"
        }
        TurnError::Overtaken { .. } => OVERTAKEN,
        TurnError::Unclear { .. } => UNCLEAR,
    };
    Some(way_out.to_owned())
}

/// Says which right is missing, and whose.
fn right_to_grant(error: &Error) -> Option<String> {
    Some(match error.forbidden_cause()? {
        ForbiddenCause::CallerLacksArmAction { action } => {
            let action = action.unwrap_or_else(|| "the right that Azure names".to_owned());
            format!("give the caller {action}; a vault acts on an account on the caller's behalf")
        }
        ForbiddenCause::KeyVaultLacksRole => "give Azure Key Vault the role `Storage Account Key \
             Operator Service Role` on the account; `vault add --grant-access` does"
            .to_owned(),
        ForbiddenCause::VaultPolicyLacks { operation } => {
            let operation = operation.unwrap_or_else(|| "what Azure names".to_owned());
            format!(
                "give the caller the storage permission {operation} in the vault's access policy"
            )
        }
        ForbiddenCause::VaultRbac => {
            "give the caller a role on the vault, such as `Key Vault Administrator`".to_owned()
        }
        _ => return None,
    })
}

/// Writes the error, its causes and the way out.
pub(super) fn text(error: &VaultError) -> String {
    let mut text = format!("error: {}", chain(error));
    if let Some(hint) = error.hint() {
        text.push_str("\nhint: ");
        text.push_str(&hint);
    }
    text
}
