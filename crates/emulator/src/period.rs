//! A length of time as Azure writes it (`P30D`, `PT4H`): parsed, added to a point in time and given back letter by
//! letter. Which lengths make sense for what is decided by the caller.

use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An ISO 8601 duration longer than nothing.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct Period {
    text: String,
    parts: Parts,
}

/// The span by unit: `Span` itself has no equality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts {
    months: i64,
    days: i64,
    seconds: i64,
}

/// A text that is no usable length of time.
#[derive(Debug, Error)]
#[error("`{text}` is not an ISO 8601 duration of at least one second, such as P30D or PT4H")]
pub struct PeriodError {
    text: String,
}

impl Period {
    /// Gives the end of the period that starts at `start`, or nothing beyond the end of the calendar.
    #[must_use]
    pub fn after(&self, start: Timestamp) -> Option<Timestamp> {
        let span = Span::new()
            .try_months(self.parts.months)
            .and_then(|span| span.try_days(self.parts.days))
            .and_then(|span| span.try_seconds(self.parts.seconds))
            .ok()?;
        start
            .to_zoned(TimeZone::UTC)
            .checked_add(span)
            .ok()
            .map(|end| end.timestamp())
    }

    /// Gives the text that was parsed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || PeriodError {
            text: text.to_owned(),
        };
        // The parser also reads "30 days", which Azure would not.
        if !text.starts_with('P') {
            return Err(refused());
        }
        let span: Span = text.parse().map_err(|_| refused())?;
        let parts = Parts {
            months: i64::from(span.get_years()) * 12 + i64::from(span.get_months()),
            days: i64::from(span.get_weeks()) * 7 + i64::from(span.get_days()),
            seconds: i64::from(span.get_hours()) * 3600
                + span.get_minutes() * 60
                + span.get_seconds(),
        };
        let none_negative = parts.months >= 0 && parts.days >= 0 && parts.seconds >= 0;
        if !none_negative || parts.months + parts.days + parts.seconds == 0 {
            return Err(refused());
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_end(period: &str, end: &str) {
        let start: Timestamp = "2026-01-31T00:00:00Z".parse().expect("a valid start");
        let parsed: Period = period.parse().expect("a valid period");
        assert_eq!(
            parsed
                .after(start)
                .expect("inside the calendar")
                .to_string(),
            end,
            "{period}"
        );
        assert_eq!(parsed.as_str(), period);
    }

    #[test]
    fn a_period_ends_by_the_calendar_in_utc() {
        check_end("P30D", "2026-03-02T00:00:00Z");
        check_end("PT4H", "2026-01-31T04:00:00Z");
        check_end("P1M", "2026-02-28T00:00:00Z");
        check_end("P2W", "2026-02-14T00:00:00Z");
        check_end("P1DT90M", "2026-02-01T01:30:00Z");
    }

    #[test]
    fn what_is_no_iso_duration_is_refused() {
        for text in [
            "", "30 days", "P", "P0D", "-P30D", "P-30D", "30D", "PT0S", "P1DT",
        ] {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
