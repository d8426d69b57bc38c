//! Faults on demand: which request of an operation is to go wrong, and how. Matching is pure; doing the damage is the
//! server's.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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
            Self::Status { when, .. } | Self::Reset { reset: when } | Self::Delay { when, .. } => {
                *when
            }
        }
    }

    /// Gives the wait of a delay.
    pub(crate) fn delay(&self) -> Option<Duration> {
        match self {
            Self::Delay { delay_ms, .. } => Some(Duration::from_millis(*delay_ms)),
            Self::Status { .. } | Self::Reset { .. } => None,
        }
    }
}

fn one() -> u64 {
    1
}

/// All faults that were asked for, with the requests seen since.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(FaultRule, u64)>,
}

impl Faults {
    /// Adds a fault; its counting starts now.
    pub(crate) fn add(&mut self, rule: FaultRule) {
        self.rules.push((rule, 0));
    }

    /// Forgets all faults.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Gives the faults in the order in which they were added.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &FaultRule> {
        self.rules.iter().map(|(rule, _)| rule)
    }

    /// Counts a request of an operation and gives the fault that strikes it. Every rule counts; the first that matches
    /// strikes.
    pub(crate) fn strike(&mut self, operation: &str) -> Option<Fault> {
        let mut struck = None;
        for (rule, seen) in &mut self.rules {
            if rule.operation != "*" && rule.operation != operation {
                continue;
            }
            *seen += 1;
            let strikes = rule.nth <= *seen && *seen - rule.nth < rule.count;
            if strikes && struck.is_none() {
                struck = Some(rule.fault.clone());
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rules: &[&str]) -> Faults {
        let mut faults = Faults::default();
        for rule in rules {
            faults.add(serde_json::from_str(rule).expect("a valid rule"));
        }
        faults
    }

    fn check_strikes(rule: &str, expected: &[bool]) {
        let mut faults = faults(&[rule]);
        let struck: Vec<bool> = expected
            .iter()
            .map(|_| faults.strike("SetStorageAccount").is_some())
            .collect();
        assert_eq!(struck, expected, "{rule}");
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
    fn every_kind_of_fault_is_read() {
        let read = |text: &str| serde_json::from_str::<Fault>(text).expect("a valid fault");
        let status = Fault::Status {
            status: 429,
            retry_after: Some(1),
            code: None,
            when: When::Before,
        };
        assert_eq!(read(r#"{"status":429,"retry_after":1}"#), status);
        assert_eq!(
            read(r#"{"reset":"before"}"#),
            Fault::Reset {
                reset: When::Before
            }
        );
        assert_eq!(
            read(r#"{"delay_ms":2000,"when":"after"}"#),
            Fault::Delay {
                delay_ms: 2000,
                when: When::After
            }
        );
        assert!(serde_json::from_str::<Fault>(r#"{"explode":true}"#).is_err());
    }
}
