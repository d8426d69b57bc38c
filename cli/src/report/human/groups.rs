//! Which accounts stand together, and in which order: by place, so that no account is held twice.

use std::collections::BTreeMap;

use rotation::finding::Severity;

use super::GroupBy;
use crate::report::Report;
use crate::report::entry::AccountEntry;

/// Accounts that stand together under a title.
pub(super) struct Group {
    pub(super) title: String,
    /// Where they are in the order of the report.
    pub(super) places: Vec<usize>,
}

/// What a group is known and ordered by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The most severe first.
    Severity(std::cmp::Reverse<Severity>),
    Named(String),
    /// Whatever has no name of that kind, at the end.
    Nameless,
}

/// Puts the accounts together; within a group they keep the order of the report.
pub(super) fn of(report: &Report<'_>, group_by: GroupBy) -> Vec<Group> {
    let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (place, account) in report.accounts().enumerate() {
        groups
            .entry(key(&account, group_by))
            .or_default()
            .push(place);
    }
    let group = |(key, places)| Group {
        title: title(&key, group_by),
        places,
    };
    groups.into_iter().map(group).collect()
}

fn key(account: &AccountEntry<'_>, group_by: GroupBy) -> Key {
    match group_by {
        GroupBy::Subscription => Key::Named(account.subscription_id.to_lowercase()),
        GroupBy::Vault => account
            .enrolment
            .as_ref()
            .map_or(Key::Nameless, |one| Key::Named(one.vault.to_lowercase())),
        GroupBy::Severity => account
            .pressing()
            .map(|finding| finding.severity)
            .max()
            .map_or(Key::Nameless, |worst| {
                Key::Severity(std::cmp::Reverse(worst))
            }),
    }
}

fn title(key: &Key, group_by: GroupBy) -> String {
    match (key, group_by) {
        (Key::Named(name), GroupBy::Vault) => format!("Vault {name}"),
        (Key::Named(name), _) => format!("Subscription {name}"),
        (Key::Severity(severity), _) => format!("Severity {}", severity.0.as_str()),
        (Key::Nameless, GroupBy::Severity) => "Nothing to do".to_owned(),
        (Key::Nameless, _) => "No vault that was read".to_owned(),
    }
}
