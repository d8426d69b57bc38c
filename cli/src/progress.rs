//! Progress for a person who waits at a terminal: one line on stderr that is wiped at the end.
//!
//! Nothing of it is seen in a pipe or a file, nor beside a log, which says more.

use std::pin::pin;
use std::time::Duration;

use azure::clock::Clock;

use crate::log;
use crate::output::Streams;
use crate::report::text::count;

const PAUSE: Duration = Duration::from_millis(200);

/// Waits for the work and meanwhile shows that it goes on.
///
/// # Cancellation
/// The line stays on the screen; the work is dropped.
pub(crate) async fn shown<T>(
    work: impl Future<Output = T>,
    clock: &dyn Clock,
    streams: &mut Streams,
) -> T {
    if !streams.err_is_terminal || log::is_written() {
        return work.await;
    }
    let (mut work, begin, mut width) = (pin!(work), clock.now(), 0);
    loop {
        tokio::select! {
            biased;
            done = &mut work => {
                streams.mutter(&format!("\r{:width$}\r", ""));
                return done;
            }
            () = clock.sleep(PAUSE) => {
                let line = line(clock.now().duration_since(begin).as_secs());
                streams.mutter(&format!("\r{line:width$}"));
                width = line.len();
            }
        }
    }
}

fn line(seconds: i64) -> String {
    let requests = count(log::requests(), "request", "requests");
    format!("looking: {requests} answered in {seconds} s")
}

#[cfg(test)]
mod tests {
    use std::io;

    use azure::clock::ManualClock;
    use jiff::Timestamp;

    use super::*;
    use crate::output::tests::Captured;

    async fn muttered(err_is_terminal: bool) -> String {
        let err = Captured::default();
        let mut streams = Streams::captured(io::sink(), err.clone());
        streams.err_is_terminal = err_is_terminal;
        let work = async {
            for _ in 0..40 {
                tokio::task::yield_now().await;
            }
            "done"
        };
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        assert_eq!(shown(work, &clock, &mut streams).await, "done");
        err.text()
    }

    #[tokio::test]
    async fn a_line_is_shown_at_a_terminal_and_wiped_at_the_end() {
        let text = muttered(true).await;
        assert!(text.contains("answered in 1 s"), "{text:?}");
        let last = text.rsplit('\r').nth(1).expect("a wipe");
        assert!(!last.is_empty() && last.trim().is_empty(), "{text:?}");
        assert!(text.ends_with('\r') && !text.contains('\n'), "{text:?}");
    }

    #[tokio::test]
    async fn nothing_is_shown_where_nobody_waits() {
        assert_eq!(muttered(false).await, "");
    }
}
