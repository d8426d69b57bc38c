//! `cargo xtask bench`: how fast and how small the release build is, on this machine.
//!
//! Everything runs on loopback. What Azure itself takes is imitated by the emulator: a latency, and
//! the published limits. What a figure is compared with is computed beside it, or measured in the
//! same run.

mod apply;
mod bound;
mod build;
mod case;
mod core;
mod fleet;
mod machine;
pub(crate) mod measure;
mod micro;
mod rivals;
mod rotate;
mod scan;
mod section;
mod sizes;
mod start;
mod sync;

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use self::section::Section;
use crate::process::{Supervisor, describe};
use crate::screen;
use crate::workspace::{self, Programs};

/// One part of the bench.
struct Part {
    name: &'static str,
    title: &'static str,
    /// Whether it runs without being asked for.
    is_usual: bool,
    measure: Measure,
}

impl Part {
    const fn usual(name: &'static str, title: &'static str, measure: Measure) -> Self {
        Self {
            name,
            title,
            is_usual: true,
            measure,
        }
    }

    /// A part that takes many minutes.
    const fn on_request(name: &'static str, title: &'static str, measure: Measure) -> Self {
        Self {
            name,
            title,
            is_usual: false,
            measure,
        }
    }
}

type Measure = fn(&Supervisor, &Programs) -> Result<Section>;

const PARTS: [Part; 9] = [
    Part::usual("sizes", "Sizes", sizes::measure),
    Part::usual("start", "The provider's start", start::measure),
    Part::usual("provider", "The provider under a core", apply::measure),
    Part::usual("check", "`check` on large fleets", scan::measure),
    Part::usual("rotate", "`rotate` of 1,000 accounts", rotate::measure),
    Part::usual("sync", "`sync` of 1,000 places", sync::measure),
    Part::usual("micro", "Decisions by themselves", micro::measure),
    Part::on_request("rivals", "Other tools on the same fleet", rivals::measure),
    Part::on_request("build", "Building from nothing", build::measure),
];

/// Builds, measures what is asked for, prints tables and writes `target/bench/bench.json`.
pub fn run(supervisor: &Supervisor, wanted: &[&str]) -> Result<()> {
    let parts = chosen(wanted)?;
    let mut build = workspace::build_programs();
    build.arg("--release");
    screen::say(&format!("$ {}", describe(&build)));
    supervisor.run(&mut build)?;
    let programs = workspace::released_programs()?;
    let machine = machine::describe();
    screen::say(&format!("\n{machine}"));
    let mut figures = Map::new();
    for part in parts {
        screen::say(&format!("\n## {}\n", part.title));
        let section = (part.measure)(supervisor, &programs)?;
        screen::say(&section.text);
        figures.insert(section.name.to_owned(), section.figures);
        write(&machine, &figures)?;
    }
    Ok(())
}

fn chosen(wanted: &[&str]) -> Result<Vec<&'static Part>> {
    if let Some(unknown) = wanted
        .iter()
        .find(|name| PARTS.iter().all(|part| part.name != **name))
    {
        let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        bail!(
            "`{unknown}` is no part of the bench; there are {}",
            names.join(", ")
        );
    }
    let is_wanted = |part: &&Part| match wanted {
        [] => part.is_usual,
        _ => wanted.contains(&part.name),
    };
    Ok(PARTS.iter().filter(is_wanted).collect())
}

/// Writes what is measured so far: a part that fails takes nothing away.
fn write(machine: &str, figures: &Map<String, Value>) -> Result<()> {
    let folder = workspace::target()?.join("bench");
    fs::create_dir_all(&folder).context("cannot create the folder for the figures")?;
    let file = folder.join("bench.json");
    let all = json!({"format_version": 2, "machine": machine, "parts": figures});
    fs::write(&file, format!("{all:#}\n"))
        .with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wanted: &[&str]) -> Result<Vec<&'static str>> {
        Ok(chosen(wanted)?.iter().map(|part| part.name).collect())
    }

    #[test]
    fn what_takes_long_runs_on_request_only() -> Result<()> {
        let usual = [
            "sizes", "start", "provider", "check", "rotate", "sync", "micro",
        ];
        assert_eq!(names(&[])?, usual);
        assert_eq!(names(&["build", "sizes"])?, ["sizes", "build"]);
        let refused = names(&["size"]).err().map(|error| error.to_string());
        assert!(refused.is_some_and(|said| said.starts_with("`size` is no part of the bench")));
        Ok(())
    }
}
