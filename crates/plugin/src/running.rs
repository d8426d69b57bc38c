//! Counts what is under way, so that the end of the process can wait for it.

use tokio::sync::watch;

/// How many of something are under way.
#[derive(Clone, Debug)]
pub(crate) struct Running(watch::Sender<usize>);

/// One of those under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct Ticket(watch::Sender<usize>);

impl Running {
    /// Starts with none.
    pub(crate) fn new() -> Running {
        Running(watch::Sender::new(0))
    }

    /// Counts one more.
    pub(crate) fn enter(&self) -> Ticket {
        self.0.send_modify(|count| *count += 1);
        Ticket(self.0.clone())
    }

    /// Returns how many there are.
    pub(crate) fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Completes when there are none.
    pub(crate) async fn none(&self) {
        // The sender is ours, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Watches the number.
    pub(crate) fn watch(&self) -> watch::Receiver<usize> {
        self.0.subscribe()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
