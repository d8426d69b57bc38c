//! The restarts of those who read a token only when they start.
//!
//! They are begun when every token is in its place, and waited for beside whatever comes next: a
//! rollout that hangs keeps no token from anybody.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use engine::deliver::Notes;
use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use super::round::{Outcome, Row};
use crate::destination::cluster::ClusterEntry;
use crate::destination::cluster::names::Workload;
use crate::error::chain;

/// How many places are waited for at a time.
const AT_A_TIME: usize = 64;

/// What is to be restarted for the token of one place.
#[derive(Debug)]
pub(super) struct Job {
    /// The number of the place.
    pub(super) row: usize,
    pub(super) entry: ClusterEntry,
    pub(super) workloads: Vec<Workload>,
    /// What is noted of the token.
    pub(super) notes: Notes,
    /// How long to wait for each workload.
    pub(super) patience: Duration,
}

/// What came of it.
struct Ended {
    row: usize,
    restarted: Vec<String>,
    waiting: Vec<String>,
    failed: Option<String>,
}

/// The restarts that are under way, and those that come after.
#[derive(Default)]
pub(super) struct Restarts {
    running: FuturesUnordered<LocalBoxFuture<'static, Ended>>,
    under_way: HashSet<usize>,
    queue: VecDeque<Job>,
}

impl Job {
    async fn run(self) -> Ended {
        let mut ended = Ended {
            row: self.row,
            restarted: Vec::new(),
            waiting: Vec::new(),
            failed: None,
        };
        for workload in &self.workloads {
            let restart = self.entry.restart(workload, &self.notes, self.patience);
            match restart.await {
                Ok(done) => {
                    if done.was_due {
                        ended.restarted.push(workload.to_string());
                    }
                    let waits = done.held.map(|reason| format!("{workload}: {reason}"));
                    ended.waiting.extend(waits);
                }
                Err(error) => {
                    ended.failed = Some(chain(&error));
                    break;
                }
            }
        }
        ended
    }
}

impl Restarts {
    /// Adds what is to be restarted. A place whose restart is under way comes again after it.
    pub(super) fn add(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            self.queue.retain(|queued| queued.row != job.row);
            self.queue.push_back(job);
        }
    }

    /// Waits for all, and notes in the rows what came of each.
    pub(super) async fn finish(&mut self, rows: &mut [Row]) {
        while let Some(ended) = self.next().await {
            note(ended, rows);
        }
    }

    /// Waits for all as long as that wait is not over, and notes what came of each, or that it goes on.
    pub(super) async fn finish_within(&mut self, rows: &mut [Row], wait: impl Future<Output = ()>) {
        let finished = {
            let finish = std::pin::pin!(self.finish(rows));
            let wait = std::pin::pin!(wait);
            tokio::select! {
                biased;
                () = finish => true,
                () = wait => false,
            }
        };
        if finished {
            return;
        }
        let queued = self.queue.iter().map(|job| job.row);
        for number in self.under_way.iter().copied().chain(queued) {
            if let Some(row) = rows.get_mut(number) {
                row.waiting.push("the restart goes on".to_owned());
            }
        }
    }

    async fn next(&mut self) -> Option<Ended> {
        let mut later = VecDeque::new();
        while let Some(job) = self.queue.pop_front() {
            let is_free = self.running.len() < AT_A_TIME && !self.under_way.contains(&job.row);
            if is_free {
                self.under_way.insert(job.row);
                self.running.push(Box::pin(job.run()));
            } else {
                later.push_back(job);
            }
        }
        self.queue = later;
        let ended = self.running.next().await?;
        self.under_way.remove(&ended.row);
        Some(ended)
    }
}

fn note(ended: Ended, rows: &mut [Row]) {
    let Some(row) = rows.get_mut(ended.row) else {
        return;
    };
    row.restarted.extend(ended.restarted);
    row.waiting.extend(ended.waiting);
    if let Some(reason) = ended.failed {
        row.outcome = Outcome::Failed(reason);
    }
}
