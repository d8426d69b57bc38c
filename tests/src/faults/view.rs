//! What is compared after a run: all that Azure holds, without times and random names, and the keys
//! that somebody uses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::emulator::Emulator;

/// The start of every key of the emulator, and its length.
const KEY: (&str, usize) = ("S2V5Um90YXRpb25FbXVsYXRvcktleSEh", 88);

/// What is compared of the world.
const COMPARED: [&str; 6] = [
    "accounts",
    "vaults",
    "deleted_vaults",
    "roles",
    "sites",
    "clusters",
];

/// What tells nothing but how often something was written, or by whom it is claimed.
const PASSING: [&str; 7] = [
    "changes",
    "KeyRotationClaim",
    "resourceVersion",
    "uid",
    "version",
    "generation",
    "announced",
];

/// Azure after a run.
#[derive(Debug, Clone)]
pub struct View {
    world: Value,
    /// How often each key was renewed, by account and slot.
    turns: BTreeMap<String, u64>,
    /// The keys that clients are told to use.
    used: BTreeSet<String>,
    /// The keys that the accounts have.
    present: BTreeSet<String>,
    /// Enrolments whose vault signs with a key that the account no longer has.
    broken: Vec<String>,
}

impl View {
    /// Looks at an emulator.
    ///
    /// # Errors
    ///
    /// Fails if it does not tell.
    pub fn of(emulator: &Emulator) -> Result<Self> {
        let world = emulator.world()?;
        let mut present = BTreeSet::new();
        collect_keys(&emulator.accounts()?, &mut present);
        let mut used = BTreeSet::new();
        for part in ["vaults", "sites", "clusters"] {
            collect_keys(world.get(part).context("no world")?, &mut used);
        }
        let compared = COMPARED.map(|part| {
            let mut part_of_world = world.get(part).cloned().unwrap_or_default();
            settle(&mut part_of_world);
            (part.to_owned(), part_of_world)
        });
        Ok(Self {
            turns: turns(&world)?,
            broken: broken(&world)?,
            world: Value::Object(compared.into_iter().collect()),
            used,
            present,
        })
    }

    /// Expects that nobody uses a key that is gone: neither who looks now nor, unless both keys were to
    /// become new, who has last looked at the start.
    ///
    /// # Errors
    ///
    /// Fails if somebody does.
    pub fn expect_whole(&self, start: &Self, renews_both: bool) -> Result<()> {
        ensure!(
            self.used.is_subset(&self.present),
            "a key that is used is lost"
        );
        ensure!(
            self.broken.is_empty(),
            "tokens are broken: {:?}",
            self.broken
        );
        let old = start.used.is_subset(&self.present);
        ensure!(
            old || renews_both,
            "a key that clients may still use is gone"
        );
        Ok(())
    }

    /// Expects that no key was renewed more often than in another view.
    ///
    /// # Errors
    ///
    /// Fails with the key.
    pub fn expect_no_more_turns_than(&self, other: &Self) -> Result<()> {
        for (key, times) in &self.turns {
            let allowed = other.turns.get(key).copied().unwrap_or_default();
            ensure!(
                *times <= allowed,
                "{key} was renewed {times} times, not {allowed}"
            );
        }
        Ok(())
    }

    /// Expects the same world.
    ///
    /// # Errors
    ///
    /// Fails with the places that differ.
    pub fn expect_same(&self, other: &Self) -> Result<()> {
        let mut places = Vec::new();
        differences("", &self.world, &other.world, &mut places);
        ensure!(places.is_empty(), "another end: {}", places.join("; "));
        Ok(())
    }
}

fn turns(world: &Value) -> Result<BTreeMap<String, u64>> {
    let accounts = world.get("accounts").and_then(Value::as_object);
    let mut turns = BTreeMap::new();
    for (id, account) in accounts.context("no accounts")? {
        for slot in ["key1", "key2"] {
            let times = account.get("generations").and_then(|all| all.get(slot));
            let times = times.and_then(Value::as_u64).context("no generation")?;
            let name = id.rsplit('/').next().unwrap_or(id);
            turns.insert(format!("{slot} of {name}"), times);
        }
    }
    Ok(turns)
}

/// Finds enrolments that sign tokens with a key that was renewed behind the vault's back.
fn broken(world: &Value) -> Result<Vec<String>> {
    let vaults = world.get("vaults").and_then(Value::as_object);
    let mut broken = Vec::new();
    for vault in vaults.context("no vaults")?.values() {
        let enrolments = vault.get("enrolments").and_then(Value::as_object);
        for (name, enrolment) in enrolments.into_iter().flatten() {
            let id = enrolment.get("resource_id").and_then(Value::as_str);
            let id = id
                .context("an enrolment without an account")?
                .to_lowercase();
            let account = world.get("accounts").and_then(|all| all.get(&id));
            let active = enrolment.get("active").and_then(Value::as_str);
            let active = active.context("no active key")?.to_lowercase();
            let at = |all: Option<&Value>| all.and_then(|all| all.get(&active)).cloned();
            let known = at(enrolment.get("cached"));
            if known != at(account.and_then(|account| account.get("generations"))) {
                broken.push(name.clone());
            }
        }
    }
    Ok(broken)
}

/// Collects every key in the texts below a value, also in Base64; of versions only in the newest.
fn collect_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            keys_in(text, keys);
            let inner = STANDARD.decode(text).ok();
            if let Some(inner) = inner.and_then(|bytes| String::from_utf8(bytes).ok()) {
                keys_in(&inner, keys);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_keys(item, keys)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_array().filter(|_| name == "versions") {
                    Some(versions) => versions
                        .iter()
                        .rev()
                        .take(1)
                        .for_each(|newest| collect_keys(newest, keys)),
                    None => collect_keys(field, keys),
                }
            }
        }
        _ => {}
    }
}

fn keys_in(text: &str, keys: &mut BTreeSet<String>) {
    let (start, length) = KEY;
    for (place, _) in text.match_indices(start) {
        keys.extend(text.get(place..place + length).map(str::to_owned));
    }
}

/// Takes out what differs between two runs that do the same.
fn settle(value: &mut Value) {
    match value {
        Value::String(text) if is_passing(text) => *text = "…".to_owned(),
        Value::Number(number) if number.as_i64().is_some_and(|number| number > 1_000_000_000) => {
            *value = json!("…");
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        Value::Object(fields) => {
            fields.retain(|name, _| !PASSING.contains(&name.as_str()));
            fields.values_mut().for_each(settle);
        }
        _ => {}
    }
}

/// Says whether a text is a time, a random name, or a token in Base64.
fn is_passing(text: &str) -> bool {
    let is_id = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_token = || {
        let inner = STANDARD.decode(text).ok();
        inner.is_some_and(|bytes| String::from_utf8_lossy(&bytes).contains("sig="))
    };
    is_id || text.parse::<Timestamp>().is_ok() || is_token()
}

/// Lists the places in which two values differ. Nothing of what stands there: it may be a key.
fn differences(place: &str, left: &Value, right: &Value, places: &mut Vec<String>) {
    match (left, right) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for name in names {
                let part = |fields: &serde_json::Map<String, Value>| {
                    fields.get(name).cloned().unwrap_or_default()
                };
                differences(&format!("{place}/{name}"), &part(one), &part(other), places);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, (left, right)) in one.iter().zip(other).enumerate() {
                differences(&format!("{place}/{number}"), left, right, places);
            }
        }
        _ if left == right => {}
        (Value::Array(one), Value::Array(other)) => {
            places.push(format!("{place} has {} and not {}", one.len(), other.len()));
        }
        _ => places.push(place.to_owned()),
    }
}
