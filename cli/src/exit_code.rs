//! The four exit codes and the rule that picks one from a report.
//!
//! Code 1 if nothing can be said about any account; otherwise 2 if anything is proven wrong;
//! otherwise 3 if anything stayed unproven; otherwise 0. Only 0 is a pass. A hole never hides a
//! proven breach: what is proven cannot be undone by something that was not read.

use std::process;

use crate::report::entry::Summary;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// All was examined, and nothing is out of policy; or the command did what it was asked.
    Passed = 0,
    /// Nothing can be said about any account.
    Failed = 1,
    /// Something is proven to be out of policy.
    Drift = 2,
    /// Nothing is proven wrong, but not all is proven right.
    Unproven = 3,
}

impl From<&Summary> for ExitCode {
    fn from(summary: &Summary) -> Self {
        if summary.examined() == 0 {
            Self::Failed
        } else if summary.overdue + summary.stalled > 0 {
            Self::Drift
        } else if summary.unknown + summary.unscanned > 0 {
            Self::Unproven
        } else {
            Self::Passed
        }
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    const NOTHING: Summary = Summary {
        compliant: 0,
        due_soon: 0,
        overdue: 0,
        stalled: 0,
        unknown: 0,
        not_applicable: 0,
        unscanned: 0,
    };

    /// One of each kind of result and the code it yields alone.
    const ALONE: [(Summary, ExitCode); 7] = [
        (
            Summary {
                compliant: 1,
                ..NOTHING
            },
            ExitCode::Passed,
        ),
        (
            Summary {
                due_soon: 1,
                ..NOTHING
            },
            ExitCode::Passed,
        ),
        (
            Summary {
                not_applicable: 1,
                ..NOTHING
            },
            ExitCode::Passed,
        ),
        (
            Summary {
                overdue: 1,
                ..NOTHING
            },
            ExitCode::Drift,
        ),
        (
            Summary {
                stalled: 1,
                ..NOTHING
            },
            ExitCode::Drift,
        ),
        (
            Summary {
                unknown: 1,
                ..NOTHING
            },
            ExitCode::Unproven,
        ),
        (
            Summary {
                unscanned: 1,
                ..NOTHING
            },
            ExitCode::Failed,
        ),
    ];

    fn sum(a: &Summary, b: &Summary) -> Summary {
        Summary {
            compliant: a.compliant + b.compliant,
            due_soon: a.due_soon + b.due_soon,
            overdue: a.overdue + b.overdue,
            stalled: a.stalled + b.stalled,
            unknown: a.unknown + b.unknown,
            not_applicable: a.not_applicable + b.not_applicable,
            unscanned: a.unscanned + b.unscanned,
        }
    }

    #[test]
    fn each_result_alone_has_its_code_and_an_empty_scope_is_a_failure() {
        assert_eq!(ExitCode::from(&NOTHING), ExitCode::Failed);
        for (summary, code) in &ALONE {
            assert_eq!(ExitCode::from(summary), *code, "{summary:?}");
        }
    }

    #[test]
    fn of_two_results_drift_wins_over_unproven_and_unproven_over_a_pass() {
        for (first, first_code) in &ALONE {
            for (second, second_code) in &ALONE {
                let codes = [*first_code, *second_code];
                let expected = if codes == [ExitCode::Failed; 2] {
                    ExitCode::Failed
                } else if codes.contains(&ExitCode::Drift) {
                    ExitCode::Drift
                } else if codes.contains(&ExitCode::Unproven) || codes.contains(&ExitCode::Failed) {
                    ExitCode::Unproven
                } else {
                    ExitCode::Passed
                };
                let both = sum(first, second);
                assert_eq!(ExitCode::from(&both), expected, "{both:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_unknown_or_unread_is_ever_a_pass(
            counts in [0_usize..3, 0..3, 0..3, 0..3, 0..3, 0..3, 0..3],
        ) {
            let [compliant, due_soon, overdue, stalled, unknown, not_applicable, unscanned] =
                counts;
            let summary = Summary {
                compliant, due_soon, overdue, stalled, unknown, not_applicable, unscanned,
            };
            let code = ExitCode::from(&summary);
            let doubt = overdue + stalled + unknown + unscanned > 0 || summary.examined() == 0;
            prop_assert_eq!(code == ExitCode::Passed, !doubt);
            prop_assert!(code != ExitCode::Failed || summary.examined() == 0);
        }
    }
}
