//! What all connections of one emulator share, and how their tasks end with it.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::azurite::{Azurite, AzuriteError, Keys};
use crate::clock::Clock;
use crate::events::Errand;
use crate::events::subscribers::{SubscriberError, Subscribers};
use crate::fault::{Faults, Rule};
use crate::journal::{Journal, JournalEntry};
use crate::record::Recorder;
use crate::routes::reply::Reply;
use crate::throttle::Throttles;
use crate::tls::Authority;
use crate::world::World;

/// The state of one emulator.
pub(crate) struct Shared {
    world: Mutex<World>,
    journal: Mutex<Journal>,
    faults: Mutex<Faults>,
    /// How often all faults were forgotten.
    clearances: watch::Sender<u64>,
    /// Answers that a fault may give once more, by address.
    remembered: Mutex<HashMap<String, Reply>>,
    throttles: Mutex<Throttles>,
    subscribers: Mutex<Subscribers>,
    errands: mpsc::UnboundedSender<Errand>,
    pub(crate) clock: Clock,
    pub(crate) authority: Authority,
    pub(crate) azurite: Option<Azurite>,
    pub(crate) recorder: Option<Recorder>,
    /// Hosts that the proxy passes on although it does not model them.
    pub(crate) allowed_hosts: BTreeSet<String>,
    requests: AtomicU64,
    changes: AtomicU64,
    waiting: AtomicU64,
    stop: watch::Sender<bool>,
}

impl Shared {
    /// Puts the state together. Gives with it the way on which errands of the delivery come out.
    pub(crate) fn new(
        world: World,
        clock: Clock,
        authority: Authority,
        azurite: Option<Azurite>,
        recorder: Option<Recorder>,
        allowed_hosts: BTreeSet<String>,
    ) -> (Self, mpsc::UnboundedReceiver<Errand>) {
        let (errands, receiver) = mpsc::unbounded_channel();
        let shared = Self {
            world: Mutex::new(world),
            journal: Mutex::default(),
            faults: Mutex::default(),
            clearances: watch::Sender::new(0),
            remembered: Mutex::default(),
            throttles: Mutex::default(),
            subscribers: Mutex::default(),
            errands,
            clock,
            authority,
            azurite,
            recorder,
            allowed_hosts,
            requests: AtomicU64::new(0),
            changes: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            stop: watch::Sender::new(false),
        };
        (shared, receiver)
    }

    /// Gives the world as it is now, with all that became due, and the time it shows.
    pub(crate) fn world(&self) -> (MutexGuard<'_, World>, Timestamp) {
        // A panic while the lock was held was answered as a bug; the world stays usable.
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        world.tick(now);
        (world, now)
    }

    /// Gives the journal.
    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the faults.
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a fault.
    pub(crate) fn add_fault(&self, rule: Rule) {
        self.faults().add(rule);
    }

    /// Forgets all faults and what was remembered for them, and lets go of what one of them holds.
    pub(crate) fn clear_faults(&self) {
        self.faults().clear();
        self.remembered().clear();
        self.clearances.send_modify(|times| *times += 1);
    }

    /// Gives what hears of it when faults are forgotten from now on.
    pub(crate) fn clearance(&self) -> watch::Receiver<u64> {
        self.clearances.subscribe()
    }

    /// Gives the answers that were remembered for faults.
    pub(crate) fn remembered(&self) -> MutexGuard<'_, HashMap<String, Reply>> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives what was used of the published limits.
    pub(crate) fn throttles(&self) -> MutexGuard<'_, Throttles> {
        self.throttles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives those who hear of events.
    pub(crate) fn subscribers(&self) -> MutexGuard<'_, Subscribers> {
        self.subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a subscriber, which is asked at once whether it wants events.
    pub(crate) fn subscribe(&self, url: &str) -> Result<(), SubscriberError> {
        let code = self.next_request_id();
        let url = self.subscribers().add(url, code)?;
        self.note_change();
        // When the emulator ends, nobody asks any more.
        let _unasked = self.errands.send(Errand::Ask(url));
        Ok(())
    }

    /// Sends the events on their way that the last request or the clock has brought about.
    pub(crate) fn follow_up(&self) {
        let events = self.world().0.expiries.take();
        if !events.is_empty() {
            self.note_change();
            // When the emulator ends, nobody hears of them any more.
            let _unheard = self.errands.send(Errand::Tell(events));
        }
    }

    /// Notes that something may have changed.
    pub(crate) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// Gives a number that is another one after every change.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed) + self.world().0.key_revision
    }

    /// Adds a request to the journal.
    pub(crate) fn record(&self, entry: JournalEntry) {
        self.journal().record(entry);
    }

    /// Counts the requests that waited for a latency, and gives the number of the next.
    pub(crate) fn next_waiting(&self) -> u64 {
        self.waiting.fetch_add(1, Ordering::Relaxed)
    }

    /// Gives the id of the next request.
    pub(crate) fn next_request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-a000-{number:012x}")
    }

    /// Brings the keys and the clock of the storage server beside up to date, if there is one.
    ///
    /// # Cancellation
    ///
    /// The server may have the new keys or not; the next call brings them.
    pub(crate) async fn publish_keys(&self) -> Result<(), AzuriteError> {
        let Some(azurite) = &self.azurite else {
            return Ok(());
        };
        azurite
            .publish(|revision| {
                let (world, now) = self.world();
                Keys::newer(&world, now, revision)
            })
            .await
    }

    /// Runs a task until it ends or the emulator stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut stop = self.stop.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                _ = stop.wait_for(|stopped| *stopped) => {}
                () = task => {}
            }
        });
    }

    /// Ends all tasks.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }
}
