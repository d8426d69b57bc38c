//! Why a step of direct rotation was not taken, or not to its end, worded.

use azure::id::StorageAccountId;
use engine::direct::error::DirectError;
use jiff::Timestamp;
use plugin::{Diagnostic, Path};

use super::obstacle::unlock;
use super::{request_id, sentence, step};

/// Words a failed step. What clients are told to use still works in every case.
pub(crate) fn direct(error: &DirectError) -> Diagnostic {
    let account = Path::attribute("storage_account_id");
    let of = |name: &str| Path::attribute("direct").then(name);
    let said = sentence(error);
    let (summary, way_out, path) = match error {
        DirectError::Step(error) => return step(error),
        DirectError::Unclear { last, .. } => return unclear(&said, &request_id(last)),
        DirectError::NotPublished { .. } => return not_published(&said),
        DirectError::Holders(_) => return held_by_apps(&said),
        DirectError::NoAccount { .. } => (
            "Storage account not found",
            "Check its id; the caller needs the role `Reader` on it.".to_owned(),
            account,
        ),
        DirectError::SharedKeyOff { .. } => (
            "The account's keys are switched off",
            "Its keys cannot be used, so there is nothing to rotate. Remove the policy, or allow \
             access by keys."
                .to_owned(),
            account,
        ),
        DirectError::Enrolled { .. } => (
            "Account is enrolled in a vault",
            "Regenerating its keys behind the vault's back would kill the vault's tokens. Use \
             `key_vault`, or end the enrolment first."
                .to_owned(),
            account,
        ),
        DirectError::MayBeEnrolled { .. } => (
            "A vault may manage the account",
            "Nothing was changed. No vault that could be listed manages it. Take that role off the \
             account, allow the caller to list the storage accounts of all vaults, or set \
             `direct.assume_unmanaged = true` if you know that none does."
                .to_owned(),
            account,
        ),
        DirectError::Locked { lock, scope, .. } => (
            "A lock makes the account read-only",
            unlock(lock, scope),
            account,
        ),
        DirectError::Foreign { .. } => (
            "Secret is something else",
            "It is not overwritten. Choose another `secret_name`.".to_owned(),
            of("secret_name"),
        ),
        DirectError::NoKey { .. } => (
            "The account shows no key",
            "Azure's answer has none of that name; look at the account's keys.".to_owned(),
            account,
        ),
        DirectError::NotVerified { .. } => (
            "A key could not be seen to work",
            "It was not published, and clients go on with the one before. The account's firewall \
             may keep this machine out: let it in, or set `direct.verify = false`. The next apply \
             goes on from here."
                .to_owned(),
            of("verify"),
        ),
    };
    Diagnostic::error(summary, format!("{said}\n\n{way_out}")).at(path)
}

fn held_by_apps(said: &str) -> Diagnostic {
    let way_out = "No key is renewed before it is known which apps hold it.";
    Diagnostic::error("An app may hold a key", format!("{said}\n\n{way_out}"))
}

fn unclear(said: &str, request_id: &str) -> Diagnostic {
    let detail = format!(
        "{said}{request_id}\n\nThe request was sent once and will not be repeated blindly. Nobody \
         uses that key, so clients go on. Plan again in some minutes: if the key is new, it is \
         published; if not, it is renewed then."
    );
    Diagnostic::error("Unclear whether a key was renewed", detail)
}

fn not_published(said: &str) -> Diagnostic {
    let detail = format!(
        "{said}\n\nThe key is new in the account, and clients go on with the one before. It is not \
         lost: the next apply publishes it without renewing it again. The caller needs the secret \
         permissions `set`, `get` and `list` on the vault (`keyrotation_vault_access` with the \
         purpose `rotate`)."
    );
    Diagnostic::error("A renewed key is not published yet", detail)
        .at(Path::attribute("direct").then("vault_uri"))
}

/// Says that another run is at it.
pub(crate) fn busy(account: &StorageAccountId, since: Option<Timestamp>) -> Diagnostic {
    let since = since.map(|at| format!(" since {at}")).unwrap_or_default();
    Diagnostic::error(
        "Another run is rotating this account",
        format!(
            "It has claimed {account}{since}. Nothing was changed. Plan again in some minutes; \
             the claim of a run that has ended lapses after five."
        ),
    )
}
