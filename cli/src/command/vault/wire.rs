//! The JSON contract of commands over a vault, field by field. Fields are only ever added.

use std::collections::BTreeMap;

use azure::vault::managed_storage::DeletedManagedStorage;
use azure::vault::sas_definition::DeletedSasDefinition;
use engine::managed::Enrolment;
use engine::managed::sas::{Definition, DefinitionPlace};
use engine::managed::{Place, turn::Turned};
use engine::vault::entries::{Entry, Promise};
use jiff::Timestamp;
use rotation::slot::KeySlot;
use serde::Serialize;

use crate::error::chain;

/// The version of the documents.
pub(super) const FORMAT_VERSION: u32 = 1;

/// A document: the version, and what was asked for.
#[derive(Serialize)]
pub(super) struct Document<T> {
    pub(super) format_version: u32,
    #[serde(flatten)]
    pub(super) contents: T,
}

impl<T> Document<T> {
    pub(super) fn of(contents: T) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            contents,
        }
    }
}

/// An enrolment, with what was seen around it.
#[derive(Serialize)]
pub(super) struct EntryWire<'a> {
    id: String,
    name: &'a str,
    vault: &'a str,
    account: &'a str,
    #[serde(flatten)]
    record: Option<RecordWire<'a>>,
    keys: KeysWire,
    next_rotation_due: Option<String>,
    renewal: &'static str,
    also_enrolled_as: &'a [String],
    unread: Vec<String>,
}

/// An enrolment as the vault shows it.
#[derive(Serialize)]
pub(super) struct RecordWire<'a> {
    active_key: Option<&'static str>,
    auto_regenerate: bool,
    regeneration_period: Option<&'a str>,
    enabled: bool,
    created: Option<String>,
    updated: Option<String>,
    tags: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct KeysWire {
    key1: KeyWire,
    key2: KeyWire,
}

#[derive(Serialize)]
struct KeyWire {
    created_at: Option<String>,
    age_days: Option<i64>,
}

impl<'a> EntryWire<'a> {
    pub(super) fn of(entry: &'a Entry, now: Timestamp) -> Self {
        let key = |slot| KeyWire {
            created_at: entry.key_times().of(slot).map(|time| time.to_string()),
            age_days: age_days(*entry.key_times().of(slot), now),
        };
        Self {
            id: entry.place.to_string(),
            name: entry.place.name.as_str(),
            vault: entry.place.vault.name(),
            account: &entry.account,
            record: entry.enrolment().map(RecordWire::from),
            keys: KeysWire {
                key1: key(KeySlot::Key1),
                key2: key(KeySlot::Key2),
            },
            next_rotation_due: entry.next_turn().map(|time| time.to_string()),
            renewal: renewal(entry.promise(now)),
            also_enrolled_as: &entry.others,
            unread: unread(entry),
        }
    }
}

impl<'a> From<&'a Enrolment> for RecordWire<'a> {
    fn from(enrolment: &'a Enrolment) -> Self {
        Self {
            active_key: enrolment.active.map(KeySlot::as_str),
            auto_regenerate: enrolment.terms.auto_regenerate,
            regeneration_period: enrolment.period_text.as_deref(),
            enabled: enrolment.terms.enabled,
            created: enrolment.times.created.map(|time| time.to_string()),
            updated: enrolment.times.updated.map(|time| time.to_string()),
            tags: &enrolment.terms.tags,
        }
    }
}

/// Says what could not be read of an entry.
pub(super) fn unread(entry: &Entry) -> Vec<String> {
    let record = entry.record.as_ref().err().map(|error| chain(error));
    let seen = entry.seen.as_ref().err().map(|error| chain(error));
    record.into_iter().chain(seen).collect()
}

/// Gives the word of a promise.
pub(super) fn renewal(promise: Promise) -> &'static str {
    match promise {
        Promise::Kept => "automatic",
        Promise::Stalled => "stalled",
        Promise::None => "on_request",
        Promise::Unknown => "unknown",
    }
}

/// Counts whole days; a time ahead of now is as young as can be.
pub(super) fn age_days(made: Option<Timestamp>, now: Timestamp) -> Option<i64> {
    const HOURS_PER_DAY: i64 = 24;
    let age = now.duration_since(made?);
    Some((age.as_hours() / HOURS_PER_DAY).max(0))
}

/// A SAS definition.
#[derive(Serialize)]
pub(super) struct DefinitionWire<'a> {
    id: String,
    name: &'a str,
    account: &'a str,
    secret_id: &'a str,
    template_uri: &'a str,
    validity_period: &'a str,
    enabled: bool,
    tags: &'a BTreeMap<String, String>,
}

impl<'a> DefinitionWire<'a> {
    pub(super) fn of(place: &'a DefinitionPlace, definition: &'a Definition) -> Self {
        Self {
            id: place.to_string(),
            name: place.name.as_str(),
            account: place.enrolment.name.as_str(),
            secret_id: &definition.secret_id,
            template_uri: &definition.template_text,
            validity_period: &definition.validity_text,
            enabled: definition.enabled,
            tags: &definition.tags,
        }
    }
}

/// A deleted enrolment.
#[derive(Serialize)]
pub(super) struct DeletedWire<'a> {
    id: &'a str,
    name: &'a str,
    account: String,
    active_key: Option<&'a str>,
    auto_regenerate: Option<bool>,
    regeneration_period: Option<&'a str>,
    enabled: bool,
    tags: &'a BTreeMap<String, String>,
    deleted_at: Option<String>,
    purged_at: Option<String>,
}

impl<'a> From<&'a DeletedManagedStorage> for DeletedWire<'a> {
    fn from(deleted: &'a DeletedManagedStorage) -> Self {
        Self {
            id: &deleted.id,
            name: deleted.name.as_str(),
            account: deleted.resource_id.to_string(),
            active_key: deleted.active_key.as_deref(),
            auto_regenerate: deleted.auto_regenerate,
            regeneration_period: deleted.regeneration_period.as_deref(),
            enabled: deleted.enabled,
            tags: &deleted.tags,
            deleted_at: deleted.deleted.map(|time| time.to_string()),
            purged_at: deleted.scheduled_purge.map(|time| time.to_string()),
        }
    }
}

/// A deleted SAS definition.
#[derive(Serialize)]
pub(super) struct DeletedDefinitionWire<'a> {
    id: &'a str,
    name: &'a str,
    template_uri: Option<&'a str>,
    validity_period: Option<&'a str>,
    enabled: bool,
    tags: &'a BTreeMap<String, String>,
    deleted_at: Option<String>,
    purged_at: Option<String>,
}

impl<'a> From<&'a DeletedSasDefinition> for DeletedDefinitionWire<'a> {
    fn from(deleted: &'a DeletedSasDefinition) -> Self {
        Self {
            id: &deleted.id,
            name: deleted.name.as_str(),
            template_uri: deleted.template_uri.as_deref(),
            validity_period: deleted.validity_period.as_deref(),
            enabled: deleted.enabled,
            tags: &deleted.tags,
            deleted_at: deleted.deleted.map(|time| time.to_string()),
            purged_at: deleted.scheduled_purge.map(|time| time.to_string()),
        }
    }
}

/// A key that was regenerated.
#[derive(Serialize)]
pub(super) struct TurnedWire<'a> {
    id: String,
    account: &'a str,
    regenerated_key: &'static str,
    created_at: Option<String>,
}

impl<'a> TurnedWire<'a> {
    pub(super) fn of(place: &Place, turned: &'a Turned) -> Self {
        Self {
            id: place.to_string(),
            account: &turned.account,
            regenerated_key: turned.slot.as_str(),
            created_at: turned.created_at.map(|time| time.to_string()),
        }
    }
}
