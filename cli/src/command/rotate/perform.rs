//! All accounts of a plan on their way, one step after the other; of a group one account at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use azure::id::StorageAccountId;
use jiff::{SignedDuration, Timestamp};
use rotation::period::Period;

use super::advice::said;
use super::hook::Hook;
use super::site::Site;
use super::walk::{Act, Walk};
use crate::journal_file::{Event, Journal};
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
    pub(super) journal: Journal,
}

/// An account in this run.
struct OnTheWay<'a> {
    walk: &'a Walk,
    ready_at: Timestamp,
    is_over: bool,
}

/// When the accounts of each group may be touched again.
type Groups = BTreeMap<String, Timestamp>;

/// Takes steps until every account is done, refused or left, or somebody asks to stop.
///
/// # Cancellation
/// The journal tells what was begun; a further run goes on.
pub(super) async fn perform(work: &mut Work<'_>, walks: &[Walk], streams: &mut Streams) {
    let on_the_way = |walk| OnTheWay {
        walk,
        ready_at: Timestamp::MIN,
        is_over: is_done(work, walk),
    };
    let mut all: Vec<OnTheWay<'_>> = walks.iter().map(on_the_way).collect();
    let mut groups = Groups::new();
    while !work.site.stop.is_cancelled() {
        let Some(next) = open(&all, &groups).map(|(_, ready_at)| ready_at).min() else {
            return;
        };
        let now = work.site.clock.now();
        if next > now {
            sleep(work, next).await;
            continue;
        }
        let ready = open(&all, &groups).filter(|(_, ready_at)| *ready_at <= now);
        let ready: Vec<usize> = ready.map(|(number, _)| number).collect();
        for number in ready {
            if let Some(one) = all
                .get_mut(number)
                .filter(|_| !work.site.stop.is_cancelled())
            {
                take(work, one, &mut groups, streams).await;
            }
        }
    }
    for one in all.iter().filter(|one| !one.is_over) {
        let reason = "stopped on request".to_owned();
        work.journal
            .note(&one.walk.planned.id.0, Event::Left { reason });
    }
}

fn is_done(work: &Work<'_>, walk: &Walk) -> bool {
    work.journal.trace(&walk.planned.id.0).is_done()
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

async fn sleep(work: &Work<'_>, until: Timestamp) {
    let length = until.duration_since(work.site.clock.now());
    let length = Duration::try_from(length).unwrap_or_default();
    // A moment more: times of Azure are whole seconds.
    let length = length + Duration::from_millis(100);
    tokio::select! {
        () = work.site.clock.sleep(length) => {}
        () = work.site.stop.cancelled() => {}
    }
}

async fn take(
    work: &mut Work<'_>,
    one: &mut OnTheWay<'_>,
    groups: &mut Groups,
    streams: &mut Streams,
) {
    let (id, group) = (&one.walk.planned.id.0, one.walk.planned.group.as_ref());
    let event = if group.and_then(|name| groups.get(name)) == Some(&UNFINISHED) {
        let reason = "another account of its group was left unfinished".to_owned();
        Event::Refused { reason }
    } else {
        match one.walk.act(work, streams).await {
            Ok(Act::Again) => return,
            Ok(Act::Until(until)) => return wait(work, one, until, streams),
            Ok(Act::Done) => Event::Done,
            Ok(Act::Refused(reason)) => ended(work, id, reason),
            Err(error) => ended(work, id, said(&error)),
        }
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
    streams.say(&inert(&format!("{}: {said}", id.name())));
    work.journal.note(id, event);
}

fn ended(work: &Work<'_>, id: &StorageAccountId, reason: String) -> Event {
    if work.journal.trace(id).is_touched {
        Event::Left { reason }
    } else {
        Event::Refused { reason }
    }
}

fn wait(work: &mut Work<'_>, one: &mut OnTheWay<'_>, until: Timestamp, streams: &mut Streams) {
    let id = &one.walk.planned.id.0;
    if one.ready_at < until {
        streams.say(&format!(
            "{}: clients have time until {until:.0}",
            id.name()
        ));
        let until = Text(until);
        work.journal.note(id, Event::Waiting { until });
    }
    // If it is due by the clock here and not by Azure's, it is looked at again in a second.
    let soon = work
        .site
        .clock
        .now()
        .checked_add(SignedDuration::from_secs(1));
    one.ready_at = until.max(soon.unwrap_or(until));
}
