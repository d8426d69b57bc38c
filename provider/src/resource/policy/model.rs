//! The values of `keyrotation_policy` as domain types, and back.

use azure::arm::storage::StorageAccount;
use azure::cloud::Cloud;
use azure::id::{PrincipalId, StorageAccountId};
use engine::managed::enrol::Wish;
use engine::managed::{Enrolment, Place};
use plugin::{Diagnostic, Path, Schema, Value};
use rotation::enrolment::{Terms, next_turn};
use rotation::period::Period;
use rotation::slot::KeySlot;

use super::schema::DEFAULT_MAX_KEY_AGE;
use crate::convert::{instant, parse_vault, tags, tags_value, text, vault_uri};

/// A policy whose values are all known.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) place: Place,
    pub(super) account: StorageAccountId,
    pub(super) terms: Terms,
    pub(super) max_key_age: Period,
    pub(super) set_key_expiration: bool,
    pub(super) active: KeySlot,
    /// Whether to grant what is missing; where nothing is said, the provider block decides.
    pub(super) grant_access: Option<bool>,
    pub(super) key_vault_principal: Option<PrincipalId>,
}

impl Model {
    /// Reads a planned policy.
    ///
    /// Configurations have been checked attribute by attribute before; what can still fail here
    /// is an address of another cloud than the configured one.
    pub(super) fn read(value: &Value, cloud: &Cloud) -> Result<Self, Diagnostic> {
        Ok(Self {
            place: place(value, cloud)?,
            account: account(value)?,
            terms: Terms {
                auto_regenerate: flag(value, &key_vault("auto_regenerate")),
                period: Some(parsed(value, Path::attribute("rotation_period"))?),
                enabled: true,
                tags: tags(value.get("tags")),
            },
            max_key_age: parsed(value, Path::attribute("max_key_age"))?,
            set_key_expiration: flag(value, &Path::attribute("set_key_expiration_policy")),
            active: optional(value, key_vault("initial_active_key"))?.unwrap_or(KeySlot::Key1),
            grant_access: value.at(&key_vault("grant_access")).as_bool(),
            key_vault_principal: optional(value, key_vault("key_vault_principal_id"))?,
        })
    }

    /// Gives the enrolment that this policy wants.
    pub(super) fn wish(&self, rights_are_fresh: bool) -> Wish {
        Wish {
            account: self.account.clone(),
            active: self.active,
            terms: self.terms.clone(),
            rights_are_fresh,
        }
    }
}

/// Finds where the enrolment of a policy stands.
pub(super) fn place(value: &Value, cloud: &Cloud) -> Result<Place, Diagnostic> {
    let path = key_vault("vault_uri");
    let vault = parse_vault(&text(value, &path), Some(cloud))
        .map_err(|reason| invalid("Not a vault of this cloud", &reason, path))?;
    Ok(Place {
        vault,
        name: parsed(value, key_vault("name"))?,
    })
}

/// Finds the account of a policy.
pub(super) fn account(value: &Value) -> Result<StorageAccountId, Diagnostic> {
    parsed(value, Path::attribute("storage_account_id"))
}

/// What Azure shows of a policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) enrolment: &'a Enrolment,
    pub(super) account: AccountSeen<'a>,
}

/// What Azure shows of the account of a policy.
#[derive(Clone, Copy, Debug)]
pub(super) enum AccountSeen<'a> {
    Known(&'a StorageAccount),
    /// There is no such account any more.
    Gone,
    /// It could not be read this time; what was known of it before stays.
    Unreadable,
}

/// Puts what Azure shows in the place of everything that the plan left open.
///
/// What the plan knew stays, even if Azure has moved on since: the core insists on it, and the
/// next refresh shows the truth.
pub(super) fn fill(planned: &Value, seen: Seen<'_>) -> Value {
    let mut state = planned.clone();
    for (name, value) in observed(seen) {
        if !state.get(name).is_known() {
            state.set(name, value);
        }
    }
    state
}

/// Brings a stored policy up to date with what Azure shows.
pub(super) fn refresh(stored: &Value, seen: Seen<'_>) -> Value {
    let mut state = stored.clone();
    for (name, value) in observed(seen) {
        state.set(name, value);
    }
    let Seen { enrolment, account } = seen;
    let same_account = text(stored, &Path::attribute("storage_account_id"))
        .eq_ignore_ascii_case(&enrolment.account);
    if !same_account {
        state.set(
            "storage_account_id",
            Value::from(enrolment.account.as_str()),
        );
    }
    let stored_period = text(stored, &Path::attribute("rotation_period"))
        .parse()
        .ok();
    if stored_period != enrolment.terms.period || stored_period.is_none() {
        state.set(
            "rotation_period",
            Value::from(enrolment.period_text.clone()),
        );
    }
    if tags(stored.get("tags")) != enrolment.terms.tags {
        state.set(
            "tags",
            tags_value(&enrolment.terms.tags, stored.get("tags")),
        );
    }
    let mut vault = stored.get("key_vault").clone();
    vault.set(
        "auto_regenerate",
        Value::from(enrolment.terms.auto_regenerate),
    );
    state.set("key_vault", vault);
    if let AccountSeen::Known(account) = account {
        let expiration = has_expiration(stored, account);
        state.set("set_key_expiration_policy", Value::from(expiration));
    }
    state
}

/// Gives the state of a policy whose enrolment is gone, while rights that were made for it remain.
pub(super) fn vanished(stored: &Value) -> Value {
    let mut state = stored.clone();
    for name in [
        "active_key",
        "key1_created_at",
        "key2_created_at",
        "next_rotation_due",
    ] {
        state.set(name, Value::Null);
    }
    state
}

/// Tells whether the account's expiration policy is in force as far as the policy asks for it.
pub(super) fn has_expiration(stored: &Value, account: &StorageAccount) -> bool {
    let wanted = stored.get("set_key_expiration_policy").as_bool() != Some(false);
    let age: Option<Period> = text(stored, &Path::attribute("max_key_age")).parse().ok();
    wanted && account.key_expiration_days == age.map(Period::days_rounded_up)
}

/// Lists what Azure shows; what it did not show this time is left out.
fn observed(seen: Seen<'_>) -> Vec<(&'static str, Value)> {
    let Seen { enrolment, account } = seen;
    let life = enrolment
        .terms
        .period
        .map(|period| period.longest_key_life().to_string());
    let mut shown = vec![
        ("active_key", enrolment.active.map(KeySlot::as_str).into()),
        ("longest_key_life", life.into()),
    ];
    let keys = match account {
        AccountSeen::Unreadable => return shown,
        AccountSeen::Gone => [None, None],
        AccountSeen::Known(account) => [account.key1_created_at, account.key2_created_at],
    };
    let [key1, key2] = keys;
    shown.extend([
        ("key1_created_at", instant(key1)),
        ("key2_created_at", instant(key2)),
        (
            "next_rotation_due",
            instant(next_turn(&enrolment.terms, enrolment.times, keys)),
        ),
    ]);
    shown
}

/// Gives the state of an enrolment of which only the place is known; a refresh completes it.
pub(super) fn imported(schema: &Schema, place: &Place) -> Value {
    let mut state = schema.null_object();
    state.set("id", Value::from(place.to_string()));
    state.set("max_key_age", Value::from(DEFAULT_MAX_KEY_AGE));
    let key_vault = Value::object([
        ("vault_uri", Value::from(vault_uri(&place.vault))),
        ("name", Value::from(place.name.to_string())),
        ("initial_active_key", Value::Null),
        ("auto_regenerate", Value::Null),
        ("grant_access", Value::Null),
        ("key_vault_principal_id", Value::Null),
    ]);
    state.set("key_vault", key_vault);
    state
}

/// Gives the path to an attribute of `key_vault`.
pub(super) fn key_vault(name: &str) -> Path {
    Path::attribute("key_vault").then(name)
}

pub(super) fn flag(value: &Value, path: &Path) -> bool {
    value.at(path).as_bool().unwrap_or(true)
}

pub(super) fn parsed<T: std::str::FromStr<Err: ToString>>(
    value: &Value,
    path: Path,
) -> Result<T, Diagnostic> {
    text(value, &path)
        .parse()
        .map_err(|error: T::Err| invalid("Invalid value", &error.to_string(), path))
}

pub(super) fn optional<T: std::str::FromStr<Err: ToString>>(
    value: &Value,
    path: Path,
) -> Result<Option<T>, Diagnostic> {
    if value.at(&path).is_known() {
        parsed(value, path).map(Some)
    } else {
        Ok(None)
    }
}

fn invalid(summary: &str, reason: &str, path: Path) -> Diagnostic {
    Diagnostic::error(summary, format!("{reason}.")).at(path)
}
