//! Programs under test: started in a process group of their own, read beside, ended without fail.

mod watchdog;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};

use self::watchdog::Watchdog;

/// Longer than anything here takes on a loaded machine, shorter than the patience of a pipeline.
const LIMIT: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(10);

/// How a program ended and what it said.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// All of its stdout.
    pub stdout: String,
    /// All of its stderr.
    pub stderr: String,
}

impl Said {
    /// Passes the value on if the exit code is the expected one.
    ///
    /// # Errors
    ///
    /// Fails otherwise, with everything that the program said.
    pub fn expect_code(self, expected: i32) -> Result<Self> {
        ensure!(
            self.code == Some(expected),
            "exit code {:?}, expected {expected}\n{}\n{}",
            self.code,
            self.stdout,
            self.stderr
        );
        Ok(self)
    }
}

/// A program that runs beside the test; dropping it ends the program and all that it started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    watchdog: Option<Watchdog>,
    stdout: Listener,
    stderr: Listener,
}

impl Running {
    /// Starts a program with nothing on its stdin.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let spawned = command.process_group(0).spawn();
        let mut child = spawned.with_context(|| format!("cannot start {name}"))?;
        let stdout = Listener::on(child.stdout.take().context("stdout is not piped")?);
        let stderr = Listener::on(child.stderr.take().context("stderr is not piped")?);
        let mut running = Self {
            child,
            watchdog: None,
            stdout,
            stderr,
        };
        running.watchdog = Some(Watchdog::over(Pid::from_child(&running.child))?);
        Ok(running)
    }

    /// Sends a signal to the program and to all that it started, as a terminal does.
    ///
    /// # Errors
    ///
    /// Fails if nothing is left of the group.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process_group(Pid::from_child(&self.child), signal).context("cannot send a signal")
    }

    /// Returns the number of the program, which is that of its group too.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns what the program has written to stdout so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Returns what the program has written to stderr so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Says whether the program has ended.
    ///
    /// # Errors
    ///
    /// Fails if the system does not know the program.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self
            .child
            .try_wait()
            .context("cannot look at a program")?
            .is_some())
    }

    /// Waits for the end of the program.
    ///
    /// # Errors
    ///
    /// Fails if it does not end within a generous bound; it is killed then.
    pub fn finish(mut self) -> Result<Said> {
        let child = &mut self.child;
        let ended = wait_for("a program to end", LIMIT, || Ok(child.try_wait()?));
        let status = ended.with_context(|| format!("{}\n{}", self.stdout(), self.stderr()))?;
        // A child of the program may still hold its pipes: it goes with the group.
        drop(self.signal(Signal::KILL));
        Ok(Said {
            code: status.code(),
            stdout: self.stdout.end(),
            stderr: self.stderr.end(),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.watchdog.take());
        drop(self.signal(Signal::KILL));
        drop(self.child.wait());
    }
}

/// Runs a program to its end.
///
/// # Errors
///
/// Fails if it cannot be started or does not end within a generous bound.
pub fn run(command: &mut Command) -> Result<Said> {
    Running::start(command)?.finish()
}

/// Asks again and again until there is an answer.
///
/// # Errors
///
/// Fails if asking fails, or if there is no answer after about `limit`.
pub fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    for _ in 0..limit.as_millis() / PAUSE.as_millis() {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        pause();
    }
    bail!("waited {} s in vain for {what}", limit.as_secs())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pause between two looks at another program"
)]
fn pause() {
    thread::sleep(PAUSE);
}

/// Reads a stream to its end beside the test.
#[derive(Debug)]
struct Listener {
    heard: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    fn on(stream: impl Read + Send + 'static) -> Self {
        let heard = Arc::<Mutex<Vec<u8>>>::default();
        let ear = Arc::clone(&heard);
        let thread = thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream
                .read_until(b'\n', &mut line)
                .is_ok_and(|length| length > 0)
            {
                drop(lock(&ear).write_all(&line));
                line.clear();
            }
        });
        Self {
            heard,
            thread: Some(thread),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&lock(&self.heard)).into_owned()
    }

    fn end(&mut self) -> String {
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        self.text()
    }
}

fn lock(heard: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}
