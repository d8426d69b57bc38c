//! Errors of the engine and of Azure, worded for people who read a plan.
//!
//! A summary is short and names one cause; the detail says what happened to which object, what
//! Azure answered, and the way out; the path points at the argument that mends it, if one does.
//! What an answer of Azure means is in `meaning`.

mod direct;
mod meaning;
mod obstacle;
mod turn;

use std::error::Error as StdError;
use std::fmt::Write;

use engine::grant::{GrantError, Right};
use engine::managed::UpdateError;
use engine::managed::enrol::EnrolError;
use engine::managed::sas::DefineError;
use engine::run::{Halt, StepError};
use plugin::{Diagnostic, Path};

use meaning::{meaning, refusal_of_secret};

pub(crate) use direct::{busy, direct};
pub(crate) use obstacle::obstacle;
pub(crate) use turn::turn;

/// Writes an error and its causes as one sentence.
pub(crate) fn sentence(error: &dyn StdError) -> String {
    let text = chain(error);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).chain(['.']).collect()
    })
}

/// Writes an error and its causes, once each.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.ends_with(&said) {
            let _ = write!(text, ": {said}");
        }
        cause = next.source();
    }
    text
}

/// Says that the state holds what only a newer release can read.
pub(crate) fn newer(error: &dyn std::error::Error) -> Diagnostic {
    Diagnostic::error(
        "State of a newer provider",
        format!(
            "{} Nothing was changed. Use that version or a later one.",
            sentence(error)
        ),
    )
}

/// Words a failed request.
pub(crate) fn step(error: &StepError) -> Diagnostic {
    if let Some(halt) = error.halt() {
        return halted(halt, error, None);
    }
    let (summary, hint) = error
        .azure()
        .map_or(("Azure failed", String::new()), meaning);
    worded(error, summary, &hint)
}

/// Words a failure to read a secret, which takes another right than managing storage does.
pub(crate) fn secret(error: &StepError) -> Diagnostic {
    let refusal = error.azure().and_then(refusal_of_secret);
    refusal.map_or_else(
        || step(error),
        |(summary, hint)| worded(error, summary, hint),
    )
}

fn worded(error: &StepError, summary: &str, hint: &str) -> Diagnostic {
    Diagnostic::error(
        summary,
        format!("{}{}\n\n{hint}", sentence(error), request_id(error)),
    )
}

/// Names the request for Azure's support, if Azure did.
fn request_id(error: &StepError) -> String {
    let id = error.azure().and_then(azure::error::Error::request_id);
    id.map(|id| format!(" Azure's request id: {id}."))
        .unwrap_or_default()
}

/// Words a failure to enrol.
pub(crate) fn enrol(error: &EnrolError) -> Diagnostic {
    let name = Path::attribute("key_vault").then("name");
    match error {
        EnrolError::Step(error) => step(error),
        EnrolError::Exists { place } => exists("Enrolment already exists", place).at(name),
        EnrolError::Twice { others } => Diagnostic::error(
            "Account is enrolled already",
            format!(
                "{} Nothing was changed.\n\n{}",
                sentence(error),
                obstacle::import_or_end(others.split('`').next().unwrap_or(others))
            ),
        )
        .at(Path::attribute("storage_account_id")),
        EnrolError::Foreign { place, account } => foreign(place, account).at(name),
        EnrolError::Halted { halt, last, .. } => halted(*halt, error, last.as_ref()),
        EnrolError::Unclear { place, last } => Diagnostic::error(
            "Unclear whether the account was enrolled",
            format!(
                "{}{}\n\nApply again: the next run looks at the vault first, and takes the \
                 enrolment over if it was made. Until then Terraform does not know of it, and a \
                 destroy would leave it: then remove {place} from the vault by hand.",
                sentence(error),
                request_id(last)
            ),
        ),
    }
}

/// Words a failure to change an enrolment.
pub(crate) fn update(error: &UpdateError) -> Diagnostic {
    match error {
        UpdateError::Step(error) => step(error),
        UpdateError::Gone { place } => Diagnostic::error(
            "The enrolment is gone",
            format!(
                "{place} was there when the plan was made and is not any more. Nothing was \
                 changed. Plan again to enrol the account anew."
            ),
        ),
        UpdateError::Foreign { place, account } => foreign(place, account),
    }
}

fn exists(summary: &str, place: &str) -> Diagnostic {
    Diagnostic::error(
        summary,
        format!(
            "{place} exists already, with other settings. Nothing was changed.\n\nIf it should be \
             managed here, import it: `terraform import ADDRESS {place}`. Else choose another name."
        ),
    )
}

fn foreign(place: &str, account: &str) -> Diagnostic {
    Diagnostic::error(
        "Name is taken by another account",
        format!(
            "{place} is the enrolment of {account}. It was not touched.\n\nChoose another name. If \
             that record is a deleted one, its name is free again once it is purged from the vault."
        ),
    )
}

/// Words a failure to grant rights for an enrolment, or to take them back.
pub(crate) fn grant(error: &GrantError) -> Diagnostic {
    let (summary, way_out, argument) = match right(error) {
        Right::KnowPrincipal => (
            "Key Vault's service principal cannot be looked up",
            "Set `key_vault.key_vault_principal_id` to the object id of Azure Key Vault's service \
             principal in this directory, or let the caller read the directory \
             (`Application.Read.All` of Microsoft Graph).",
            "key_vault_principal_id",
        ),
        Right::Role => (
            "No right to assign Key Vault's role",
            "Let the caller assign roles on the account (`Microsoft.Authorization/roleAssignments/\
             write`, as in the role `User Access Administrator`), or assign the role `Storage \
             Account Key Operator Service Role` to Key Vault by other means and set \
             `key_vault.grant_access = false`.",
            "grant_access",
        ),
        Right::VaultAccess => (
            "No right to change the vault's access policy",
            "Let the caller write the vault's access policies (`Microsoft.KeyVault/vaults/\
             accessPolicies/write`), or give it the storage permissions by other means and set \
             `key_vault.grant_access = false`.",
            "grant_access",
        ),
    };
    let path = Path::attribute("key_vault").then(argument);
    granting(error, summary, way_out).at(path)
}

/// Words a failure to let somebody into a vault, or to take that back.
pub(crate) fn access(error: &GrantError) -> Diagnostic {
    let (summary, way_out) = match right(error) {
        Right::KnowPrincipal | Right::Role => (
            "No right to assign a role on the vault",
            "Let the caller assign roles on the vault (`Microsoft.Authorization/roleAssignments/\
             write`, as in the role `User Access Administrator`).",
        ),
        Right::VaultAccess => (
            "No right to change the vault's access policy",
            "Let the caller read the vault and write its access policies \
             (`Microsoft.KeyVault/vaults/accessPolicies/write`, as in the role `Key Vault \
             Contributor`).",
        ),
    };
    granting(error, summary, way_out)
}

fn right(error: &GrantError) -> Right {
    match error {
        GrantError::Step { right, .. } | GrantError::NotAllowed { right, .. } => *right,
        GrantError::NoKeyVaultPrincipal { .. } => Right::KnowPrincipal,
    }
}

/// Words a refusal by what is missing, and any other failure by what Azure said.
fn granting(error: &GrantError, summary: &str, way_out: &str) -> Diagnostic {
    if let GrantError::Step { source, .. } = error {
        let refused = source
            .azure()
            .is_some_and(|e| e.forbidden_cause().is_some());
        if !refused {
            return step(source);
        }
    }
    Diagnostic::error(summary, format!("{}\n\n{way_out}", sentence(error)))
}

/// Words rights that were granted for an enrolment and could not be taken back with it.
pub(crate) fn left_over(error: &GrantError) -> Diagnostic {
    Diagnostic::warning(
        "A granted right was left",
        format!(
            "A right that was granted before and is not needed any more could not be taken back: \
             {} Take it back by hand.",
            sentence(error)
        ),
    )
}

/// Words a deleted enrolment that could not be purged.
pub(crate) fn not_purged(error: &StepError) -> Diagnostic {
    Diagnostic::warning(
        "The deleted enrolment was not purged",
        format!(
            "The account is not enrolled any more, but the vault keeps the deleted record, as \
             `purge_on_destroy` should have prevented: {}\n\nPurging takes the storage permission \
             `purge` on the vault. Until it is purged, or its time is over, the name is taken.",
            step(error).detail
        ),
    )
}

/// Words a failure to define a SAS.
pub(crate) fn define(error: &DefineError) -> Diagnostic {
    match error {
        DefineError::Step(error) => step(error),
        DefineError::Exists { place } => {
            exists("SAS definition already exists", place).at(Path::attribute("name"))
        }
        DefineError::Deleted { .. } => Diagnostic::error(
            "A deleted SAS definition holds the name",
            format!(
                "{} Nothing was changed.\n\n{}",
                sentence(error),
                obstacle::RECOVERING_IS_OFF
            ),
        )
        .at(Path::attribute("name")),
        DefineError::Halted(halt) => halted(*halt, error, None),
    }
}

/// Words the end of an operation between two of its steps.
fn halted(halt: Halt, error: &dyn StdError, last: Option<&StepError>) -> Diagnostic {
    let hint = last
        .and_then(StepError::azure)
        .map(|last| meaning(last).1)
        .unwrap_or_default();
    let said = sentence(error);
    match halt {
        Halt::Stopped => Diagnostic::error(
            "Stopped before the end",
            format!("{said}\n\nThe work ended between two requests: apply again to go on."),
        ),
        Halt::OutOfTime => Diagnostic::error(
            "Out of time",
            format!("{said}\n\n{hint} Apply again to go on, or allow more time with `timeouts`."),
        ),
        Halt::Late => Diagnostic::error(
            "Too slow to go on safely",
            format!("{said}\n\n{hint} Nothing was sent: apply again, which looks first."),
        ),
    }
}
