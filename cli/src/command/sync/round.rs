//! One look at all places, and what is done about each.
//!
//! Places are served side by side, and none waits for another that fails. What reads a token only when
//! it starts is restarted when all tokens are in place.

use std::io;
use std::time::Duration;

use engine::deliver::source::Signers;
use engine::deliver::{self, Finding, Notes, Verdict, Why};
use engine::run::Run;
use engine::vault::token::TokenError;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::reach::Clusters;
use super::restart::{Job, Restarts};
use super::target::{Target, To};
use crate::destination::Place;
use crate::destination::cluster::reached::Hints;
use crate::destination::cluster::{ClusterEntry, Waits};
use crate::destination::file::TokenFile;
use crate::error::{chain, hint_for};
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::{Session, Shared};

/// How many places are served at a time.
const AT_A_TIME: usize = 8;

/// What is done about what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command) enum Mode {
    /// Nothing.
    Look,
    /// What is not good is replaced.
    Replace,
}

/// How a round went.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) at: Timestamp,
    pub(super) mode: Mode,
    pub(super) rows: Vec<Row>,
}

/// How it went at one place.
#[derive(Debug)]
pub(in crate::command) struct Row {
    pub(in crate::command) target: String,
    pub(super) source: String,
    pub(in crate::command) outcome: Outcome,
    pub(super) notes: Notes,
    /// What could not be seen of the keys that sign.
    pub(super) unseen: Vec<String>,
    /// Whether a token was kept though some of that may be seen a little later.
    pub(super) is_unproven: bool,
    /// Why the key that signs cannot be trusted, if it cannot.
    pub(super) doubt: Option<String>,
    /// What was restarted.
    pub(in crate::command) restarted: Vec<String>,
    /// Whose pods are not new yet, and what they wait for.
    pub(super) waiting: Vec<String>,
}

/// What happened at one place.
#[derive(Debug)]
pub(in crate::command) enum Outcome {
    /// What is there is good.
    Kept,
    /// It was replaced.
    Replaced(Why),
    /// It should be replaced, and only a look was asked for.
    Wanting(Why),
    /// It could not be judged or replaced, or those who read it were not restarted.
    Failed(String),
}

impl Round {
    /// Says by the exit code how it went.
    pub(super) fn exit_code(&self) -> ExitCode {
        let count = |wanted: fn(&Outcome) -> bool| {
            let outcomes = self.rows.iter().map(|row| &row.outcome);
            outcomes.filter(|outcome| wanted(outcome)).count()
        };
        let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
        // Whoever only looks must be able to say that the key is still the one.
        let unseen = self.rows.iter().any(|row| !row.unseen.is_empty());
        let doubted = self.rows.iter().any(|row| row.doubt.is_some());
        let waiting = self.rows.iter().any(|row| !row.waiting.is_empty());
        let unproven =
            unseen && self.mode == Mode::Look || self.is_unproven() || doubted || waiting;
        let wanting = count(|outcome| matches!(outcome, Outcome::Wanting(_)));
        if failed == self.rows.len() {
            ExitCode::Failed
        } else if wanting > 0 {
            ExitCode::Drift
        } else if failed > 0 || unproven {
            ExitCode::Unproven
        } else {
            ExitCode::Passed
        }
    }

    /// Tells whether some place could not be served.
    pub(super) fn has_failed(&self) -> bool {
        let failed = |row: &Row| matches!(row.outcome, Outcome::Failed(_));
        self.rows.iter().any(failed)
    }

    /// Tells whether a look a little later may say more.
    pub(super) fn is_unproven(&self) -> bool {
        self.rows.iter().any(|row| row.is_unproven)
    }

    /// Says when the next value should be replaced, as far as is known.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.rows.iter().filter_map(|row| row.notes.refresh).min()
    }
}

/// Serves all places.
pub(super) async fn all(
    targets: &[Target],
    mode: Mode,
    patience: Duration,
    session: &mut Session,
) -> Round {
    let at = session.clock().now();
    let around = Surroundings::of(session, patience);
    let act = async |run: &Run<'_>, _: &Shared| serve(targets, mode, run, &around).await;
    let rows = session.change(act).await;
    Round { at, mode, rows }
}

/// Delivers to all places, and hands over what is to be restarted.
pub(super) async fn delivered(
    targets: &[Target],
    patience: Duration,
    session: &mut Session,
    restarts: &mut Restarts,
) -> Round {
    let (at, mode) = (session.clock().now(), Mode::Replace);
    let around = Surroundings::of(session, patience);
    let act = async |run: &Run<'_>, _: &Shared| deliver_all(targets, mode, run, &around).await;
    let (rows, jobs) = session.change(act).await;
    restarts.add(jobs);
    Round { at, mode, rows }
}

/// What is the same for all places.
pub(in crate::command) struct Surroundings {
    pub(in crate::command) waits: Waits,
    pub(in crate::command) hints: Hints,
    /// How long to wait for restarted pods.
    pub(in crate::command) patience: Duration,
}

impl Surroundings {
    fn of(session: &Session, patience: Duration) -> Self {
        Self {
            waits: session.waits(),
            hints: session.hints(),
            patience,
        }
    }
}

/// Serves places side by side, and waits for what is restarted.
pub(in crate::command) async fn serve(
    targets: &[Target],
    mode: Mode,
    run: &Run<'_>,
    around: &Surroundings,
) -> Vec<Row> {
    let (mut rows, jobs) = deliver_all(targets, mode, run, around).await;
    let mut restarts = Restarts::default();
    restarts.add(jobs);
    restarts.finish(&mut rows).await;
    rows
}

/// Delivers side by side, each place in its own time.
async fn deliver_all(
    targets: &[Target],
    mode: Mode,
    run: &Run<'_>,
    around: &Surroundings,
) -> (Vec<Row>, Vec<Job>) {
    let clusters = Clusters::of(targets, around.hints.clone());
    let errand = Errand {
        whole: run,
        clusters: &clusters,
        signers: &Signers::default(),
        around,
        mode,
    };
    let served = stream::iter(targets.iter().enumerate())
        .map(async |(number, target)| (number, errand.serve(number, target).await));
    // A place that is slow holds one turn, and not those of all that come after it.
    let served = served.buffer_unordered(AT_A_TIME).collect::<Vec<_>>();
    let mut served = served.await;
    served.sort_by_key(|(number, _)| *number);
    let (rows, jobs): (Vec<_>, Vec<_>) = served.into_iter().map(|(_, one)| one).unzip();
    (rows, jobs.into_iter().flatten().collect())
}

/// What serving a place needs.
struct Errand<'a> {
    whole: &'a Run<'a>,
    clusters: &'a Clusters,
    signers: &'a Signers,
    around: &'a Surroundings,
    mode: Mode,
}

impl Errand<'_> {
    async fn serve(&self, number: usize, target: &Target) -> (Row, Option<Job>) {
        let mut row = Row {
            target: target.to_string(),
            source: target.source.to_string(),
            outcome: Outcome::Kept,
            notes: Notes::default(),
            unseen: Vec::new(),
            is_unproven: false,
            doubt: None,
            restarted: Vec::new(),
            waiting: Vec::new(),
        };
        let place = match self.attend(target, &mut row).await {
            Ok((outcome, place)) => {
                row.outcome = outcome;
                place
            }
            Err(said) => {
                row.outcome = Outcome::Failed(said);
                return (row, None);
            }
        };
        let job = match (place, &target.to, self.mode) {
            (Place::Cluster(entry), To::Cluster(to), Mode::Replace) if !to.restart.is_empty() => {
                Some(Job {
                    row: number,
                    entry,
                    workloads: to.restart.clone(),
                    notes: row.notes.clone(),
                    patience: self.around.patience,
                })
            }
            _ => None,
        };
        (row, job)
    }

    async fn attend(&self, target: &Target, row: &mut Row) -> Result<(Outcome, Place), String> {
        let run = &self.whole.anew();
        let place = self.place(target, run).await?;
        let look = deliver::look(run, self.signers, &target.source, &place, target.terms).await;
        let found: Finding = look.map_err(|error| told(&error))?;
        row.notes = found.notes.clone();
        row.unseen.clone_from(&found.signer.unseen);
        row.doubt = found.trust.doubt();
        let outcome = match (found.verdict, self.mode) {
            (Verdict::Keep(until), _) => {
                row.notes.refresh = until.or(row.notes.refresh);
                row.is_unproven = found.signer.is_passing;
                Outcome::Kept
            }
            (Verdict::Replace(why), Mode::Look) => return Ok((Outcome::Wanting(why), place)),
            (Verdict::Replace(why), Mode::Replace) => {
                let (source, terms) = (&target.source, target.terms);
                let done = deliver::replace(run, source, &place, terms, found).await;
                row.notes = done.map_err(|error| told(&error))?;
                Outcome::Replaced(why)
            }
        };
        Ok((outcome, place))
    }

    async fn place(&self, target: &Target, run: &Run<'_>) -> Result<Place, String> {
        match &target.to {
            To::Stdout => Err("stdout is no place that can be looked at".to_owned()),
            To::File(path) => Ok(Place::File(TokenFile::new(path.clone()))),
            To::Cluster(to) => {
                let cluster = self.clusters.reach(&to.access, run).await?;
                let waits = self.around.waits.clone();
                let entry = ClusterEntry::new(cluster, &to.secret, to.takes_over, waits);
                entry.map(Place::Cluster).map_err(|error| chain(&error))
            }
        }
    }
}

/// Writes an error in one line, with what can be done about it.
pub(super) fn told(error: &(dyn std::error::Error + 'static)) -> String {
    match hint_for(error) {
        Some(hint) => format!("{}; {hint}", chain(error)),
        None => chain(error),
    }
}

/// Gets one value for stdout, and what is doubtful about it.
pub(super) async fn print(
    target: &Target,
    session: &Session,
) -> Result<(SecretString, Option<String>), TokenError> {
    let got = deliver::fresh(&session.reading(), &target.source, target.terms).await;
    let (fresh, trust) = got?;
    Ok((fresh.value, trust.doubt()))
}

/// Writes one value to stdout, where it was asked for.
pub(super) fn hand_over(value: &SecretString, streams: &mut Streams) -> io::Result<()> {
    streams.results(|out| writeln!(out, "{}", value.expose_secret()))
}
