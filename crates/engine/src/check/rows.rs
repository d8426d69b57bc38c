//! What was seen of the accounts, kept small: a hundred thousand fit into a few megabytes.
//!
//! What many accounts have in common is kept once: resource groups, regions, tags.

mod small;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use azure::id::{StorageAccountId, SubscriptionId};
use jiff::Timestamp;
use rotation::observation::{
    AppsSeen, Declared, DeletedEnrolment, Enrolment, HeldKey, LogSeen, Observation, PerSlot,
    Regeneration, SharedKey,
};

use self::small::{Moment, Pool};
use crate::observe::SeenAccount;

const PROVIDER: &str = "/providers/Microsoft.Storage/storageAccounts/";

/// What was seen of many accounts.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    groups: Pool<Arc<str>>,
    locations: Pool<Arc<str>>,
    tags: Pool<Arc<BTreeMap<String, String>>>,
}

/// What was seen of one account, as small as it goes.
#[derive(Debug)]
struct Row {
    name: Box<str>,
    key1: Moment,
    key2: Moment,
    made_at: Moment,
    log_since: Moment,
    more: Option<Box<More>>,
    group: u32,
    location: u32,
    tags: u32,
    /// Zero stands for none.
    key_expiration_days: u32,
    shared_key: SharedKey,
    is_declaration_asked: bool,
    are_apps_read: bool,
}

/// What most accounts have not.
#[derive(Debug, Default)]
pub(crate) struct More {
    pub(crate) enrolments: Vec<Enrolment>,
    pub(crate) deleted: Vec<DeletedEnrolment>,
    pub(crate) declared_at: Option<String>,
    pub(crate) regenerations: Vec<Regeneration>,
    pub(crate) published: Vec<String>,
    pub(crate) held: Vec<HeldKey>,
}

impl More {
    fn is_empty(&self) -> bool {
        self.enrolments.is_empty()
            && self.deleted.is_empty()
            && self.declared_at.is_none()
            && self.regenerations.is_empty()
            && self.published.is_empty()
            && self.held.is_empty()
    }
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds an account.
    pub(crate) fn push(&mut self, seen: SeenAccount) {
        let (id, observation) = (&seen.id, seen.observation);
        let group = format!(
            "/subscriptions/{}/resourceGroups/{}",
            id.subscription(),
            id.resource_group()
        );
        let (log_since, regenerations) = match observation.log {
            LogSeen::Unread => (None, Vec::new()),
            LogSeen::Read {
                since,
                regenerations,
            } => (Some(since), regenerations),
        };
        let (is_declaration_asked, declared_at) = match observation.declared {
            Declared::Unasked => (false, None),
            Declared::Not => (true, None),
            Declared::Enrolled { address } => (true, Some(address)),
        };
        let (are_apps_read, held) = match observation.apps {
            AppsSeen::Unread => (false, Vec::new()),
            AppsSeen::Read { held } => (true, held),
        };
        let more = More {
            enrolments: observation.enrolments,
            deleted: observation.deleted_enrolments,
            declared_at,
            regenerations,
            published: observation.published,
            held,
        };
        self.rows.push(Row {
            name: id.name().into(),
            key1: Moment::new(observation.key_times.key1),
            key2: Moment::new(observation.key_times.key2),
            made_at: Moment::new(observation.made_at),
            log_since: Moment::new(log_since),
            more: (!more.is_empty()).then(|| Box::new(more)),
            group: self.groups.place(group.into()),
            location: self.locations.place(seen.location),
            tags: self.tags.place(seen.tags),
            key_expiration_days: observation.key_expiration_days.unwrap_or_default(),
            shared_key: observation.shared_key,
            is_declaration_asked,
            are_apps_read,
        });
    }

    /// Puts the accounts in order and drops what was seen twice.
    pub(crate) fn sort(&mut self) {
        let groups = &self.groups;
        self.rows.sort_by(|a, b| {
            letters(groups.at(a.group), &a.name).cmp(letters(groups.at(b.group), &b.name))
        });
        self.rows.dedup_by(|a, b| {
            letters(groups.at(a.group), &a.name).eq(letters(groups.at(b.group), &b.name))
        });
        self.rows.shrink_to_fit();
    }

    /// Finds the place of an account among the sorted ones.
    pub(crate) fn find(&self, id: &StorageAccountId) -> Option<usize> {
        let group = format!(
            "/subscriptions/{}/resourceGroups/{}",
            id.subscription(),
            id.resource_group()
        );
        let of_row = |row: &Row| {
            letters(self.groups.at(row.group), &row.name).cmp(letters(&group, id.name()))
        };
        self.rows.binary_search_by(of_row).ok()
    }

    /// Tells whether the account at the place accepts its keys.
    pub(crate) fn accepts_keys(&self, place: usize) -> bool {
        let row = self.rows.get(place);
        row.is_some_and(|row| row.shared_key == SharedKey::Allowed)
    }

    /// Opens what most accounts have not, to add to it.
    pub(crate) fn more(&mut self, place: usize) -> Option<&mut More> {
        let row = self.rows.get_mut(place)?;
        Some(row.more.get_or_insert_default())
    }

    /// Lists the subscriptions of the accounts, or of those whose keys are of unknown age.
    pub(crate) fn subscriptions(&self, only_unknown: bool) -> Vec<SubscriptionId> {
        let mut groups: Vec<u32> = self
            .rows
            .iter()
            .filter(|row| !only_unknown || row.key1 == Moment::NONE || row.key2 == Moment::NONE)
            .map(|row| row.group)
            .collect();
        groups.sort_unstable();
        groups.dedup();
        let ids = groups.into_iter().filter_map(|group| {
            let mut parts = self.groups.at(group).split('/');
            parts.nth(2)?.parse::<SubscriptionId>().ok()
        });
        ids.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Gives the accounts that a vault manages, with their places.
    pub(crate) fn enrolled(&self) -> impl Iterator<Item = (usize, StorageAccountId)> + '_ {
        let rows = self.rows.iter().enumerate();
        let enrolled = rows.filter(|(_, row)| {
            let more = row.more.as_ref();
            more.is_some_and(|more| !more.enrolments.is_empty())
        });
        enrolled.map(|(place, row)| (place, self.id(row)))
    }

    /// Tells a set of accounts from others: by their ids, their key times and whether keys count.
    pub(crate) fn ground(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for row in &self.rows {
            letters(self.groups.at(row.group), &row.name).for_each(|one| hasher.write_u8(one));
            (row.key1, row.key2, row.shared_key == SharedKey::Allowed).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// As [`Self::ground`], and by which of them are enrolled.
    pub(crate) fn ground_of_enrolled(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let enrolled: Vec<usize> = self.enrolled().map(|(place, _)| place).collect();
        (self.ground(), enrolled).hash(&mut hasher);
        hasher.finish()
    }

    /// Gives the id of the account at the place.
    pub(crate) fn id_at(&self, place: usize) -> Option<StorageAccountId> {
        self.rows.get(place).map(|row| self.id(row))
    }

    /// Notes that a configuration was asked who is enrolled.
    pub(crate) fn ask_for_declarations(&mut self) {
        let rows = self.rows.iter_mut();
        rows.for_each(|row| row.is_declaration_asked = true);
    }

    /// Notes that the settings of apps were looked at.
    pub(crate) fn apps_were_read(&mut self) {
        let rows = self.rows.iter_mut();
        rows.for_each(|row| row.are_apps_read = true);
    }

    /// Gives the names of the accounts, with their places; no two accounts of a cloud have one name.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        let rows = self.rows.iter().enumerate();
        rows.map(|(place, row)| (row.name.as_ref(), place))
    }

    /// Notes how far back the log of a subscription was read.
    pub(crate) fn log_was_read(&mut self, subscription: &str, since: Timestamp) {
        let prefix = format!("/subscriptions/{subscription}/");
        let is_there: Vec<bool> = self
            .groups
            .values
            .iter()
            .map(|group| {
                let start = group.get(..prefix.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(&prefix))
            })
            .collect();
        for row in &mut self.rows {
            let group = usize::try_from(row.group).unwrap_or(usize::MAX);
            if is_there.get(group).copied().unwrap_or_default() {
                row.log_since = Moment::new(Some(since));
            }
        }
    }

    /// Unfolds the accounts one by one.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = SeenAccount> + '_ {
        self.rows.iter().map(|row| self.unfold(row))
    }

    pub(crate) fn get(&self, place: usize) -> Option<SeenAccount> {
        self.rows.get(place).map(|row| self.unfold(row))
    }

    fn id(&self, row: &Row) -> StorageAccountId {
        let id = format!("{}{PROVIDER}{}", self.groups.at(row.group), row.name);
        id.parse()
            .expect("it is put together from the parts of such an id")
    }

    fn unfold(&self, row: &Row) -> SeenAccount {
        let more = row.more.as_deref();
        let observation = Observation {
            key_times: PerSlot {
                key1: row.key1.get(),
                key2: row.key2.get(),
            },
            shared_key: row.shared_key,
            key_expiration_days: Some(row.key_expiration_days).filter(|days| *days > 0),
            enrolments: more.map(|more| more.enrolments.clone()).unwrap_or_default(),
            deleted_enrolments: more.map(|more| more.deleted.clone()).unwrap_or_default(),
            made_at: row.made_at.get(),
            declared: declared(row, more),
            log: log(row, more),
            published: more.map(|more| more.published.clone()).unwrap_or_default(),
            apps: apps(row, more),
        };
        SeenAccount {
            id: self.id(row),
            location: Arc::clone(self.locations.at(row.location)),
            tags: Arc::clone(self.tags.at(row.tags)),
            observation,
        }
    }
}

fn declared(row: &Row, more: Option<&More>) -> Declared {
    match more.and_then(|more| more.declared_at.clone()) {
        Some(address) => Declared::Enrolled { address },
        None if row.is_declaration_asked => Declared::Not,
        None => Declared::Unasked,
    }
}

fn log(row: &Row, more: Option<&More>) -> LogSeen {
    match row.log_since.get() {
        None => LogSeen::Unread,
        Some(since) => LogSeen::Read {
            since,
            regenerations: more
                .map(|more| more.regenerations.clone())
                .unwrap_or_default(),
        },
    }
}

fn apps(row: &Row, more: Option<&More>) -> AppsSeen {
    if !row.are_apps_read {
        return AppsSeen::Unread;
    }
    let held = more.map(|more| more.held.clone()).unwrap_or_default();
    AppsSeen::Read { held }
}

/// Tells how many bytes an account takes that has nothing of its own.
#[cfg(test)]
pub(crate) fn row_size() -> usize {
    size_of::<Row>()
}

/// The letters of an id, as far as they tell two apart.
fn letters<'a>(group: &'a str, name: &'a str) -> impl Iterator<Item = u8> + use<'a> {
    let parts = group.bytes().chain([b'/']).chain(name.bytes());
    parts.map(|letter| letter.to_ascii_lowercase())
}
