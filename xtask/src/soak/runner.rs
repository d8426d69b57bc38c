//! Runs the command line tool on the emulator, weighs it, and now and then kills it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};

use super::draw::Draw;
use super::terms::KILLED_PERCENT;
use super::verdict::Wrong;
use crate::bench::measure::high_water;
use crate::emulator::Emulator;
use crate::process::Supervisor;

/// How many looks at a program come before a kill, at most: some three seconds.
const LOOKS_BEFORE_A_KILL: u64 = 150;
/// After so many looks a program is stuck: some ten minutes.
const LOOKS: u64 = 30_000;
/// The highest exit code that the manual knows.
const LAST_CODE: i32 = 3;
/// What every key and every token of the emulator carries, plain and in Base64.
const CANARIES: [&str; 2] = ["KeyRotationEmulator", "S2V5Um90YXRpb25FbXVsYXRvc"];

/// Whether a run may be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Spared,
    Mortal,
}

/// A run that is over.
pub(super) struct Ended {
    /// Nothing if it was killed.
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
}

/// What is known of all runs.
#[derive(Default)]
pub(super) struct Record {
    /// By command and ending.
    pub(super) endings: BTreeMap<(&'static str, String), u64>,
    /// The most bytes of memory of a run since the last time this was asked, by command.
    peaks: BTreeMap<&'static str, u64>,
    found: Vec<(Wrong, String)>,
    started: u64,
}

/// The one who runs the tool.
pub(super) struct Runner<'a> {
    supervisor: &'a Supervisor,
    emulator: &'a Emulator,
    program: PathBuf,
    draw: Mutex<Draw>,
    record: Mutex<Record>,
}

impl<'a> Runner<'a> {
    /// Runs the program on the emulator.
    pub(super) fn new(
        supervisor: &'a Supervisor,
        emulator: &'a Emulator,
        program: &Path,
        seed: u64,
    ) -> Self {
        Self {
            supervisor,
            emulator,
            program: program.to_path_buf(),
            draw: Mutex::new(Draw::of(seed)),
            record: Mutex::default(),
        }
    }

    /// Gives the folder for files of the runs.
    pub(super) fn folder(&self) -> &Path {
        self.emulator.folder()
    }

    /// Runs a command to its end, or to its death.
    pub(super) fn run(&self, name: &'static str, words: &[&str], fate: Fate) -> Result<Ended> {
        let number = {
            let mut record = self.record();
            record.started += 1;
            record.started
        };
        let place = |kind: &str| self.folder().join(format!("run-{number}.{kind}"));
        let (out, err) = (place("out"), place("err"));
        let mut command = self.emulator.command(&self.program);
        command
            .current_dir(self.folder())
            .args(name.split(' '))
            .args(words)
            .stdout(fs::File::create(&out).context("cannot write a log")?)
            .stderr(fs::File::create(&err).context("cannot write a log")?);
        let (code, peak) = self.watch(&mut command, fate)?;
        let [stdout, stderr] = [&out, &err].map(|path| {
            let text = fs::read(path).unwrap_or_default();
            drop(fs::remove_file(path));
            String::from_utf8_lossy(&text).into_owned()
        });
        self.note(name, words, (code, peak), [&stdout, &stderr]);
        Ok(Ended { code, stdout })
    }

    /// Takes what was found wrong with runs.
    pub(super) fn take_found(&self) -> Vec<(Wrong, String)> {
        std::mem::take(&mut self.record().found)
    }

    /// Takes the highest peak of memory of each command since the last time.
    pub(super) fn take_peaks(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut self.record().peaks)
    }

    /// Gives how runs ended, by command and ending.
    pub(super) fn endings(&self) -> BTreeMap<(&'static str, String), u64> {
        self.record().endings.clone()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws after how many looks a run is killed, if it is.
    fn death(&self, fate: Fate) -> Option<u64> {
        let mut draw = self.draw.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_killed, looks) = (
            draw.below(100) < KILLED_PERCENT,
            draw.below(LOOKS_BEFORE_A_KILL),
        );
        (is_killed && fate == Fate::Mortal).then_some(looks)
    }

    fn watch(&self, command: &mut std::process::Command, fate: Fate) -> Result<(Option<i32>, u64)> {
        let death = self.death(fate);
        let mut program = self.supervisor.start(command)?;
        let mut peak = 0;
        for look in 0..LOOKS {
            peak = peak.max(high_water(program.id()));
            if let Some(status) = program.ended()? {
                return Ok((status.code(), peak));
            }
            if Some(look) == death {
                program.kill();
            }
            self.supervisor.pause()?;
        }
        bail!("`{}` does not end", crate::process::describe(command))
    }

    fn note(
        &self,
        name: &'static str,
        words: &[&str],
        (code, peak): (Option<i32>, u64),
        said: [&str; 2],
    ) {
        let mut record = self.record();
        let ending = code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
        *record.endings.entry((name, ending)).or_default() += 1;
        let highest = record.peaks.entry(name).or_default();
        *highest = peak.max(*highest);
        let of = format!("`{name} {}`", words.join(" "));
        let [_, stderr] = said;
        if said
            .iter()
            .any(|text| CANARIES.iter().any(|canary| text.contains(canary)))
        {
            record.found.push((Wrong::ShownSecret, of));
            return;
        }
        let is_known = code.is_none_or(|code| (0..=LAST_CODE).contains(&code));
        if !is_known || stderr.contains("bug in") {
            let text = format!("{of} ended with {code:?}: {}", stderr.trim());
            record.found.push((Wrong::Broken, text));
        }
    }
}
