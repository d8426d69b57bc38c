//! Findings that somebody has taken responsibility for, until a day.
//!
//! A waived finding stays in the report and no longer counts. A waiver names each kind of finding
//! that it is about, so none covers by accident what nobody thought of; what was not examined at
//! all cannot be waived.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::drift::Assessment;
use crate::finding::{Finding, FindingCode};
use crate::profile::Profile;

/// Somebody's word that findings are known and accepted until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The kinds of finding that it covers.
    pub codes: Vec<FindingCode>,
    /// Who answers for it.
    pub owner: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day, in UTC, on which it holds.
    pub expires: Date,
}

impl Waiver {
    /// Tells whether it still holds at the moment `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        now.to_zoned(TimeZone::UTC).date() <= self.expires
    }
}

/// What an account's tag or a line of settings says about a waiver.
pub type Claimed = Result<Arc<Waiver>, WaiverError>;

/// A text that was meant to be a waiver and is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaiverError {
    /// A part that every waiver has is missing or empty.
    #[error("the waiver lacks its {0}")]
    Lacks(&'static str),
    /// A part that no waiver has.
    #[error("`{0}` is no part of a waiver; its parts are findings, owner, reason and expires")]
    Unknown(String),
    /// Not the name of a finding that can be waived.
    #[error("`{0}` is no finding that can be waived")]
    Finding(String),
    /// Not a day.
    #[error("`{0}` is no day such as 2026-12-31")]
    Day(String),
}

impl Waiver {
    /// Puts a waiver together from its parts.
    ///
    /// # Errors
    /// A part that is missing, empty or not understood.
    pub fn new(
        findings: &[&str],
        owner: &str,
        reason: &str,
        expires: &str,
    ) -> Result<Self, WaiverError> {
        let filled = |text: &str, part| match text.trim() {
            "" => Err(WaiverError::Lacks(part)),
            text => Ok(text.to_owned()),
        };
        let findings = findings.iter().map(|name| name.trim());
        let codes: Vec<_> = findings
            .filter(|name| !name.is_empty())
            .map(waivable)
            .collect::<Result<_, _>>()?;
        if codes.is_empty() {
            return Err(WaiverError::Lacks("findings"));
        }
        let day = filled(expires, "expires")?;
        Ok(Self {
            codes,
            owner: filled(owner, "owner")?,
            reason: filled(reason, "reason")?,
            expires: day.parse().map_err(|_| WaiverError::Day(day))?,
        })
    }
}

fn waivable(name: &str) -> Result<FindingCode, WaiverError> {
    FindingCode::of_name(name)
        .filter(|code| code.can_be_waived())
        .ok_or_else(|| WaiverError::Finding(name.to_owned()))
}

impl FromStr for Waiver {
    type Err = WaiverError;

    /// Reads `findings=a,b; owner=..; reason=..; expires=2026-12-31`, as it stands in a tag.
    fn from_str(text: &str) -> Result<Self, WaiverError> {
        let [mut findings, mut owner, mut reason, mut expires] = [""; 4];
        for part in text.split(';').filter(|part| !part.trim().is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let place = match name.trim() {
                "findings" => &mut findings,
                "owner" => &mut owner,
                "reason" => &mut reason,
                "expires" => &mut expires,
                other => return Err(WaiverError::Unknown(other.to_owned())),
            };
            *place = value;
        }
        let findings: Vec<_> = findings.split(',').collect();
        Self::new(&findings, owner, reason, expires)
    }
}

impl fmt::Display for Waiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            owner,
            reason,
            expires,
            ..
        } = self;
        write!(f, "{owner} until {expires}: {reason}")
    }
}

/// Marks what the account's waivers cover, and reports those that are over or cannot be read.
pub fn apply(assessment: &mut Assessment, claimed: &[Claimed], profile: Profile, now: Timestamp) {
    let waivers = || claimed.iter().filter_map(|one| one.as_ref().ok());
    for finding in &mut assessment.findings {
        let covers =
            |waiver: &&Arc<Waiver>| waiver.holds(now) && waiver.codes.contains(&finding.code);
        finding.waiver = waivers().find(covers).map(Arc::clone);
    }
    let troubles = claimed.iter().filter_map(|one| match one {
        Ok(waiver) if waiver.holds(now) => None,
        Ok(waiver) => Some((
            FindingCode::WaiverExpired,
            format!("a waiver is over: {waiver}"),
        )),
        Err(error) => Some((FindingCode::WaiverInvalid, error.to_string())),
    });
    let troubles = troubles.map(|(code, message)| Finding::new(code, profile, message));
    assessment.findings.extend(troubles);
    assessment.findings.sort_by_key(|finding| finding.code);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let read = text.parse::<Waiver>();
        let said = read.map(|waiver| format!("{:?} {waiver}", waiver.codes));
        let said = said.map_err(|error| error.to_string());
        assert_eq!(said.as_deref().map_err(String::as_str), expected, "{text}");
    }

    #[test]
    fn a_tag_names_findings_owner_reason_and_day_and_lacks_none() {
        check(
            "findings=key-overdue, key-age-unknown; owner=ops; reason=a=b; expires=2026-12-31",
            Ok("[KeyOverdue, KeyAgeUnknown] ops until 2026-12-31: a=b"),
        );
        let lacks = |part: &'static str, text| {
            check(text, Err(format!("the waiver lacks its {part}").as_str()));
        };
        lacks("findings", "owner=ops; reason=r; expires=2026-12-31");
        lacks(
            "owner",
            "findings=key-overdue; reason=r; expires=2026-12-31",
        );
        lacks(
            "reason",
            "findings=key-overdue; owner=o; reason= ; expires=2026-12-31",
        );
        lacks("expires", "findings=key-overdue; owner=o; reason=r");
    }

    #[test]
    fn neither_an_unknown_word_nor_a_hole_nor_a_waiver_can_be_waived() {
        let of = |code: &str| format!("findings={code}; owner=o; reason=r; expires=2026-12-31");
        for code in ["all", "*", "scope-unreadable", "waiver-expired"] {
            let refused = format!("`{code}` is no finding that can be waived");
            check(&of(code), Err(refused.as_str()));
        }
        check(
            "findings=key-overdue; owner=o; reason=r; expires=soon",
            Err("`soon` is no day such as 2026-12-31"),
        );
        check(
            "until=2026",
            Err(
                "`until` is no part of a waiver; its parts are findings, owner, reason and expires",
            ),
        );
    }

    #[test]
    fn a_waiver_holds_to_the_last_second_of_its_day() {
        let waiver = Waiver::new(&["key-overdue"], "o", "r", "2026-05-31").expect("a waiver");
        let holds = |now: &str| waiver.holds(now.parse().expect("a moment"));
        assert!(holds("2026-05-31T23:59:59Z"));
        assert!(!holds("2026-06-01T00:00:00Z"));
    }
}
