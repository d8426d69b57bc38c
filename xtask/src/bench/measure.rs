//! The stopwatch and the scales: how long a program takes, and how much memory it ever held.
//!
//! Memory is what the kernel calls the high-water mark of a process, read again and again until the
//! process ends; only what it takes in the last pause before its end can be missed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use serde_json::Value;

use crate::process::{Supervisor, describe};

/// The pause between two looks at a program: short beside what is measured, long beside a look.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// A program that has ended.
pub(super) struct Ended {
    /// Its exit code.
    pub(super) code: i32,
    /// From its start to its end.
    pub(super) wall: Duration,
    /// The most bytes of memory that it held.
    pub(super) peak: u64,
    /// The most bytes of memory that one of the programs held which it had started.
    pub(super) child_peak: u64,
}

/// Counts the requests of a journal that were refused for their number.
pub(super) fn refused(journal: &[Value]) -> usize {
    let is_refusal = |entry: &&Value| entry.get("status").and_then(Value::as_u64) == Some(429);
    journal.iter().filter(is_refusal).count()
}

/// Runs a program to its end, or fails when it takes longer than `limit`.
pub(super) fn run(
    supervisor: &Supervisor,
    command: &mut Command,
    limit: Duration,
) -> Result<Ended> {
    let begin = now();
    let mut program = supervisor.start(command)?;
    let (mut peak, mut child_peak) = (0, 0);
    loop {
        peak = peak.max(high_water(program.id()));
        child_peak = weigh_children(program.id()).fold(child_peak, u64::max);
        if let Some(status) = program.ended()? {
            let wall = begin.elapsed();
            let code = status.code().context("a program was ended by a signal")?;
            return Ok(Ended {
                code,
                wall,
                peak,
                child_peak,
            });
        }
        if begin.elapsed() > limit {
            bail!("`{}` did not end within {limit:?}", describe(command));
        }
        pause(supervisor)?;
    }
}

/// Starts a program and waits for the first line on its stdout; gives the time until then and the
/// most bytes of memory that it held.
pub(super) fn first_line(
    supervisor: &Supervisor,
    command: &mut Command,
    limit: Duration,
) -> Result<(Duration, u64, String)> {
    let begin = now();
    let mut program = supervisor.start(command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
    let stdout = program.take_stdout().context("stdout is not piped")?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        // Nobody listens any more when it came too late.
        drop(tell.send((begin.elapsed(), read.map(|_| line))));
    });
    let (wall, line) = told
        .recv_timeout(limit)
        .with_context(|| format!("`{}` said nothing within {limit:?}", describe(command)))?;
    let line = line.context("cannot read what a program says")?;
    Ok((wall, high_water(program.id()), line))
}

/// Reads the high-water mark of a process, in bytes; nothing once the process is gone.
pub(crate) fn high_water(program: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{program}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kibibytes
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or_default()
        * 1024
}

/// Weighs the programs that a program has started. Between fork and exec a new one still has the
/// memory of the old one, and is left out.
fn weigh_children(program: u32) -> impl Iterator<Item = u64> {
    let file = |id: u32| fs::read_link(format!("/proc/{id}/exe")).ok();
    let own = file(program);
    let started = children(program).filter(move |id| file(*id) != own);
    started.map(high_water)
}

/// Names the programs that a program has started, from whichever of its threads.
fn children(program: u32) -> impl Iterator<Item = u32> {
    let threads = fs::read_dir(format!("/proc/{program}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let lists = threads.map(|thread| fs::read_to_string(thread.path().join("children")));
    let lists: Vec<String> = lists.filter_map(Result::ok).collect();
    let ids = lists.join(" ");
    let ids: Vec<u32> = ids
        .split_whitespace()
        .filter_map(|id| id.parse().ok())
        .collect();
    ids.into_iter()
}

#[expect(clippy::disallowed_methods, reason = "the stopwatch")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the pause between two looks at a program"
)]
fn pause(supervisor: &Supervisor) -> Result<()> {
    supervisor.check()?;
    thread::sleep(LOOK_AGAIN);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_program_is_weighed_until_it_ends() -> Result<()> {
        let mut command = shell("head -c 50000000 /dev/zero | tail -c 1 >/dev/null; exit 3");
        let ended = run(&Supervisor::default(), &mut command, LONG)?;
        assert_eq!(ended.code, 3);
        assert!(ended.wall < LONG);
        assert!(ended.peak > 0, "nothing runs without memory");
        assert!(ended.child_peak > 0, "and so do those that it starts");
        Ok(())
    }

    #[test]
    fn a_program_that_takes_too_long_is_named() {
        let mut command = shell("exec sleep 1000");
        let stuck = run(&Supervisor::default(), &mut command, Duration::ZERO);
        let said = stuck.err().map(|error| error.to_string());
        assert_eq!(
            said.as_deref(),
            Some("`sh -c exec sleep 1000` did not end within 0ns")
        );
    }

    #[test]
    fn the_first_line_is_waited_for_and_no_longer() -> Result<()> {
        let mut command = shell("echo hello; exec sleep 1000");
        let (wall, peak, line) = first_line(&Supervisor::default(), &mut command, LONG)?;
        assert_eq!(line, "hello\n");
        assert!(wall < LONG && peak > 0);
        Ok(())
    }
}
