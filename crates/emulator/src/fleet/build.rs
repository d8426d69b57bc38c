//! Builds a world of a fleet document, and refuses what Azure could not hold, with the place in the document.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    AccountEntry, ApplicationEntry, DEFAULT_CLIENT, DEFAULT_OBJECT, DEFAULT_TENANT, Document,
    FleetError, KeyAge, ManagedEntry, PolicyEntry, SubscriptionEntry, VaultEntry,
};
use crate::cloud::Cloud;
use crate::period::Period;
use crate::world::account::{Account, KeySlot, PerSlot};
use crate::world::directory::Application;
use crate::world::enrolment::NewEnrolment;
use crate::world::role::{KEY_OPERATOR, OWNER, Role, RoleAssignment, role_by_name};
use crate::world::vault::{AccessPolicy, Vault};
use crate::world::{Subscription, World};

const IDENTITY_CLIENT: &str = "c11e4700-0000-4000-8000-000000000002";
const IDENTITY_OBJECT: &str = "0b7ec700-0000-4000-8000-000000000002";
const DEFAULT_LOCATION: &str = "westeurope";

/// Builds the world; `default_now` counts if the document names no time. Gives the time at which the world starts.
pub(crate) fn build(
    document: &Document,
    seed: u64,
    default_now: Timestamp,
) -> Result<(World, Timestamp), FleetError> {
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
    };
    builder.people(document)?;
    for (index, entry) in document.subscriptions.iter().enumerate() {
        builder.subscription(&format!("subscriptions[{index}]"), entry)?;
    }
    for (index, entry) in document.subscriptions.iter().enumerate() {
        builder.managed(&format!("subscriptions[{index}]"), entry)?;
    }
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
            self.world.directory.add(Application::new(
                &client_id, &object_id, name, secret, &mint,
            ));
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
            let owner = role_by_name(OWNER);
            self.assign(
                owner.map_or_else(|| Err(wrong(at, "no Owner role")), Ok)?,
                object_id,
                &format!("/subscriptions/{id}"),
            );
        }
        for (index, account) in entry.accounts.iter().enumerate() {
            self.account(&format!("{at}.accounts[{index}]"), &id, account)?;
        }
        for (index, vault) in entry.vaults.iter().enumerate() {
            self.vault(&format!("{at}.vaults[{index}]"), &id, vault)?;
        }
        Ok(())
    }

    fn account(
        &mut self,
        at: &str,
        subscription: &str,
        entry: &AccountEntry,
    ) -> Result<(), FleetError> {
        let is_account_name = |name: &str| {
            (3..=24).contains(&name.len())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
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
        self.world.add_account(Account {
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
            tags: entry.tags.clone(),
        });
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
        let is_vault_name = |name: &str| {
            (3..=24).contains(&name.len())
                && name.starts_with(|first: char| first.is_ascii_alphabetic())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
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
        let vault = Vault {
            subscription: subscription.to_owned(),
            resource_group: entry.resource_group.clone(),
            name: entry.name.clone(),
            location: entry
                .location
                .clone()
                .unwrap_or_else(|| DEFAULT_LOCATION.to_owned()),
            rbac: entry.rbac,
            soft_delete_days,
            policies: policies(entry.access_policies.as_deref()),
            tags: Default::default(),
            enrolments: Default::default(),
            deleted_enrolments: Default::default(),
            secrets: Default::default(),
            deleted_secrets: Default::default(),
        };
        self.world
            .vaults
            .insert(entry.name.to_ascii_lowercase(), vault);
        Ok(())
    }

    fn managed(&mut self, at: &str, entry: &SubscriptionEntry) -> Result<(), FleetError> {
        for (index, vault) in entry.vaults.iter().enumerate() {
            for (inner, managed) in vault.managed.iter().enumerate() {
                self.enrol(
                    &format!("{at}.vaults[{index}].managed[{inner}]"),
                    &vault.name,
                    managed,
                )?;
            }
        }
        Ok(())
    }

    fn enrol(&mut self, at: &str, vault: &str, entry: &ManagedEntry) -> Result<(), FleetError> {
        if entry.name.is_empty() || !entry.name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(wrong(&format!("{at}.name"), "letters and digits only"));
        }
        let account = self
            .world
            .accounts
            .values()
            .find(|account| account.name == entry.account)
            .map(Account::id);
        let account = account
            .ok_or_else(|| wrong(&format!("{at}.account"), "the fleet has no such account"))?;
        let active = KeySlot::parse(&entry.active_key);
        let active = active.ok_or_else(|| wrong(&format!("{at}.active_key"), "key1 or key2"))?;
        let period = Period::from_str(&entry.period)
            .map_err(|error| wrong(&format!("{at}.period"), error))?;
        let enrolled =
            time(&format!("{at}.enrolled"), entry.enrolled.as_deref())?.unwrap_or(self.now);
        let operator =
            role_by_name(KEY_OPERATOR).ok_or_else(|| wrong(at, "no key operator role"))?;
        let key_vault = self.world.directory.key_vault.object_id.clone();
        let role = self.assign(operator, &key_vault, &account);
        let caller = self
            .world
            .directory
            .application(DEFAULT_CLIENT)
            .map(Application::caller);
        let caller = caller.ok_or_else(|| wrong(at, "no default application"))?;
        let new = NewEnrolment {
            resource_id: account.clone(),
            active,
            auto_regenerate: entry.auto_regenerate,
            period,
            enabled: true,
            tags: Default::default(),
        };
        let enrolment = self.world.enrol(vault, &entry.name, new, &caller, enrolled);
        enrolment.map_err(|refusal| wrong(at, refusal.message))?;
        if !entry.key_vault_role {
            self.world.roles.remove(&account, &role);
        }
        Ok(())
    }

    fn roles(&mut self, at: &str, entry: &ApplicationEntry) -> Result<(), FleetError> {
        for (index, granted) in entry.roles.iter().enumerate() {
            let role = role_by_name(&granted.role);
            let role = role.ok_or_else(|| {
                wrong(
                    &format!("{at}.roles[{index}].role"),
                    "no role that is known here",
                )
            })?;
            self.assign(role, &entry.object_id, granted.scope.trim_end_matches('/'));
        }
        Ok(())
    }

    fn assign(&mut self, role: &'static Role, principal_id: &str, scope: &str) -> String {
        let seed = format!("{scope}/{principal_id}/{}", role.id);
        let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, seed.as_bytes()).to_string();
        self.world.roles.add(RoleAssignment {
            name: name.clone(),
            scope: scope.to_owned(),
            role,
            principal_id: principal_id.to_owned(),
            created: self.now,
            created_by: DEFAULT_OBJECT.to_owned(),
            pending_uses: Default::default(),
        });
        name
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
    let lower = |names: Vec<String>| names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let policy = |entry: PolicyEntry| AccessPolicy {
        object_id: entry.object_id,
        permissions: [
            ("storage".to_owned(), lower(entry.storage)),
            ("secrets".to_owned(), lower(entry.secrets)),
        ]
        .into(),
    };
    entries.into_iter().map(policy).collect()
}

fn group(at: &str, name: &str) -> Result<(), FleetError> {
    let allowed = |letter: char| letter.is_alphanumeric() || "-_.()".contains(letter);
    if name.is_empty() || name.len() > 90 || name.ends_with('.') || !name.chars().all(allowed) {
        return Err(wrong(
            &format!("{at}.resource_group"),
            "not the name of a resource group",
        ));
    }
    Ok(())
}

fn time(at: &str, text: Option<&str>) -> Result<Option<Timestamp>, FleetError> {
    text.map(|text| text.parse().map_err(|error: jiff::Error| wrong(at, error)))
        .transpose()
}

fn guid(at: &str, text: &str) -> Result<String, FleetError> {
    Uuid::parse_str(text)
        .map(|id| id.to_string())
        .map_err(|error| wrong(at, error))
}

fn wrong(path: &str, problem: impl Display) -> FleetError {
    FleetError::Value {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}
