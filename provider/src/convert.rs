//! The way between Terraform values and domain types, as far as the resources share it.

use std::collections::BTreeMap;
use std::time::Duration;

use azure::cloud::Cloud;
use azure::id::VaultUrl;
use engine::managed::Place;
use jiff::{SignedDuration, Timestamp};
use plugin::{Attribute, Diagnostic, Path, Plan, Type, Value};

/// Gives the text at a place of a value; empty if there is none.
pub(crate) fn text(value: &Value, path: &Path) -> String {
    value.at(path).as_str().unwrap_or_default().to_owned()
}

/// Gives a map of texts; null entries are left out.
pub(crate) fn tags(value: &Value) -> BTreeMap<String, String> {
    let entries = value.entries().into_iter().flatten();
    entries
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Gives the value of tags as the vault has them, in the form that `like` has: an empty map and
/// null mean the same, so the one that stood there stays.
pub(crate) fn tags_value(tags: &BTreeMap<String, String>, like: &Value) -> Value {
    if tags.is_empty() && !like.is_known() {
        return Value::Null;
    }
    Value::object(
        tags.iter()
            .map(|(name, text)| (name.as_str(), Value::from(text.as_str()))),
    )
}

/// Gives an instant as RFC 3339 in UTC, to the second.
pub(crate) fn instant(at: Option<Timestamp>) -> Value {
    at.map(|at| {
        let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
        whole.to_string()
    })
    .into()
}

/// Splits the identifier of an enrolment, `https://{vault}/storage/{name}`.
pub(crate) fn parse_place(id: &str, cloud: Option<&Cloud>) -> Result<Place, String> {
    let wrong = || {
        format!(
            "`{id}` is no enrolment; it has the form https://VAULT.vault.azure.net/storage/NAME"
        )
    };
    let (vault, name) = id.rsplit_once("/storage/").ok_or_else(wrong)?;
    Ok(Place {
        vault: parse_vault(vault, cloud)?,
        name: name.parse().map_err(|_| wrong())?,
    })
}

/// Reads a vault's address: of the given cloud, or of any where none is settled yet.
pub(crate) fn parse_vault(text: &str, cloud: Option<&Cloud>) -> Result<VaultUrl, String> {
    match cloud {
        Some(cloud) => VaultUrl::parse(text, cloud).map_err(|error| error.to_string()),
        None => {
            let mut failure = String::new();
            for cloud in Cloud::known() {
                match VaultUrl::parse(text, &cloud) {
                    Ok(vault) => return Ok(vault),
                    Err(error) if failure.is_empty() => failure = error.to_string(),
                    Err(_) => {}
                }
            }
            Err(failure)
        }
    }
}

/// Writes a vault's address as Azure and other providers do, with the slash.
pub(crate) fn vault_uri(vault: &VaultUrl) -> String {
    format!("{}/", vault.as_str())
}

/// Reads one part of an identity.
pub(crate) fn identity_part<T, E: ToString>(
    identity: &Value,
    name: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, Diagnostic> {
    read(&text(identity, &Path::attribute(name))).map_err(|error| {
        let detail = format!("The `{name}` of the identity: {}.", error.to_string());
        Diagnostic::error("Not an identity", detail)
    })
}

/// Takes a replacement back where the new text means what the old one did.
pub(crate) fn forgive_spelling(plan: &mut Plan, path: &Path) {
    let Some(prior) = &plan.prior else { return };
    if same_spelling(&text(prior, path), &text(&plan.planned, path)) {
        plan.replace.retain(|replaced| replaced != path);
    }
}

/// Tells whether two ids, names or addresses differ in case or in a closing slash only.
pub(crate) fn same_spelling(one: &str, other: &str) -> bool {
    !one.is_empty()
        && one
            .trim_end_matches('/')
            .eq_ignore_ascii_case(other.trim_end_matches('/'))
}

/// How long the operations of a resource may take.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Create,
    Read,
    Update,
    Delete,
}

impl Operation {
    const ALL: [Self; 4] = [Self::Create, Self::Read, Self::Update, Self::Delete];

    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    fn default_limit(self) -> Duration {
        Duration::from_secs(60 * if matches!(self, Self::Read) { 5 } else { 15 })
    }

    /// Gives the limit that a resource sets, or the default one.
    pub(crate) fn limit(self, resource: &Value) -> Duration {
        let set = resource.get("timeouts").get(self.name()).as_str();
        set.and_then(|text| limit(text).ok())
            .unwrap_or(self.default_limit())
    }
}

/// Describes the attribute that sets the limits.
pub(crate) fn timeouts() -> Attribute {
    let limits = Operation::ALL.map(|operation| {
        let minutes = operation.default_limit().as_secs() / 60;
        let name = operation.name();
        Attribute::string(name)
            .optional()
            .check(|value| check(value, limit))
            .describe(format!(
                "How long to {name} may take, such as `30m` or `1h30m`. Default: `{minutes}m`."
            ))
    });
    Attribute::object("timeouts", limits.into())
        .optional()
        .describe(
            "How long each operation may take before it stops at a safe point and says what it was \
         waiting for.",
        )
}

/// Describes the attribute for tags.
pub(crate) fn tags_attribute(of: &str) -> Attribute {
    Attribute::map_of("tags", Type::String)
        .optional()
        .describe(format!(
            "Tags on {of} in the vault. They are changed in place."
        ))
}

/// Applies a reader of texts as a check of an attribute.
pub(crate) fn check<T, E: ToString>(
    value: &Value,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<(), String> {
    value.as_str().map_or(Ok(()), |text| {
        read(text).map(drop).map_err(|error| error.to_string())
    })
}

/// Reads a length of time as other providers write it.
pub(crate) fn limit(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no length of time such as 30m, 90s or 1h30m");
    let length: SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(length)
        .ok()
        .filter(|length| !length.is_zero())
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_other_providers_write_them() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(
                limit(text).ok().map(|limit| limit.as_secs()),
                expected,
                "{text}"
            );
        };
        check("30m", Some(1800));
        check("1h30m", Some(5400));
        check("90s", Some(90));
        check("0s", None);
        check("-5m", None);
        check("soon", None);
    }

    #[test]
    fn an_enrolment_is_named_by_vault_and_name() {
        let place = parse_place("https://kv1.vault.azure.net/storage/logs", None);
        assert_eq!(
            place.map(|p| p.to_string()).as_deref(),
            Ok("https://kv1.vault.azure.net/storage/logs")
        );
        let other_cloud = parse_place("https://kv1.vault.usgovcloudapi.net/storage/logs", None);
        assert!(other_cloud.is_ok());
        for id in [
            "",
            "logs",
            "https://kv1.vault.azure.net/secrets/logs",
            "https://evil.example/storage/a",
        ] {
            assert!(parse_place(id, None).is_err(), "{id}");
        }
        assert!(parse_place("https://kv1.vault.azure.net/storage/../secrets/x", None).is_err());
    }

    #[test]
    fn instants_are_written_to_the_second() {
        let at = "2026-01-02T03:04:05.678Z".parse().ok();
        assert_eq!(instant(at).as_str(), Some("2026-01-02T03:04:05Z"));
        assert!(instant(None).is_null());
    }
}
