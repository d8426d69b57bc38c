//! One account on its way: a look, and at most one step.
//!
//! Every look starts from what Azure shows; the journal only adds what Azure cannot tell.

use azure::id::VaultUrl;
use engine::direct::publish::{self, Version};
use engine::direct::{self, DirectWish, Outcome, Progress, SecretPlace, Seen};
use engine::holders::{self, Reach};
use engine::managed::turn::{self, Stage, TurnError};
use engine::managed::{self, Place};
use jiff::Timestamp;
use rotation::direct::{Step, Terms};
use rotation::slot::KeySlot;

use super::RotateCommandError;
use super::act::{Act, ActError};
use super::consumers;
use super::perform::Work;
use super::survey::holds;
use crate::command::sync::target::Target;
use crate::journal_file::{Event, Trace};
use crate::plan_file::{Content, Plan, Planned, Text, Way};
use crate::session::Shared;

/// An account of the plan and how it is rotated.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) planned: Planned,
    way: Road,
    /// Where the published secret is put besides.
    consumers: Vec<Target>,
    /// The apps that give up a key before the vault renews it.
    apps: Option<Reach>,
}

#[derive(Debug)]
enum Road {
    Direct(Box<DirectWish>),
    Vault(Place),
}

impl From<Content> for publish::Content {
    fn from(content: Content) -> Self {
        match content {
            Content::Key => Self::Key,
            Content::ConnectionString => Self::ConnectionString,
        }
    }
}

impl Walk {
    /// Reads a planned account.
    ///
    /// # Errors
    /// A vault, a name or a consumer that cannot be one.
    pub(super) fn new(
        planned: Planned,
        plan: &Plan,
        owner: &str,
    ) -> Result<Self, RotateCommandError> {
        let (terms, cloud) = (&plan.terms, &plan.cloud.0);
        let vault = VaultUrl::parse(&planned.vault_uri, cloud)?;
        let way = match planned.way {
            Way::Vault => Road::Vault(Place {
                vault,
                name: planned.name.parse()?,
            }),
            Way::Direct => Road::Direct(Box::new(DirectWish {
                account: planned.id.0.clone(),
                place: SecretPlace {
                    vault,
                    name: planned.name.parse()?,
                },
                terms: Terms {
                    period: terms.period.0,
                    overlap: terms.wait.0,
                    first: planned.in_use.0,
                },
                content: planned.content.into(),
                verify: terms.verify,
                assume_unmanaged: terms.assume_unmanaged,
                owner: Some(owner.to_owned()),
                apps: terms.apps.as_ref().map(|apps| apps.reach(&planned.id.0)),
            })),
        };
        let consumers = consumers::understood(&planned.consumers, cloud)?;
        let apps = terms.apps.as_ref();
        let apps = apps.map(|apps| apps.reach(&planned.id.0));
        Ok(Self {
            planned,
            way,
            consumers,
            apps,
        })
    }

    /// Looks at the account and takes at most one step.
    ///
    /// # Cancellation
    /// The engine's: the next run finds what is left.
    pub(super) async fn act(&self, work: &Work<'_>) -> Result<Act, ActError> {
        match &self.way {
            Road::Direct(wish) => self.directly(wish, work).await,
            Road::Vault(place) => self.through_vault(place, work).await,
        }
    }

    async fn directly(&self, wish: &DirectWish, work: &Work<'_>) -> Result<Act, ActError> {
        let account = &wish.account;
        let run = work.site.run();
        let seen = direct::look(&run, account, &wish.place).await?;
        if !work.trace(account).is_begun {
            if !self.still_holds(&seen) {
                return Ok(changed());
            }
            work.note(account, Event::Begun);
        }
        let mut apps_until = None;
        match &seen.published {
            Some(version) => apps_until = self.tell(wish, version, work).await?,
            None if self.was_published(&work.trace(account)) => {
                return Ok(Act::Refused(format!(
                    "`{}` is gone, which clients read; `keyrotation rotate resume` looks again, and a \
                     new plan publishes a key anew",
                    wish.place
                )));
            }
            None => {}
        }
        if self.is_published(&seen, &work.trace(account)) {
            return Ok(Act::Done);
        }
        if let Some(until) = apps_until {
            return Ok(Act::Until(until));
        }
        let mut tell = |progress| note(work, wish, progress);
        let Shared { around, register } = &work.site.shared;
        match direct::step_from(&run, around, register, wish, &seen, &mut tell).await? {
            Outcome::Published { version, .. } | Outcome::Turned { version, .. } => {
                self.published(wish, &version, work).await
            }
            Outcome::Waiting { until, .. } => Ok(Act::Until(until)),
            Outcome::Rested { until } => {
                Ok(Act::Refused(format!("its next turn is due at {until}")))
            }
            Outcome::Busy { .. } => Ok(Act::Refused(
                "another run is at it, or was a moment ago: resume, or plan again, in some minutes"
                    .to_owned(),
            )),
        }
    }

    /// Goes on after a publication of this run, whose outcome need not be looked at.
    async fn published(
        &self,
        wish: &DirectWish,
        version: &Version,
        work: &Work<'_>,
    ) -> Result<Act, ActError> {
        let apps_until = self.tell(wish, version, work).await?;
        let renewed = work.trace(&wish.account).renewed;
        let is_last = self.last() == version.slot;
        let is_all = self
            .planned
            .renew
            .iter()
            .all(|slot| renewed.contains(&slot.0));
        Ok(if is_last && is_all {
            Act::Done
        } else {
            let until = work.wait.after(work.site.clock.now());
            Act::Until(apps_until.map_or(until, |apps| apps.max(until)))
        })
    }

    /// Brings a version that was published since the plan to the consumers, and then runs the command
    /// of the user; once. Gives until when apps have time that got its key.
    async fn tell(
        &self,
        wish: &DirectWish,
        version: &Version,
        work: &Work<'_>,
    ) -> Result<Option<Timestamp>, ActError> {
        let account = &wish.account;
        let is_old = self.planned.secret_version.as_ref() == Some(&version.version);
        let nobody = work.hook.is_none() && self.consumers.is_empty() && wish.apps.is_none();
        if is_old || nobody || work.trace(account).told.contains(&version.version) {
            return Ok(None);
        }
        let mut progress = |progress| note(work, wish, progress);
        let run = work.site.run();
        let until = {
            let around = &work.site.shared.around;
            direct::tell_apps(&run, around, wish, version, &mut progress).await?
        };
        // One account after the other: a command need not be made to run twice at once.
        let _turn = work.telling.lock().await;
        if !self.consumers.is_empty() {
            consumers::tell(account, &self.consumers, work.site, |line| work.say(line)).await?;
        }
        if let Some(hook) = work.hook {
            let stop = &work.site.stop;
            hook.tell(account, &wish.place, version, stop, |line| work.say(line))
                .await?;
        }
        let version = version.version.clone();
        work.note(account, Event::Told { version });
        Ok(until)
    }

    async fn through_vault(&self, place: &Place, work: &Work<'_>) -> Result<Act, ActError> {
        let account = &self.planned.id.0;
        let run = work.site.run();
        let record = managed::look(&run, place).await?;
        let seen = managed::look_at_account(&run, account).await?;
        let (Some(record), Some(seen)) = (record, seen) else {
            return Ok(changed());
        };
        let times = [seen.key1_created_at, seen.key2_created_at];
        let trace = work.trace(account);
        if !trace.is_begun {
            let same = record.active == Some(self.planned.in_use.0)
                && record.account.eq_ignore_ascii_case(account.as_str());
            if !same || !holds(&self.planned, times) {
                return Ok(changed());
            }
            work.note(account, Event::Begun);
        }
        if self.are_renewed(times, &work.trace(account)) {
            return Ok(Act::Done);
        }
        let mut ready = match turn::prepare(&run, place).await {
            Ok(ready) => ready,
            Err(TurnError::TooEarly { until, .. }) if self.planned.renew.len() > 1 => {
                return Ok(Act::Until(until));
            }
            Err(error) => return Err(error.into()),
        };
        if record.active == Some(ready.slot()) {
            return Ok(self.overtaken(work));
        }
        if let Some(reach) = &self.apps {
            let slot = ready.slot();
            if let Some(until) = self.leave_apps(reach, slot, work).await? {
                return Ok(Act::Until(until));
            }
            // That took time, in which the vault may have turned by itself.
            ready = turn::prepare(&run, place).await?;
            if ready.slot() != slot {
                return Ok(self.overtaken(work));
            }
        }
        let mut tell = |stage| {
            let event = match stage {
                Stage::Decided { slot, .. } => Event::Regenerating { slot: Text(slot) },
                Stage::LookingBack(slot) => Event::LookingBack { slot: Text(slot) },
            };
            work.note(account, event);
        };
        let turned = match ready.carry_out(&run, &mut tell).await {
            Err(TurnError::Overtaken { .. }) => return Ok(self.overtaken(work)),
            turned => turned?,
        };
        let slot = Text(turned.slot);
        work.note(account, Event::Regenerated { slot });
        Ok(if self.planned.renew.last() == Some(&slot) {
            Act::Again
        } else {
            Act::Until(work.wait.after(work.site.clock.now()))
        })
    }

    /// Looks again after somebody else has turned the account meanwhile: if there is another key to
    /// renew, clients have the time that they have after a turn of our own.
    fn overtaken(&self, work: &Work<'_>) -> Act {
        match self.planned.renew.len() {
            0 | 1 => Act::Again,
            _ => Act::Until(work.wait.after(work.site.clock.now())),
        }
    }

    /// Has apps that hold the idle key take up the active one, and gives until when they have time.
    async fn leave_apps(
        &self,
        reach: &Reach,
        slot: KeySlot,
        work: &Work<'_>,
    ) -> Result<Option<Timestamp>, ActError> {
        let (account, run) = (&self.planned.id.0, work.site.run());
        let found = holders::find(&run, reach, account, slot).await?;
        if !found.is_empty() {
            let mut tell = |progress| work.note(account, app_event(&progress));
            holders::free(found, &work.site.shared.around, &mut tell).await?;
        }
        let moved = work.trace(account).apps_moved;
        let until = moved.map(|moved| work.wait.after(moved));
        Ok(until.filter(|until| *until > work.site.clock.now()))
    }

    fn still_holds(&self, seen: &Seen) -> bool {
        let version = seen.published.as_ref().map(|found| &found.version);
        let times = [seen.account.key1_created_at, seen.account.key2_created_at];
        version == self.planned.secret_version.as_ref() && holds(&self.planned, times)
    }

    /// Tells whether clients were told which key to use, by this run or before it.
    fn was_published(&self, trace: &Trace) -> bool {
        self.planned.secret_version.is_some() || trace.is_published
    }

    fn is_published(&self, seen: &Seen, trace: &Trace) -> bool {
        let Some(published) = &seen.published else {
            return false;
        };
        let times = [seen.account.key1_created_at, seen.account.key2_created_at];
        let is_newer = self.planned.secret_version.as_ref() != Some(&published.version);
        published.slot == self.last() && is_newer && self.are_renewed(times, trace)
    }

    /// Gives the slot whose key is published in the end.
    fn last(&self) -> KeySlot {
        self.planned.renew.last().unwrap_or(&self.planned.in_use).0
    }

    fn are_renewed(&self, [key1, key2]: [Option<Timestamp>; 2], trace: &Trace) -> bool {
        let before = self.planned.key_times();
        self.planned.renew.iter().all(|Text(slot)| {
            let now = match slot {
                KeySlot::Key1 => key1,
                KeySlot::Key2 => key2,
            };
            trace.renewed.contains(slot) || now > *before.of(*slot)
        })
    }
}

fn changed() -> Act {
    Act::Refused("it is not as it was when the plan was made; make a new plan".to_owned())
}

fn app_event(progress: &holders::Progress) -> Event {
    let (holders::Progress::Moving(holder)
    | holders::Progress::LookingBack(holder)
    | holders::Progress::Moved(holder)) = progress;
    let holder = holder.to_string();
    match progress {
        holders::Progress::Moved(_) => Event::Moved { holder },
        holders::Progress::Moving(_) | holders::Progress::LookingBack(_) => {
            Event::Moving { holder }
        }
    }
}

fn note(work: &Work<'_>, wish: &DirectWish, progress: Progress) {
    let event = match progress {
        Progress::Decided(Step::Publish { slot, .. }) => Event::Publishing { slot: Text(slot) },
        Progress::Decided(Step::Turn { slot }) => Event::Claiming { slot: Text(slot) },
        Progress::Decided(Step::Wait { .. } | Step::Rest { .. }) => return,
        Progress::Apps(progress) => app_event(&progress),
        Progress::Regenerating(slot) => Event::Regenerating { slot: Text(slot) },
        Progress::LookingBack(slot) => Event::LookingBack { slot: Text(slot) },
        Progress::Regenerated(slot) => Event::Regenerated { slot: Text(slot) },
        Progress::Verified(slot) => Event::Verified { slot: Text(slot) },
        Progress::Published(slot) => Event::Published { slot: Text(slot) },
    };
    work.note(&wish.account, event);
}
