//! Errors of the engine and of Azure, worded for people who read a plan.
//!
//! A summary is short and names one cause; the detail says what happened to which object, what
//! Azure answered, and the way out; the path points at the argument that mends it, if one does.

use std::error::Error as StdError;
use std::fmt::Write;

use azure::error::{Error, ForbiddenCause};
use engine::grant::GrantError;
use engine::managed::{DefineError, EnrolError};
use engine::run::{Halt, StepError};
use plugin::{Diagnostic, Path};

/// The role that the caller needs on a storage account to enrol it.
const OPERATOR: &str = "Storage Account Key Operator Service Role";

/// Writes an error and its causes, once each.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let _ = write!(text, ": {next}");
        cause = next.source();
    }
    text
}

/// Writes an error and its causes as one sentence.
pub(crate) fn sentence(error: &dyn StdError) -> String {
    let text = chain(error);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).chain(['.']).collect()
    })
}

/// Words a failed request.
pub(crate) fn step(error: &StepError) -> Diagnostic {
    let (summary, hint) = meaning(error.azure());
    Diagnostic::error(summary, format!("{}\n\n{hint}", sentence(error)))
}

/// Words a failure to enrol.
pub(crate) fn enrol(error: &EnrolError) -> Diagnostic {
    match error {
        EnrolError::Step(error) => step(error),
        EnrolError::Exists { place } => Diagnostic::error(
            "Enrolment already exists",
            format!(
                "{place} manages this account already, with other settings. Nothing was \
                 changed.\n\nIf it should be managed here, import it: `terraform import \
                 ADDRESS {place}`. Else choose another name or vault."
            ),
        )
        .at(Path::attribute("key_vault").then("name")),
        EnrolError::Foreign { place, account } => Diagnostic::error(
            "Name is taken by another account",
            format!(
                "{place} is the enrolment of {account}. Nothing was changed.\n\nChoose another \
                 name. If the record is a deleted one, it can also be purged from the vault."
            ),
        )
        .at(Path::attribute("key_vault").then("name")),
        EnrolError::Halted { halt, last } => halted(*halt, error, last.as_ref()),
        EnrolError::Unclear { last, .. } => Diagnostic::error(
            "Unclear whether the account was enrolled",
            format!(
                "{}\n\nNothing is lost: apply again. The next run looks at the vault first, \
                 and takes the enrolment over if it was made. {}",
                sentence(error),
                meaning(last).1
            ),
        ),
    }
}

/// Words a failure to grant rights, or to take them back.
pub(crate) fn grant(error: &GrantError) -> Diagnostic {
    let detail = sentence(error);
    let way_out = "Grant the rights by other means and set `key_vault.grant_access = false`, or \
                   let the caller assign roles on the account (`Microsoft.Authorization/\
                   roleAssignments/write`, as in the role `User Access Administrator`).";
    let diagnostic = match error {
        GrantError::Step(error) if error.azure().forbidden_cause().is_some() => {
            Diagnostic::error("No right to grant rights", format!("{detail}\n\n{way_out}"))
        }
        GrantError::Step(error) => step(error),
        GrantError::NoKeyVaultPrincipal { .. } => Diagnostic::error(
            "Key Vault has no service principal here",
            format!(
                "{detail}\n\nSet `key_vault.key_vault_principal_id` to the object id of Azure \
                 Key Vault's service principal in this directory."
            ),
        ),
        GrantError::Halted(halt) => return halted(*halt, error, None),
    };
    diagnostic.at(Path::attribute("key_vault").then("grant_access"))
}

/// Words a failure to define a SAS.
pub(crate) fn define(error: &DefineError) -> Diagnostic {
    match error {
        DefineError::Step(error) => step(error),
        DefineError::Exists { place } => Diagnostic::error(
            "SAS definition already exists",
            format!(
                "{place} exists already, with another content. Nothing was changed.\n\nIf it \
                 should be managed here, import it: `terraform import ADDRESS {place}`. Else \
                 choose another name."
            ),
        )
        .at(Path::attribute("name")),
        DefineError::Halted(halt) => halted(*halt, error, None),
    }
}

/// Words the end of an operation between two of its steps.
fn halted(halt: Halt, error: &dyn StdError, last: Option<&Error>) -> Diagnostic {
    let hint = last.map(|last| meaning(last).1).unwrap_or_default();
    match halt {
        Halt::Stopped => Diagnostic::error(
            "Stopped before the end",
            format!(
                "{}\n\nNo request was cut off, and nothing is half done that the next run would \
                 not recognise: apply again to go on.",
                sentence(error)
            ),
        ),
        Halt::OutOfTime => Diagnostic::error(
            "Out of time",
            format!(
                "{}\n\n{hint} Apply again to go on, or allow more time with `timeouts`.",
                sentence(error)
            ),
        ),
    }
}

/// Gives the summary for an answer of Azure, and the way out.
fn meaning(error: &Error) -> (&'static str, String) {
    if let Some(cause) = error.forbidden_cause() {
        return forbidden(&cause);
    }
    match error.status() {
        Some(401) => (
            "Azure does not accept the sign-in",
            "Check tenant, client and secret, and that the secret has not expired.".into(),
        ),
        Some(404) => (
            "Not found in Azure",
            "Check the name, and the vault or scope.".into(),
        ),
        Some(409) => (
            "In conflict with what Azure holds",
            "Azure's answer names the object that is in the way.".into(),
        ),
        Some(429) => (
            "Azure asks for fewer requests",
            "Wait as long as Azure asks for, then apply again; lower `-parallelism`.".into(),
        ),
        Some(500..) => (
            "Azure failed",
            "Apply again. If it stays so, Azure's request id helps its support.".into(),
        ),
        Some(_) => (
            "Azure refused the request",
            "Azure's answer names the reason.".into(),
        ),
        None => (
            "No answer from Azure",
            "Check the network, `HTTPS_PROXY`, and `SSL_CERT_FILE` if a proxy ends TLS.".into(),
        ),
    }
}

/// Tells apart whose right is missing where; each case has another cure.
fn forbidden(cause: &ForbiddenCause) -> (&'static str, String) {
    match cause {
        ForbiddenCause::CallerLacksArmAction { action } => (
            "The caller has no right to the storage account",
            format!(
                "Key Vault acts on behalf of the caller, who needs {} on the account. Assign the \
                 role `{OPERATOR}` to the caller: az role assignment create --assignee CALLER \
                 --role \"{OPERATOR}\" --scope ACCOUNT_ID",
                action.as_deref().unwrap_or(
                    "Microsoft.Storage/storageAccounts/listKeys/action and regenerateKey/action"
                )
            ),
        ),
        ForbiddenCause::KeyVaultLacksRole => (
            "Key Vault has no right to the storage account",
            format!(
                "Key Vault's own service principal needs the role `{OPERATOR}` on the account. \
                 Set `key_vault.grant_access = true`, or: az role assignment create --assignee \
                 cfa8b339-82a2-471a-a3c9-0fc0be7a4093 --role \"{OPERATOR}\" --scope ACCOUNT_ID"
            ),
        ),
        ForbiddenCause::VaultPolicyLacks { operation } => (
            "The vault's access policy does not allow it",
            format!(
                "The caller needs the storage permission `{0}` on the vault: az keyvault \
                 set-policy --name VAULT --object-id CALLER --storage-permissions {0}",
                operation.as_deref().unwrap_or("get list set update delete")
            ),
        ),
        ForbiddenCause::VaultRbac => (
            "The caller has no role on the vault",
            "The vault works with roles, not with access policies. The role `Key Vault \
             Administrator` on the vault covers managed storage accounts."
                .into(),
        ),
        ForbiddenCause::Firewall => (
            "The vault's firewall refuses this address",
            "Allow the address in the vault's network settings, or run from a network that is."
                .into(),
        ),
        _ => (
            "Azure forbids it",
            "Azure's answer names the missing right or the policy in force.".into(),
        ),
    }
}
