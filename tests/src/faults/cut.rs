//! Every request of an operation, at which the run is ended by a signal: the next one finishes.
//!
//! The emulator holds the request, so that the signal comes at that very moment. A kill may come
//! before a request takes effect or after it; after any other signal the run still hears the answer.

use std::fmt;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::json;

use super::report::Counts;
use super::table::Request;
use super::view::View;
use super::{Clean, Ended, Memory, Operation, Watch, clean, expect_helpful, finish, judge, pool};
use crate::emulator::Emulator;
use crate::place;
use crate::process::{Running, Said, wait_for};

const LIMIT: Duration = Duration::from_secs(120);

/// How often a program is looked at before the emulator is asked once.
const LOOKS: u32 = 8;

/// Without `--full` a signal other than a kill comes at every request that changes something, and at
/// every so many others.
const FOR_A_SIGNAL: usize = 3;

/// Begins an operation, and ends it by the signal of a cut once its request is held.
pub type Begin = fn(&Emulator, &mut Memory, &Cut) -> Result<Ended>;

/// One request, and a signal that comes while it is under way.
#[derive(Debug, Clone)]
pub struct Cut {
    request: Request,
    /// Whether the request is held `before` or `after` it takes effect.
    when: &'static str,
    /// The signal.
    pub signal: Signal,
}

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { operation, nth, .. } = &self.request;
        write!(
            formatter,
            "{} {operation} {nth}, {}",
            self.when,
            self.name()
        )
    }
}

impl Cut {
    /// Says whether the run cannot go on after the signal.
    #[must_use]
    pub fn kills(&self) -> bool {
        self.signal == Signal::KILL
    }

    /// Says whether the moment has come.
    ///
    /// # Errors
    ///
    /// Fails if the emulator does not tell.
    pub fn has_come(&self, emulator: &Emulator) -> Result<bool> {
        Ok(emulator.seen_by_fault()? >= self.request.nth)
    }

    fn name(&self) -> &'static str {
        match self.signal {
            Signal::KILL => "killed",
            Signal::INT => "interrupted",
            _ => "terminated",
        }
    }
}

/// Starts a program and sends it the signal at the moment.
///
/// # Errors
///
/// Fails if the moment does not come, or if the program does not end.
pub fn cut_program(emulator: &Emulator, command: &mut Command, cut: &Cut) -> Result<Said> {
    let mut running = Running::start(command)?;
    let mut looks = 0;
    wait_for("the request", LIMIT, || {
        looks += 1;
        // The emulator waits: it need not be asked as often as a program that may be over.
        let is_time_to_ask = looks % LOOKS == 0;
        ensure!(!running.has_ended()?, "it was over: {}", running.stderr());
        Ok((is_time_to_ask && cut.has_come(emulator)?).then_some(()))
    })?;
    running.signal(cut.signal)?;
    if !cut.kills() {
        emulator.clear_faults()?;
    }
    running.finish()
}

/// Runs an operation with a signal at each of its requests, and writes down how many these are.
///
/// # Errors
///
/// Fails with the name of every cut that is not as it should be.
pub(super) fn run_cuts(operation: &Operation, begin: Begin, watch: Watch) -> Result<()> {
    let name = format!("{}, cut short", operation.name);
    let clean = clean(operation).with_context(|| format!("{name}, undisturbed"))?;
    let cuts = cuts(&clean.requests);
    let failures = pool::for_each(&cuts, |cut| {
        let checked = check(operation, &clean, begin, cut, watch);
        checked.with_context(|| format!("{name}: {cut}"))
    });
    let kinds = cuts.iter().map(Cut::name);
    Counts::of(&name, &clean.requests, kinds, cuts.len(), 0).conclude(&failures)
}

/// Picks the cuts of a run. Without `--full` a kill comes at every request that changes something.
fn cuts(requests: &[Request]) -> Vec<Cut> {
    let full = place::takes_the_full_matrix();
    let mut cuts = Vec::new();
    for (number, request) in requests.iter().enumerate() {
        let mut add = |when, signal| {
            cuts.push(Cut {
                request: request.clone(),
                when,
                signal,
            });
        };
        if full || request.changes {
            add("before", Signal::KILL);
            add("after", Signal::KILL);
        }
        let is_its_turn = request.changes || number % FOR_A_SIGNAL == 0;
        if full || (is_its_turn && number % 2 == 0) {
            add("before", Signal::TERM);
        }
        if full || (is_its_turn && number % 2 == 1) {
            add("before", Signal::INT);
        }
    }
    cuts
}

fn check(
    operation: &Operation,
    clean: &Clean,
    begin: Begin,
    cut: &Cut,
    watch: Watch,
) -> Result<()> {
    let emulator = Emulator::resume(&clean.snapshot)?;
    let mut memory = clean.memory.clone();
    let Request {
        operation: held,
        nth,
        ..
    } = &cut.request;
    let hold = json!({ "hold": cut.when });
    emulator.set_fault(&json!({ "operation": held, "nth": nth, "fault": hold }))?;
    super::outlast_the_wait(operation, &emulator)?;
    let ended = begin(&emulator, &mut memory, cut)?;
    emulator.clear_faults()?;
    ensure!(!(ended.done && cut.kills()), "it was not killed");
    judge(operation, clean, &emulator, &ended, true, watch)?;
    // One that has changed nothing is simply begun again.
    let is_begun = View::of(&emulator)?.expect_same(&clean.start).is_err();
    if is_begun && !ended.done && !cut.kills() {
        expect_helpful(operation, &ended.said)?;
    }
    finish(
        operation,
        clean,
        emulator,
        memory,
        &ended,
        Some(&clean.goal),
        watch,
    )
}
