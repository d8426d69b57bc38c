//! From what was seen and what is demanded to what is concluded.
//!
//! The rule is about each key by itself: a key may be as old as the limit and no older. At the
//! very second the limit is reached the key is due, and from the next moment on it is overdue.
//! What is not known is never called compliant. Reading accounts, and the holes of a scope, are
//! left to others.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::finding::Finding;
use crate::observation::{Observation, PerSlot, SharedKey};
use crate::period::Period;
use crate::profile::Profile;

mod apps;
mod conformity;
mod evidence;
mod sas;
mod stall;
mod statements;
mod vaults;

/// A creation time this little ahead of now is an ordinary difference between two clocks.
const TOLERATED_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What is demanded of every key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The age that no key may outgrow.
    pub max_key_age: Period,
    /// How long before that age a key counts as due soon.
    pub due_soon: Period,
    /// The rule that the account is held to.
    pub profile: Profile,
}

/// What is concluded about a key or an account, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Keys are not accepted, so their age does not matter.
    NotApplicable,
    /// Proven to be young enough.
    Compliant,
    /// Young enough, but not for long.
    DueSoon,
    /// Not known, which is never a pass.
    Unknown,
    /// Proven to be older than is allowed.
    Overdue,
    /// Proven to be no longer renewed by the vault that promised to.
    Stalled,
}

/// What a verdict means for whoever has to answer for the accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing is wrong.
    Kept,
    /// It cannot be told whether something is wrong.
    Missing,
    /// Something is wrong.
    Broken,
}

impl Verdict {
    /// Lists all verdicts, the best first.
    pub const ALL: [Self; 6] = [
        Self::NotApplicable,
        Self::Compliant,
        Self::DueSoon,
        Self::Unknown,
        Self::Overdue,
        Self::Stalled,
    ];

    /// Tells whether the verdict shows the demand to be kept, broken or neither.
    pub fn proof(self) -> Proof {
        match self {
            Self::NotApplicable | Self::Compliant | Self::DueSoon => Proof::Kept,
            Self::Unknown => Proof::Missing,
            Self::Overdue | Self::Stalled => Proof::Broken,
        }
    }

    /// Gives the word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::Compliant => "compliant",
            Self::DueSoon => "due_soon",
            Self::Unknown => "unknown",
            Self::Overdue => "overdue",
            Self::Stalled => "stalled",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is concluded about one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The worst verdict of its keys; by rule `conformity-002` the best one.
    pub verdict: Verdict,
    /// What is concluded about each key.
    pub keys: PerSlot<KeyAssessment>,
    /// What there is to say, the most pressing first.
    pub findings: Vec<Finding>,
}

/// What is concluded about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyAssessment {
    /// When it was made, if Azure says so.
    pub created_at: Option<Timestamp>,
    /// How old it is; never negative.
    pub age: Option<SignedDuration>,
    /// The conclusion.
    pub verdict: Verdict,
}

/// Concludes what the observation means at the moment `now`.
///
/// ```
/// use rotation::drift::{Demand, Verdict, assess};
/// use rotation::observation::{Observation, PerSlot, SharedKey};
/// use rotation::period::Period;
/// use rotation::profile::Profile;
///
/// let demand = Demand {
///     max_key_age: Period::days(90),
///     due_soon: Period::days(14),
///     profile: Profile::Keys,
/// };
/// let seen = Observation {
///     key_times: PerSlot { key1: "2026-01-01T00:00:00Z".parse().ok(), key2: None },
///     shared_key: SharedKey::Allowed,
///     ..Observation::default()
/// };
/// let day_31 = "2026-02-01T00:00:00Z".parse().expect("a moment");
///
/// let assessment = assess(&seen, &demand, day_31);
/// assert_eq!(assessment.keys.key1.verdict, Verdict::Compliant);
/// assert_eq!(assessment.verdict, Verdict::Unknown, "the other key may be of any age");
/// ```
pub fn assess(observation: &Observation, demand: &Demand, now: Timestamp) -> Assessment {
    let stall = stall::find(observation, now);
    let keys = PerSlot::from_slots(|slot| {
        let created_at = *observation.key_times.of(slot);
        let verdict = match observation.shared_key {
            SharedKey::Refused => Verdict::NotApplicable,
            SharedKey::Allowed if demand.profile == Profile::Conformity002 => {
                verdict_by_age(created_at, demand, now)
            }
            SharedKey::Allowed if stall.is_late(slot) => Verdict::Stalled,
            SharedKey::Allowed if evidence::outgrew(observation, slot, demand, now) => {
                Verdict::Overdue
            }
            SharedKey::Allowed => verdict_by_age(created_at, demand, now),
        };
        KeyAssessment {
            created_at,
            age: created_at
                .filter(|made| !is_from_the_future(*made, now))
                .map(|made| age(made, now)),
            verdict,
        }
    });
    let verdict = match demand.profile {
        Profile::Conformity002 => conformity::verdict(observation, keys, demand, now),
        Profile::Keys | Profile::Cis | Profile::Entra => keys.key1.verdict.max(keys.key2.verdict),
    };
    Assessment {
        verdict,
        keys,
        findings: statements::all(observation, &stall, verdict, demand, now),
    }
}

fn verdict_by_age(created_at: Option<Timestamp>, demand: &Demand, now: Timestamp) -> Verdict {
    let Some(created_at) = created_at.filter(|made| !is_from_the_future(*made, now)) else {
        return Verdict::Unknown;
    };
    let due_at = demand.max_key_age.after(created_at);
    if now > due_at {
        Verdict::Overdue
    } else if demand.due_soon.after(now) >= due_at {
        Verdict::DueSoon
    } else {
        Verdict::Compliant
    }
}

/// A key that is ahead by no more than clocks differ has just been made.
fn age(created_at: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(created_at).max(SignedDuration::ZERO)
}

fn is_from_the_future(created_at: Timestamp, now: Timestamp) -> bool {
    created_at.duration_since(now) > TOLERATED_SKEW
}
