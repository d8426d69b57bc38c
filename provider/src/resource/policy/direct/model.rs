//! The values of a directly rotated policy as domain types, and back.

use azure::cloud::Cloud;
use azure::id::StorageAccountId;
use engine::direct::{DirectWish, SecretPlace, Seen};
use jiff::Timestamp;
use plugin::{Diagnostic, Path, Schema, Value};
use rotation::direct::{Step, Terms};
use rotation::period::Period;
use rotation::slot::KeySlot;

use super::super::model::{account, flag, has_expiration, optional, parsed};
use super::super::schema::{DEFAULT_MAX_KEY_AGE, DEFAULT_PERIOD, content};
use super::direct;
use crate::convert::{instant, parse_vault, text, vault_uri};

/// A policy whose values are all known.
pub(super) struct Model {
    pub(super) wish: DirectWish,
    pub(super) max_key_age: Period,
    pub(super) set_key_expiration: bool,
}

impl Model {
    /// Reads a planned or stored policy.
    pub(super) fn read(value: &Value, cloud: &Cloud) -> Result<Self, Diagnostic> {
        let path = direct("vault_uri");
        let vault = parse_vault(&text(value, &path), Some(cloud)).map_err(|reason| {
            Diagnostic::error("Not a vault of this cloud", format!("{reason}.")).at(path)
        })?;
        let period = parsed(value, Path::attribute("rotation_period"))?;
        let said = text(value, &direct("content"));
        let content = content(&said).map_err(|reason| {
            Diagnostic::error("Invalid value", format!("{reason}.")).at(direct("content"))
        })?;
        let terms = Terms {
            period,
            overlap: optional(value, direct("overlap"))?.unwrap_or(period.period()),
            first: optional(value, direct("initial_active_key"))?.unwrap_or(KeySlot::Key1),
        };
        Ok(Self {
            wish: DirectWish {
                account: account(value)?,
                place: SecretPlace {
                    vault,
                    name: parsed(value, direct("secret_name"))?,
                },
                terms,
                content,
                verify: flag(value, &direct("verify")),
                assume_unmanaged: value.at(&direct("assume_unmanaged")).as_bool() == Some(true),
                owner: None,
                apps: None,
            },
            max_key_age: parsed(value, Path::attribute("max_key_age"))?,
            set_key_expiration: flag(value, &Path::attribute("set_key_expiration_policy")),
        })
    }
}

/// Puts what Azure shows into a state: everything, or only what the plan left open.
pub(super) fn put(state: &Value, model: &Model, seen: &Seen, now: Timestamp, all: bool) -> Value {
    let mut state = state.clone();
    for (name, value) in observed(model, seen, now) {
        if all || !state.get(name).is_known() {
            state.set(name, value);
        }
    }
    if all {
        let expiration = has_expiration(&state, &seen.account);
        state.set("set_key_expiration_policy", Value::from(expiration));
    }
    state
}

fn observed(model: &Model, seen: &Seen, now: Timestamp) -> [(&'static str, Value); 7] {
    let DirectWish { terms, content, .. } = &model.wish;
    let step = seen.next_step(terms, *content, now);
    let next = match step {
        Step::Wait { until, .. } | Step::Rest { until } => Some(until),
        Step::Publish { .. } | Step::Turn { .. } => None,
    };
    let published = seen.published.as_ref();
    [
        (
            "active_key",
            published.map(|there| there.slot.as_str()).into(),
        ),
        ("key1_created_at", instant(seen.account.key1_created_at)),
        ("key2_created_at", instant(seen.account.key2_created_at)),
        (
            "longest_key_life",
            Value::from(terms.period.longest_key_life().to_string()),
        ),
        ("next_rotation_due", instant(next)),
        (
            "secret_version",
            published.map(|there| there.version.clone()).into(),
        ),
        ("rotation_due", Value::from(step.acts())),
    ]
}

/// Splits the identifier of a secret, `https://{vault}/secrets/{name}`; `None` if it is no such.
pub(in super::super) fn parse_secret(
    id: &str,
    cloud: Option<&Cloud>,
) -> Option<Result<SecretPlace, String>> {
    let (vault, name) = id.rsplit_once("/secrets/")?;
    let place = parse_vault(vault, cloud).and_then(|vault| {
        let name = name.trim_end_matches('/').parse();
        let name = name.map_err(|error: azure::id::IdError| error.to_string())?;
        Ok(SecretPlace { vault, name })
    });
    Some(place)
}

/// Gives the state of a published key of which only the secret and its account are known; a refresh
/// completes it.
pub(in super::super) fn imported(
    schema: &Schema,
    place: &SecretPlace,
    account: &StorageAccountId,
) -> Value {
    let mut state = schema.null_object();
    state.set("id", Value::from(place.to_string()));
    state.set("storage_account_id", Value::from(account.to_string()));
    state.set("rotation_period", Value::from(DEFAULT_PERIOD));
    state.set("max_key_age", Value::from(DEFAULT_MAX_KEY_AGE));
    let direct = Value::object([
        ("vault_uri", Value::from(vault_uri(&place.vault))),
        ("secret_name", Value::from(place.name.to_string())),
        ("content", Value::from("key")),
        ("overlap", Value::Null),
        ("verify", Value::from(true)),
        ("assume_unmanaged", Value::Null),
        ("initial_active_key", Value::Null),
    ]);
    state.set("direct", direct);
    state
}
