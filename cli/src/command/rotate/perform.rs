//! All accounts of a plan on their way, many at once; of a group one account at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azure::id::{StorageAccountId, SubscriptionId};
use futures::stream::{FuturesUnordered, StreamExt};
use jiff::{SignedDuration, Timestamp};
use rotation::period::Period;

use super::act::{Act, ActError};
use super::advice::said;
use super::hook::Hook;
use super::rounds::{BATCH, Candidate, chosen, ranks};
use super::site::Site;
use super::walk::Walk;
use crate::journal_file::{Event, Journal, JournalError, Trace};
use crate::output::Streams;
use crate::plan_file::Text;
use crate::report::text::inert;

/// Stands for a group that is not to be touched: an account of it is half-way.
const UNFINISHED: Timestamp = Timestamp::MIN;

/// What the steps are taken with.
pub(super) struct Work<'a> {
    pub(super) site: &'a Site,
    pub(super) hook: Option<&'a Hook>,
    pub(super) wait: Period,
    /// How many accounts are under way at once.
    pub(super) at_once: usize,
    /// Held by whoever tells the consumers.
    pub(super) telling: tokio::sync::Mutex<()>,
    journal: Mutex<Journal>,
    streams: Mutex<&'a mut Streams>,
}

impl<'a> Work<'a> {
    /// Puts together what the steps are taken with.
    pub(super) fn new(
        site: &'a Site,
        (hook, wait, at_once): (Option<&'a Hook>, Period, usize),
        journal: Journal,
        streams: &'a mut Streams,
    ) -> Self {
        Self {
            site,
            hook,
            wait,
            at_once,
            telling: tokio::sync::Mutex::new(()),
            journal: Mutex::new(journal),
            streams: Mutex::new(streams),
        }
    }

    /// Notes an event; see [`Journal::note`].
    pub(super) fn note(&self, account: &StorageAccountId, event: Event) {
        held(&self.journal).note(account, event);
    }

    /// Gives what is known of an account.
    pub(super) fn trace(&self, account: &StorageAccountId) -> Trace {
        held(&self.journal).trace(account)
    }

    /// Writes one line of talk.
    pub(super) fn say(&self, line: &str) {
        held(&self.streams).say(line);
    }

    /// Ends the journal.
    ///
    /// # Errors
    /// A line could not be written.
    pub(super) fn end(self) -> Result<(), JournalError> {
        let journal = self.journal.into_inner();
        journal.unwrap_or_else(PoisonError::into_inner).end()
    }
}

fn held<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An account in this run.
struct OnTheWay<'a> {
    walk: &'a Walk,
    batch: usize,
    ready_at: Timestamp,
    is_under_way: bool,
    is_over: bool,
}

impl<'a> OnTheWay<'a> {
    fn subscription(&self) -> &'a SubscriptionId {
        self.walk.planned.id.0.subscription()
    }
}

/// When the accounts of each group may be touched again.
type Groups = BTreeMap<String, Timestamp>;

/// Takes steps until every account is done, refused or left, or somebody asks to stop; then those
/// that are being taken are waited for.
///
/// # Cancellation
/// The journal tells what was begun; a further run goes on.
pub(super) async fn perform(work: &Work<'_>, walks: &[Walk]) {
    let ranks = ranks(walks.iter().map(|walk| &walk.planned.id.0));
    let on_the_way = |(walk, rank)| OnTheWay {
        walk,
        batch: rank / BATCH,
        ready_at: Timestamp::MIN,
        is_under_way: false,
        is_over: is_done(work, walk),
    };
    let mut all: Vec<OnTheWay<'_>> = walks.iter().zip(ranks).map(on_the_way).collect();
    let (mut groups, mut taken) = (Groups::new(), FuturesUnordered::new());
    loop {
        let stopped = work.site.stop.is_cancelled();
        let (now, free) = (work.site.clock.now(), work.at_once - taken.len());
        let (ready, next) = waiting(&all, &groups, now);
        for number in ready.into_iter().take(if stopped { 0 } else { free }) {
            let Some(one) = all.get_mut(number) else {
                continue;
            };
            one.is_under_way = true;
            let is_spoilt = spoilt(one.walk, &groups);
            taken.push(act(work, one.walk, number, is_spoilt));
        }
        let more = next.filter(|_| !stopped && taken.len() < work.at_once);
        tokio::select! {
            Some((number, came)) = taken.next() => {
                if let Some(one) = all.get_mut(number) {
                    one.is_under_way = false;
                    take(work, one, came, &mut groups);
                }
            }
            () = sleep(work, more), if more.is_some() => {}
            else => break,
        }
    }
    for one in all.iter().filter(|one| !one.is_over) {
        let reason = "stopped on request".to_owned();
        work.note(&one.walk.planned.id.0, Event::Left { reason });
    }
}

fn is_done(work: &Work<'_>, walk: &Walk) -> bool {
    work.trace(&walk.planned.id.0).is_done()
}

/// Lists the accounts that may go on now, in their order, and tells when the next of the others may.
fn waiting(
    all: &[OnTheWay<'_>],
    groups: &Groups,
    now: Timestamp,
) -> (Vec<usize>, Option<Timestamp>) {
    let (ready, later): (Vec<_>, Vec<_>) = open(all, groups)
        .filter(|(number, _)| all.get(*number).is_some_and(|one| !one.is_under_way))
        .partition(|(_, ready_at)| *ready_at <= now);
    let next = later.into_iter().map(|(_, ready_at)| ready_at).min();
    (in_order(all, ready), next)
}

/// Puts those first whose turn it is.
fn in_order(all: &[OnTheWay<'_>], ready: Vec<(usize, Timestamp)>) -> Vec<usize> {
    let under_way = all.iter().filter(|one| one.is_under_way);
    let candidates = ready.into_iter().filter_map(|(number, ready_at)| {
        let one = all.get(number)?;
        Some(Candidate {
            batch: one.batch,
            ready_at,
            number,
            subscription: one.subscription(),
        })
    });
    chosen(candidates.collect(), under_way.map(OnTheWay::subscription))
}

/// Lists the accounts that may go on, of a group the first one only, and when.
fn open<'a>(
    all: &'a [OnTheWay<'_>],
    groups: &'a Groups,
) -> impl Iterator<Item = (usize, Timestamp)> + 'a {
    let mut met = BTreeSet::new();
    let left = all.iter().enumerate().filter(|(_, one)| !one.is_over);
    left.filter_map(move |(number, one)| {
        let group = one.walk.planned.group.as_deref();
        let is_next = group.is_none_or(|name| met.insert(name));
        let free_at = group.and_then(|name| groups.get(name));
        let ready_at = free_at.map_or(one.ready_at, |at| one.ready_at.max(*at));
        is_next.then_some((number, ready_at))
    })
}

async fn sleep(work: &Work<'_>, until: Option<Timestamp>) {
    let length = until.map(|until| until.duration_since(work.site.clock.now()));
    let length = length.and_then(|length| Duration::try_from(length).ok());
    // A moment more: times of Azure are whole seconds.
    let length = length.unwrap_or_default() + Duration::from_millis(100);
    tokio::select! {
        () = work.site.clock.sleep(length) => {}
        () = work.site.stop.cancelled() => {}
    }
}

/// Tells whether another account of the group was left half-way.
fn spoilt(walk: &Walk, groups: &Groups) -> bool {
    let group = walk.planned.group.as_ref();
    group.and_then(|name| groups.get(name)) == Some(&UNFINISHED)
}

async fn act(
    work: &Work<'_>,
    walk: &Walk,
    number: usize,
    is_spoilt: bool,
) -> (usize, Result<Act, ActError>) {
    if is_spoilt {
        let reason = "another account of its group was left unfinished".to_owned();
        return (number, Ok(Act::Refused(reason)));
    }
    (number, walk.act(work).await)
}

/// Takes note of what came of a step.
fn take(work: &Work<'_>, one: &mut OnTheWay<'_>, came: Result<Act, ActError>, groups: &mut Groups) {
    let (id, group) = (&one.walk.planned.id.0, one.walk.planned.group.as_ref());
    if let Some(turn) = came.as_ref().err().and_then(ActError::turn_in) {
        let until = work.site.clock.now().checked_add(turn);
        return wait_for_turn(work, one, until.unwrap_or(Timestamp::MAX));
    }
    let event = match came {
        Ok(Act::Again) => return,
        Ok(Act::Until(until)) => return wait(work, one, until),
        Ok(Act::Done) => Event::Done,
        Ok(Act::Refused(reason)) => ended(work, id, reason),
        Err(error) => ended(work, id, said(&error)),
    };
    one.is_over = true;
    let (said, free_at) = match &event {
        Event::Refused { reason } => (format!("refused: {reason}"), None),
        // Nobody touches a second account of a group before this one is in order.
        Event::Left { reason } => (format!("left: {reason}"), Some(UNFINISHED)),
        _ => (
            "done".to_owned(),
            Some(work.wait.after(work.site.clock.now())),
        ),
    };
    if let (Some(name), Some(free_at)) = (group, free_at) {
        groups.insert(name.clone(), free_at);
    }
    work.say(&inert(&format!("{}: {said}", id.name())));
    work.note(id, event);
}

/// Looks again when Azure's limits let the next request pass; clients have no time from that.
fn wait_for_turn(work: &Work<'_>, one: &mut OnTheWay<'_>, until: Timestamp) {
    let name = one.walk.planned.id.0.name();
    work.say(&format!(
        "{name}: by Azure's published limits its turn is at {until:.0}"
    ));
    one.ready_at = until;
}

fn ended(work: &Work<'_>, id: &StorageAccountId, reason: String) -> Event {
    if work.trace(id).is_touched {
        Event::Left { reason }
    } else {
        Event::Refused { reason }
    }
}

fn wait(work: &Work<'_>, one: &mut OnTheWay<'_>, until: Timestamp) {
    let id = &one.walk.planned.id.0;
    if one.ready_at < until {
        work.say(&format!(
            "{}: clients have time until {until:.0}",
            id.name()
        ));
        let until = Text(until);
        work.note(id, Event::Waiting { until });
    }
    // If it is due by the clock here and not by Azure's, it is looked at again in a second.
    let soon = work
        .site
        .clock
        .now()
        .checked_add(SignedDuration::from_secs(1));
    one.ready_at = until.max(soon.unwrap_or(until));
}
