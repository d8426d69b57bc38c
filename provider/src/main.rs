//! Starts the provider: the real clock, the real environment, and the handshake with the core.

use std::process::ExitCode;
use std::sync::Arc;

use azure::clock::SystemClock;
use azure::env::Env;
use plugin::serve::{Network, ServeError, ServeOptions};

fn main() -> ExitCode {
    let variable: fn(&str) -> Option<String> = |name| Env::process().var(name);
    plugin::log::init_logging(provider::NAME, variable);
    azure::memory::keep_off_disk();
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        tracing::error!("another TLS implementation is installed already");
        return ExitCode::FAILURE;
    }
    let options = ServeOptions {
        address: provider::ADDRESS.to_owned(),
        name: provider::NAME.to_owned(),
        env: variable,
        debug: std::env::args().any(|argument| argument.trim_start_matches('-') == "debug"),
        network: Network::Default,
    };
    let served = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(ServeError::from)
        .and_then(|runtime| {
            let offered = provider::KeyRotation::new(Env::process(), Arc::new(SystemClock));
            runtime.block_on(plugin::serve::serve(offered, options))
        });
    plugin::serve::report(served)
}
