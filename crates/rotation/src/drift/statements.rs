//! The findings of one account and their wording, the most pressing first.
//!
//! A verdict says how bad it is; a finding says why, so one account can have many.

use jiff::{SignedDuration, Timestamp};

use crate::drift::stall::{Owed, Stall};
use crate::drift::{Demand, Verdict, apps, conformity, evidence, is_from_the_future, vaults};
use crate::finding::{Finding, FindingCode};
use crate::observation::{Enrolment, Observation, SharedKey};
use crate::profile::Profile;
use crate::slot::KeySlot;

/// The keys of an account are made with it, within this time.
const MADE_TOGETHER: SignedDuration = SignedDuration::from_mins(10);

type Said = (FindingCode, String);

/// Says everything there is to say about the account.
pub(super) fn all(
    observation: &Observation,
    stall: &Stall<'_>,
    verdict: Verdict,
    demand: &Demand,
    now: Timestamp,
) -> Vec<Finding> {
    let made = |(code, message): Said| Finding::new(code, demand.profile, message);
    if observation.shared_key == SharedKey::Refused {
        let message = "the account refuses requests signed with its keys".to_owned();
        return vec![made((FindingCode::SharedKeyOff, message))];
    }
    let mut findings = evidence::contradictions(observation, demand, now);
    if demand.profile == Profile::Conformity002 {
        findings.extend(conformity::statement(observation, verdict, demand));
        findings.extend(clock_skew(observation, now).map(made));
    } else {
        let about_keys = KeySlot::ALL
            .into_iter()
            .filter_map(|slot| about_key(slot, observation, demand, now));
        findings.extend(about_keys.map(made));
        findings.extend(stall.owed().iter().map(about_stall).map(made));
        findings.extend(vaults::statements(observation, demand));
        findings.extend(about_expiry_policy(observation.key_expiration_days, demand).map(made));
        findings.extend(about_first_rotation(observation, demand, now).map(made));
        findings.extend(about_switch(observation, demand));
    }
    findings.sort_by_key(|finding| finding.code);
    findings
}

fn clock_skew(observation: &Observation, now: Timestamp) -> impl Iterator<Item = Said> {
    KeySlot::ALL.into_iter().filter_map(move |slot| {
        let made = observation
            .key_times
            .of(slot)
            .filter(|made| is_from_the_future(*made, now))?;
        let message = format!("{slot} was made at {made}, after the moment of this check");
        Some((FindingCode::ClockSkew, message))
    })
}

fn about_key(
    slot: KeySlot,
    observation: &Observation,
    demand: &Demand,
    now: Timestamp,
) -> Option<Said> {
    let limit = demand.max_key_age;
    let Some(made) = *observation.key_times.of(slot) else {
        return Some(about_unknown(slot, observation, demand, now));
    };
    if is_from_the_future(made, now) {
        return clock_skew(observation, now).find(|(_, said)| said.starts_with(slot.as_str()));
    }
    let due_at = limit.after(made);
    if now > due_at {
        let message = format!("{slot}, made at {made}, outgrew the limit of {limit} at {due_at}");
        Some((FindingCode::KeyOverdue, message))
    } else if demand.due_soon.after(now) >= due_at {
        let message = format!("{slot}, made at {made}, reaches the limit of {limit} at {due_at}");
        Some((FindingCode::KeyDueSoon, message))
    } else {
        None
    }
}

fn about_unknown(
    slot: KeySlot,
    observation: &Observation,
    demand: &Demand,
    now: Timestamp,
) -> Said {
    if evidence::outgrew(observation, slot, demand, now) {
        let message = format!(
            "{slot} is older than {}: Azure does not say when it was made, and the activity log \
             shows no regeneration since",
            demand.max_key_age
        );
        return (FindingCode::KeyOverdue, message);
    }
    let message = format!("Azure does not say when {slot} was made");
    (FindingCode::KeyAgeUnknown, message)
}

fn about_stall(owed: &Owed<'_>) -> Said {
    let slots: Vec<_> = owed.slots().map(KeySlot::as_str).collect();
    let Enrolment { vault, name, .. } = owed.enrolment;
    let message = format!(
        "vault `{vault}` (`{name}`) is to renew a key every {}, and has not renewed {} in time",
        owed.period,
        slots.join(" and "),
    );
    (FindingCode::RotationStalled, message)
}

fn about_expiry_policy(days: Option<u32>, demand: &Demand) -> Option<Said> {
    let limit = demand.max_key_age;
    let Some(days) = days else {
        let message = "the account has no key expiration period".to_owned();
        return Some((FindingCode::KeyExpiryPolicyMissing, message));
    };
    (days > limit.days_rounded_up()).then(|| {
        let message = format!("the account's key expiration period is {days} days, over {limit}");
        (FindingCode::KeyExpiryPolicyLooser, message)
    })
}

/// Only worth saying once the keys have outgrown the limit.
fn about_first_rotation(
    observation: &Observation,
    demand: &Demand,
    now: Timestamp,
) -> Option<Said> {
    let made = observation.made_at?;
    let is_first = |slot: KeySlot| {
        let key = *observation.key_times.of(slot);
        key.is_some_and(|key| key.duration_since(made).abs() <= MADE_TOGETHER)
    };
    let are_first = KeySlot::ALL.into_iter().all(is_first);
    (are_first && now > demand.max_key_age.after(made)).then(|| {
        let message = format!("both keys are as old as the account, which was made at {made}");
        (FindingCode::NeverRotated, message)
    })
}

fn about_switch(observation: &Observation, demand: &Demand) -> Vec<Finding> {
    match demand.profile {
        Profile::Keys | Profile::Conformity002 => Vec::new(),
        Profile::Cis => {
            let message = "the account accepts requests signed with its keys";
            let code = FindingCode::SharedKeyAllowed;
            vec![Finding::new(code, demand.profile, message)]
        }
        Profile::Entra => apps::statements(observation, demand),
    }
}
