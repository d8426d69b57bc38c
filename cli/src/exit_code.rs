//! The four exit codes and the rule that picks one.
//!
//! Code 1 if nothing can be said about any account; otherwise 2 if anything is proven wrong;
//! otherwise 3 if anything stayed unproven; otherwise 0. Only 0 is a pass. A hole never hides a
//! proven breach: what is proven cannot be undone by something that was not read.

use std::process;

use rotation::standing::Standing;

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

impl From<&Standing> for ExitCode {
    fn from(standing: &Standing) -> Self {
        // A share of a small scope may have no account; the other shares say something.
        if standing.judged + standing.left_to_others == 0 {
            Self::Failed
        } else if standing.broken > 0 {
            Self::Drift
        } else if standing.unproven + standing.holes > 0 {
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

    fn standing(judged: usize, broken: usize, unproven: usize, holes: usize) -> Standing {
        Standing {
            judged,
            broken,
            unproven,
            holes,
            left_to_others: 0,
        }
    }

    #[test]
    fn drift_wins_over_unproven_and_unproven_over_a_pass() {
        let check = |standing: Standing, expected: ExitCode| {
            assert_eq!(ExitCode::from(&standing), expected, "{standing:?}");
        };
        check(standing(0, 0, 0, 0), ExitCode::Failed);
        check(standing(0, 0, 0, 1), ExitCode::Failed);
        check(standing(1, 0, 0, 0), ExitCode::Passed);
        check(standing(1, 0, 1, 0), ExitCode::Unproven);
        check(standing(1, 0, 0, 1), ExitCode::Unproven);
        check(standing(1, 1, 0, 0), ExitCode::Drift);
        check(standing(2, 1, 1, 1), ExitCode::Drift);
        let share = |holes| Standing {
            left_to_others: 1,
            ..standing(0, 0, 0, holes)
        };
        check(share(0), ExitCode::Passed);
        check(share(1), ExitCode::Unproven);
    }

    proptest! {
        #[test]
        fn nothing_unknown_or_unread_is_ever_a_pass(
            counts in [0_usize..3, 0..3, 0..3, 0..3, 0..3],
        ) {
            let [judged, broken, unproven, holes, left_to_others] = counts;
            let standing = Standing { judged, broken, unproven, holes, left_to_others };
            let code = ExitCode::from(&standing);
            let nobody = judged + left_to_others == 0;
            let doubt = nobody || broken + unproven + holes > 0;
            prop_assert_eq!(code == ExitCode::Passed, !doubt);
            prop_assert!(code != ExitCode::Failed || nobody);
        }
    }
}
