//! Which resources to write, decided from what there is and what a state holds. Pure.
//!
//! An import is written so that the plan after it changes nothing: every setting that differs from a
//! default of the provider is spelled out as it is. An account is enrolled anew only if every vault
//! around it was read, because a second enrolment would break the first one's tokens.

use std::collections::{BTreeMap, HashMap, HashSet};

use azure::arm::storage::StorageAccount;
use azure::id::VaultUrl;
use azure::sas::SasTemplate;
use engine::managed::Place;
use engine::vault::inventory::{Inventory, Record};
use rotation::period::{Period, RotationPeriod};

use crate::hcl;
use crate::state::{Owner, State};

/// The age that the provider takes an imported policy to demand, in days.
const IMPORTED_MAX_AGE_DAYS: u32 = 90;

/// What is wanted of new enrolments.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) vault: Option<VaultUrl>,
    pub(super) period: RotationPeriod,
    pub(super) max_key_age: Period,
}

/// Where a resource comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is made.
    New,
    /// It exists under this identifier, and in no state.
    Import(String),
    /// It is in a state, as azurerm's resource at this address.
    Moved(String),
}

/// An enrolment to write down.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) label: String,
    pub(super) account: String,
    pub(super) vault: VaultUrl,
    /// The name in the vault, where it is not the account's.
    pub(super) name: Option<String>,
    pub(super) period: RotationPeriod,
    /// The limit, where it is not the provider's own.
    pub(super) max_key_age: Option<Period>,
    pub(super) auto_regenerate: bool,
    pub(super) set_key_expiration: bool,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) origin: Origin,
    pub(super) remark: Option<&'static str>,
}

/// The policy that a definition belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    /// One that is written beside it, by its label.
    Beside(String),
    /// One that a state holds already, by its identifier.
    Elsewhere(String),
}

/// A SAS definition to write down.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) label: String,
    pub(super) policy: Belongs,
    pub(super) name: String,
    pub(super) template: SasTemplate,
    pub(super) validity: Period,
    pub(super) enabled: bool,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) origin: Origin,
}

/// Everything to write down, and what is not.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) policies: Vec<Policy>,
    pub(super) definitions: Vec<Definition>,
    left_out: Vec<String>,
    remarks: Vec<String>,
}

impl Plan {
    /// Decides.
    pub(super) fn of(inventory: &Inventory, state: &State, wish: &Wish) -> Self {
        let mut plan = Self::default();
        let around = Around::of(inventory);
        for record in &inventory.records {
            plan.take_record(record, &around, state);
        }
        plan.take_new_accounts(inventory, &around, wish);
        plan
    }

    /// Names what exists or is wanted and is not written, with the reason.
    pub(super) fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Gives what the reader should know of what is written.
    pub(super) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Says in one line what is written.
    pub(super) fn summary(&self) -> String {
        let new = self
            .policies
            .iter()
            .filter(|policy| policy.origin == Origin::New);
        let new = new.count();
        let origins = self.policies.iter().map(|policy| &policy.origin);
        let of_definitions = self.definitions.iter().map(|definition| &definition.origin);
        let moved = origins
            .chain(of_definitions)
            .filter(|origin| matches!(origin, Origin::Moved(_)))
            .count();
        let all = self.policies.len() + self.definitions.len();
        format!(
            "{all} resources: {new} new enrolments, {} imports, {moved} moved from azurerm",
            all - new - moved
        )
    }

    fn take_record(&mut self, record: &Record, around: &Around<'_>, state: &State) {
        let id = record.place.to_string();
        let owner = state.owner(&id);
        let policy = if owner == Some(&Owner::Ours) {
            Belongs::Elsewhere(id)
        } else {
            match existing(record, around, origin(owner, id)) {
                Ok(policy) => {
                    let label = policy.label.clone();
                    self.policies.push(policy);
                    Belongs::Beside(label)
                }
                Err(reason) => return self.left_out.push(reason),
            }
        };
        self.take_definitions(record, &policy, around, state);
    }

    fn take_definitions(
        &mut self,
        record: &Record,
        policy: &Belongs,
        around: &Around<'_>,
        state: &State,
    ) {
        let label = match policy {
            Belongs::Beside(label) => label.clone(),
            Belongs::Elsewhere(_) => around.label(record),
        };
        for (place, found) in &record.definitions {
            let id = place.to_string();
            let owner = state.owner(&id);
            if owner == Some(&Owner::Ours) {
                continue;
            }
            let template = match SasTemplate::parse(&found.template_text) {
                Ok(template) => template,
                Err(error) => {
                    self.left_out.push(format!("`{id}`: {error}"));
                    continue;
                }
            };
            let Ok(validity) = found.validity_text.parse() else {
                let text = &found.validity_text;
                self.left_out
                    .push(format!("`{id}`: its validity `{text}` has no exact length"));
                continue;
            };
            self.definitions.push(Definition {
                label: hcl::name(&format!("{label}_{}", place.name)),
                policy: policy.clone(),
                name: place.name.to_string(),
                template,
                validity,
                enabled: found.enabled,
                tags: found.tags.clone(),
                origin: origin(owner, id),
            });
        }
    }

    fn take_new_accounts(&mut self, inventory: &Inventory, around: &Around<'_>, wish: &Wish) {
        let (mut wanted, mut refusing) = (Vec::new(), 0_usize);
        for account in &inventory.accounts {
            if around.is_enrolled(account) {
                continue;
            }
            if account.allow_shared_key_access == Some(false) {
                refusing += 1;
            } else {
                wanted.push(account);
            }
        }
        if refusing > 0 {
            self.remarks.push(format!(
                "{refusing} accounts refuse keys and need no rotation"
            ));
        }
        if wanted.is_empty() {
            return;
        }
        let count = wanted.len();
        let is_whole = inventory.is_whole();
        match &wish.vault {
            None => self.remarks.push(format!(
                "{count} accounts are not enrolled; --vault-name says where to enrol them"
            )),
            Some(_) if !is_whole => self.left_out.push(format!(
                "{count} accounts that may be enrolled where it could not be read"
            )),
            Some(vault) => {
                for account in wanted {
                    self.take_new(account, vault, around, wish);
                }
            }
        }
    }

    fn take_new(
        &mut self,
        account: &StorageAccount,
        vault: &VaultUrl,
        around: &Around<'_>,
        wish: &Wish,
    ) {
        let id = format!("{vault}/storage/{}", account.name);
        if around.names.contains(&id.to_ascii_lowercase()) {
            let reason = format!("`{}`: `{id}` is another account's enrolment", account.id);
            return self.left_out.push(reason);
        }
        let dated = account.key1_created_at.is_some() && account.key2_created_at.is_some();
        self.policies.push(Policy {
            label: hcl::name(&account.name),
            account: account.id.to_string(),
            vault: vault.clone(),
            name: None,
            period: wish.period,
            max_key_age: Some(wish.max_key_age),
            auto_regenerate: true,
            // Azure refuses the policy on accounts whose keys have no creation time.
            set_key_expiration: dated,
            tags: BTreeMap::new(),
            origin: Origin::New,
            remark: (!dated).then_some(
                "Azure does not know how old its keys are; once both were renewed, \
                 set_key_expiration_policy can go.",
            ),
        });
    }
}

fn origin(owner: Option<&Owner>, id: String) -> Origin {
    match owner {
        Some(Owner::Azurerm(address)) => Origin::Moved(address.clone()),
        Some(Owner::Ours) | None => Origin::Import(id),
    }
}

/// Writes down an enrolment that exists, or says why that cannot be done.
fn existing(record: &Record, around: &Around<'_>, origin: Origin) -> Result<Policy, String> {
    let Record {
        place, enrolment, ..
    } = record;
    let Some(account) = around.account(&enrolment.account) else {
        let account = &enrolment.account;
        return Err(format!("`{place}`: its account `{account}` was not seen"));
    };
    let Some(period) = enrolment.terms.period else {
        let text = enrolment.period_text.as_deref().unwrap_or_default();
        return Err(format!(
            "`{place}`: its period `{text}` has no exact length"
        ));
    };
    let name = place.name.to_string();
    Ok(Policy {
        label: around.label(record),
        account: account.id.to_string(),
        vault: place.vault.clone(),
        name: (name != account.name).then_some(name),
        period,
        max_key_age: None,
        auto_regenerate: enrolment.terms.auto_regenerate,
        set_key_expiration: account.key_expiration_days == Some(IMPORTED_MAX_AGE_DAYS),
        tags: enrolment.terms.tags.clone(),
        origin,
        remark: remark(record, around),
    })
}

fn remark(record: &Record, around: &Around<'_>) -> Option<&'static str> {
    if around.records_of(record) > 1 {
        Some(
            "The account is enrolled more than once: each enrolment regenerates keys that the \
             others sign tokens with.",
        )
    } else if !record.enrolment.terms.enabled {
        Some("The vault's record is disabled; a change of it by Terraform enables it.")
    } else {
        None
    }
}

/// The inventory, by what is sought in it.
struct Around<'a> {
    accounts: HashMap<String, &'a StorageAccount>,
    /// How many records there are of an account.
    records: HashMap<String, usize>,
    /// The identifiers of all records, also of accounts that are not looked at.
    names: &'a HashSet<String>,
}

impl<'a> Around<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let accounts = inventory.accounts.iter();
        let mut records = HashMap::new();
        for record in &inventory.records {
            let account = record.enrolment.account.to_ascii_lowercase();
            *records.entry(account).or_default() += 1;
        }
        Self {
            accounts: accounts
                .map(|account| (account.id.to_string().to_ascii_lowercase(), account))
                .collect(),
            records,
            names: &inventory.taken,
        }
    }

    fn account(&self, id: &str) -> Option<&'a StorageAccount> {
        self.accounts.get(&id.to_ascii_lowercase()).copied()
    }

    fn is_enrolled(&self, account: &StorageAccount) -> bool {
        let id = account.id.to_string().to_ascii_lowercase();
        self.records.contains_key(&id)
    }

    fn records_of(&self, record: &Record) -> usize {
        let account = record.enrolment.account.to_ascii_lowercase();
        self.records.get(&account).copied().unwrap_or_default()
    }

    /// Names a policy after its account, and after its place too if the account has several.
    fn label(&self, record: &Record) -> String {
        let account = record.enrolment.account.rsplit('/').next();
        let account = account.unwrap_or_default();
        let Place { vault, name } = &record.place;
        hcl::name(&if self.records_of(record) > 1 {
            format!("{account}_{}_{name}", vault.name())
        } else {
            account.to_owned()
        })
    }
}
