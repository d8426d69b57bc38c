//! Faults on demand: which request of an operation is to go wrong, and how. Matching is pure; doing the damage is the
//! server's.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chance::Chance;

/// A fault that was asked for.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The operation, by its published name, or `*` for all.
    pub operation: String,
    /// The first request of the operation that goes wrong, counted from one and from now on.
    #[serde(default = "one")]
    pub nth: u64,
    /// How many requests in a row go wrong.
    #[serde(default = "one")]
    pub count: u64,
    /// What goes wrong.
    pub fault: Fault,
}

/// A fault that strikes now and then.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChanceRule {
    /// The operation, by its published name, or `*` for all.
    pub operation: String,
    /// How likely each request is to go wrong, from 0 to 1.
    pub chance: f64,
    /// Which requests these are: the same seed strikes the same ones.
    #[serde(default)]
    pub seed: u64,
    /// What goes wrong.
    pub fault: Fault,
}

/// One way to go wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Fault {
    /// Answers with a status of its own.
    Status {
        /// The HTTP status.
        status: u16,
        /// The `Retry-After` header, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// The error code in the body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Whether the request takes effect all the same.
        #[serde(default)]
        when: When,
    },
    /// Closes the connection without an answer, before or after the request took effect.
    Reset {
        /// Whether the request takes effect all the same.
        reset: When,
    },
    /// Waits before the request takes effect, or between that and the answer.
    Delay {
        /// For how long, in milliseconds.
        delay_ms: u64,
        /// Where the wait is.
        #[serde(default)]
        when: When,
    },
    /// Holds the request, or its answer, until all faults are cleared.
    Hold {
        /// Whether the request takes effect all the same.
        hold: When,
    },
    /// Performs the request, and closes the connection in the middle of the answer's body.
    Truncate {
        /// How many bytes of the body arrive.
        truncate: usize,
    },
    /// Performs the request, and answers with a text that is not JSON, as a proxy on the way would.
    Garbage {
        /// Always true.
        garbage: Always,
    },
    /// Answers a reading as the last reading of the same address was answered, if there was one since the fault was set.
    Stale {
        /// Always true.
        stale: Always,
    },
    /// Answers as if the clock of the service were wrong: the `Date` header and the times of tokens.
    ClockSkew {
        /// By how many seconds it is ahead; behind if negative.
        clock_skew_seconds: i64,
    },
    /// Treats the caller's token as over; a request for a token gets one that is.
    ExpiredToken {
        /// Always true.
        expired_token: Always,
    },
}

/// The word `true`, by which a fault without further details is asked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(into = "bool", try_from = "bool")]
pub struct Always;

impl TryFrom<bool> for Always {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        if value {
            Ok(Self)
        } else {
            Err("only true is possible")
        }
    }
}

impl From<Always> for bool {
    fn from(_: Always) -> Self {
        true
    }
}

/// On which side of the change a fault strikes.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Nothing has changed yet.
    #[default]
    Before,
    /// The change is made, its answer is lost or late.
    After,
}

impl Fault {
    /// Gives the side of the change on which the fault strikes.
    pub(crate) fn when(&self) -> When {
        match self {
            Self::Status { when, .. }
            | Self::Reset { reset: when }
            | Self::Delay { when, .. }
            | Self::Hold { hold: when } => *when,
            Self::Truncate { .. } | Self::Garbage { .. } | Self::Stale { .. } => When::After,
            Self::ClockSkew { .. } | Self::ExpiredToken { .. } => When::Before,
        }
    }

    /// Gives the wait of a delay.
    pub(crate) fn delay(&self) -> Option<Duration> {
        match self {
            Self::Delay { delay_ms, .. } => Some(Duration::from_millis(*delay_ms)),
            _ => None,
        }
    }

    /// Says what is wrong with a fault that cannot be had.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Status { status, .. } if !(200..=599).contains(status) => {
                Some("A status lies between 200 and 599.")
            }
            _ => None,
        }
    }
}

fn one() -> u64 {
    1
}

/// A rule of either kind, as the control interface takes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Rule {
    Counted(FaultRule),
    Chance(ChanceRule),
}

impl Rule {
    fn operation(&self) -> &str {
        match self {
            Self::Counted(rule) => &rule.operation,
            Self::Chance(rule) => &rule.operation,
        }
    }

    /// Gives what goes wrong.
    pub(crate) fn fault(&self) -> &Fault {
        match self {
            Self::Counted(rule) => &rule.fault,
            Self::Chance(rule) => &rule.fault,
        }
    }

    /// Says what is wrong with a rule that can never be met.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Counted(rule) if rule.nth == 0 => Some("Requests are counted from one."),
            Self::Chance(rule) if !(0.0..=1.0).contains(&rule.chance) => {
                Some("A chance lies between 0 and 1.")
            }
            _ => self.fault().problem(),
        }
    }

    /// Says whether the rule strikes the `seen`th request since it was set.
    fn strikes(&self, seen: u64) -> bool {
        match self {
            Self::Counted(rule) => rule.nth <= seen && seen - rule.nth < rule.count,
            Self::Chance(rule) => Chance::of(rule.seed, seen).is_below(rule.chance),
        }
    }
}

/// All faults that were asked for, with the requests seen since.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(Rule, u64)>,
}

impl Faults {
    /// Adds a fault; its counting starts now.
    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push((rule, 0));
    }

    /// Forgets all faults.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Gives the faults in the order in which they were added.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|(rule, _)| rule)
    }

    /// Gives the faults with the number of requests of their operation that were seen since each was added.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (&Rule, u64)> {
        self.rules.iter().map(|(rule, seen)| (rule, *seen))
    }

    /// Says whether answers of an operation must be remembered for a fault that will give an old one.
    pub(crate) fn remembers(&self, operation: &str) -> bool {
        let is_stale = |rule: &Rule| matches!(rule.fault(), Fault::Stale { .. });
        self.rules()
            .any(|rule| is_stale(rule) && concerns(rule, operation))
    }

    /// Counts a request of an operation and gives the fault that strikes it. Every rule counts; the first that matches
    /// strikes.
    pub(crate) fn strike(&mut self, operation: &str) -> Option<Fault> {
        let mut struck = None;
        for (rule, seen) in &mut self.rules {
            if !concerns(rule, operation) {
                continue;
            }
            *seen += 1;
            if rule.strikes(*seen) && struck.is_none() {
                struck = Some(rule.fault().clone());
            }
        }
        struck
    }
}

fn concerns(rule: &Rule, operation: &str) -> bool {
    rule.operation() == "*" || rule.operation() == operation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: &[&str]) -> Faults {
        let mut faults = Faults::default();
        for rule in rules {
            faults.add(if rule.contains("chance") {
                Rule::Chance(serde_json::from_str(rule).expect("a valid rule"))
            } else {
                Rule::Counted(serde_json::from_str(rule).expect("a valid rule"))
            });
        }
        faults
    }

    fn strikes(rule: &str, requests: usize) -> Vec<bool> {
        let mut faults = faults(&[rule]);
        let mut strike = || faults.strike("SetStorageAccount").is_some();
        (0..requests).map(|_| strike()).collect()
    }

    fn check_strikes(rule: &str, expected: &[bool]) {
        assert_eq!(strikes(rule, expected.len()), expected, "{rule}");
    }

    #[test]
    fn a_fault_strikes_from_the_nth_request_as_often_as_it_says() {
        check_strikes(
            r#"{"operation":"SetStorageAccount","fault":{"status":503}}"#,
            &[true, false, false],
        );
        check_strikes(
            r#"{"operation":"SetStorageAccount","nth":2,"count":2,"fault":{"reset":"after"}}"#,
            &[false, true, true, false],
        );
        check_strikes(
            r#"{"operation":"*","nth":3,"fault":{"delay_ms":5}}"#,
            &[false, false, true, false],
        );
        check_strikes(
            r#"{"operation":"GetSecret","fault":{"status":503}}"#,
            &[false, false],
        );
    }

    #[test]
    fn a_chance_strikes_about_as_often_as_it_says_and_the_same_requests_for_a_seed() {
        let rule = r#"{"operation":"*","chance":0.3,"seed":7,"fault":{"status":500}}"#;
        let struck = strikes(rule, 1000);
        let often = struck.iter().filter(|struck| **struck).count();
        assert!((250..350).contains(&often), "{often}");
        assert_eq!(strikes(rule, 1000), struck);
        assert_ne!(strikes(&rule.replace('7', "8"), 1000), struck);
        check_strikes(&rule.replace("0.3", "0"), &[false; 20]);
        check_strikes(&rule.replace("0.3", "1"), &[true; 20]);
    }

    #[test]
    fn every_rule_tells_how_many_requests_it_has_seen() {
        let mut faults = faults(&[
            r#"{"operation":"GetSecret","nth":2,"fault":{"garbage":true}}"#,
            r#"{"operation":"SetSecret","fault":{"garbage":true}}"#,
        ]);
        for _ in 0..3 {
            faults.strike("GetSecret");
        }
        let seen: Vec<u64> = faults.counted().map(|(_, seen)| seen).collect();
        assert_eq!(seen, [3, 0]);
    }

    #[test]
    fn every_kind_of_fault_is_read_and_written_back() {
        for text in [
            r#"{"status":429,"retry_after":1,"when":"before"}"#,
            r#"{"reset":"before"}"#,
            r#"{"hold":"after"}"#,
            r#"{"delay_ms":2000,"when":"after"}"#,
            r#"{"truncate":10}"#,
            r#"{"garbage":true}"#,
            r#"{"stale":true}"#,
            r#"{"clock_skew_seconds":-400}"#,
            r#"{"expired_token":true}"#,
        ] {
            let fault: Fault = serde_json::from_str(text).expect("a valid fault");
            let written = serde_json::to_string(&fault).expect("text");
            assert_eq!(written, text);
        }
        for text in [r#"{"explode":true}"#, r#"{"stale":false}"#] {
            assert!(serde_json::from_str::<Fault>(text).is_err(), "{text}");
        }
    }
}
