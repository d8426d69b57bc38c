//! What the caller itself may do at a scope, by all roles it holds there.

use serde::Deserialize;

use crate::{
    id::SubscriptionId,
    request::{List, Odd},
    wire,
};

const API_VERSION: &str = "2022-04-01";

/// Is what one role lets the caller do: these actions without those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// Patterns of actions, in which a star stands for any text.
    pub actions: Vec<String>,
    /// Patterns of actions that are left out of them.
    pub not_actions: Vec<String>,
    /// Patterns of actions on data, such as those of a vault that goes by roles.
    pub data_actions: Vec<String>,
    /// Patterns of actions on data that are left out of them.
    pub not_data_actions: Vec<String>,
}

/// Lists what the caller may do in a resource group; roles on single resources do not count.
pub fn in_group(subscription: &SubscriptionId, group: &str) -> List<Permission> {
    at(&format!(
        "/subscriptions/{subscription}/resourceGroups/{group}"
    ))
}

/// Lists what the caller may do with a resource, by its id.
pub fn at(scope: &str) -> List<Permission> {
    let target = super::authorization_of(scope, "permissions", API_VERSION);
    List::new(target, |value| {
        serde_json::from_value::<Wire>(value)
            .map(Wire::into_permission)
            .map_err(Odd::from)
    })
}

impl Permission {
    /// Tells whether it allows an action, such as `Microsoft.Storage/storageAccounts/listkeys/action`.
    #[must_use]
    pub fn allows(&self, action: &str) -> bool {
        any_matches(&self.actions, action) && !any_matches(&self.not_actions, action)
    }

    /// Tells whether it allows an action on data, such as
    /// `Microsoft.KeyVault/vaults/storageaccounts/read`.
    #[must_use]
    pub fn allows_data(&self, action: &str) -> bool {
        any_matches(&self.data_actions, action) && !any_matches(&self.not_data_actions, action)
    }
}

fn any_matches(patterns: &[String], action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    patterns
        .iter()
        .any(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
}

/// Matches a pattern in which a star stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.filter_map(|at| rest.get(at..))
        .any(|rest| matches(tail, rest))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default, deserialize_with = "wire::null_as_default")]
    actions: Vec<String>,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    not_actions: Vec<String>,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    data_actions: Vec<String>,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    not_data_actions: Vec<String>,
}

impl Wire {
    fn into_permission(self) -> Permission {
        Permission {
            actions: self.actions,
            not_actions: self.not_actions,
            data_actions: self.data_actions,
            not_data_actions: self.not_data_actions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(actions: &[&str], not_actions: &[&str], action: &str, expected: bool) {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let permission = Permission {
            actions: owned(actions),
            not_actions: owned(not_actions),
            data_actions: owned(actions),
            not_data_actions: owned(not_actions),
        };
        assert_eq!(permission.allows(action), expected, "{permission:?}");
        assert_eq!(permission.allows_data(action), expected, "{permission:?}");
    }

    #[test]
    fn a_star_stands_for_any_text_and_exceptions_win() {
        let keys = "Microsoft.Storage/storageAccounts/listkeys/action";
        check(&["*"], &[], keys, true);
        check(&["*/read"], &[], keys, false);
        check(
            &["microsoft.storage/storageaccounts/listKeys/action"],
            &[],
            keys,
            true,
        );
        check(
            &["Microsoft.Storage/*"],
            &["*/listkeys/action"],
            keys,
            false,
        );
        check(&["Microsoft.Storage/*/action"], &[], keys, true);
        check(&[], &[], keys, false);
    }
}
