//! The small Azure itself: subscriptions, storage accounts, vaults, roles and time, without a wire and without a clock.
//! Every change takes `now` and refuses with what Azure would say. Who is asking over which protocol is for the routes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::canary::Mint;
use crate::cloud::Cloud;
use crate::refusal::Refusal;

pub(crate) mod account;
pub(crate) mod activity;
pub(crate) mod definition;
pub(crate) mod directory;
pub(crate) mod enrolment;
pub(crate) mod role;
pub(crate) mod rotation;
pub(crate) mod secret;
pub(crate) mod vault;

use account::Account;
use activity::ActivityLog;
use directory::{Caller, Directory};
use role::RoleBook;
use vault::Vault;

/// How the emulated Azure behaves where the real one varies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How many uses by Key Vault a new role assignment still fails.
    pub(crate) role_propagation_requests: u32,
    /// How many items a page of Resource Manager holds.
    pub(crate) page_size: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            role_propagation_requests: 0,
            page_size: 100,
        }
    }
}

/// One subscription.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// One Azure tenant with all that the emulator knows about it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) cloud: &'static Cloud,
    pub(crate) tenant: String,
    pub(crate) mint: Mint,
    pub(crate) settings: Settings,
    pub(crate) directory: Directory,
    pub(crate) roles: RoleBook,
    pub(crate) activity: ActivityLog,
    /// By id in lower case.
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    /// By resource id in lower case.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// By name in lower case.
    pub(crate) vaults: BTreeMap<String, Vault>,
    /// Grows with every change of a key or an account, so that a storage server beside knows when to look again.
    pub(crate) key_revision: u64,
    /// No rotation is due before this; it may be too early, never too late.
    pub(crate) next_rotation: Option<Timestamp>,
    /// How many enrolments wait for Key Vault's role.
    pub(crate) stalled: usize,
}

impl World {
    /// Makes a tenant without subscriptions.
    pub(crate) fn new(cloud: &'static Cloud, tenant: String, seed: u64) -> Self {
        let mint = Mint::new(seed);
        Self {
            cloud,
            directory: Directory::new(cloud, &tenant),
            tenant,
            mint,
            settings: Settings::default(),
            roles: RoleBook::default(),
            activity: ActivityLog::default(),
            subscriptions: BTreeMap::new(),
            accounts: BTreeMap::new(),
            vaults: BTreeMap::new(),
            key_revision: 0,
            next_rotation: None,
            stalled: 0,
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

    /// Says whether a resource group exists: a group is where an account or a vault is.
    pub(crate) fn has_group(&self, subscription: &str, group: &str) -> bool {
        let prefix =
            format!("/subscriptions/{subscription}/resourcegroups/{group}/").to_ascii_lowercase();
        let holds = |id: &str| id.starts_with(&prefix);
        self.accounts
            .range(prefix.clone()..)
            .next()
            .is_some_and(|(id, _)| holds(id))
            || self
                .vaults
                .values()
                .any(|vault| holds(&vault.id().to_ascii_lowercase()))
    }

    /// Refuses, in Resource Manager's words, a caller who may not perform `action` at `scope`.
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
