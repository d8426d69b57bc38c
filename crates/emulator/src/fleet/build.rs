//! Builds a world of a fleet document, and refuses what Azure could not hold, with the place in the document.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;

use jiff::Timestamp;

use super::{
    AccountEntry, DEFAULT_CLIENT, DEFAULT_OBJECT, DEFAULT_TENANT, Document, Fleet, FleetError,
    KeyAge, PolicyEntry, SubscriptionEntry, VaultEntry,
};
use crate::cloud::Cloud;
use crate::world::access::AccessPolicy;
use crate::world::account::{Account, PerSlot, is_account_name};
use crate::world::directory::Application;
use crate::world::role::OWNER;
use crate::world::vault::{Vault, is_vault_name};
use crate::world::{Subscription, World};

mod above;
mod check;
mod clusters;
mod managed;
mod roles;
mod sites;

use check::{certificates, group, guid, time, wrong};

const IDENTITY_CLIENT: &str = "c11e4700-0000-4000-8000-000000000002";
const IDENTITY_OBJECT: &str = "0b7ec700-0000-4000-8000-000000000002";
const DEFAULT_LOCATION: &str = "westeurope";

/// Builds the world; `default_now` counts if the document names no time. Gives the time at which the world starts.
pub(crate) fn build(
    fleet: &Fleet,
    seed: u64,
    default_now: Timestamp,
) -> Result<(World, Timestamp), FleetError> {
    let document = &fleet.document;
    let now = time("now", document.now.as_deref())?.unwrap_or(default_now);
    let tenant = guid(
        "tenant_id",
        document.tenant_id.as_deref().unwrap_or(DEFAULT_TENANT),
    )?;
    let cloud = match &document.cloud {
        None => Cloud::public(),
        Some(name) => {
            <&'static Cloud>::from_str(name).map_err(|problem| wrong("cloud", problem))?
        }
    };
    let mut builder = Builder {
        world: World::new(cloud, tenant, seed),
        now,
        names: BTreeSet::new(),
        accounts: BTreeMap::new(),
    };
    builder.people(document)?;
    builder.role_definitions(document)?;
    for (index, entry) in fleet.subscriptions().enumerate() {
        builder.subscription(&format!("subscriptions[{index}]"), &entry)?;
    }
    for (index, entry) in fleet.subscriptions().enumerate() {
        builder.managed(&format!("subscriptions[{index}]"), &entry)?;
    }
    for (index, entry) in fleet.subscriptions().enumerate() {
        builder.locks(&format!("subscriptions[{index}]"), &entry)?;
    }
    builder.management_groups(document)?;
    for (index, entry) in document.applications.iter().enumerate() {
        builder.roles(&format!("applications[{index}]"), entry)?;
    }
    builder.world.tick(now);
    Ok((builder.world, now))
}

struct Builder {
    world: World,
    now: Timestamp,
    /// Names of accounts and vaults: they are unique in all of Azure.
    names: BTreeSet<String>,
    /// The resource ids of the accounts by name.
    accounts: BTreeMap<String, String>,
}

impl Builder {
    fn people(&mut self, document: &Document) -> Result<(), FleetError> {
        let mint = self.world.mint.clone();
        let default = Application::new(
            DEFAULT_CLIENT,
            DEFAULT_OBJECT,
            "keyrotation emulator",
            None,
            &mint,
        );
        self.world.directory.add(default);
        let identity = Application::new(
            IDENTITY_CLIENT,
            IDENTITY_OBJECT,
            "managed identity",
            None,
            &mint,
        );
        self.world.directory.add(identity);
        self.world.directory.managed_identity = Some(IDENTITY_CLIENT.to_owned());
        for (index, object_id) in document.principals.iter().enumerate() {
            let object_id = guid(&format!("principals[{index}]"), object_id)?;
            self.world.directory.add_principal(&object_id);
        }
        for (index, entry) in document.applications.iter().enumerate() {
            let at = format!("applications[{index}]");
            let client_id = guid(&format!("{at}.client_id"), &entry.client_id)?;
            let object_id = guid(&format!("{at}.object_id"), &entry.object_id)?;
            let name = entry.name.as_deref().unwrap_or("application");
            let secret = entry.client_secret.clone();
            let certificates = certificates(&at, &entry.certificates)?;
            let application = Application::new(&client_id, &object_id, name, secret, &mint);
            self.world
                .directory
                .add(application.with_certificates(&certificates));
        }
        Ok(())
    }

    fn subscription(&mut self, at: &str, entry: &SubscriptionEntry) -> Result<(), FleetError> {
        let id = guid(&format!("{at}.id"), &entry.id)?;
        let name = entry
            .name
            .clone()
            .unwrap_or_else(|| "subscription".to_owned());
        let subscription = Subscription {
            id: id.clone(),
            name,
        };
        if self
            .world
            .subscriptions
            .insert(id.to_ascii_lowercase(), subscription)
            .is_some()
        {
            return Err(wrong(
                &format!("{at}.id"),
                "the subscription is listed twice",
            ));
        }
        for object_id in [DEFAULT_OBJECT, IDENTITY_OBJECT] {
            self.assign(OWNER, object_id, &format!("/subscriptions/{id}"));
        }
        for (index, account) in entry.accounts.iter().enumerate() {
            self.account(&format!("{at}.accounts[{index}]"), &id, account)?;
        }
        for (index, vault) in entry.vaults.iter().enumerate() {
            self.vault(&format!("{at}.vaults[{index}]"), &id, vault)?;
        }
        for (index, cluster) in entry.clusters.iter().enumerate() {
            self.cluster(&format!("{at}.clusters[{index}]"), &id, cluster)?;
        }
        for (index, site) in entry.sites.iter().enumerate() {
            self.site(&format!("{at}.sites[{index}]"), &id, site)?;
        }
        Ok(())
    }

    fn account(
        &mut self,
        at: &str,
        subscription: &str,
        entry: &AccountEntry,
    ) -> Result<(), FleetError> {
        if !is_account_name(&entry.name) {
            return Err(wrong(
                &format!("{at}.name"),
                "an account name has 3 to 24 lower-case letters and digits",
            ));
        }
        self.claim(at, "account", &entry.name)?;
        group(at, &entry.resource_group)?;
        let key1 = self.key_created(&format!("{at}.key1_created"), &entry.key1_created)?;
        let key2 = self.key_created(&format!("{at}.key2_created"), &entry.key2_created)?;
        let account = Account {
            subscription: subscription.to_owned(),
            resource_group: entry.resource_group.clone(),
            name: entry.name.clone(),
            location: entry
                .location
                .clone()
                .unwrap_or_else(|| DEFAULT_LOCATION.to_owned()),
            created: [key1, key2].into_iter().flatten().min().unwrap_or(self.now),
            generations: PerSlot::default(),
            key_created: PerSlot { key1, key2 },
            key_expiration_days: entry.key_expiration_days,
            allow_shared_key: entry.allow_shared_key,
            sas_policy: None,
            kind: "StorageV2".to_owned(),
            sku: "Standard_LRS".to_owned(),
            stale: None,
            tags: entry.tags.clone().into(),
        };
        self.accounts.insert(entry.name.clone(), account.id());
        self.world.add_account(account);
        Ok(())
    }

    fn key_created(&self, at: &str, age: &KeyAge) -> Result<Option<Timestamp>, FleetError> {
        match age {
            KeyAge::New => Ok(Some(self.now)),
            KeyAge::Unknown => Ok(None),
            KeyAge::Created(text) => time(at, Some(text)),
        }
    }

    fn vault(
        &mut self,
        at: &str,
        subscription: &str,
        entry: &VaultEntry,
    ) -> Result<(), FleetError> {
        if !is_vault_name(&entry.name) {
            let problem =
                "a vault name has 3 to 24 letters, digits and hyphens and starts with a letter";
            return Err(wrong(&format!("{at}.name"), problem));
        }
        self.claim(at, "vault", &entry.name)?;
        group(at, &entry.resource_group)?;
        let soft_delete_days = entry.soft_delete_days.filter(|days| *days != 0);
        if soft_delete_days.is_some_and(|days| !(7..=90).contains(&days)) {
            return Err(wrong(
                &format!("{at}.soft_delete_days"),
                "between 7 and 90, or 0 for no soft delete",
            ));
        }
        let location = entry.location.as_deref().unwrap_or(DEFAULT_LOCATION);
        let id = (
            subscription,
            entry.resource_group.as_str(),
            entry.name.as_str(),
        );
        self.world.add_vault(Vault {
            rbac: entry.rbac,
            soft_delete_days,
            purge_protection: entry.purge_protection,
            policies: policies(entry.access_policies.as_deref()),
            ..Vault::new(id, location)
        });
        Ok(())
    }

    fn claim(&mut self, at: &str, kind: &str, name: &str) -> Result<(), FleetError> {
        if self
            .names
            .insert(format!("{kind}/{}", name.to_ascii_lowercase()))
        {
            return Ok(());
        }
        Err(wrong(
            &format!("{at}.name"),
            format!("the {kind} is listed twice"),
        ))
    }
}

fn policies(entries: Option<&[PolicyEntry]>) -> Vec<AccessPolicy> {
    let all = || vec!["all".to_owned()];
    let defaults = || {
        let entry = |object_id: &str| PolicyEntry {
            object_id: object_id.to_owned(),
            storage: all(),
            secrets: all(),
        };
        vec![entry(DEFAULT_OBJECT), entry(IDENTITY_OBJECT)]
    };
    let entries = entries.map_or_else(defaults, <[PolicyEntry]>::to_vec);
    let policy = |entry: PolicyEntry| AccessPolicy {
        object_id: entry.object_id,
        permissions: [
            ("storage".to_owned(), entry.storage.into_iter().collect()),
            ("secrets".to_owned(), entry.secrets.into_iter().collect()),
        ]
        .into(),
    };
    entries.into_iter().map(policy).collect()
}
