//! The start of the provider, as a core sees it: from its spawning to its handshake.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::measure;
use crate::emulator::Folder;
use crate::process::Supervisor;
use crate::workspace;

/// How often it is started; a core starts it three times for one apply.
pub(super) const STARTS: usize = 20;
const LIMIT: Duration = Duration::from_secs(30);
const CORE_CERTIFICATE: &str = include_str!("../../../tests/fixtures/core-certificate.pem");

/// The middle one of all starts, by time and by memory.
pub(super) struct Start {
    pub(super) wall: Duration,
    /// The most bytes of memory at the handshake.
    pub(super) peak: u64,
}

/// Starts the provider again and again.
pub(super) fn measure(supervisor: &Supervisor, provider: &Path) -> Result<Start> {
    let folder = Folder::create()?;
    let (mut walls, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let mut command = workspace::isolated(provider, folder.path());
        command
            .env(
                "TF_PLUGIN_MAGIC_COOKIE",
                "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
            )
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_CLIENT_CERT", CORE_CERTIFICATE);
        let (wall, peak, line) = measure::first_line(supervisor, &mut command, LIMIT)?;
        ensure!(line.starts_with("1|6|unix|"), "no handshake: {line}");
        walls.push(wall);
        peaks.push(peak);
    }
    Ok(Start {
        wall: median(walls),
        peak: median(peaks),
    })
}

fn median<T: Ord + Default>(mut all: Vec<T>) -> T {
    all.sort();
    let middle = all.len() / 2;
    all.into_iter().nth(middle).unwrap_or_default()
}
