//! `cargo xtask soak`: days of virtual time over a whole fleet, with faults and kills at random, watched by judges.
//!
//! The judges ask the emulator what is so and never the product; what the product says is held against that. A seed gives
//! the same fleet, faults and kills again, as far as the order of requests is the same.

mod cast;
mod checks;
mod draw;
mod figures;
mod fleet;
mod keeper;
mod play;
mod readers;
mod rotation;
mod runner;
mod sas;
mod terms;
mod traffic;
mod verdict;
mod world;

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use self::cast::Cast;
use self::play::Play;
use self::terms::Terms;
use crate::emulator::Emulator;
use crate::process::{Supervisor, describe};
use crate::{screen, workspace};

/// When every soak begins, so that a seed always makes the same fleet.
const START: &str = "2026-01-01T00:00:00Z";

/// Builds, lets the days pass, prints the figures and writes `target/soak/soak.json`.
///
/// # Errors
/// A judge has found something, or something that every soak needs has failed.
pub fn run(supervisor: &Supervisor, words: &[&str]) -> Result<()> {
    let terms = Terms::read(words)?;
    let keyrotation = built(supervisor, &terms)?;
    screen::say(&format!("$ {}", terms.command()));
    let cast = Cast::of(&terms, START.parse()?);
    let folder = workspace::target()?.join("soak");
    fs::create_dir_all(&folder).context("cannot create the folder of the soak")?;
    let document = folder.join("fleet.json");
    fs::write(&document, fleet::document(&cast).to_string()).context("cannot write the fleet")?;
    let options = [OsStr::new("--fleet"), document.as_os_str()];
    let emulator = Emulator::start(supervisor, &keyrotation, &options)?;
    let mut play = Play::new(supervisor, &emulator, &keyrotation, terms, cast)?;
    let figures = play.all_days()?;
    screen::say(&figures::text(&figures));
    let file = folder.join("soak.json");
    fs::write(&file, format!("{:#}\n", figures::json(&figures)))
        .with_context(|| format!("cannot write {}", file.display()))?;
    screen::say(&format!("\nfigures: {}", file.display()));
    ensure!(
        figures.is_clean,
        "the soak has found something; to see it again: {}",
        terms.command()
    );
    Ok(())
}

fn built(supervisor: &Supervisor, terms: &Terms) -> Result<PathBuf> {
    let mut build = workspace::cargo();
    build.args(["build", "--package=keyrotation-cli"]);
    if !terms.debug {
        build.arg("--release");
    }
    screen::say(&format!("$ {}", describe(&build)));
    supervisor.run(&mut build)?;
    let programs = if terms.debug {
        workspace::programs()?
    } else {
        workspace::released_programs()?
    };
    Ok(programs.keyrotation)
}
