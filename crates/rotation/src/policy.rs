//! What the owner of an account demands of its keys.

use crate::period::{Period, RotationPeriod};

/// The age that no key may outgrow, and how often it is renewed to that end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How often a key is renewed.
    pub rotation_period: RotationPeriod,
    /// The age that no key may outgrow.
    pub max_key_age: Period,
}

impl Policy {
    /// Tells whether renewing at this pace lets a key grow older than is allowed.
    ///
    /// `None` if it does not. Otherwise the life a key would have, and the longest period that
    /// would keep every key within the limit, if there is one.
    pub fn shortfall(&self) -> Option<Shortfall> {
        let key_life = self.rotation_period.longest_key_life();
        (key_life > self.max_key_age).then(|| Shortfall {
            key_life,
            longest_period: RotationPeriod::longest_for(self.max_key_age),
        })
    }
}

/// A pace of rotation is too slow for the age that is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// How old a key gets at this pace.
    pub key_life: Period,
    /// The longest period of whole days that fits, if any does.
    pub longest_period: Option<RotationPeriod>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(period: &str, max_age: &str, longest: Option<Option<&str>>) {
        let policy = Policy {
            rotation_period: period.parse().expect("a good period"),
            max_key_age: max_age.parse().expect("a good age"),
        };
        let found = policy
            .shortfall()
            .map(|short| short.longest_period.map(|p| p.to_string()));
        assert_eq!(
            found,
            longest.map(|p| p.map(str::to_owned)),
            "{period} under {max_age}"
        );
    }

    #[test]
    fn a_period_of_up_to_half_the_age_keeps_the_rule() {
        check("P45D", "P90D", None);
        check("P30D", "P90D", None);
        check("P46D", "P90D", Some(Some("P45D")));
        check("P90D", "P90D", Some(Some("P45D")));
        check("P1D", "P1D", Some(None));
    }
}
