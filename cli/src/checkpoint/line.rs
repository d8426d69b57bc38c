//! The lines of a checkpoint: facts as they were read, and the ends of parts.
//!
//! The names here are a form on disk of their own; what they say is turned into the engine's words and
//! back. Nothing that is concluded is written, and there is no secret that could be.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure::cloud::Cloud;
use azure::id::{StorageAccountId, VaultId, VaultUrl};
use engine::observe::SeenAccount;
use engine::observe::notes::{Fact, Kind, Part, SeenVault};
use jiff::Timestamp;
use rotation::observation::{
    AppPlace, DeletedEnrolment, Enrolment, HeldKey, HeldWhat, Observation, PerSlot, Regeneration,
    Renewal, RoleSeen, SasSeen, SeenPeriod, SharedKey,
};
use rotation::slot::KeySlot;
use serde::{Deserialize, Serialize};

use crate::plan_file::Text;

/// A line: the number of the reading that it belongs to, and what it says.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Line(pub(super) u64, pub(super) Said);

/// What a line says.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Said {
    Account(Box<AccountLine>),
    LeftToOthers(usize),
    Vault(VaultLine),
    Enrolment(Text<StorageAccountId>, EnrolmentLine),
    Deleted(Text<StorageAccountId>, DeletedLine),
    Published(Text<StorageAccountId>, String),
    Role(Text<StorageAccountId>, RoleWord),
    App(String),
    Held(Text<StorageAccountId>, HeldLine),
    LogSince(Text<Timestamp>),
    Regenerated(Text<StorageAccountId>, Text<Timestamp>, String),
    End(EndLine),
}

/// The end of a part that was read whole.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct EndLine {
    pub(super) kind: KindWord,
    pub(super) of: String,
    pub(super) ground: u64,
    pub(super) begun_at: Text<Timestamp>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KindWord {
    Accounts,
    Vaults,
    Vault,
    Roles,
    Apps,
    App,
    Log,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct AccountLine {
    id: Text<StorageAccountId>,
    location: String,
    tags: BTreeMap<String, String>,
    key1: Option<Text<Timestamp>>,
    key2: Option<Text<Timestamp>>,
    made_at: Option<Text<Timestamp>>,
    refuses_keys: bool,
    key_expiration_days: Option<u32>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct VaultLine {
    id: Text<VaultId>,
    url: String,
    keeps_deleted: bool,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct EnrolmentLine {
    vault: String,
    name: String,
    active: Option<Text<KeySlot>>,
    renews: Option<bool>,
    period: Option<String>,
    enrolled_at: Option<Text<Timestamp>>,
    sas: Vec<SasLine>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct SasLine {
    name: String,
    validity: String,
    signed_version: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct DeletedLine {
    vault: String,
    name: String,
    purged_at: Option<Text<Timestamp>>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RoleWord {
    Unknown,
    Held,
    Missing,
}

/// Where a key is held, and never the key.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct HeldLine {
    app: String,
    is_connection_string: bool,
    name: String,
    is_token: bool,
}

impl EndLine {
    pub(super) fn new(part: Part<'_>, begun_at: Timestamp) -> Self {
        Self {
            kind: part.kind.into(),
            of: part.of.to_owned(),
            ground: part.ground,
            begun_at: Text(begun_at),
        }
    }
}

impl From<Kind> for KindWord {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Accounts => Self::Accounts,
            Kind::Vaults => Self::Vaults,
            Kind::Vault => Self::Vault,
            Kind::Roles => Self::Roles,
            Kind::Apps => Self::Apps,
            Kind::App => Self::App,
            Kind::Log => Self::Log,
        }
    }
}

impl From<Fact<'_>> for Said {
    fn from(fact: Fact<'_>) -> Self {
        let of = |account: &StorageAccountId| Text(account.clone());
        match fact {
            Fact::Account(seen) => Self::Account(Box::new(seen.into())),
            Fact::LeftToOthers(count) => Self::LeftToOthers(count),
            Fact::Vault(vault) => Self::Vault(VaultLine {
                id: Text(vault.id.clone()),
                url: vault.url.to_string(),
                keeps_deleted: vault.keeps_deleted,
            }),
            Fact::Enrolment(account, one) => Self::Enrolment(of(account), one.into()),
            Fact::Deleted(account, one) => {
                let line = DeletedLine {
                    vault: one.vault.clone(),
                    name: one.name.clone(),
                    purged_at: one.purged_at.map(Text),
                };
                Self::Deleted(of(account), line)
            }
            Fact::Published(account, secret) => Self::Published(of(account), secret.to_owned()),
            Fact::Role(account, role) => Self::Role(of(account), role.into()),
            Fact::App(id) => Self::App(id.to_owned()),
            Fact::Held(account, one) => Self::Held(of(account), one.into()),
            Fact::LogSince(since) => Self::LogSince(Text(since)),
            Fact::Regenerated(account, one) => {
                Self::Regenerated(of(account), Text(one.at), one.by.clone())
            }
        }
    }
}

impl Said {
    /// Gives the fact that the line says; nothing if it says none, or one that is not understood.
    pub(super) fn give(self, cloud: &Cloud, take: &mut dyn FnMut(Fact<'_>)) -> Option<()> {
        match self {
            Self::Account(line) => take(Fact::Account(&line.seen())),
            Self::LeftToOthers(count) => take(Fact::LeftToOthers(count)),
            Self::Vault(line) => take(Fact::Vault(&line.seen(cloud)?)),
            Self::Enrolment(account, line) => take(Fact::Enrolment(&account.0, &line.seen())),
            Self::Deleted(account, line) => {
                let deleted = DeletedEnrolment {
                    vault: line.vault,
                    name: line.name,
                    purged_at: line.purged_at.map(|at| at.0),
                };
                take(Fact::Deleted(&account.0, &deleted));
            }
            Self::Published(account, secret) => take(Fact::Published(&account.0, &secret)),
            Self::Role(account, role) => take(Fact::Role(&account.0, role.into())),
            Self::App(id) => take(Fact::App(&id)),
            Self::Held(account, line) => take(Fact::Held(&account.0, &line.seen())),
            Self::LogSince(since) => take(Fact::LogSince(since.0)),
            Self::Regenerated(account, at, by) => {
                take(Fact::Regenerated(
                    &account.0,
                    &Regeneration { at: at.0, by },
                ));
            }
            Self::End(_) => {}
        }
        Some(())
    }
}

impl From<&SeenAccount> for AccountLine {
    fn from(seen: &SeenAccount) -> Self {
        let observation = &seen.observation;
        Self {
            id: Text(seen.id.clone()),
            location: seen.location.to_string(),
            tags: seen.tags.as_ref().clone(),
            key1: observation.key_times.key1.map(Text),
            key2: observation.key_times.key2.map(Text),
            made_at: observation.made_at.map(Text),
            refuses_keys: observation.shared_key == SharedKey::Refused,
            key_expiration_days: observation.key_expiration_days,
        }
    }
}

impl AccountLine {
    fn seen(self) -> SeenAccount {
        let shared_key = if self.refuses_keys {
            SharedKey::Refused
        } else {
            SharedKey::Allowed
        };
        SeenAccount {
            id: self.id.0,
            location: self.location.into(),
            tags: Arc::new(self.tags),
            observation: Observation {
                key_times: PerSlot {
                    key1: self.key1.map(|at| at.0),
                    key2: self.key2.map(|at| at.0),
                },
                made_at: self.made_at.map(|at| at.0),
                shared_key,
                key_expiration_days: self.key_expiration_days,
                ..Observation::default()
            },
        }
    }
}

impl VaultLine {
    /// An address outside the cloud is not followed: a token would go there.
    fn seen(self, cloud: &Cloud) -> Option<SeenVault> {
        Some(SeenVault {
            id: self.id.0,
            url: VaultUrl::parse(&self.url, cloud).ok()?,
            keeps_deleted: self.keeps_deleted,
        })
    }
}

impl From<&Enrolment> for EnrolmentLine {
    fn from(one: &Enrolment) -> Self {
        let sas = one.sas.iter().map(|sas| SasLine {
            name: sas.name.clone(),
            validity: sas.validity.as_str().to_owned(),
            signed_version: sas.signed_version.clone(),
        });
        Self {
            vault: one.vault.clone(),
            name: one.name.clone(),
            active: one.active.map(Text),
            renews: match one.renewal {
                Renewal::Automatic => Some(true),
                Renewal::OnRequest => Some(false),
                Renewal::Unknown => None,
            },
            period: one.period.as_ref().map(|period| period.as_str().to_owned()),
            enrolled_at: one.enrolled_at.map(Text),
            sas: sas.collect(),
        }
    }
}

impl EnrolmentLine {
    fn seen(self) -> Enrolment {
        let sas = self.sas.into_iter().map(|sas| SasSeen {
            name: sas.name,
            validity: SeenPeriod::new(sas.validity),
            signed_version: sas.signed_version,
        });
        Enrolment {
            vault: self.vault,
            name: self.name,
            active: self.active.map(|slot| slot.0),
            renewal: match self.renews {
                Some(true) => Renewal::Automatic,
                Some(false) => Renewal::OnRequest,
                None => Renewal::Unknown,
            },
            period: self.period.map(SeenPeriod::new),
            enrolled_at: self.enrolled_at.map(|at| at.0),
            role: RoleSeen::default(),
            sas: sas.collect(),
        }
    }
}

impl From<&HeldKey> for HeldLine {
    fn from(held: &HeldKey) -> Self {
        Self {
            app: held.app.clone(),
            is_connection_string: held.place == AppPlace::ConnectionString,
            name: held.name.clone(),
            is_token: held.what == HeldWhat::Token,
        }
    }
}

impl HeldLine {
    fn seen(self) -> HeldKey {
        HeldKey {
            app: self.app,
            place: if self.is_connection_string {
                AppPlace::ConnectionString
            } else {
                AppPlace::Setting
            },
            name: self.name,
            what: if self.is_token {
                HeldWhat::Token
            } else {
                HeldWhat::Key
            },
        }
    }
}

impl From<RoleSeen> for RoleWord {
    fn from(role: RoleSeen) -> Self {
        match role {
            RoleSeen::Unknown => Self::Unknown,
            RoleSeen::Held => Self::Held,
            RoleSeen::Missing => Self::Missing,
        }
    }
}

impl From<RoleWord> for RoleSeen {
    fn from(role: RoleWord) -> Self {
        match role {
            RoleWord::Unknown => Self::Unknown,
            RoleWord::Held => Self::Held,
            RoleWord::Missing => Self::Missing,
        }
    }
}
