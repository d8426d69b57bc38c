//! One look at all places, and what is done about each.
//!
//! Places are served side by side, and none waits for another that fails.

use std::io;
use std::time::Duration;

use engine::deliver::source::Signers;
use engine::deliver::{self, DeliverError, Finding, Notes, Verdict, Why};
use engine::run::Run;
use engine::vault::token::TokenError;
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::reach::Clusters;
use super::target::{Target, To, ToCluster};
use crate::destination::cluster::{ClusterEntry, Waits};
use crate::destination::file::TokenFile;
use crate::destination::{Place, PlaceError};
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
        let unproven = unseen && self.mode == Mode::Look || self.is_unproven() || doubted;
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
    let surroundings = Surroundings {
        waits: session.waits(),
        proxy: session.proxy(),
        patience,
    };
    let act = async |run: &Run<'_>, _: &Shared| serve(targets, mode, run, &surroundings).await;
    let rows = session.change(act).await;
    Round { at, mode, rows }
}

/// What is the same for all places.
pub(in crate::command) struct Surroundings {
    pub(in crate::command) waits: Waits,
    pub(in crate::command) proxy: (Option<String>, String),
    /// How long to wait for restarted pods.
    pub(in crate::command) patience: Duration,
}

/// Serves places side by side.
pub(in crate::command) async fn serve(
    targets: &[Target],
    mode: Mode,
    run: &Run<'_>,
    around: &Surroundings,
) -> Vec<Row> {
    let clusters = Clusters::of(targets, around.proxy.clone());
    let errand = Errand {
        run,
        clusters: &clusters,
        signers: &Signers::default(),
        around,
        mode,
    };
    let rows = stream::iter(targets).map(|target| errand.serve(target));
    rows.buffered(AT_A_TIME).collect().await
}

/// What serving a place needs.
struct Errand<'a> {
    run: &'a Run<'a>,
    clusters: &'a Clusters,
    signers: &'a Signers,
    around: &'a Surroundings,
    mode: Mode,
}

impl Errand<'_> {
    async fn serve(&self, target: &Target) -> Row {
        let mut row = Row {
            target: target.to_string(),
            source: target.source.to_string(),
            outcome: Outcome::Kept,
            notes: Notes::default(),
            unseen: Vec::new(),
            is_unproven: false,
            doubt: None,
            restarted: Vec::new(),
        };
        match self.attend(target, &mut row).await {
            Ok(outcome) => row.outcome = outcome,
            Err(said) => row.outcome = Outcome::Failed(said),
        }
        row
    }

    async fn attend(&self, target: &Target, row: &mut Row) -> Result<Outcome, String> {
        let place = self.place(target).await?;
        let look =
            deliver::look(self.run, self.signers, &target.source, &place, target.terms).await;
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
            (Verdict::Replace(why), Mode::Look) => return Ok(Outcome::Wanting(why)),
            (Verdict::Replace(why), Mode::Replace) => {
                let (source, terms) = (&target.source, target.terms);
                let done = deliver::replace(self.run, source, &place, terms, found).await;
                row.notes = done.map_err(|error| told(&error))?;
                Outcome::Replaced(why)
            }
        };
        if let (Place::Cluster(entry), To::Cluster(to), Mode::Replace) =
            (&place, &target.to, self.mode)
        {
            self.restart(entry, to, row).await?;
        }
        Ok(outcome)
    }

    async fn place(&self, target: &Target) -> Result<Place, String> {
        match &target.to {
            To::Stdout => Err("stdout is no place that can be looked at".to_owned()),
            To::File(path) => Ok(Place::File(TokenFile::new(path.clone()))),
            To::Cluster(to) => {
                let cluster = self.clusters.reach(&to.access, self.run).await?;
                let waits = self.around.waits.clone();
                let entry = ClusterEntry::new(cluster, &to.secret, to.takes_over, waits);
                entry.map(Place::Cluster).map_err(|error| chain(&error))
            }
        }
    }

    async fn restart(
        &self,
        entry: &ClusterEntry,
        to: &ToCluster,
        row: &mut Row,
    ) -> Result<(), String> {
        for workload in &to.restart {
            let done = entry
                .restart(workload, &row.notes, self.around.patience)
                .await;
            if done.map_err(|error| chain(&error))? {
                row.restarted.push(workload.to_string());
            }
        }
        Ok(())
    }
}

fn told(error: &DeliverError<PlaceError>) -> String {
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
