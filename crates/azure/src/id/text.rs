//! The letters of ids: comparison without case, the parts of a resource id, allowed characters.

use std::{
    cmp::Ordering,
    hash::{Hash, Hasher},
};

use uuid::Uuid;

use super::SubscriptionId;

/// Is text that keeps its letters and compares without ASCII case.
#[derive(Clone)]
pub(super) struct Folded(pub(super) String);

impl Folded {
    fn letters(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl PartialEq for Folded {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Folded {}

impl PartialOrd for Folded {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Folded {
    fn cmp(&self, other: &Self) -> Ordering {
        self.letters().cmp(other.letters())
    }
}

impl Hash for Folded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.letters().for_each(|letter| state.write_u8(letter));
        state.write_u8(0xff);
    }
}

/// Is a resource id of the form `/subscriptions/../resourceGroups/../providers/{type}/{name}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Resource {
    pub(super) text: Folded,
    pub(super) subscription: SubscriptionId,
    pub(super) resource_group: Folded,
    pub(super) name: Folded,
}

impl Resource {
    pub(super) fn parse(
        text: &str,
        provider: &str,
        is_name: fn(&str) -> bool,
    ) -> Result<Self, &'static str> {
        let form =
            "it has the form /subscriptions/{id}/resourceGroups/{group}/providers/{type}/{name}";
        let parts: Vec<&str> = text.split('/').collect();
        let [
            "",
            subscriptions,
            subscription,
            groups,
            group,
            providers,
            namespace,
            kind,
            name,
        ] = *parts.as_slice()
        else {
            return Err(form);
        };
        let words = [subscriptions, groups, providers].map(str::to_ascii_lowercase);
        let is_form = words == ["subscriptions", "resourcegroups", "providers"]
            && provider.eq_ignore_ascii_case(&format!("{namespace}/{kind}"));
        if !is_form {
            return Err(form);
        }
        if !is_resource_group(group) {
            return Err("the name of its resource group is not one Azure accepts");
        }
        if !is_name(name) {
            return Err("its last part is not a name Azure accepts");
        }
        let subscription = subscription
            .parse()
            .map_err(|_| "its subscription is not a subscription id")?;
        Ok(Self {
            text: Folded(text.to_owned()),
            subscription,
            resource_group: Folded(group.to_owned()),
            name: Folded(name.to_owned()),
        })
    }
}

pub(super) fn concat_id(
    subscription: &SubscriptionId,
    resource_group: &str,
    provider: &str,
    name: &str,
) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/{provider}/{name}"
    )
}

/// Accepts the hyphenated form only: Azure understands no other in a path.
pub(super) fn parse_uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 {
        Uuid::try_parse(text).ok()
    } else {
        None
    }
}

pub(super) fn is_word(text: &str, longest: usize, extra: &[u8]) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || extra.contains(&byte))
}

pub(super) fn is_vault_name(text: &str) -> bool {
    text.len() >= 3
        && is_word(text, 24, b"-")
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.ends_with('-')
}

/// Tells whether every part of a rooted path is an ordinary part of a resource id.
pub(super) fn is_path(text: &str) -> bool {
    text.strip_prefix('/')
        .is_some_and(|parts| parts.split('/').all(is_resource_group))
}

pub(super) fn is_resource_group(text: &str) -> bool {
    (1..=90).contains(&text.chars().count())
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || "-_.()".contains(letter))
        && !text.ends_with('.')
}
