//! What a runner of GitHub Actions makes of a composite action: as much of it as `action.yml` needs, so
//! that the steps are run as they are written there.

mod expression;
mod manifest;

use std::collections::BTreeMap;
use std::env::consts;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use self::expression::Values;
use self::manifest::{Act, Manifest, Step};
use crate::emulator::Emulator;
use crate::place;
use crate::process;

/// How a use of the action ended.
#[derive(Debug, Default)]
pub struct Ended {
    /// The exit code of the first step that failed; 0 if none did.
    pub code: i32,
    /// What the steps said, stdout before stderr.
    pub log: String,
    /// What stands on the page of the run.
    pub summary: String,
    /// The outputs of the action that are not empty.
    pub outputs: BTreeMap<String, String>,
    /// The actions of others that would have been called, each with what it would have been given.
    pub called: Vec<(String, BTreeMap<String, String>)>,
}

/// A job that uses the action; its folders are in the emulator's scratch folder.
#[derive(Debug)]
pub struct Job<'a> {
    emulator: &'a Emulator,
    folder: PathBuf,
    manifest: Manifest,
}

impl<'a> Job<'a> {
    /// Begins a job in a folder of its own.
    ///
    /// # Errors
    ///
    /// Fails if `action.yml` cannot be read, or has what this runner does not know.
    pub fn begin(emulator: &'a Emulator, name: &str) -> Result<Self> {
        let text = fs::read_to_string(place::root().join("action.yml"));
        let manifest = Manifest::read(&text.context("cannot read action.yml")?)?;
        let folder = emulator.scratch().folder(name)?;
        for part in ["temp", "workspace"] {
            fs::create_dir(folder.join(part))?;
        }
        Ok(Self {
            emulator,
            folder,
            manifest,
        })
    }

    /// Returns the folder in which the steps work.
    #[must_use]
    pub fn workspace(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// Uses the action with these inputs; those that are left out have their defaults.
    ///
    /// # Errors
    ///
    /// Fails if an input is not one of the action's, or if a step cannot be run at all.
    pub fn run(&self, inputs: &[(&str, &str)]) -> Result<Ended> {
        let mut values = Values::of_inputs(self.manifest.inputs(inputs)?);
        let mut ended = Ended::default();
        for (number, step) in self.manifest.steps().iter().enumerate() {
            if !values.wants(step.condition(), ended.code != 0)? {
                continue;
            }
            match step.act() {
                Act::Run(script) => {
                    self.run_script(number, step, script, &mut values, &mut ended)?;
                }
                Act::Uses(action) => {
                    let with = values.fill_all(step.with())?;
                    ended.called.push((action.clone(), with));
                }
            }
        }
        for (name, value) in self.manifest.outputs() {
            let value = values.fill(value)?;
            if !value.is_empty() {
                ended.outputs.insert(name.clone(), value);
            }
        }
        Ok(ended)
    }

    fn run_script(
        &self,
        number: usize,
        step: &Step,
        script: &str,
        values: &mut Values,
        ended: &mut Ended,
    ) -> Result<()> {
        let file = |name: &str| self.folder.join(format!("{name}-{number}"));
        let [program, output, summary] = ["script", "output", "summary"].map(file);
        fs::write(&program, script)?;
        for empty in [&output, &summary] {
            fs::write(empty, "")?;
        }
        let place = values.fill(step.working_directory())?;
        let mut command = self.shell(&program);
        command.envs(values.fill_all(step.env())?);
        command.env("GITHUB_OUTPUT", &output);
        command.env("GITHUB_STEP_SUMMARY", &summary);
        let said = process::run(command.current_dir(self.workspace().join(place)))?;
        let code = said.code.context("a signal ended a step")?;
        if ended.code == 0 {
            ended.code = code;
        }
        ended.log.push_str(&said.stdout);
        ended.log.push_str(&said.stderr);
        ended.summary.push_str(&fs::read_to_string(&summary)?);
        for line in fs::read_to_string(&output)?.lines() {
            let (name, value) = line.split_once('=').context("an output without `=`")?;
            values.set(step.id(), name, value);
        }
        Ok(())
    }

    /// Describes a run of a script as `shell: bash` does it.
    fn shell(&self, script: &Path) -> Command {
        let mut command = self.emulator.command(Path::new("bash"));
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]);
        command.arg(script);
        let arch = match consts::ARCH {
            "aarch64" => "ARM64",
            _ => "X64",
        };
        command.env(
            "RUNNER_OS",
            if consts::OS == "macos" {
                "macOS"
            } else {
                "Linux"
            },
        );
        command.env("RUNNER_ARCH", arch);
        command.env("RUNNER_TEMP", self.folder.join("temp"));
        command.env("GITHUB_ACTION_PATH", place::root());
        command
    }
}
