//! Runs what the traits ask for: on tasks of their own, and so that a panic becomes a message.
//!
//! A core that goes away drops the future of its request. A key that was regenerated must still be recorded,
//! so the operation itself goes on, and the end of the process waits for it within its bound.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::running::Running;

/// Runs an operation to its end, whether or not anyone still waits for it.
///
/// # Errors
/// A message if the operation panicked. What the panic said is not repeated: it may hold contents.
pub(super) async fn run<T: Send + 'static>(
    running: &Running,
    what: &str,
    operation: impl Future<Output = T> + Send + 'static,
) -> Result<T, Diagnostics> {
    let ticket = running.enter();
    tracing::debug!(what, "operation begins");
    let task = tokio::spawn(async move {
        let _ticket = ticket;
        operation.await
    });
    let done = task.await.map_err(|_| panicked(what));
    tracing::debug!(what, "operation ended");
    done
}

/// Calls what needs no waiting.
///
/// # Errors
/// A message if it panicked.
pub(super) fn call<T>(what: &str, operation: impl FnOnce() -> T) -> Result<T, Diagnostics> {
    catch_unwind(AssertUnwindSafe(operation)).map_err(|_| panicked(what))
}

fn panicked(what: &str) -> Diagnostics {
    Diagnostic::bug(&format!("The provider stopped unexpectedly to {what}.")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dropped_request_does_not_end_its_operation() {
        let running = Running::new();
        let (release, wait) = tokio::sync::oneshot::channel::<()>();
        {
            let request = run(&running, "wait", async { wait.await.is_ok() });
            tokio::pin!(request);
            // Polls once and drops the request.
            assert!(poll_once(request.as_mut()).await.is_none());
        }
        assert_eq!(running.count(), 1);
        release.send(()).expect("the operation still listens");
        running.none().await;
    }

    async fn poll_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut future).poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
