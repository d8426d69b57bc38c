//! A failure as users read it: the chain of causes in one line, then what can be done.

use std::error::Error;

use azure::error::{ForbiddenCause, Kind};

/// Writes the error, its causes and a hint.
pub(crate) fn text(error: &(dyn Error + 'static)) -> String {
    let mut text = format!("error: {}", chain(error));
    if let Some(hint) = hint_for(error) {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    text
}

/// Writes the error and its causes in one line.
///
/// Libraries below us repeat the text of a cause in that of its effect; it is written once.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error) {
        let words = cause
            .to_string()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        if text.is_empty() {
            text = words;
        } else if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
    }
    text
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// Says what can be done about an error that came from Azure, if anything is known to help.
pub(crate) fn hint_for(error: &(dyn Error + 'static)) -> Option<&'static str> {
    causes(error)
        .find_map(|cause| cause.downcast_ref::<azure::error::Error>())
        .and_then(hint)
}

/// Says what can be done about an error of Azure's, if anything is known to help.
pub(crate) fn hint(error: &azure::error::Error) -> Option<&'static str> {
    match error.forbidden_cause() {
        Some(ForbiddenCause::CallerLacksArmAction { .. }) => {
            return Some("grant the identity the role `Reader` on the subscriptions");
        }
        Some(ForbiddenCause::VaultPolicyLacks { .. } | ForbiddenCause::VaultRbac) => {
            return Some(
                "grant the identity the permission that Azure's answer names: `get`, `list`, `getsas` \
                 and `listsas` on storage in the vault, and `get` on secrets where one is read",
            );
        }
        Some(ForbiddenCause::Firewall) => {
            return Some("let this machine's address through the vault's firewall");
        }
        Some(_) => {
            return Some(
                "Azure's answer names the missing right or the policy in force: grant the one, or ask \
                 whoever set the other",
            );
        }
        None => {}
    }
    match error.kind() {
        Kind::SignIn => Some("check the sign-in settings; `keyrotation --help` lists them"),
        Kind::Certificate => {
            Some("if a proxy ends TLS here, name its CA certificates in SSL_CERT_FILE")
        }
        Kind::NeverSent => Some("check the network, and HTTPS_PROXY if there is a proxy"),
        Kind::Unreadable => Some(
            "something on the way may have answered in Azure's place: check HTTPS_PROXY and try \
             again, which looks first what is there",
        ),
        Kind::AnswerLost => Some("try again, which looks first what is there"),
        _ if error.is_throttled() => Some("wait a few minutes and try again"),
        _ if error.is_not_found() => Some("check the name, and the vault or scope"),
        _ if error.is_conflict() => {
            Some("Azure's answer names what is in the way: try again once it is gone")
        }
        _ if error.status().is_some_and(|status| status >= 500) => {
            Some("Azure failed: try again, which looks first what is there")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    fn check(texts: &[&'static str], expected: &str) {
        let layers = texts
            .iter()
            .rev()
            .fold(None, |source, text| Some(Box::new(Layer { text, source })));
        assert_eq!(
            chain(layers.expect("one layer at least").as_ref()),
            expected
        );
    }

    #[test]
    fn every_cause_is_written_once_and_in_one_line() {
        check(&["cannot list"], "cannot list");
        check(
            &["cannot list", "cannot sign in", "no network"],
            "cannot list: cannot sign in: no network",
        );
        check(
            &["cannot sign in:\n  no az", "no az"],
            "cannot sign in: no az",
        );
    }
}
