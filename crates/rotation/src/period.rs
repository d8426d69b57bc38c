//! Lengths of time as Azure writes them, and how long a key lives under them.
//!
//! A [`Period`] is an exact number of seconds read from ISO 8601 text. Months and years are
//! refused: they have no fixed length, and a verdict that depends on the month is no verdict.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

const SECONDS_PER_DAY: i64 = 86_400;

/// The longest period that is accepted, in days: a hundred years.
const MOST_DAYS: i64 = 36_500;

/// An exact length of time, at least one second long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    seconds: i64,
}

impl Period {
    /// Makes a period of whole days; zero becomes one day, more than a century is cut to it.
    pub fn days(days: u32) -> Self {
        Self {
            seconds: i64::from(days).clamp(1, MOST_DAYS) * SECONDS_PER_DAY,
        }
    }

    /// Gives the length for arithmetic on timestamps.
    pub fn as_duration(self) -> SignedDuration {
        SignedDuration::from_secs(self.seconds)
    }

    /// Counts the days it takes to cover the period: a part of a day counts as one.
    pub fn days_rounded_up(self) -> u32 {
        let days = (self.seconds + SECONDS_PER_DAY - 1) / SECONDS_PER_DAY;
        u32::try_from(days).unwrap_or(u32::MAX)
    }

    /// Says when something begun at `start` is over; the end of time if that lies beyond it.
    pub fn after(self, start: Timestamp) -> Timestamp {
        start
            .checked_add(self.as_duration())
            .unwrap_or(Timestamp::MAX)
    }

    /// Doubles the length, up to the longest period there is.
    pub fn doubled(self) -> Self {
        Self {
            seconds: (self.seconds * 2).min(MOST_DAYS * SECONDS_PER_DAY),
        }
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |reason| PeriodError {
            text: text.to_owned(),
            reason,
        };
        let span: Span = text.parse().map_err(|_| refuse(Reason::NotIso8601))?;
        if !text.starts_with(['P', 'p']) {
            return Err(refuse(Reason::NotIso8601));
        }
        if span.get_years() != 0 || span.get_months() != 0 {
            return Err(refuse(Reason::CalendarUnits));
        }
        let length = span
            .to_duration(SpanRelativeTo::days_are_24_hours())
            .map_err(|_| refuse(Reason::OutOfRange))?;
        if length.subsec_nanos() != 0 {
            return Err(refuse(Reason::PartOfASecond));
        }
        let seconds = length.as_secs();
        if !(1..=MOST_DAYS * SECONDS_PER_DAY).contains(&seconds) {
            return Err(refuse(Reason::OutOfRange));
        }
        Ok(Self { seconds })
    }
}

impl fmt::Display for Period {
    /// Writes the shortest usual form: whole days as `P30D`, else with hours, minutes, seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        let (days, rest) = (
            self.seconds / SECONDS_PER_DAY,
            self.seconds % SECONDS_PER_DAY,
        );
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if rest > 0 {
            f.write_str("T")?;
        }
        for (amount, unit) in [(rest / 3600, 'H'), (rest / 60 % 60, 'M'), (rest % 60, 'S')] {
            if amount > 0 {
                write!(f, "{amount}{unit}")?;
            }
        }
        Ok(())
    }
}

/// How often Key Vault renews a key of an account: at least a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RotationPeriod(Period);

impl RotationPeriod {
    /// Gives the period between two turns.
    pub fn period(self) -> Period {
        self.0
    }

    /// Says how long one key lives: two periods, because each turn renews the idle key only.
    pub fn longest_key_life(self) -> Period {
        self.0.doubled()
    }

    /// Finds the longest period of whole days under which no key outlives `max_age`.
    ///
    /// `None` if even daily turns would let a key grow too old.
    pub fn longest_for(max_age: Period) -> Option<Self> {
        let days = max_age.seconds / 2 / SECONDS_PER_DAY;
        u32::try_from(days)
            .ok()
            .filter(|days| *days > 0)
            .map(|days| Self(Period::days(days)))
    }
}

impl FromStr for RotationPeriod {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let period: Period = text.parse()?;
        if period.seconds < SECONDS_PER_DAY {
            return Err(PeriodError {
                text: text.to_owned(),
                reason: Reason::UnderADay,
            });
        }
        Ok(Self(period))
    }
}

impl fmt::Display for RotationPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is no period that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {reason}")]
pub struct PeriodError {
    text: String,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error("is no ISO 8601 duration such as P30D or PT4H")]
    NotIso8601,
    #[error("counts in months or years, which have no fixed length; write days, such as P30D")]
    CalendarUnits,
    #[error("has parts of a second; write whole seconds")]
    PartOfASecond,
    #[error("is not between one second and a hundred years")]
    OutOfRange,
    #[error("is under a day; the shortest rotation period is P1D")]
    UnderADay,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, Reason>) {
        let got = text.parse::<Period>().map(|period| period.to_string());
        let wanted = expected.map(str::to_owned).map_err(|reason| PeriodError {
            text: text.to_owned(),
            reason,
        });
        assert_eq!(got, wanted, "{text}");
    }

    #[test]
    fn periods_are_read_exactly_and_written_in_the_usual_form() {
        check("P30D", Ok("P30D"));
        check("P4W", Ok("P28D"));
        check("PT4H", Ok("PT4H"));
        check("PT24H", Ok("P1D"));
        check("P1DT1H30M5S", Ok("P1DT1H30M5S"));
        check("p1d", Ok("P1D"));
    }

    #[test]
    fn what_has_no_fixed_length_is_refused() {
        check("P1M", Err(Reason::CalendarUnits));
        check("P1Y", Err(Reason::CalendarUnits));
        check("P0D", Err(Reason::OutOfRange));
        check("-P1D", Err(Reason::NotIso8601));
        check("P90000D", Err(Reason::OutOfRange));
        check("PT0.5S", Err(Reason::PartOfASecond));
        check("30 days", Err(Reason::NotIso8601));
        check("", Err(Reason::NotIso8601));
    }

    #[test]
    fn a_rotation_period_is_at_least_a_day() {
        assert!("P1D".parse::<RotationPeriod>().is_ok());
        let refused = "PT23H59M59S".parse::<RotationPeriod>();
        assert_eq!(
            refused.map_err(|error| error.reason),
            Err(Reason::UnderADay),
            "a second under a day"
        );
    }

    #[test]
    fn each_key_lives_two_periods() {
        let check = |period: &str, life: &str| {
            let period: RotationPeriod = period.parse().expect("a good period");
            assert_eq!(period.longest_key_life().to_string(), life);
        };
        check("P30D", "P60D");
        check("P45D", "P90D");
        check("P90D", "P180D");
    }

    #[test]
    fn the_longest_period_that_fits_is_half_the_rule_in_whole_days() {
        let check = |rule: &str, expected: Option<&str>| {
            let rule: Period = rule.parse().expect("a good rule");
            let found = RotationPeriod::longest_for(rule).map(|period| period.to_string());
            assert_eq!(found.as_deref(), expected);
        };
        check("P90D", Some("P45D"));
        check("P91D", Some("P45D"));
        check("P2D", Some("P1D"));
        check("P1D", None);
    }

    #[test]
    fn days_are_rounded_up_for_azures_expiry_policy() {
        let check = |text: &str, days: u32| {
            let period: Period = text.parse().expect("a good period");
            assert_eq!(period.days_rounded_up(), days);
        };
        check("P90D", 90);
        check("P89DT1S", 90);
        check("PT1S", 1);
    }
}
