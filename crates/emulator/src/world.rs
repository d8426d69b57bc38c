//! The small Azure itself: subscriptions, storage accounts, vaults, roles and time, without a wire and without a clock.
//! Every change takes `now` and refuses with what Azure would say. Who is asking over which protocol is for the routes.
//!
//! The types of the world can be written and read as they are, against the rule for output formats: a snapshot is read
//! only by the program that wrote it, and a second set of types would say the same thing twice.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::canary::Mint;
use crate::cloud::Cloud;
use crate::refusal::Refusal;

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod activity;
pub(crate) mod backup;
pub(crate) mod cluster;
pub(crate) mod definition;
pub(crate) mod deleted_vault;
pub(crate) mod directory;
pub(crate) mod enrolment;
pub(crate) mod expiry;
pub(crate) mod group;
pub(crate) mod lock;
pub(crate) mod management_group;
pub(crate) mod role;
pub(crate) mod rotation;
pub(crate) mod secret;
pub(crate) mod settings;
pub(crate) mod site;
pub(crate) mod tags;
pub(crate) mod vault;

use account::Account;
use activity::ActivityLog;
use cluster::Cluster;
use deleted_vault::DeletedVault;
use directory::{Caller, Directory};
use expiry::Expiries;
use group::Group;
use lock::LockBook;
use management_group::ManagementGroups;
use role::RoleBook;
use settings::Settings;
use site::Site;
use vault::Vault;

/// One subscription.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// One Azure tenant with all that the emulator knows about it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct World {
    #[serde(with = "crate::cloud::by_name")]
    pub(crate) cloud: &'static Cloud,
    pub(crate) tenant: String,
    pub(crate) mint: Mint,
    pub(crate) settings: Settings,
    pub(crate) directory: Directory,
    pub(crate) roles: RoleBook,
    pub(crate) locks: LockBook,
    pub(crate) activity: ActivityLog,
    /// By id in lower case.
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    /// By resource id in lower case.
    pub(crate) groups: BTreeMap<String, Group>,
    /// By resource id in lower case.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// By name in lower case.
    pub(crate) vaults: BTreeMap<String, Vault>,
    pub(crate) management_groups: ManagementGroups,
    /// By resource id in lower case.
    pub(crate) sites: BTreeMap<String, Site>,
    /// By the host names of their APIs.
    pub(crate) clusters: BTreeMap<String, Cluster>,
    /// The certificate of the emulator's authority, which credentials of clusters carry.
    #[serde(skip)]
    pub(crate) certificate: String,
    /// By name in lower case; some may be over.
    pub(crate) deleted_vaults: BTreeMap<String, DeletedVault>,
    pub(crate) expiries: Expiries,
    /// Grows with every change of a key or an account, so that a storage server beside knows when to look again.
    pub(crate) key_revision: u64,
    /// No rotation is due before this; it may be too early, never too late.
    pub(crate) next_rotation: Option<Timestamp>,
    /// How many enrolments wait for Key Vault's role or for the end of a lock.
    pub(crate) stalled: usize,
    /// What had changed when those were last looked at.
    pub(crate) looked_at: u64,
}

impl World {
    /// Makes a tenant without subscriptions.
    pub(crate) fn new(cloud: &'static Cloud, tenant: String, seed: u64) -> Self {
        Self {
            cloud,
            directory: Directory::new(cloud, &tenant),
            management_groups: ManagementGroups::of(&tenant),
            sites: BTreeMap::new(),
            clusters: BTreeMap::new(),
            certificate: String::new(),
            tenant,
            mint: Mint::new(seed),
            settings: Settings::default(),
            roles: RoleBook::default(),
            locks: LockBook::default(),
            activity: ActivityLog::default(),
            subscriptions: BTreeMap::new(),
            groups: BTreeMap::new(),
            accounts: BTreeMap::new(),
            vaults: BTreeMap::new(),
            deleted_vaults: BTreeMap::new(),
            expiries: Expiries::default(),
            key_revision: 0,
            next_rotation: None,
            stalled: 0,
            looked_at: 0,
        }
    }

    /// Finds an account by its resource id, in any case of letters.
    pub(crate) fn account(&self, resource_id: &str) -> Option<&Account> {
        self.accounts
            .get(&resource_id.trim_end_matches('/').to_ascii_lowercase())
    }

    /// Finds a vault by its name.
    pub(crate) fn vault(&self, name: &str) -> Result<&Vault, Refusal> {
        self.vaults
            .get(&name.to_ascii_lowercase())
            .ok_or_else(|| unknown_vault(name))
    }

    /// Finds a vault to change it.
    pub(crate) fn vault_mut(&mut self, name: &str) -> Result<&mut Vault, Refusal> {
        self.vaults
            .get_mut(&name.to_ascii_lowercase())
            .ok_or_else(|| unknown_vault(name))
    }

    /// Refuses, in Resource Manager's words, a caller who may not perform `action` at `scope`, and an action that a lock
    /// forbids.
    pub(crate) fn permit(&self, caller: &Caller, action: &str, scope: &str) -> Result<(), Refusal> {
        self.authorize(caller, action, scope)?;
        self.check_locks(action, scope)
    }

    /// Refuses a caller who has no role for `action` at `scope`.
    pub(crate) fn authorize(
        &self,
        caller: &Caller,
        action: &str,
        scope: &str,
    ) -> Result<(), Refusal> {
        if self.roles.allows(&caller.object_id, action, scope) {
            return Ok(());
        }
        let Caller {
            client_id,
            object_id,
        } = caller;
        Err(Refusal::new(
            403,
            "AuthorizationFailed",
            format!(
                "The client '{client_id}' with object id '{object_id}' does not have authorization to perform action \
                 '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please \
                 refresh your credentials."
            ),
        ))
    }
}

fn unknown_vault(name: &str) -> Refusal {
    Refusal::new(
        404,
        "VaultNotFound",
        format!("The emulator has no vault named {name}."),
    )
}
