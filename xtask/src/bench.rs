//! `cargo xtask bench`: how fast and how small the release build is, on this machine.
//!
//! Everything runs on loopback. What Azure itself takes is imitated by the emulator: a latency, and
//! the published limits. What a figure is compared with is computed in `case`.

mod case;
mod machine;
pub(crate) mod measure;
mod provider;
mod scan;
mod table;

use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use self::case::CASES;
use crate::process::{Supervisor, describe};
use crate::{screen, workspace};

/// Builds, measures, prints the table and writes `target/bench/bench.json`.
pub fn run(supervisor: &Supervisor) -> Result<()> {
    let mut build = workspace::build_programs();
    build.arg("--release");
    screen::say(&format!("$ {}", describe(&build)));
    supervisor.run(&mut build)?;
    let programs = workspace::released_programs()?;
    let start = provider::measure(supervisor, &programs.provider)?;
    let mut scans = Vec::new();
    for case in &CASES {
        screen::say(&format!("measuring: {}", case.words()));
        scans.push(scan::measure(supervisor, &programs.keyrotation, case)?);
    }
    let sizes = [
        ("keyrotation", size(&programs.keyrotation)?),
        ("terraform-provider-keyrotation", size(&programs.provider)?),
    ];
    let machine = machine::describe();
    screen::say(&table::text(&machine, &scans, &start, &sizes));
    let folder = workspace::target()?.join("bench");
    fs::create_dir_all(&folder).context("cannot create the folder for the figures")?;
    let file = folder.join("bench.json");
    let figures = json!({
        "format_version": 1,
        "machine": machine,
        "check": scans.iter().map(table::scan).collect::<Vec<_>>(),
        "provider_start": table::start(&start),
        "bytes": sizes.iter().map(|(name, bytes)| json!({"name": name, "bytes": bytes})).collect::<Vec<_>>(),
    });
    fs::write(&file, format!("{figures:#}\n"))
        .with_context(|| format!("cannot write {}", file.display()))?;
    screen::say(&format!("\nfigures: {}", file.display()));
    Ok(())
}

fn size(program: &std::path::Path) -> Result<u64> {
    let data =
        fs::metadata(program).with_context(|| format!("cannot find {}", program.display()))?;
    Ok(data.len())
}
