//! A plan of rotations in a file: what would be renewed, where it would be published, and what was
//! seen when that was decided.
//!
//! It holds no secret. A plan is read back before anything is done, so its texts are parsed here
//! and nothing of it is taken on trust: whether it still holds is asked of Azure.

use std::fmt::{self, Display};
use std::path::Path;
use std::str::FromStr;

use azure::cloud::Cloud;
use azure::env::Env;
use azure::id::StorageAccountId;
use jiff::Timestamp;
use rotation::observation::{KeyTimes, PerSlot};
use rotation::period::{Period, RotationPeriod};
use rotation::slot::KeySlot;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::command::rotate::args::apps::AppTerms;
use crate::config::targets::TargetRule;
use crate::files::{Draft, FileError};

const FORMAT: &str = "keyrotation-plan";
const VERSION: u32 = 1;

/// A value that is written as its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<T>(pub(crate) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// What is to be done, and why not more.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Plan {
    format: String,
    version: u32,
    pub(crate) made_at: Text<Timestamp>,
    pub(crate) cloud: Text<Cloud>,
    /// What was looked at, in words.
    pub(crate) scope: Vec<String>,
    pub(crate) terms: PlanTerms,
    pub(crate) accounts: Vec<Planned>,
    pub(crate) skipped: Vec<Skipped>,
    /// The parts of the scope that could not be read.
    pub(crate) unexamined: Vec<String>,
    /// The apps of which it is not known whether they hold a key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unseen_apps: Vec<String>,
    /// How many accounts were looked at.
    pub(crate) examined: usize,
}

/// How all accounts of the plan are rotated.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct PlanTerms {
    pub(crate) period: Text<RotationPeriod>,
    pub(crate) wait: Text<Period>,
    pub(crate) both: bool,
    pub(crate) verify: bool,
    pub(crate) assume_unmanaged: bool,
    /// Which apps get the other key before theirs is renewed; `None` if none is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) apps: Option<AppTerms>,
}

/// By which way the keys of an account are renewed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    /// By the vault that manages the account.
    Vault,
    /// By us, with a secret that clients read.
    Direct,
}

/// What a published secret holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Content {
    /// The key.
    #[default]
    Key,
    /// A connection string with the key in it.
    ConnectionString,
}

/// What is to be done with an account.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Planned {
    pub(crate) id: Text<StorageAccountId>,
    pub(crate) way: Way,
    pub(crate) vault_uri: String,
    /// The name of the secret, or of the vault's record.
    pub(crate) name: String,
    pub(crate) content: Content,
    /// The slot that clients use, or will once it is published.
    pub(crate) in_use: Text<KeySlot>,
    /// Whether the key in use is published first, as it is.
    pub(crate) publish: bool,
    /// The slots whose keys are renewed, in this order.
    pub(crate) renew: Vec<Text<KeySlot>>,
    pub(crate) key1_created_at: Option<Text<Timestamp>>,
    pub(crate) key2_created_at: Option<Text<Timestamp>>,
    /// The version of the secret that was the newest.
    pub(crate) secret_version: Option<String>,
    pub(crate) group: Option<String>,
    /// Where else the published secret is put, before another key is renewed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) consumers: Vec<TargetRule>,
    /// Who is affected, in sentences without a full stop.
    pub(crate) affected: Vec<String>,
}

impl Planned {
    /// Gives when the keys were made that the plan is about.
    pub(crate) fn key_times(&self) -> KeyTimes {
        let time = |text: Option<Text<Timestamp>>| text.map(|Text(at)| at);
        PerSlot {
            key1: time(self.key1_created_at),
            key2: time(self.key2_created_at),
        }
    }

    /// Gives the identifier of the secret, or of the vault's record.
    pub(crate) fn place(&self) -> String {
        let kind = match self.way {
            Way::Vault => "storage",
            Way::Direct => "secrets",
        };
        let vault = self.vault_uri.trim_end_matches('/');
        format!("{vault}/{kind}/{}", self.name)
    }
}

/// An account that is due and stays as it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Skipped {
    pub(crate) id: Text<StorageAccountId>,
    pub(crate) reason: String,
    /// Whether somebody answers for it.
    pub(crate) is_waived: bool,
}

/// A file is no plan that can be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanFileError {
    #[error("cannot read `{path}`")]
    Read {
        path: String,
        source: std::io::Error,
    },
    #[error("cannot understand `{path}` as a plan: {reason}")]
    Form { path: String, reason: String },
    #[error(transparent)]
    Write(#[from] FileError),
}

impl Plan {
    /// Makes a plan without accounts.
    pub(crate) fn empty(made_at: Timestamp, cloud: Cloud, terms: PlanTerms) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            made_at: Text(made_at),
            cloud: Text(cloud),
            scope: Vec::new(),
            terms,
            accounts: Vec::new(),
            skipped: Vec::new(),
            unexamined: Vec::new(),
            unseen_apps: Vec::new(),
            examined: 0,
        }
    }

    /// Reads a plan from a file.
    ///
    /// # Errors
    /// No such file, or something else than a plan of this version.
    pub(crate) fn read(env: &Env, path: &Path) -> Result<Self, PlanFileError> {
        let shown = || path.display().to_string();
        let text = env.read_file(path);
        let text = text.map_err(|source| PlanFileError::Read {
            path: shown(),
            source,
        })?;
        Self::parse(&text).map_err(|reason| PlanFileError::Form {
            path: shown(),
            reason,
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let plan: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        plan.is_known()
            .then_some(plan)
            .ok_or_else(|| format!("it is not of the format {FORMAT}, version {VERSION}"))
    }

    /// Tells whether it is of the format that is understood.
    pub(crate) fn is_known(&self) -> bool {
        self.format == FORMAT && self.version == VERSION
    }

    /// Writes the plan to a file, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), PlanFileError> {
        let draft = Draft::open(path)?;
        Ok(draft.finish(|mut out| {
            serde_json::to_writer_pretty(&mut out, self)?;
            out.write_all(b"\n")
        })?)
    }
}

impl Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vault => "vault",
            Self::Direct => "direct",
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Makes a plan of these accounts, each renewed directly in both slots.
    pub(crate) fn plan(names: &[&str]) -> Plan {
        let terms = PlanTerms {
            period: Text("P38D".parse().expect("a period")),
            wait: Text("PT1S".parse().expect("a period")),
            both: true,
            verify: false,
            assume_unmanaged: false,
            apps: None,
        };
        let mut plan = Plan::empty(Timestamp::UNIX_EPOCH, Cloud::Public, terms);
        plan.accounts = names.iter().map(|name| planned(name)).collect();
        plan
    }

    fn planned(name: &str) -> Planned {
        let id = format!(
            "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/\
             Microsoft.Storage/storageAccounts/{name}"
        );
        Planned {
            id: Text(id.parse().expect("an id")),
            way: Way::Direct,
            vault_uri: "https://kv.vault.azure.net".to_owned(),
            name: format!("st-{name}"),
            content: Content::Key,
            in_use: Text(KeySlot::Key1),
            publish: true,
            renew: vec![Text(KeySlot::Key2), Text(KeySlot::Key1)],
            key1_created_at: Some(Text(Timestamp::UNIX_EPOCH)),
            key2_created_at: None,
            secret_version: None,
            group: None,
            consumers: Vec::new(),
            affected: Vec::new(),
        }
    }

    #[test]
    fn a_plan_is_read_as_it_was_written_and_nothing_else_is_taken_for_one() {
        let text = serde_json::to_string(&plan(&["stlogs"])).expect("it can be written");
        let read = Plan::parse(&text).expect("it is a plan");
        assert_eq!(serde_json::to_string(&read).expect("it can be"), text);
        let check = |old: &str, new: &str, said: &str| {
            let refused = Plan::parse(&text.replace(old, new)).expect_err("no plan");
            assert!(refused.contains(said), "{refused}");
        };
        check("\"version\":1", "\"version\":2", "version 1");
        check("keyrotation-plan", "other", "keyrotation-plan");
        check("\"key2\"", "\"key3\"", "`key3` is no key slot");
        check("stlogs", "ST/..", "storage account");
    }
}
