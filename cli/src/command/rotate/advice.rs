//! A step that failed, as it is said and noted: what happened, and what can be done.

use engine::direct::error::DirectError;
use engine::holders::HoldersError;
use engine::managed::turn::TurnError;
use engine::run::StepError;

use super::act::ActError;
use crate::error::{chain, hint_for};

/// Writes the error, its causes and the way out in one line.
pub(super) fn said(error: &ActError) -> String {
    let way_out = match error {
        ActError::Direct(error) => return said_of_direct(error),
        ActError::Turn(error) => return said_of_turn(error),
        ActError::Holders(error) => holders(error),
        ActError::Consumer(_) => Some(
            "no further key is renewed until it has the published one; `keyrotation rotate resume` \
             tries again",
        ),
        ActError::Step(_) | ActError::Hook(_) => None,
    };
    with_way_out(error, way_out)
}

/// Writes what came of an attempt to rotate directly, or of looking whether it could be done.
pub(super) fn said_of_direct(error: &DirectError) -> String {
    with_way_out(error, direct(error))
}

/// Writes what came of an attempt to rotate through a vault, or of looking whether it could be done.
pub(super) fn said_of_turn(error: &TurnError) -> String {
    with_way_out(error, turn(error))
}

fn with_way_out(error: &(dyn std::error::Error + 'static), way_out: Option<&str>) -> String {
    match way_out.or_else(|| hint_for(error)) {
        Some(way_out) => format!("{}; {way_out}", chain(error)),
        None => chain(error),
    }
}

fn direct(error: &DirectError) -> Option<&'static str> {
    Some(match error {
        DirectError::Step(_) => return None,
        // What keeps it from being told comes before what would help if it were told.
        DirectError::MayBeEnrolled {
            cause: Some(error), ..
        } if hint_for(error).is_some() => return None,
        DirectError::NoAccount { .. } => "check its id, and the role `Reader` on it",
        DirectError::SharedKeyOff { .. } => "there is nothing to rotate while its keys are off",
        DirectError::Enrolled { .. } => {
            "it is rotated through that vault only: plan again, or end the enrolment"
        }
        DirectError::MayBeEnrolled { .. } => {
            "take that role off the account, allow the caller to list the storage accounts of all \
             vaults, or plan with --assume-unmanaged if you know that none manages it"
        }
        DirectError::Locked { .. } => "remove the lock, and plan again",
        DirectError::Foreign { .. } => "it is not overwritten: choose another --secret-name",
        DirectError::NoKey { .. } => "look at the account's keys",
        DirectError::Holders(error) => return holders(error),
        DirectError::Unclear { .. } => UNCLEAR,
        DirectError::NotVerified { .. } => {
            "clients go on with the key before: let this machine through the account's firewall, \
             or use --no-verify, and plan again"
        }
        DirectError::NotPublished { .. } => {
            "clients go on with the key before: allow the caller to set secrets in the vault, and \
             plan again; a key that is new already is not renewed again"
        }
    })
}

fn holders(error: &HoldersError) -> Option<&'static str> {
    Some(match error {
        HoldersError::Step(error) if is_forbidden(error) => {
            "no key is renewed before it is known which apps hold it: grant the caller the role \
             `Website Contributor` on that app, or leave it out by --without-app"
        }
        HoldersError::Step(_) => return None,
        HoldersError::NoKey { .. } => "look at the account's keys",
        HoldersError::Odd { .. } => "no key is renewed before it is known which apps hold it",
        HoldersError::Obscure { .. } | HoldersError::Token { .. } => {
            "it would fail once the key is renewed: have it read the published secret instead, or \
             leave the app out by --without-app if you know that it does not matter"
        }
        HoldersError::Kept { .. } => "somebody else may write it: resume once they have ended",
        HoldersError::Unclear { .. } => UNCLEAR,
    })
}

fn is_forbidden(error: &StepError) -> bool {
    let azure = error.azure();
    azure.is_some_and(|error| error.forbidden_cause().is_some())
}

fn turn(error: &TurnError) -> Option<&'static str> {
    Some(match error {
        TurnError::Step(_) => return None,
        TurnError::NotEnrolled { .. } => "the enrolment is gone: plan again",
        TurnError::NoAccount { .. } => {
            "if the account is gone, end the enrolment; else check the role `Reader` on it"
        }
        TurnError::NoActiveKey { .. } | TurnError::OddDefinition { .. } => {
            "correct that record in the vault: without it nobody knows which tokens would die"
        }
        TurnError::TooEarly { .. } => "rotate again after that time",
        TurnError::IdleSinceUnknown { .. } => {
            "change the enrolment, such as by a tag, wait as long as its tokens are good, and \
             rotate again"
        }
        TurnError::Overtaken { .. } => "resume, or plan again: both look first",
        TurnError::Unclear { .. } => UNCLEAR,
    })
}

const UNCLEAR: &str =
    "it is not sent again blindly: resume, or plan again, in some minutes: both look first";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_object_the_reason_and_the_way_out() {
        let error = ActError::from(DirectError::MayBeEnrolled {
            account: "st1".to_owned(),
            reason: "a role".to_owned(),
            cause: None,
        });
        let said = said(&error);
        assert!(
            said.starts_with("a vault may manage `st1`: a role; "),
            "{said}"
        );
        assert!(said.contains("--assume-unmanaged"), "{said}");
    }
}
