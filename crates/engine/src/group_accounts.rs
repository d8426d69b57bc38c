//! Storage accounts for those who look at many: one by one at first, then a whole resource group by a list.
//!
//! A plan reads the account of every policy. Resource Manager lets 25 reads of a subscription pass in a
//! second and the storage provider 800 readings of accounts in five minutes, but a page of a list shows a
//! hundred accounts for one of either. It is the group that is listed and not the subscription, which may
//! have a hundred times as many accounts as the plan is about.

use std::collections::BTreeMap;
use std::sync::Arc;

use azure::arm::storage::{self, StorageAccount};
use azure::id::{ResourceGroupId, StorageAccountId};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::list::every;
use crate::managed::look_at_account;
use crate::run::{Run, StepError};

/// How old what was read of an account may be: as old as it gets while a plan is being made.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(10);

/// How many accounts of a group are read one by one before all of them are listed.
const ONE_BY_ONE: u32 = 8;

/// What was read of the accounts of groups.
#[derive(Debug, Default)]
pub(crate) struct GroupAccounts {
    groups: Mutex<BTreeMap<String, Arc<Mutex<Group>>>>,
}

#[derive(Debug, Default)]
struct Group {
    read_one_by_one: u32,
    list: Option<Reading>,
    /// It could not be listed, so its accounts are read one by one for good.
    is_closed: bool,
}

#[derive(Debug)]
struct Reading {
    asked_at: Timestamp,
    /// By id in lower case.
    accounts: BTreeMap<String, StorageAccount>,
}

impl GroupAccounts {
    /// Reads an account as it was a moment ago at most; `None` if there is none.
    ///
    /// # Errors
    /// Azure's refusal of the account itself.
    pub(crate) async fn get(
        &self,
        run: &Run<'_>,
        account: &StorageAccountId,
    ) -> Result<Option<StorageAccount>, StepError> {
        if let Some(found) = self.listed(run, account).await {
            return Ok(Some(found));
        }
        look_at_account(run, account).await
    }

    /// Finds an account in the list of its group. It may be missing there for many reasons; so the
    /// account itself is asked then.
    async fn listed(&self, run: &Run<'_>, account: &StorageAccountId) -> Option<StorageAccount> {
        let (subscription, group) = (account.subscription(), account.resource_group());
        let id = format!("/subscriptions/{subscription}/resourceGroups/{group}");
        let id: ResourceGroupId = id.parse().ok()?;
        let group = {
            let mut groups = self.groups.lock().await;
            Arc::clone(
                groups
                    .entry(id.to_string().to_ascii_lowercase())
                    .or_default(),
            )
        };
        // Whoever waits here gets the list that somebody else is reading.
        let mut group = group.lock().await;
        if group.is_closed {
            return None;
        }
        if group.read_one_by_one < ONE_BY_ONE {
            group.read_one_by_one += 1;
            return None;
        }
        let now = run.now();
        let since = now.checked_sub(GOOD_FOR).unwrap_or(now);
        if group.list.as_ref().is_none_or(|list| list.asked_at < since) {
            let act = "list the storage accounts of";
            let listed = every(run, act, &id, storage::list_in_group(&id)).await;
            group.is_closed = listed.is_err();
            let by_id = |found: StorageAccount| (found.id.as_str().to_ascii_lowercase(), found);
            group.list = listed.ok().map(|all| Reading {
                asked_at: now,
                accounts: all.into_iter().map(by_id).collect(),
            });
        }
        let accounts = &group.list.as_ref()?.accounts;
        accounts
            .get(&account.as_str().to_ascii_lowercase())
            .cloned()
    }
}
