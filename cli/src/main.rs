//! The `keyrotation` binary: opens the real doors and hands them to the library.

use std::process::ExitCode;
use std::sync::Arc;

use azure::clock::SystemClock;
use azure::env::Env;
use cli::output::Streams;

fn main() -> ExitCode {
    azure::memory::keep_off_disk();
    // Whoever installed a provider before us chose it on purpose.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let doors = cli::Doors {
        env: Env::process(),
        clock: Arc::new(SystemClock),
        stop: Box::pin(asked_to_stop()),
    };
    cli::run(std::env::args_os(), doors, &mut Streams::process()).into()
}

/// Ends when a person presses Ctrl-C or a supervisor sends SIGTERM; both ask for an orderly end.
async fn asked_to_stop() {
    #[cfg(unix)]
    if let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = terminate.recv() => return,
            Ok(()) = tokio::signal::ctrl_c() => return,
            else => {}
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the signal ends the process by itself.
        std::future::pending::<()>().await;
    }
}
