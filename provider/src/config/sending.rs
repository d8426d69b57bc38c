//! The arguments that say how requests are sent: how many, how often, and under which name.

use std::num::NonZeroU32;

use azure::client::Settings;
use azure::env::Env;
use plugin::{Attribute, Diagnostic, Path, Value};

use crate::convert::{check, limit};

use super::{owned, text};

const MOST_RETRIES: i64 = 20;
const MOST_REQUESTS: i64 = 1000;

/// Describes the arguments.
pub(super) fn attributes() -> [Attribute; 5] {
    [
        Attribute::number("max_concurrent_requests")
            .optional()
            .check(|value| number(value, 1, MOST_REQUESTS))
            .describe(
                "How many requests may be under way at the same time, over all resources. Default: \
                 as many as the core works on at once.",
            ),
        Attribute::number("max_retries")
            .optional()
            .check(|value| number(value, 0, MOST_RETRIES))
            .describe(
                "How often a request is tried again at most, after an answer that allows it. One that \
                 makes a new key is tried again only if it was certainly not executed. Default: \
                 `4`.",
            ),
        length(
            "retry_timeout",
            "How long all tries of one request may take, such as `10m`, before no further try is \
             made. Default: `5m`.",
        ),
        length(
            "max_retry_wait",
            "The longest wait before another try, such as `30s`. If Azure asks for a longer one, \
             the request fails. Default: `1m`.",
        ),
        text(
            "partner_id",
            "A GUID that tells Microsoft which partner caused the usage. Variable: \
             `ARM_PARTNER_ID`.",
        )
        .check(|value| check(value, partner)),
    ]
}

fn length(name: &str, description: &str) -> Attribute {
    text(name, description).check(|value| check(value, limit))
}

/// Takes the arguments over into the settings of a client.
pub(super) fn apply(settings: &mut Settings, block: &Value, env: &Env) -> Result<(), Diagnostic> {
    let count = |name: &str| u32::try_from(block.get(name).as_i64()?).ok();
    if let Some(retries) = count("max_retries") {
        settings.retry.tries = retries.saturating_add(1);
    }
    settings.max_concurrent_requests = count("max_concurrent_requests").and_then(NonZeroU32::new);
    let length = |name: &str| owned(block, name).and_then(|text| limit(&text).ok());
    if let Some(deadline) = length("retry_timeout") {
        settings.retry.deadline = deadline;
    }
    if let Some(longest) = length("max_retry_wait") {
        settings.retry.longest_wait = longest;
        settings.retry.first_wait = settings.retry.first_wait.min(longest);
    }
    let partner = match owned(block, "partner_id").or_else(|| env.var("ARM_PARTNER_ID")) {
        Some(id) => Some(partner(&id).map_err(|reason| {
            Diagnostic::error("Not a partner id", format!("{reason}."))
                .at(Path::attribute("partner_id"))
        })?),
        None => None,
    };
    settings.user_agent = user_agent(env.var("TF_APPEND_USER_AGENT").as_deref(), partner);
    Ok(())
}

/// Puts together what we call ourselves; Microsoft looks for partners in it.
fn user_agent(appended: Option<&str>, partner: Option<String>) -> String {
    let mut name = format!(
        "terraform-provider-keyrotation/{}",
        env!("CARGO_PKG_VERSION")
    );
    // A header cannot hold what is no visible ASCII.
    let is_plain = |letter: &char| letter.is_ascii_graphic() || *letter == ' ';
    let appended: String = appended
        .unwrap_or_default()
        .chars()
        .filter(is_plain)
        .collect();
    let partner = partner.map(|id| format!("pid-{id}"));
    for part in [appended.trim(), partner.as_deref().unwrap_or_default()] {
        if !part.is_empty() {
            name.push(' ');
            name.push_str(part);
        }
    }
    name
}

fn partner(text: &str) -> Result<String, String> {
    // Microsoft's own pages write the id with the prefix; it is taken either way.
    let bare = text
        .strip_prefix("pid-")
        .unwrap_or(text)
        .to_ascii_lowercase();
    let lengths: Vec<usize> = bare.split('-').map(str::len).collect();
    let is_hexadecimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if lengths == [8, 4, 4, 4, 12] && bare.split('-').all(is_hexadecimal) {
        return Ok(bare);
    }
    Err(format!(
        "`{text}` is no partner id; it has the form 00000000-0000-0000-0000-000000000000"
    ))
}

fn number(value: &Value, least: i64, most: i64) -> Result<(), String> {
    match value.as_i64() {
        Some(number) if (least..=most).contains(&number) => Ok(()),
        _ => Err(format!("it is a whole number from {least} to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_one_line_whatever_is_appended() {
        let check = |appended: Option<&str>, partner: Option<&str>, expected: &str| {
            let name = user_agent(appended, partner.map(str::to_owned));
            let (_, rest) = name.split_once('/').expect("a version");
            let rest = rest.strip_prefix(env!("CARGO_PKG_VERSION"));
            assert_eq!(rest, Some(expected));
        };
        check(None, None, "");
        check(Some(" ci/1.0\r\nx-evil: 1é "), None, " ci/1.0x-evil: 1");
        check(Some("\n"), Some("a"), " pid-a");
        check(Some("ci"), Some("a"), " ci pid-a");
    }

    #[test]
    fn a_partner_id_is_a_guid_with_or_without_its_prefix() {
        let id = "222C6C49-1B0A-5959-A213-6608F9EB8820";
        let lower = id.to_lowercase();
        assert_eq!(partner(id), Ok(lower.clone()));
        assert_eq!(partner(&format!("pid-{id}")), Ok(lower));
        for text in ["", "pid-", "contoso", "222c6c49-1b0a-5959-a213-6608f9eb882"] {
            assert!(partner(text).is_err(), "{text}");
        }
    }
}
