//! The log: plain lines on stderr, and only when somebody asks for them; and, when nobody does, a
//! count of the requests for whoever waits.
//!
//! Both belong to the process and not to a command, as the subscriber behind them does.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use azure::env::Env;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// What `--verbose` shows: our own rooms, not the libraries under them.
const VERBOSE: &str = "azure=debug,engine=debug,cli=debug,emulator=debug";

/// Where each answered request is told.
const REQUESTS: &str = "azure::stage::trace=debug";

static WRITTEN: AtomicBool = AtomicBool::new(false);
static ANSWERED: AtomicUsize = AtomicUsize::new(0);

/// Starts logging if `--verbose` or `RUST_LOG` asks for it; the variable says what is shown.
///
/// Else the requests are counted if somebody waits at a terminal.
pub(crate) fn start(verbose: bool, is_waited_for: bool, env: &Env) {
    let wanted = env
        .var("RUST_LOG")
        .or_else(|| verbose.then(|| VERBOSE.to_owned()));
    // A second call in the same process, as tests make it, keeps the first log.
    if let Some(wanted) = wanted {
        WRITTEN.store(true, Ordering::Relaxed);
        let _started_earlier = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(wanted))
            .with_writer(io::stderr)
            .with_ansi(false)
            .try_init();
    } else if is_waited_for {
        let counting = Counting.with_filter(EnvFilter::new(REQUESTS));
        let _started_earlier = tracing_subscriber::registry().with(counting).try_init();
    }
}

/// Tells whether a log is written to stderr.
pub(crate) fn is_written() -> bool {
    WRITTEN.load(Ordering::Relaxed)
}

/// Counts the requests that were answered so far, if they are counted.
pub(crate) fn requests() -> usize {
    ANSWERED.load(Ordering::Relaxed)
}

struct Counting;

impl<S: Subscriber> Layer<S> for Counting {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        ANSWERED.fetch_add(1, Ordering::Relaxed);
    }
}
