//! The causes of a 403, told from codes where Azure gives them and from its words otherwise.

use super::{ForbiddenCause, envelope::Envelope};

pub(super) fn cause(envelope: &Envelope) -> ForbiddenCause {
    let message = envelope.message.as_deref().unwrap_or_default();
    let lower = message.to_ascii_lowercase();
    let says = |words: &str| lower.contains(words);
    // A vault that asks ARM on the caller's behalf passes ARM's words on under its own code, so the
    // words are looked at before the codes.
    if says("does not have authorization to perform action") {
        let action = quoted_after(message, "to perform action").map(str::to_owned);
        return ForbiddenCause::CallerLacksArmAction { action };
    }
    if says("unable to perform the action on behalf of the caller") {
        return ForbiddenCause::CallerLacksArmAction { action: None };
    }
    if says("key vault service doesn't have proper permissions") {
        return ForbiddenCause::KeyVaultLacksRole;
    }
    if envelope.has_code("ForbiddenByFirewall") || says("client address is not authorized") {
        return ForbiddenCause::Firewall;
    }
    if envelope.has_code("ForbiddenByRbac") {
        return ForbiddenCause::VaultRbac;
    }
    if envelope.has_code("ForbiddenByPolicy")
        || says("is not allowed by vault policy")
        || says("permission on key vault")
    {
        return ForbiddenCause::VaultPolicyLacks {
            operation: policy_operation(message),
        };
    }
    match envelope.code.as_deref() {
        Some("AuthorizationFailed" | "LinkedAuthorizationFailed") => {
            ForbiddenCause::CallerLacksArmAction { action: None }
        }
        _ if envelope.has_code("AccessDenied") => {
            ForbiddenCause::VaultPolicyLacks { operation: None }
        }
        _ => ForbiddenCause::Other,
    }
}

/// Finds the permission in `Operation "set" is not allowed..` or `does not have storage set permission`.
fn policy_operation(message: &str) -> Option<String> {
    let operation = match quoted_after(message, "Operation") {
        Some(operation) => operation,
        None => message
            .split_once(" permission on key vault")
            .and_then(|(before, _)| before.split_whitespace().next_back())?,
    };
    Some(operation.to_ascii_lowercase())
}

fn quoted_after<'a>(message: &'a str, words: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(words)?;
    let rest = rest.trim_start();
    let quote = rest
        .chars()
        .next()
        .filter(|first| ['\'', '"'].contains(first))?;
    rest.get(1..)?.split_once(quote).map(|(text, _)| text)
}
