//! The start of the provider, as a core sees it: from its spawning to its handshake.

use std::time::Duration;

use anyhow::{Result, ensure};

use serde_json::json;

use super::measure;
use super::section::{Section, Table, median, megabytes, milliseconds};
use crate::emulator::Folder;
use crate::process::Supervisor;
use crate::workspace::{self, Programs};

/// How often it is started; a core starts it three times for one apply.
const STARTS: usize = 20;
const LIMIT: Duration = Duration::from_secs(30);
const CORE_CERTIFICATE: &str = include_str!("../../../tests/fixtures/core-certificate.pem");

/// Starts the provider again and again.
pub(super) fn measure(supervisor: &Supervisor, programs: &Programs) -> Result<Section> {
    let folder = Folder::create()?;
    let (mut walls, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let mut command = workspace::isolated(&programs.provider, folder.path());
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
    let (wall, peak) = (median(walls), median(peaks));
    let mut table = Table::new(&["provider", ""], 1);
    let time = format!("{:.1} ms", milliseconds(wall));
    table.row(&[&format!("spawn to handshake, median of {STARTS}"), &time]);
    table.row(&["peak memory at the handshake, median", &megabytes(peak)]);
    Ok(Section {
        name: "start",
        text: table.text(),
        figures: json!({
            "starts": STARTS,
            "median_ms": milliseconds(wall),
            "median_peak_bytes": peak,
        }),
    })
}
