//! What hostile bytes are fed to: one function per target, each of which panics if a promise is broken.
//!
//! `tests/fuzz` searches for bytes that break one, under coverage; `tests/replay.rs` feeds every kept
//! file to its target on each test run, without any of that.

mod answers;
mod command;
mod ids;
mod input;
mod periods;
mod rpc;
mod sas;
mod values;

/// A target: its name, which is that of its folder in the corpus, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const ALL: [Target; 9] = [
    ("values", values::run),
    ("rpc", rpc::run),
    ("answers", answers::run),
    ("ids", ids::run),
    ("periods", periods::run),
    ("sas", sas::run),
    ("config", command::config),
    ("fleet", command::fleet),
    ("report", command::report),
];

/// Feeds bytes to the target of this name.
///
/// # Panics
/// If the bytes break a promise of the target, or there is no such target.
pub fn run(name: &str, bytes: &[u8]) {
    let target = ALL.iter().find(|(known, _)| *known == name);
    let (_, run) = target.expect("a target of this name");
    run(bytes);
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime needs nothing of the system here")
        .block_on(work)
}
