//! Permissions of a vault's access policy, in Azure's words, and what each purpose needs of them.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use uuid::{Uuid, uuid};

/// Permissions on the managed storage accounts and the secrets of a vault, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Those on managed storage accounts.
    pub storage: BTreeSet<String>,
    /// Those on secrets.
    pub secrets: BTreeSet<String>,
}

impl Permissions {
    /// Gathers permissions from words.
    pub fn new(storage: &[&str], secrets: &[&str]) -> Self {
        let words = |words: &[&str]| words.iter().map(|word| word.to_ascii_lowercase()).collect();
        Self {
            storage: words(storage),
            secrets: words(secrets),
        }
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.storage.is_empty() && self.secrets.is_empty()
    }

    /// Gives those that others do not cover; `all` covers every one.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        Self {
            storage: uncovered(&self.storage, &others.storage),
            secrets: uncovered(&self.secrets, &others.secrets),
        }
    }

    /// Adds others.
    pub fn extend(&mut self, others: Self) {
        self.storage.extend(others.storage);
        self.secrets.extend(others.secrets);
    }
}

fn uncovered(wanted: &BTreeSet<String>, held: &BTreeSet<String>) -> BTreeSet<String> {
    let covers = |word: &String| {
        held.iter()
            .any(|held| held.eq_ignore_ascii_case(word) || held.eq_ignore_ascii_case("all"))
    };
    wanted
        .iter()
        .filter(|word| !covers(word))
        .cloned()
        .collect()
}

/// What a party is let into a vault for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To enrol accounts, change their enrolments and end them.
    Enrol,
    /// To make SAS definitions and to mint tokens by them.
    IssueSas,
    /// To mint tokens by the SAS definitions that there are.
    ReadSas,
    /// To rotate the keys of enrolled accounts, and to publish those of others as secrets.
    Rotate,
}

impl Purpose {
    /// Lists all purposes.
    pub const ALL: [Self; 4] = [Self::Enrol, Self::IssueSas, Self::ReadSas, Self::Rotate];

    /// Gives the word that configurations use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enrol => "enrol",
            Self::IssueSas => "issue_sas",
            Self::ReadSas => "read_sas",
            Self::Rotate => "rotate",
        }
    }

    /// Says what it needs of an access policy, and no more.
    pub fn permissions(self) -> Permissions {
        match self {
            Self::Enrol => {
                Permissions::new(&["get", "list", "set", "update", "delete", "recover"], &[])
            }
            Self::IssueSas => Permissions::new(
                &["getsas", "listsas", "setsas", "deletesas", "recover"],
                &["get"],
            ),
            Self::ReadSas => Permissions::new(&[], &["get"]),
            Self::Rotate => Permissions::new(
                &["get", "list", "regeneratekey", "getsas", "listsas"],
                &["get", "list", "set"],
            ),
        }
    }

    /// Gives the built-in role that covers it in a vault that goes by roles.
    ///
    /// Only one built-in role holds actions on managed storage accounts, so for most purposes it
    /// is more than is needed.
    pub fn role(self) -> BuiltInRole {
        match self {
            Self::ReadSas => SECRETS_USER,
            Self::Enrol | Self::IssueSas | Self::Rotate => ADMINISTRATOR,
        }
    }

    /// Tells whether the built-in role gives more than the purpose needs.
    pub fn role_is_broad(self) -> bool {
        self.role() == ADMINISTRATOR
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(text: &str) -> Result<Self, UnknownPurpose> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == text);
        known.ok_or_else(|| UnknownPurpose(text.to_owned()))
    }
}

/// The text names no purpose.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no purpose; the purposes are `enrol`, `issue_sas`, `read_sas` and `rotate`")]
pub struct UnknownPurpose(String);

/// A role that is the same in every tenant and cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltInRole {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: &'static str,
}

const ADMINISTRATOR: BuiltInRole = BuiltInRole {
    id: uuid!("00482a5a-887f-4fb3-b363-3b7fe8e74483"),
    name: "Key Vault Administrator",
};

const SECRETS_USER: BuiltInRole = BuiltInRole {
    id: uuid!("4633458b-17de-408a-b874-0445c86b69e6"),
    name: "Key Vault Secrets User",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_in_any_case_or_by_all_is_not_missing() {
        let needed = Permissions::new(&["get", "set"], &["get"]);
        let check = |storage: &[&str], secrets: &[&str], left: Permissions| {
            let held = Permissions {
                storage: storage.iter().map(|&word| word.to_owned()).collect(),
                secrets: secrets.iter().map(|&word| word.to_owned()).collect(),
            };
            assert_eq!(needed.without(&held), left, "{held:?}");
        };
        check(&[], &[], needed.clone());
        check(&["Get"], &[], Permissions::new(&["set"], &["get"]));
        check(&["All"], &["GET"], Permissions::default());
        check(&[], &["all"], Permissions::new(&["get", "set"], &[]));
    }

    #[test]
    fn every_purpose_has_a_word_and_reading_tokens_touches_no_account() {
        for purpose in Purpose::ALL {
            assert_eq!(purpose.as_str().parse(), Ok(purpose));
            assert!(!purpose.permissions().is_empty());
        }
        assert!("admin".parse::<Purpose>().is_err());
        assert!(Purpose::ReadSas.permissions().storage.is_empty());
        assert!(!Purpose::ReadSas.role_is_broad());
    }
}
