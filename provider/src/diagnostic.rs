//! Errors of the engine and of Azure, worded for people who read a plan.
//!
//! A summary is short and names one cause; the detail says what happened to which object, what
//! Azure answered, and the way out; the path points at the argument that mends it, if one does.
//! What an answer of Azure means is in `meaning`.

mod meaning;

use std::error::Error as StdError;
use std::fmt::Write;

use engine::grant::{GrantError, Right};
use engine::managed::UpdateError;
use engine::managed::enrol::EnrolError;
use engine::managed::sas::DefineError;
use engine::run::{Halt, StepError};
use plugin::{Diagnostic, Path};

use meaning::{meaning, refusal_of_secret};

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
                "{} Nothing was changed.\n\nTwo records of one account regenerate the keys that \
                 the other one signs tokens with. Import the present one: `terraform import \
                 ADDRESS {}`. Or un-enrol it first.",
                sentence(error),
                others.split('`').next().unwrap_or(others)
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

/// Words a failure to grant rights, or to take them back.
pub(crate) fn grant(error: &GrantError) -> Diagnostic {
    let path = Path::attribute("key_vault");
    let (right, source) = match error {
        GrantError::Step { source, .. } if source.halt().is_some() => return step(source),
        GrantError::Step { right, source } => (*right, Some(source)),
        GrantError::NoKeyVaultPrincipal { .. } => (Right::KnowPrincipal, None),
    };
    let (summary, way_out, argument) = match right {
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
    let refused =
        source.is_none_or(|step| step.azure().is_some_and(|e| e.forbidden_cause().is_some()));
    match source {
        Some(other) if !refused => step(other).at(path.then(argument)),
        _ => Diagnostic::error(summary, format!("{}\n\n{way_out}", sentence(error)))
            .at(path.then(argument)),
    }
}

/// Words rights that were granted for an enrolment and could not be taken back with it.
pub(crate) fn left_over(error: &GrantError) -> Diagnostic {
    Diagnostic::warning(
        "A granted right was left",
        format!(
            "The account is not enrolled any more, but a right that was granted for that could \
             not be taken back: {} Take it back by hand.",
            sentence(error)
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
    }
}
