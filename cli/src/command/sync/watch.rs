//! Round after round, until somebody stops it: each token is replaced in time, and a round that
//! failed is soon followed by another.

use engine::run::Run;
use jiff::{SignedDuration, Timestamp};

use super::SyncError;
use super::args::SyncArgs;
use super::restart::Restarts;
use super::round::{self, Round};
use super::show;
use super::target::Target;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::{Session, Shared};

/// The shortest pause between two rounds, so that a source that is out of order is not pestered.
const SHORTEST: SignedDuration = SignedDuration::from_secs(10);
/// The pause after a round that failed somewhere.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_mins(1);
/// The part of a pause by which it is cut at random, in hundredths: many pods that started together
/// do not ask together.
const JITTER: i32 = 10;

/// Serves all places again and again. A stop lets the request that is under way finish; the last look
/// that was not cut short tells how it stood.
///
/// # Errors
/// A result that could not be written.
pub(super) async fn run(
    args: &SyncArgs,
    targets: &[Target],
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, SyncError> {
    let longest = args.interval.as_duration();
    let mut code = ExitCode::Passed;
    let mut restarts = Restarts::default();
    let clock = session.waits().clock;
    loop {
        let patience = args.rollout_timeout.0;
        let mut round = round::delivered(targets, patience, session, &mut restarts).await;
        let pause = cut(pause(&round, longest, clock.now()), session.chance());
        let due = clock.now().checked_add(pause).unwrap_or(Timestamp::MAX);
        // Pods that are slow keep nobody from the next look.
        let until_due = clock.sleep(pause.unsigned_abs());
        let rows = &mut round.rows;
        let finish = async |_: &Run<'_>, _: &Shared| restarts.finish_within(rows, until_due).await;
        session.change(finish).await;
        show::write(&round, args.format, streams)?;
        if session.is_stopped() {
            return Ok(code);
        }
        code = round.exit_code();
        let mut pause = due.duration_since(clock.now()).max(SignedDuration::ZERO);
        if round.has_failed() {
            pause = pause.min(AFTER_FAILURE);
        }
        streams.say(&format!("next look in {} s", pause.as_secs()));
        session.wait(pause.unsigned_abs()).await;
        if session.is_stopped() {
            return Ok(code);
        }
    }
}

/// Says how long to wait: until the first token is due, and never for long.
fn pause(round: &Round, longest: SignedDuration, now: Timestamp) -> SignedDuration {
    let (shortest, longest) = if round.has_failed() || round.is_unproven() {
        (AFTER_FAILURE.min(longest), longest.min(AFTER_FAILURE))
    } else {
        (SHORTEST, longest)
    };
    let due = round.next().map(|due| due.duration_since(now));
    due.unwrap_or(longest).min(longest).max(shortest)
}

/// Cuts a pause by a part of itself; `chance` is a number below 100.
fn cut(pause: SignedDuration, chance: i32) -> SignedDuration {
    pause - pause / 100 * (chance * JITTER / 100)
}

#[cfg(test)]
mod tests {
    use engine::deliver::Notes;

    use super::super::round::{Mode, Outcome};
    use super::*;

    fn round(outcome: Outcome, refresh: Option<Timestamp>) -> Round {
        let row = round::Row {
            target: String::new(),
            source: String::new(),
            outcome,
            notes: Notes {
                refresh,
                ..Notes::default()
            },
            unseen: Vec::new(),
            is_unproven: false,
            doubt: None,
            restarted: Vec::new(),
            waiting: Vec::new(),
        };
        Round {
            at: Timestamp::UNIX_EPOCH,
            mode: Mode::Replace,
            rows: vec![row],
        }
    }

    #[test]
    fn the_next_look_is_when_the_first_token_is_due_and_never_late() {
        let now = Timestamp::UNIX_EPOCH;
        let check = |outcome: Outcome, refresh: Option<i64>, expected: i64| {
            let refresh = refresh.map(|seconds| now + SignedDuration::from_secs(seconds));
            let found = pause(&round(outcome, refresh), SignedDuration::from_mins(15), now);
            assert_eq!(found.as_secs(), expected);
        };
        check(Outcome::Kept, None, 900);
        check(Outcome::Kept, Some(300), 300);
        check(Outcome::Kept, Some(7200), 900);
        check(Outcome::Kept, Some(-5), 10);
        check(Outcome::Failed(String::new()), Some(7200), 60);
        check(Outcome::Failed(String::new()), Some(-5), 60);
    }

    #[test]
    fn a_pause_is_cut_by_a_tenth_at_most() {
        let minute = SignedDuration::from_mins(10);
        assert_eq!(cut(minute, 0), minute);
        for chance in 0..100 {
            let found = cut(minute, chance);
            assert!(
                found <= minute && found >= minute / 100 * 90,
                "{chance}: {found:?}"
            );
        }
    }
}
