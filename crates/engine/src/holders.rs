//! Web and function apps whose settings hold a key: they get the other one before theirs is renewed.
//!
//! # Flow
//! Read the account's keys; read the settings and connection strings of every app and of every
//! deployment slot; see that each holder can be moved; then move them, one part of one app at a time.
//!
//! # Guarantees
//! - Nothing is written before everything was read: an app that cannot be seen into may hold the key,
//!   and so may one that holds it in a form that is not understood.
//! - A write is sent once. After an unclear answer the app's configuration tells.
//! - A part is read once more just before it is written, and all other entries go back as they came;
//!   within a process one part is written at a time.
//!
//! # Assumptions
//! Azure takes a part of an app's configuration as a whole and without a condition: what somebody
//! else changes in the moment between reading and writing is lost. An app starts anew after a change;
//! whoever renews the key waits before.

use std::collections::BTreeSet;
use std::fmt;

use azure::arm::apps::config::{self, Config, Part};
use azure::arm::apps::rewrite::Form;
use azure::arm::apps::{self, App};
use azure::arm::storage::{self, AccountKey};
use azure::error::Error;
use azure::id::{StorageAccountId, SubscriptionId};
use azure::request::{List, Listed};
use azure::secret::KeyMaterial;
use futures::stream::{self, StreamExt, TryStreamExt};
use rotation::slot::KeySlot;

use crate::run::{Pauses, Run, StepError, absent};
use crate::surroundings::Surroundings;

/// How many apps are read at a time.
const AT_A_TIME: usize = 8;

/// How often a configuration is looked at after an unclear answer.
const LOOKS: u32 = 5;

/// Which apps are looked through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The subscriptions with the apps.
    pub subscriptions: Vec<SubscriptionId>,
    /// The ids of apps, in lower case, that are left out with their slots: somebody answers for them.
    pub without: BTreeSet<String>,
}

/// A part of an app's configuration in which a key stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The app, or a deployment slot of one.
    pub app: App,
    /// The part.
    pub part: Part,
    /// The names of the entries.
    pub entries: Vec<String>,
}

/// How far the holders are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This one is about to get the other key.
    Moving(Holder),
    /// The answer was lost, and its configuration is being looked at.
    LookingBack(Holder),
    /// This one has it.
    Moved(Holder),
}

/// Not all holders have got the other key; those that have not still work.
#[derive(Debug, thiserror::Error)]
pub enum HoldersError {
    /// A request failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The account shows no key in a slot.
    #[error("`{account}` shows no key in the slot {slot}")]
    NoKey {
        /// The account.
        account: String,
        /// The slot.
        slot: KeySlot,
    },
    /// Azure names something that cannot be read as an app.
    #[error("`{scope}` has an app that is not understood: {reason}")]
    Odd {
        /// Where it is.
        scope: String,
        /// What is odd about it.
        reason: String,
    },
    /// The key stands there in a form in which no other can take its place.
    #[error("{holder} may hold {slot} of `{account}` in a form that is not understood")]
    Obscure {
        /// The account.
        account: String,
        /// The slot.
        slot: KeySlot,
        /// Where it stands.
        holder: String,
    },
    /// A token stands there that the key may have signed.
    #[error("{holder} may hold a token that {slot} of `{account}` has signed")]
    Token {
        /// The account.
        account: String,
        /// The slot.
        slot: KeySlot,
        /// Where it stands.
        holder: String,
    },
    /// The write was answered, and the key still stands there.
    #[error("{holder} still holds {slot} of `{account}`")]
    Kept {
        /// The account.
        account: String,
        /// The slot.
        slot: KeySlot,
        /// Where it stands.
        holder: String,
    },
    /// The write was sent, and it cannot be told whether it took effect.
    #[error("cannot tell whether {holder} was written")]
    Unclear {
        /// Where the key stands, or stood.
        holder: String,
        /// The last answer.
        #[source]
        last: StepError,
    },
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.entries.join("`, `");
        let kind = match self.part {
            Part::Settings => "app setting",
            Part::ConnectionStrings => "connection string",
        };
        let s = if self.entries.len() == 1 { "" } else { "s" };
        write!(f, "the {kind}{s} `{names}` of `{}`", self.app.id)
    }
}

/// The holders of a key, and the keys.
pub struct Found<'a> {
    sweep: Sweep<'a>,
    holders: Vec<Holder>,
}

impl Found<'_> {
    /// Tells whether no app holds the key.
    pub fn is_empty(&self) -> bool {
        self.holders.is_empty()
    }
}

/// Finds where the apps hold the key of a slot, and sees that each can be moved; changes nothing.
///
/// # Errors
/// Why some app may hold the key and cannot be moved.
pub async fn find<'a>(
    run: &'a Run<'a>,
    reach: &Reach,
    account: &'a StorageAccountId,
    slot: KeySlot,
) -> Result<Found<'a>, HoldersError> {
    let sweep = Sweep {
        run,
        account,
        slot,
        keys: both_keys(run, account, slot).await?,
    };
    let apps = all_apps(run, reach).await?;
    let reading: Vec<_> = apps.iter().map(|app| sweep.holders(app)).collect();
    let reading = stream::iter(reading).buffered(AT_A_TIME);
    let holders: Vec<Vec<Holder>> = reading.try_collect().await?;
    let holders = holders.into_iter().flatten().collect();
    Ok(Found { sweep, holders })
}

/// Puts the key of the other slot wherever an app was found to hold that of this slot.
///
/// # Cancellation
/// Each app has the one key or the other, which both work; the next run moves the rest.
///
/// # Errors
/// Why some app may still hold the key.
pub async fn free(
    found: Found<'_>,
    around: &Surroundings,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), HoldersError> {
    let Found { sweep, holders } = found;
    for holder in holders {
        tell(Progress::Moving(holder.clone()));
        {
            let _turn = around.rewriting.lock().await;
            sweep.free(&holder, tell).await?;
        }
        tell(Progress::Moved(holder));
    }
    Ok(())
}

/// Reads the key in a slot and then that in the other one.
async fn both_keys(
    run: &Run<'_>,
    account: &StorageAccountId,
    slot: KeySlot,
) -> Result<[KeyMaterial; 2], HoldersError> {
    let request = storage::list_keys(account);
    let mut keys = run.send("list the keys of", account, request).await?;
    let mut take = |slot: KeySlot| {
        let is_it = |key: &AccountKey| key.name.eq_ignore_ascii_case(slot.as_str());
        let place = keys.iter().position(is_it);
        let found = place.map(|place| keys.swap_remove(place).value);
        found.ok_or_else(|| HoldersError::NoKey {
            account: account.to_string(),
            slot,
        })
    };
    Ok([take(slot)?, take(slot.other())?])
}

/// Lists the apps and their slots.
async fn all_apps(run: &Run<'_>, reach: &Reach) -> Result<Vec<App>, HoldersError> {
    let mut all = Vec::new();
    for subscription in &reach.subscriptions {
        let scope = format!("/subscriptions/{subscription}");
        let found = listed(run, "list the apps of", &scope, apps::list(subscription)).await?;
        all.extend(found);
    }
    all.retain(|app| !reach.without.contains(&app.id.to_ascii_lowercase()));
    let slots: Vec<_> = all.iter().map(|app| slots(run, app)).collect();
    let slots = stream::iter(slots).buffered(AT_A_TIME);
    let slots: Vec<Vec<App>> = slots.try_collect().await?;
    all.extend(slots.into_iter().flatten());
    all.retain(|app| !reach.without.contains(&app.id.to_ascii_lowercase()));
    Ok(all)
}

async fn slots(run: &Run<'_>, app: &App) -> Result<Vec<App>, HoldersError> {
    let act = "list the deployment slots of";
    match listed(run, act, &app.id, apps::list_slots(app)).await {
        // It has gone since the list was made.
        Err(HoldersError::Step(error)) if error.is(Error::is_not_found) => Ok(Vec::new()),
        other => other,
    }
}

async fn listed(
    run: &Run<'_>,
    act: &'static str,
    scope: &str,
    list: List<App>,
) -> Result<Vec<App>, HoldersError> {
    let read = |element| match element {
        Listed::Item(app) => Ok(app),
        Listed::Odd { reason, .. } => Err(HoldersError::Odd {
            scope: scope.to_owned(),
            reason,
        }),
    };
    let elements = run.list(act, scope, list).await?;
    elements.into_iter().map(read).collect()
}

/// What is looked for, and what takes its place.
struct Sweep<'a> {
    run: &'a Run<'a>,
    account: &'a StorageAccountId,
    slot: KeySlot,
    keys: [KeyMaterial; 2],
}

impl Sweep<'_> {
    /// Finds where an app holds the key, and that another can take its place.
    async fn holders(&self, app: &App) -> Result<Vec<Holder>, HoldersError> {
        let [old, _] = &self.keys;
        let mut found = Vec::new();
        for part in [Part::Settings, Part::ConnectionStrings] {
            let answer = self
                .run
                .send(reading(part), &app.id, config::read(app, part));
            let Some(config) = absent(answer.await)? else {
                continue;
            };
            let holder = |entries| Holder {
                app: app.clone(),
                part,
                entries,
            };
            let tokens = config.tokens(self.account.name());
            if !tokens.is_empty() {
                return Err(HoldersError::Token {
                    account: self.account.to_string(),
                    slot: self.slot,
                    holder: holder(tokens).to_string(),
                });
            }
            let (clear, obscure): (Vec<_>, Vec<_>) = config
                .holders(old)
                .into_iter()
                .partition(|(_, form)| *form == Form::Clear);
            let names = |found: Vec<(String, Form)>| found.into_iter().map(|(name, _)| name);
            if !obscure.is_empty() {
                return Err(HoldersError::Obscure {
                    account: self.account.to_string(),
                    slot: self.slot,
                    holder: holder(names(obscure).collect()).to_string(),
                });
            }
            if !clear.is_empty() {
                found.push(holder(names(clear).collect()));
            }
        }
        Ok(found)
    }

    /// Puts the other key into a part of an app.
    async fn free(
        &self,
        holder: &Holder,
        tell: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), HoldersError> {
        let Holder { app, part, .. } = holder;
        let [old, new] = &self.keys;
        let present = config::read(app, *part);
        let present = self.run.send(reading(*part), &app.id, present).await;
        let Some(present) = absent(present)? else {
            return Ok(());
        };
        let request = config::write(app, *part, &present.with_key_replaced(old, new));
        match self.run.send(writing(*part), &app.id, request).await {
            Ok(now) if self.is_free(&now) => Ok(()),
            Ok(_) => Err(HoldersError::Kept {
                account: self.account.to_string(),
                slot: self.slot,
                holder: holder.to_string(),
            }),
            Err(last) if last.is(Error::may_have_executed) => {
                tell(Progress::LookingBack(holder.clone()));
                self.look_back(holder, last).await
            }
            Err(error) => Err(error.into()),
        }
    }

    fn is_free(&self, config: &Config) -> bool {
        let [old, _] = &self.keys;
        config.holders(old).is_empty()
    }

    /// Looks whether a write took effect whose answer is lost.
    async fn look_back(&self, holder: &Holder, last: StepError) -> Result<(), HoldersError> {
        let mut pauses = Pauses::new();
        for _ in 0..LOOKS {
            // A stop does not keep from looking.
            let read = config::read(&holder.app, holder.part);
            let now = self.run.client().send(read).await;
            if now.is_ok_and(|now| self.is_free(&now)) {
                return Ok(());
            }
            if self.run.pause(pauses.next()).await.is_err() {
                break;
            }
        }
        Err(HoldersError::Unclear {
            holder: holder.to_string(),
            last,
        })
    }
}

fn reading(part: Part) -> &'static str {
    match part {
        Part::Settings => "read the app settings of",
        Part::ConnectionStrings => "read the connection strings of",
    }
}

fn writing(part: Part) -> &'static str {
    match part {
        Part::Settings => "put another key into the app settings of",
        Part::ConnectionStrings => "put another key into the connection strings of",
    }
}
