//! The log: plain lines on stderr, and only when somebody asks for them.

use std::io;

use azure::env::Env;
use tracing_subscriber::EnvFilter;

/// What `--verbose` shows: our own rooms, not the libraries under them.
const VERBOSE: &str = "azure=debug,engine=debug,cli=debug,emulator=debug";

/// Starts logging if `--verbose` or `RUST_LOG` asks for it; the variable says what is shown.
pub(crate) fn start(verbose: bool, env: &Env) {
    let wanted = env
        .var("RUST_LOG")
        .or_else(|| verbose.then(|| VERBOSE.to_owned()));
    let Some(wanted) = wanted else { return };
    // A second call in the same process, as tests make it, keeps the first log.
    let _started_earlier = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(wanted))
        .with_writer(io::stderr)
        .with_ansi(false)
        .try_init();
}
