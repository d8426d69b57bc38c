//! From what was concluded to what the report says, one entry at a time.

use std::fmt;

use engine::check::accounts::CheckedAccount;
use engine::observe::Hole;
use rotation::drift::{Demand, KeyAssessment, Verdict};
use rotation::finding::{Finding, Severity};
use rotation::observation::{Enrolment, Renewal, SeenPeriod};
use rotation::profile::Profile;

use super::{
    AccountEntry, DemandEntry, EnrolmentEntry, FindingEntry, KeyEntries, KeyEntry,
    RegenerationEntry, Summary, UnscannedEntry, WaiverEntry,
};
use crate::error;
use crate::report::standing::{self, AccountStanding};

const SECONDS_PER_DAY: i64 = 86_400;

impl From<&Demand> for DemandEntry {
    fn from(demand: &Demand) -> Self {
        Self {
            profile: demand.profile,
            max_key_age: demand.max_key_age.to_string(),
            due_soon: demand.due_soon.to_string(),
            max_key_age_seconds: demand.max_key_age.as_duration().as_secs(),
        }
    }
}

impl Summary {
    /// Counts the accounts that were examined.
    pub fn examined(&self) -> usize {
        self.by_verdict().iter().map(|(_, count)| count).sum()
    }

    /// Lists the counts of all verdicts, the worst first.
    pub fn by_verdict(&self) -> [(Verdict, usize); 6] {
        [
            (Verdict::Stalled, self.stalled),
            (Verdict::Overdue, self.overdue),
            (Verdict::Unknown, self.unknown),
            (Verdict::DueSoon, self.due_soon),
            (Verdict::Compliant, self.compliant),
            (Verdict::NotApplicable, self.not_applicable),
        ]
    }

    pub(in crate::report) fn count(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::Compliant => &mut self.compliant,
            Verdict::DueSoon => &mut self.due_soon,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Overdue => &mut self.overdue,
            Verdict::Stalled => &mut self.stalled,
        } += 1;
    }
}

impl AccountEntry<'_> {
    /// Gives the findings that call for something, and not only for attention.
    pub(crate) fn pressing(&self) -> impl Iterator<Item = &FindingEntry<'_>> {
        self.findings
            .iter()
            .filter(|finding| finding.severity > Severity::Info)
    }

    /// Settles what counts against it under a profile, and from which severity on.
    pub(in crate::report) fn weighed(mut self, profile: Profile, fail_on: Severity) -> Self {
        (self.standing, self.is_waived) = standing::weigh(&self, profile, fail_on);
        self
    }

    /// Gives both keys with the names of their slots.
    pub(crate) fn slots(&self) -> [(&'static str, &KeyEntry); 2] {
        [("key1", &self.keys.key1), ("key2", &self.keys.key2)]
    }
}

impl From<CheckedAccount> for AccountEntry<'_> {
    fn from(account: CheckedAccount) -> Self {
        let (id, assessment) = (&account.id, account.assessment);
        let observation = account.observation;
        let latest = observation.log.latest();
        let last_regeneration = latest.map(|latest| RegenerationEntry {
            at: latest.at,
            by: latest.by.clone(),
        });
        let enrolments = observation.enrolments.into_iter();
        let enrolments: Vec<_> = enrolments.map(EnrolmentEntry::from).collect();
        Self {
            id: id.to_string().into(),
            name: id.name().to_owned().into(),
            subscription_id: id.subscription().to_string().into(),
            resource_group: id.resource_group().to_owned().into(),
            location: account.location.to_string().into(),
            tags: (*account.tags).clone(),
            verdict: assessment.verdict,
            standing: AccountStanding::default(),
            is_waived: false,
            keys: KeyEntries {
                key1: (&assessment.keys.key1).into(),
                key2: (&assessment.keys.key2).into(),
            },
            enrolment: enrolments.first().cloned(),
            enrolments,
            last_regeneration,
            findings: assessment.findings.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&KeyAssessment> for KeyEntry {
    fn from(key: &KeyAssessment) -> Self {
        let age_seconds = key.age.map(|age| age.as_secs());
        Self {
            created_at: key.created_at,
            age_days: age_seconds.map(|seconds| seconds / SECONDS_PER_DAY),
            verdict: key.verdict,
            age_seconds,
        }
    }
}

impl From<Enrolment> for EnrolmentEntry<'_> {
    fn from(enrolment: Enrolment) -> Self {
        let period = enrolment.period.as_ref().map(SeenPeriod::as_str);
        Self {
            vault: enrolment.vault.into(),
            name: enrolment.name.into(),
            active_key: enrolment.active.map(rotation::slot::KeySlot::as_str),
            auto_regenerate: match enrolment.renewal {
                Renewal::Automatic => Some(true),
                Renewal::OnRequest => Some(false),
                Renewal::Unknown => None,
            },
            rotation_period: period.map(|period| period.to_owned().into()),
        }
    }
}

impl From<Finding> for FindingEntry<'_> {
    fn from(finding: Finding) -> Self {
        Self {
            code: finding.code,
            severity: finding.severity,
            message: finding.message.into(),
            remediation: finding.code.explanation().remediation,
            waiver: finding.waiver.map(|waiver| WaiverEntry {
                owner: waiver.owner.clone(),
                reason: waiver.reason.clone(),
                expires: waiver.expires.to_string(),
            }),
        }
    }
}

impl<'a> From<&'a Hole> for UnscannedEntry<'a> {
    fn from(hole: &'a Hole) -> Self {
        let explanation = hole.code.explanation();
        Self {
            scope: &hole.scope,
            reason: error::chain(&hole.cause),
            code: hole.code,
            severity: explanation.severity,
            remediation: explanation.remediation,
        }
    }
}

impl fmt::Display for WaiverEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            owner,
            reason,
            expires,
        } = self;
        write!(f, "waived by {owner} until {expires}: {reason}")
    }
}
