//! The `keyrotation` command as a library, so that tests call what users call.
//!
//! [`run`] takes everything that a process gets from outside as an argument. The binary hands in
//! the real things and does nothing else.
//!
//! ```
//! use std::sync::Arc;
//!
//! use azure::clock::SystemClock;
//! use azure::env::Env;
//! use cli::exit_code::ExitCode;
//! use cli::output::Streams;
//!
//! let doors = cli::Doors {
//!     env: Env::from_pairs([("NO_COLOR", "1")]),
//!     clock: Arc::new(SystemClock),
//!     stop: Box::pin(std::future::pending()),
//! };
//! let mut streams = Streams::captured(std::io::sink(), std::io::sink());
//! let code = cli::run(["keyrotation", "check", "--max-age", "soon"], doors, &mut streams);
//! assert_eq!(code, ExitCode::Failed, "wrong usage is no drift");
//! ```

pub mod args;
mod checkpoint;
pub mod command;
mod config;
mod connection;
mod destination;
pub mod env_vars;
mod error;
pub mod exit_code;
mod files;
mod hcl;
mod journal_file;
mod log;
pub mod output;
mod place_id;
mod plan_file;
mod progress;
pub mod report;
mod scope;
mod session;
mod settings;
mod state;
mod table;
mod told;

use std::ffi::OsString;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use azure::clock::Clock;
use azure::env::Env;
use clap::Parser;

use crate::args::Args;
use crate::exit_code::ExitCode;
use crate::output::Streams;

/// What a command may use of the world outside.
pub struct Doors {
    /// Variables, small files and random ids.
    pub env: Env,
    /// Now and sleep.
    pub clock: Arc<dyn Clock>,
    /// Ends when the user asks to stop.
    pub stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Runs one command line, of which the first word is the program's name.
pub fn run<Words, Word>(words: Words, doors: Doors, streams: &mut Streams) -> ExitCode
where
    Words: IntoIterator<Item = Word>,
    Word: Into<OsString> + Clone,
{
    match Args::try_parse_from(words) {
        Ok(args) => guarded(streams, |streams| execute(&args, doors, streams)),
        Err(refusal) => answer(&refusal, streams),
    }
}

/// Answers what needs no command: help, version, wrong usage.
fn answer(refusal: &clap::Error, streams: &mut Streams) -> ExitCode {
    let text = refusal.render().to_string();
    if refusal.use_stderr() {
        streams.say(text.trim_end());
        return ExitCode::Failed;
    }
    match streams.result(&text) {
        Ok(()) => ExitCode::Passed,
        Err(error) => fail(&error, streams),
    }
}

fn execute(args: &Args, doors: Doors, streams: &mut Streams) -> ExitCode {
    log::start(args.verbose, streams.err_is_terminal, &doors.env);
    let finished = runtime()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(args.command.run(doors, streams)));
    match finished {
        Ok(code) => code,
        Err(error) => fail(error.as_ref(), streams),
    }
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
}

fn fail(error: &(dyn std::error::Error + 'static), streams: &mut Streams) -> ExitCode {
    streams.say(&error::text(error));
    ExitCode::Failed
}

/// Turns a panic into the exit code of a failure; its own code, 101, means nothing to a pipeline.
fn guarded(streams: &mut Streams, act: impl FnOnce(&mut Streams) -> ExitCode) -> ExitCode {
    catch_unwind(AssertUnwindSafe(|| act(streams))).unwrap_or_else(|_reported_by_the_hook| {
        streams.say("error: this is a bug in keyrotation; no verdict was reached");
        ExitCode::Failed
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::Captured;

    /// Runs a command line without any surroundings: code, stdout, stderr.
    fn run_alone(words: &[&str]) -> (ExitCode, String, String) {
        let (out, err) = (Captured::default(), Captured::default());
        let nothing: [(&str, &str); 0] = [];
        let doors = Doors {
            env: Env::from_pairs(nothing),
            clock: Arc::new(azure::clock::ManualClock::new(jiff::Timestamp::UNIX_EPOCH)),
            stop: Box::pin(std::future::pending()),
        };
        let mut streams = Streams::captured(out.clone(), err.clone());
        let words = std::iter::once("keyrotation").chain(words.iter().copied());
        let code = run(words, doors, &mut streams);
        (code, out.text(), err.text())
    }

    #[test]
    fn wrong_usage_is_a_failure_and_not_drift() {
        for words in [
            &[] as &[&str],
            &["chek"],
            &["check", "--format", "yaml"],
            &["check", "--max-age", "P3M"],
            &["check", "--due-soon", "soon"],
            &["check", "--as-of", "yesterday"],
            &["check", "--subscription", "prod"],
            &["check", "--cloud", "moon"],
            &["check", "rest"],
        ] {
            let (code, out, err) = run_alone(words);
            assert_eq!(code, ExitCode::Failed, "{words:?}");
            assert_eq!(out, "", "{words:?}");
            assert_ne!(err, "", "{words:?}");
        }
    }

    #[test]
    fn help_and_version_are_results() {
        for words in [&["--help"], &["--version"]] {
            let (code, out, err) = run_alone(words);
            assert_eq!((code, err.as_str()), (ExitCode::Passed, ""), "{words:?}");
            assert!(out.contains("keyrotation"), "{out}");
        }
    }

    #[test]
    fn a_panic_is_a_failure() {
        let mut streams = Streams::captured(io::sink(), io::sink());
        let code = guarded(&mut streams, |_| {
            let _never: u8 = "no number".parse().expect("a bug");
            ExitCode::Passed
        });
        assert_eq!(code, ExitCode::Failed);
    }
}
