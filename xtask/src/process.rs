//! Starts other programs and makes sure that they end: on failure, and on Ctrl-C as well.
//!
//! Every program gets a process group of its own, so that a Ctrl-C in the terminal reaches xtask
//! alone, and xtask then ends the programs together with everything they have started.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// How often a program that should end soon is looked at, and how many times.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const LOOKS: usize = 250;

/// The error of everything that was cut short by Ctrl-C or a request to end.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Runs programs and ends them all when the user asks xtask to stop.
#[derive(Clone, Default)]
pub struct Supervisor {
    shared: Arc<Mutex<Running>>,
}

#[derive(Default)]
struct Running {
    interrupted: bool,
    groups: BTreeSet<i32>,
}

impl Supervisor {
    /// Starts to listen for SIGINT, SIGTERM and SIGHUP on a thread of its own.
    pub fn watching_signals() -> Result<Self> {
        let supervisor = Self::default();
        let watcher = supervisor.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .context("cannot prepare for signals")?;
        let signals = {
            let _context = runtime.enter();
            Signals::listen().context("cannot listen for signals")?
        };
        thread::spawn(move || {
            runtime.block_on(signals.next());
            watcher.interrupt();
        });
        Ok(supervisor)
    }

    /// Runs a program to its end on the caller's screen; anything but exit code 0 is an error.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        let child = self.spawn(command.stdin(Stdio::null()))?;
        let status = self.wait(child)?.status;
        if !status.success() {
            bail!("`{}` ended with {status}", describe(command));
        }
        Ok(())
    }

    /// Runs a program to its end and returns what it said, whatever its exit code.
    pub fn capture(&self, command: &mut Command, input: &str) -> Result<Output> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self.spawn(command)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ends without reading its input says why on stderr.
            drop(stdin.write_all(input.as_bytes()));
        }
        self.wait(child)
    }

    /// Runs a program to its end and returns its stdout; anything but exit code 0 is an error with its stderr.
    pub fn capture_text(&self, command: &mut Command) -> Result<String> {
        let output = self.capture(command, "")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{}`: {}", describe(command), said.trim());
        }
        String::from_utf8(output.stdout).with_context(|| describe(command))
    }

    /// Starts a program that goes on beside xtask until the returned guard is dropped.
    pub fn start(&self, command: &mut Command) -> Result<Background> {
        let child = self.spawn(command.stdin(Stdio::null()))?;
        self.forget(&child);
        Ok(Background { child })
    }

    /// Waits a moment; fails when the user has asked to stop.
    #[expect(
        clippy::disallowed_methods,
        reason = "the pause between two looks at another program"
    )]
    pub fn pause(&self) -> Result<()> {
        self.check()?;
        thread::sleep(LOOK_AGAIN);
        Ok(())
    }

    /// Fails when the user has asked to stop.
    pub fn check(&self) -> Result<()> {
        if self.lock().interrupted {
            Err(anyhow!(Interrupted))
        } else {
            Ok(())
        }
    }

    fn spawn(&self, command: &mut Command) -> Result<Child> {
        // Held over the start, so that no program slips in after the interruption.
        let mut running = self.lock();
        if running.interrupted {
            return Err(anyhow!(Interrupted));
        }
        let child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start `{}`", describe(command)))?;
        running.groups.insert(group(&child).as_raw_nonzero().get());
        Ok(child)
    }

    fn wait(&self, mut child: Child) -> Result<Output> {
        let stdout = child.stdout.take().map(read_beside);
        let stderr = child.stderr.take().map(read_beside);
        let status = child.wait().context("cannot wait for a program");
        self.forget(&child);
        self.check()?;
        Ok(Output {
            status: status?,
            stdout: collect(stdout),
            stderr: collect(stderr),
        })
    }

    fn forget(&self, child: &Child) {
        self.lock()
            .groups
            .remove(&group(child).as_raw_nonzero().get());
    }

    /// Ends every program that somebody waits for; the guards end those in the background.
    fn interrupt(&self) {
        let mut running = self.lock();
        running.interrupted = true;
        for id in std::mem::take(&mut running.groups) {
            signal(Pid::from_raw(id), Signal::KILL);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A program in the background; dropping it ends the program and all that it started.
pub struct Background {
    child: Child,
}

impl Background {
    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it, and all that it started, at once, without a chance to say anything.
    pub fn kill(&self) {
        signal(Some(group(&self.child)), Signal::KILL);
    }

    /// Hands over its stdout, if that was piped and has not been handed over before.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Returns how the program ended, or `None` while it runs.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child
            .try_wait()
            .context("cannot look at a program in the background")
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let id = Some(group(&self.child));
        signal(id, Signal::TERM);
        // Without signals of its own: this must also work after an interruption.
        let patient = Supervisor::default();
        for _ in 0..LOOKS {
            if !matches!(self.child.try_wait(), Ok(None)) || patient.pause().is_err() {
                break;
            }
        }
        signal(id, Signal::KILL);
        drop(self.child.wait());
    }
}

/// Writes a command the way a person would type it, without the folder of the program.
pub fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

fn group(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Signals a whole group.
fn signal(group: Option<Pid>, signal: Signal) {
    if let Some(group) = group {
        // A group that is already gone is what we want.
        let _ = kill_process_group(group, signal);
    }
}

fn read_beside(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read until the stream broke is still worth showing.
        drop(stream.read_to_end(&mut bytes));
        bytes
    })
}

fn collect(reader: Option<thread::JoinHandle<Vec<u8>>>) -> Vec<u8> {
    reader
        .and_then(|reader| reader.join().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_gets_its_input_and_is_heard() -> Result<()> {
        let supervisor = Supervisor::default();
        let output = supervisor.capture(&mut shell("cat; echo talk >&2; exit 3"), "words")?;
        assert_eq!(output.stdout, b"words");
        assert_eq!(output.stderr, b"talk\n");
        assert_eq!(output.status.code(), Some(3));
        Ok(())
    }

    #[test]
    fn a_program_that_fails_is_named() {
        let error = Supervisor::default()
            .run(&mut shell("exit 3"))
            .err()
            .map(|e| e.to_string());
        assert_eq!(
            error.as_deref(),
            Some("`sh -c exit 3` ended with exit status: 3")
        );
    }

    #[test]
    fn a_program_in_the_background_ends_with_all_that_it_started() -> Result<()> {
        let mut command = shell("sleep 1000 & echo started; wait");
        let mut background = Supervisor::default().start(command.stdout(Stdio::piped()))?;
        assert_eq!(background.ended()?, None);
        let stdout = background
            .child
            .stdout
            .take()
            .context("stdout is not piped")?;
        drop(background);
        // The end of the stream comes when nobody is left who could write to it.
        read_beside(stdout).join().expect("reading does not panic");
        Ok(())
    }

    #[test]
    fn an_interruption_ends_what_runs_and_lets_nothing_start() {
        let supervisor = Supervisor::default();
        let other = supervisor.clone();
        let run = thread::spawn(move || other.run(&mut shell("sleep 1000")));
        supervisor.interrupt();
        let ended = run.join().expect("the thread does not panic");
        assert!(ended.is_err_and(|error| error.is::<Interrupted>()));
        let started = supervisor.start(&mut shell("true"));
        assert!(started.is_err_and(|error| error.is::<Interrupted>()));
    }
}
