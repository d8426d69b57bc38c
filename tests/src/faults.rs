//! Every request of an operation, struck by every fault: what the run itself comes to, and that the
//! next one finishes.
//!
//! The requests are those that the journal of an undisturbed run shows, so that none is forgotten.
//! What is looked at after each run is in `view`; which cells a run of the tests takes is in `table`.

pub mod cut;
mod pool;
mod report;
mod table;
pub mod view;

use std::thread;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use self::cut::Begin;
use self::report::Counts;
use self::table::{Cell, Request};
use self::view::View;
use crate::emulator::Emulator;
use crate::emulator::snapshot::Snapshot;
use crate::life::Held;

/// A second and a little more, in milliseconds: longer than what a run waits after an operation of [`Operation::awaited`].
const AWAITED_MS: u64 = 1200;

/// What the runs of one operation keep between them, beside what is in Azure and in their folder.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// What a core holds.
    pub held: Option<Held>,
    /// What a core holds of a second object.
    pub child: Option<Held>,
}

/// How one run ended.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// Whether it claims that all is done.
    pub done: bool,
    /// What a person reads.
    pub said: String,
    /// What it claims beside, to be compared with what an undisturbed run claims.
    pub claims: Value,
    /// Where no secret may stand: all that it has written.
    pub written: String,
}

/// What a run begins with.
#[derive(Debug)]
pub struct Stage {
    /// Azure.
    pub emulator: Emulator,
    /// What earlier runs keep.
    pub memory: Memory,
}

impl From<Emulator> for Stage {
    fn from(emulator: Emulator) -> Self {
        Self {
            emulator,
            memory: Memory::default(),
        }
    }
}

/// When the next run comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// After every run: it finds nothing to do where all is done.
    Always,
    /// After a run that failed: another one would do the same again.
    AfterFailure,
}

/// Cells that may end otherwise than an undisturbed run; all else is expected of them too.
#[derive(Debug, Clone, Copy)]
pub struct Excused {
    /// The operation of Azure.
    pub request: &'static str,
    /// Which request of that operation; `None` for each.
    pub nth: Option<u64>,
    /// The faults.
    pub faults: &'static [&'static str],
    /// Why nothing better can be had.
    pub reason: &'static str,
}

/// One operation of the product.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its name in the table of counts.
    pub name: &'static str,
    /// Makes what it begins with.
    pub stage: fn() -> Result<Stage>,
    /// Does it, or goes on with it.
    pub run: fn(&Emulator, &mut Memory) -> Result<Ended>,
    /// Does it until a signal comes; `None` if an operation that is cut short cannot be told from one
    /// that was never begun.
    pub begin: Option<Begin>,
    /// When a next run comes.
    pub next: Next,
    /// How many minutes go by before the run after a failure: a claim of the one before has to lapse.
    pub lapse: i64,
    /// An operation of Azure after which a run waits for a second. It is answered only when that second
    /// is over: how often a run looks while it waits would depend on the moment, and so would the
    /// number of its requests.
    pub awaited: Option<&'static str>,
    /// Whether clients have to look again while it goes on, since both keys become new.
    pub renews_both: bool,
    /// Of which a failure has to name one.
    pub objects: &'static [&'static str],
    /// Looks at what only this operation leaves.
    pub inspect: fn(&Emulator) -> Result<()>,
    /// The cells that may end otherwise.
    pub excused: &'static [Excused],
}

/// Fails if a text holds a secret of the emulator.
pub type Watch = fn(&Emulator, &str, &str) -> Result<()>;

/// What an undisturbed run shows.
struct Clean {
    snapshot: Snapshot,
    memory: Memory,
    requests: Vec<Request>,
    start: View,
    /// What the run by itself leads to, and what it claims.
    first: View,
    claims: Value,
    /// What the next run leads to.
    goal: View,
}

/// Runs the matrices of some operations at once, and writes down how many cells each has: every
/// request with a fault, and every request with a signal.
///
/// # Errors
///
/// Fails with the name of every cell that is not as it should be.
pub fn run_matrices(operations: &[&Operation], watch: Watch) -> Result<()> {
    let failures: Vec<String> = thread::scope(|scope| {
        let mut matrices = Vec::new();
        for operation in operations {
            matrices.push(scope.spawn(move || run_matrix(operation, watch)));
            if let Some(begin) = operation.begin {
                matrices.push(scope.spawn(move || cut::run_cuts(operation, begin, watch)));
            }
        }
        let ends = matrices.into_iter().map(thread::ScopedJoinHandle::join);
        let failed = ends.filter_map(|end| match end {
            Ok(end) => end.err().map(|error| format!("{error:#}")),
            Err(_) => Some("a matrix panicked".to_owned()),
        });
        failed.collect()
    });
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

fn run_matrix(operation: &Operation, watch: Watch) -> Result<()> {
    let clean = clean(operation).with_context(|| format!("{}, undisturbed", operation.name))?;
    let cells = table::cells(operation, &clean.requests);
    let failures = pool::for_each(&cells, |cell| {
        let checked = check(operation, &clean, cell, watch);
        checked.with_context(|| format!("{}: {cell}", operation.name))
    });
    let excused = cells
        .iter()
        .filter(|cell| table::is_excused(operation, cell));
    let kinds = cells.iter().map(|cell| cell.name);
    let counts = Counts::of(
        operation.name,
        &clean.requests,
        kinds,
        cells.len(),
        excused.count(),
    );
    counts.conclude(&failures)
}

fn clean(operation: &Operation) -> Result<Clean> {
    let Stage { emulator, memory } = (operation.stage)()?;
    let snapshot = emulator.stop()?.0;
    let emulator = Emulator::resume(&snapshot)?;
    let start = View::of(&emulator)?;
    outlast_the_wait(operation, &emulator)?;
    let mut later = memory.clone();
    let ended = (operation.run)(&emulator, &mut later)?;
    ensure!(ended.done, "it failed: {}", ended.said);
    let requests = table::requests(&emulator.journal()?);
    let first = View::of(&emulator)?;
    (operation.inspect)(&emulator)?;
    if operation.next == Next::Always {
        let ended = (operation.run)(&emulator, &mut later)?;
        ensure!(ended.done, "the next run failed: {}", ended.said);
    }
    let goal = View::of(&emulator)?;
    first.expect_whole(&start, operation.renews_both)?;
    ensure!(
        emulator.count("unmodelled")? == 0,
        "something is unmodelled"
    );
    Ok(Clean {
        snapshot,
        memory,
        requests,
        start,
        first,
        claims: ended.claims,
        goal,
    })
}

/// Has Azure answer the awaited operation when the wait after it is over.
fn outlast_the_wait(operation: &Operation, emulator: &Emulator) -> Result<()> {
    let Some(awaited) = operation.awaited else {
        return Ok(());
    };
    let late = json!({ "delay_ms": AWAITED_MS, "when": "after" });
    emulator.set_fault(&json!({ "operation": awaited, "count": 1000, "fault": late }))
}

/// Runs the operation with a fault, and the next one without.
fn check(operation: &Operation, clean: &Clean, cell: &Cell, watch: Watch) -> Result<()> {
    let emulator = Emulator::resume(&clean.snapshot)?;
    let mut memory = clean.memory.clone();
    emulator.set_fault(&json!({
        "operation": cell.request.operation, "nth": cell.request.nth, "fault": cell.fault,
    }))?;
    // The first fault that matches strikes, so that of the cell comes first.
    outlast_the_wait(operation, &emulator)?;
    let ended = (operation.run)(&emulator, &mut memory)?;
    ensure!(
        emulator.seen_by_fault()? >= cell.request.nth,
        "it never struck"
    );
    emulator.clear_faults()?;
    let excused = table::is_excused(operation, cell);
    judge(operation, clean, &emulator, &ended, !excused, watch)?;
    if !ended.done {
        expect_helpful(operation, &ended.said)?;
    }
    let goal = (!excused).then_some(&clean.goal);
    finish(operation, clean, emulator, memory, &ended, goal, watch)
}

/// Looks at what a disturbed run has left, and whether it claims what is so.
fn judge(
    operation: &Operation,
    clean: &Clean,
    emulator: &Emulator,
    ended: &Ended,
    is_held_to_its_claim: bool,
    watch: Watch,
) -> Result<()> {
    let after = View::of(emulator)?;
    after.expect_whole(&clean.start, operation.renews_both)?;
    after.expect_no_more_turns_than(&clean.goal)?;
    watch(emulator, "the disturbed run", &ended.written)?;
    if ended.done && is_held_to_its_claim {
        let said = || format!("it claims to be done: {}", ended.said);
        after.expect_same(&clean.first).with_context(said)?;
        ensure!(ended.claims == clean.claims, "it claims {}", ended.claims);
    }
    Ok(())
}

fn finish(
    operation: &Operation,
    clean: &Clean,
    emulator: Emulator,
    mut memory: Memory,
    ended: &Ended,
    goal: Option<&View>,
    watch: Watch,
) -> Result<()> {
    if ended.done && operation.next == Next::AfterFailure {
        return (operation.inspect)(&emulator);
    }
    let emulator = if !ended.done && operation.lapse > 0 {
        emulator.after_minutes(operation.lapse)?
    } else {
        emulator
    };
    let next = (operation.run)(&emulator, &mut memory)?;
    let said = || format!("the first run said: {}", ended.said);
    ensure!(next.done, "the next run failed: {}; {}", next.said, said());
    watch(&emulator, "the next run", &next.written)?;
    let end = View::of(&emulator)?;
    end.expect_whole(&clean.start, operation.renews_both)?;
    if let Some(goal) = goal {
        end.expect_same(goal).with_context(said)?;
    }
    (operation.inspect)(&emulator)
}

/// Expects that a failure names what it is about, and a way out.
fn expect_helpful(operation: &Operation, said: &str) -> Result<()> {
    let names = operation.objects.iter().any(|name| said.contains(name));
    ensure!(names, "it names no object: {said}");
    let ways = table::WAYS_OUT.iter().any(|way| said.contains(way));
    ensure!(ways, "it names no way out: {said}");
    Ok(())
}
