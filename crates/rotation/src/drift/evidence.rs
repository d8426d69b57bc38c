//! What the activity log adds to the creation times of the keys, and where the two contradict.
//!
//! The log says that a key of the account was regenerated, when and by whom, but not which key. So
//! an entry in it proves nothing about one key; that there is none, over the whole time of the limit,
//! proves that no key is younger.

use jiff::{SignedDuration, Timestamp};

use crate::drift::Demand;
use crate::finding::{Finding, FindingCode};
use crate::observation::{LogSeen, Observation, Regeneration};
use crate::slot::KeySlot;

/// How far apart two sources may put one event.
const SAME_EVENT: SignedDuration = SignedDuration::from_mins(10);

/// How late the log may show what happened.
const LOG_DELAY: SignedDuration = SignedDuration::from_mins(30);

/// Tells whether the log proves a key of unknown age to be older than the limit.
pub(super) fn outgrew(
    observation: &Observation,
    slot: KeySlot,
    demand: &Demand,
    now: Timestamp,
) -> bool {
    observation.key_times.of(slot).is_none() && no_key_was_made(observation, demand, now)
}

/// Tells whether the log shows that no key was made within the limit: it was read so far back, and
/// neither a key nor the account itself was made since.
pub(super) fn no_key_was_made(observation: &Observation, demand: &Demand, now: Timestamp) -> bool {
    let LogSeen::Read {
        since,
        regenerations,
    } = &observation.log
    else {
        return false;
    };
    let is_older = observation.made_at.is_some_and(|made| made < *since);
    is_older && regenerations.is_empty() && demand.max_key_age.after(*since) <= now
}

/// Says where the log and the creation times contradict each other.
pub(super) fn contradictions(
    observation: &Observation,
    demand: &Demand,
    now: Timestamp,
) -> Vec<Finding> {
    let LogSeen::Read {
        since,
        regenerations,
    } = &observation.log
    else {
        return Vec::new();
    };
    let newest = regenerations.first();
    let unseen = newest.and_then(|one| without_key(one, observation));
    let unlogged = KeySlot::ALL
        .into_iter()
        .filter_map(|slot| without_entry(slot, *since, regenerations, observation, now));
    unseen
        .into_iter()
        .chain(unlogged)
        .map(|message| Finding::new(FindingCode::EvidenceDisagrees, demand.profile, message))
        .collect()
}

fn without_key(newest: &Regeneration, observation: &Observation) -> Option<String> {
    let times = [observation.key_times.key1, observation.key_times.key2];
    let earliest = newest.at.saturating_sub(SAME_EVENT).ok()?;
    let shows = |time: &Option<Timestamp>| time.is_some_and(|made| made >= earliest);
    (!times.iter().any(shows)).then(|| {
        format!(
            "the activity log has a regeneration by {} at {}, and no key is said to be that young",
            newest.by, newest.at
        )
    })
}

fn without_entry(
    slot: KeySlot,
    since: Timestamp,
    regenerations: &[Regeneration],
    observation: &Observation,
    now: Timestamp,
) -> Option<String> {
    let made = (*observation.key_times.of(slot))?;
    let is_near = |other: Timestamp| made.duration_since(other).abs() <= SAME_EVENT;
    let is_shown = made.duration_since(since) > SAME_EVENT && now.duration_since(made) > LOG_DELAY;
    let made_with_account = observation.made_at.is_none_or(is_near);
    let is_logged = regenerations.iter().any(|one| is_near(one.at));
    (is_shown && !made_with_account && !is_logged).then(|| {
        format!("{slot} was made at {made}, and the activity log has no regeneration then")
    })
}
