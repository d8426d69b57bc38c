//! What was seen of one account, with everything that could not be seen kept as unknown.
//!
//! Nothing is concluded here: ages, verdicts and findings are the matter of [`crate::drift`].

use std::fmt;

use jiff::Timestamp;

use crate::period::Period;
use crate::slot::KeySlot;

/// One value for each of the two key slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerSlot<T> {
    /// The value of key1.
    pub key1: T,
    /// The value of key2.
    pub key2: T,
}

impl<T> PerSlot<T> {
    /// Computes the value of each slot.
    pub fn from_slots(mut value: impl FnMut(KeySlot) -> T) -> Self {
        Self {
            key1: value(KeySlot::Key1),
            key2: value(KeySlot::Key2),
        }
    }

    /// Gives the value of one slot.
    pub fn of(&self, slot: KeySlot) -> &T {
        match slot {
            KeySlot::Key1 => &self.key1,
            KeySlot::Key2 => &self.key2,
        }
    }
}

/// When each key was made; `None` where Azure does not say.
pub type KeyTimes = PerSlot<Option<Timestamp>>;

/// What one look at an account showed; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// When each key was made.
    pub key_times: KeyTimes,
    /// Whether the account accepts its keys at all.
    pub shared_key: SharedKey,
    /// After how many days the account itself calls a key expired, if it has such a policy.
    pub key_expiration_days: Option<u32>,
    /// The vault records that manage the account. More than one is a mistake, but Azure lets it be.
    pub enrolments: Vec<Enrolment>,
    /// The vault records that managed the account and can be recovered.
    pub deleted_enrolments: Vec<DeletedEnrolment>,
    /// When the account was made.
    pub made_at: Option<Timestamp>,
    /// Whether a configuration says that a vault manages the account.
    pub declared: Declared,
    /// What the activity log says about its keys.
    pub log: LogSeen,
    /// The vault secrets, as `vault/name`, that say they hold one of its keys.
    pub published: Vec<String>,
    /// What apps hold of its keys.
    pub apps: AppsSeen,
}

/// What the settings of apps hold of the keys of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AppsSeen {
    /// They were not looked at.
    #[default]
    Unread,
    /// They were looked at, as far as they could be read.
    Read {
        /// The settings that hold something.
        held: Vec<HeldKey>,
    },
}

/// A setting of an app that holds a key of the account, or what a key has signed. What it is stays
/// where it is: here is the place only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldKey {
    /// The resource id of the app, or of a slot of it.
    pub app: String,
    /// Where it stands in the app.
    pub place: AppPlace,
    /// The name of the setting.
    pub name: String,
    /// What it is.
    pub what: HeldWhat,
}

/// Where something stands in an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AppPlace {
    /// Among the application settings.
    Setting,
    /// Among the connection strings.
    ConnectionString,
}

/// What is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeldWhat {
    /// A key.
    Key,
    /// A token that a key has signed.
    Token,
}

impl fmt::Display for HeldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.place {
            AppPlace::Setting => "app setting",
            AppPlace::ConnectionString => "connection string",
        };
        write!(f, "the {place} `{}` of `{}`", self.name, self.app)
    }
}

/// Whether requests signed with an account key are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SharedKey {
    /// They are. Azure's default, also where the switch was never set.
    #[default]
    Allowed,
    /// They are refused, whatever the age of the key.
    Refused,
}

/// A vault's record that it manages the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Enrolment {
    /// The name of the vault.
    pub vault: String,
    /// The name of the record in the vault.
    pub name: String,
    /// The slot that the vault signs tokens with, if it could be read.
    pub active: Option<KeySlot>,
    /// Who renews the keys.
    pub renewal: Renewal,
    /// How often they are renewed, if the record says so.
    pub period: Option<SeenPeriod>,
    /// Since when the record has been in force as it is: when it was made or last changed.
    pub enrolled_at: Option<Timestamp>,
    /// Whether Key Vault may list and regenerate the account's keys.
    pub role: RoleSeen,
    /// The SAS definitions under the record.
    pub sas: Vec<SasSeen>,
}

/// Whether Key Vault may list and regenerate the keys of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleSeen {
    /// It was not looked for, or cannot be told.
    #[default]
    Unknown,
    /// A role that lets it holds on the account or above.
    Held,
    /// No such role holds there.
    Missing,
}

/// A recipe for tokens, as far as rules are about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SasSeen {
    /// The name of the definition.
    pub name: String,
    /// How long its tokens live.
    pub validity: SeenPeriod,
    /// The signed version that its template says, if it says one.
    pub signed_version: Option<String>,
}

/// A vault's record that was deleted and can be recovered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeletedEnrolment {
    /// The name of the vault.
    pub vault: String,
    /// The name of the record in the vault.
    pub name: String,
    /// When it will be gone for good.
    pub purged_at: Option<Timestamp>,
}

/// What a configuration says about the account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Declared {
    /// No configuration was asked.
    #[default]
    Unasked,
    /// Nothing about a vault that manages it.
    Not,
    /// That a vault manages it.
    Enrolled {
        /// Where it says so.
        address: String,
    },
}

/// What the activity log says about the keys of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LogSeen {
    /// It was not read.
    #[default]
    Unread,
    /// It was read to its end.
    Read {
        /// How far back it was read.
        since: Timestamp,
        /// The latest regenerations in it, the newest first.
        regenerations: Vec<Regeneration>,
    },
}

impl LogSeen {
    /// Gives the latest regeneration in the log, if it was read and has one.
    pub fn latest(&self) -> Option<&Regeneration> {
        match self {
            Self::Unread => None,
            Self::Read { regenerations, .. } => regenerations.first(),
        }
    }
}

/// A regeneration of one of the keys; the log does not say of which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regeneration {
    /// When it was.
    pub at: Timestamp,
    /// Who asked for it, in the log's words.
    pub by: String,
}

/// Who renews the keys of an enrolled account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Renewal {
    /// The vault does, once per period.
    Automatic,
    /// Nobody does by itself.
    OnRequest,
    /// The record could not be read or does not say.
    #[default]
    Unknown,
}

/// A period as the vault's record writes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenPeriod {
    text: String,
    length: Option<Period>,
}

impl SeenPeriod {
    /// Keeps the text, and its length if it has an exact one.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let length = text.parse().ok();
        Self { text, length }
    }

    /// Gives the text as it was read.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Gives the exact length; `None` if the text has none, as `P1M` has not.
    pub fn length(&self) -> Option<Period> {
        self.length
    }
}

impl fmt::Display for SeenPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
