//! ISO 8601 periods: what is read says the same when it is shown, and never runs backwards.

use jiff::Timestamp;
use rotation::period::{Period, RotationPeriod};

/// Reads a text as each kind of period.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(period) = text.parse::<Period>() {
        let again = period.to_string().parse::<Period>();
        assert!(again.as_ref() == Ok(&period), "{text:?}: {period}");
        assert!(!period.as_duration().is_negative(), "{text:?} is negative");
        for start in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
            assert!(period.after(start) >= start, "{text:?} runs backwards");
        }
        assert!(period.doubled().as_duration() >= period.as_duration());
        if let Some(longest) = RotationPeriod::longest_for(period) {
            let life = longest.longest_key_life().as_duration();
            assert!(life <= period.as_duration(), "{text:?} outlives its rule");
        }
    }
    if let Ok(period) = text.parse::<RotationPeriod>() {
        let again = period.to_string().parse::<RotationPeriod>();
        assert!(again.is_ok_and(|again| again == period), "{text:?}");
    }
}
