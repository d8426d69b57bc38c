//! When the process ends, and how.
//!
//! Core and provider share a process group, so a signal for the core reaches us too. SIGINT is ignored: the
//! core asks by StopProvider. SIGTERM means the same as StopProvider, and we stay to answer. The end comes with
//! Shutdown, or when nobody is left who could ask anything.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::running::Running;

/// A core kills the process two seconds after Shutdown.
const HURRIED: Duration = Duration::from_millis(1_300);

/// Without a core nobody kills the process, so operations may reach a safe point.
const UNHURRIED: Duration = Duration::from_secs(60);

/// How often to look for the parent while nobody is connected.
const LOOK: Duration = Duration::from_secs(1);

/// The end of the process, shared by all who can bring it about.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending {
    /// Asks operations to end at a safe point.
    pub(super) stop: CancellationToken,
    /// Ends serving.
    pub(super) done: CancellationToken,
    hurried: Arc<AtomicBool>,
}

impl Ending {
    /// Ends the process, because the core asked for it.
    pub(super) fn shut_down(&self) {
        self.hurried.store(true, Ordering::Relaxed);
        self.finish();
    }

    /// Ends the process.
    fn finish(&self) {
        self.stop.cancel();
        self.done.cancel();
    }

    /// Serves until the end, then gives connections and operations the time that is left.
    pub(super) async fn drive<E>(
        &self,
        serving: impl Future<Output = Result<(), E>>,
        operations: &Running,
    ) -> Result<(), E> {
        let mut serving = pin!(serving);
        tokio::select! {
            served = &mut serving => return served,
            () = self.done.cancelled() => {}
        }
        let rest = async {
            let (served, ()) = tokio::join!(serving, operations.none());
            served
        };
        timeout(self.patience(), rest).await.unwrap_or(Ok(()))
    }

    fn patience(&self) -> Duration {
        if self.hurried.load(Ordering::Relaxed) {
            HURRIED
        } else {
            UNHURRIED
        }
    }
}

/// Watches for signals and for the end of the core.
pub(super) struct Watch {
    ending: Ending,
    signals: Signals,
    parent: Parent,
    debug: bool,
}

impl Watch {
    /// Takes over the signals; from here on they no longer kill the process.
    pub(super) fn begin(ending: &Ending, debug: bool) -> io::Result<Watch> {
        let signals = Signals::take_over()?;
        Ok(Watch {
            ending: ending.clone(),
            signals,
            parent: Parent::now(),
            debug,
        })
    }

    /// Watches until the end.
    pub(super) async fn run(mut self, connections: Running) {
        let mut open = connections.watch();
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.ending.done.is_cancelled() {
            tokio::select! {
                () = self.ending.done.cancelled() => {}
                signal = self.signals.next() => self.obey(signal),
                _ = open.changed() => {}
                _ = look.tick() => {}
            }
            if connections.count() == 0 && self.is_abandoned() {
                self.ending.finish();
            }
        }
    }

    fn obey(&self, signal: Signal) {
        match signal {
            Signal::Interrupt if self.debug => self.ending.finish(),
            Signal::Interrupt => tracing::debug!("interrupt ignored; the core will ask to stop"),
            Signal::Terminate => {
                tracing::info!("asked to terminate; operations end at their next safe point");
                self.ending.stop.cancel();
            }
        }
    }

    /// A core may close an idle connection and come back, so a lost connection alone does not end the process.
    fn is_abandoned(&self) -> bool {
        self.ending.stop.is_cancelled() || (!self.debug && self.parent.is_gone())
    }
}

/// What the process group is told.
#[derive(Clone, Copy, Debug)]
enum Signal {
    Interrupt,
    Terminate,
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn take_over() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Signals {
            interrupt,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    terminate: tokio::signal::windows::CtrlBreak,
}

#[cfg(not(unix))]
impl Signals {
    fn take_over() -> io::Result<Signals> {
        use tokio::signal::windows::{ctrl_break, ctrl_c};
        Ok(Signals {
            interrupt: ctrl_c()?,
            terminate: ctrl_break()?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// The process that started this one.
#[cfg(unix)]
struct Parent(u32);

#[cfg(unix)]
impl Parent {
    fn now() -> Parent {
        Parent(std::os::unix::process::parent_id())
    }

    /// An orphan is given another parent.
    fn is_gone(&self) -> bool {
        std::os::unix::process::parent_id() != self.0
    }
}

/// Elsewhere a process is not told of a new parent, and the core's job object ends it instead.
#[cfg(not(unix))]
struct Parent;

#[cfg(not(unix))]
impl Parent {
    fn now() -> Parent {
        Parent
    }

    fn is_gone(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_running_operations() {
        let (ending, operations) = (Ending::default(), Running::new());
        let operation = operations.enter();
        ending.shut_down();
        let driven = tokio::spawn({
            let (ending, operations) = (ending.clone(), operations.clone());
            async move {
                ending
                    .drive(std::future::ready(Ok::<_, io::Error>(())), &operations)
                    .await
            }
        });
        // The stop request reaches the operation, which then ends at its safe point.
        ending.stop.cancelled().await;
        drop(operation);
        assert!(driven.await.is_ok_and(|served| served.is_ok()));
    }

    #[tokio::test]
    async fn an_operation_that_does_not_end_holds_nobody_up_for_long() {
        let (ending, operations) = (Ending::default(), Running::new());
        let _operation = operations.enter();
        ending.shut_down();
        let serving = std::future::pending::<Result<(), io::Error>>();
        let bound = HURRIED + Duration::from_millis(500);
        assert!(
            timeout(bound, ending.drive(serving, &operations))
                .await
                .is_ok()
        );
    }
}
