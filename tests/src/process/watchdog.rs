//! Ends a program under test when the tests themselves are killed and no guard can run any more.
//!
//! A shell waits at a pipe whose other end only the tests hold: when they are gone, so is the pipe.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::Pid;

const SCRIPT: &str = "read -r _; kill -s KILL -- \"-$1\"";

/// Watches over one process group until it is dropped.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Begins to watch over a group.
    pub(super) fn over(group: Pid) -> Result<Self> {
        let shell = Command::new("sh")
            .args([
                "-c",
                SCRIPT,
                "watchdog",
                &group.as_raw_nonzero().to_string(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // The interrupt that ends the tests must not end their watchdog.
            .process_group(0)
            .spawn();
        Ok(Self {
            shell: shell.context("cannot start a watchdog")?,
        })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // Ended before its pipe is closed: the group's number may soon belong to somebody else.
        drop(self.shell.kill());
        drop(self.shell.wait());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_program_ends_with_the_tests_that_started_it() -> Result<()> {
        let mut program = Command::new("sleep").arg("1000").process_group(0).spawn()?;
        let mut watchdog = Watchdog::over(Pid::from_child(&program))?;
        // What happens to the pipe when the tests are killed.
        drop(watchdog.shell.stdin.take());
        assert_eq!(
            program.wait()?.signal(),
            Some(rustix::process::Signal::KILL.as_raw())
        );
        Ok(())
    }
}
