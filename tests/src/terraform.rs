//! A real Terraform core with the provider under test, in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::emulator::Emulator;
use crate::place;
use crate::process::{self, Running, Said};

/// Terraform and OpenTofu look for a source without a host under different ones.
const REGISTRIES: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];
const ADDRESS: &str = "azure-keyrotation/keyrotation";
const PROGRAM: &str = "terraform-provider-keyrotation";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const PLAN_FILE: &str = "plan.out";

/// What every configuration begins with: where the provider comes from.
pub const REQUIRED: &str = "\
terraform {
  required_providers {
    keyrotation = { source = \"azure-keyrotation/keyrotation\" }
  }
}
";

/// One working folder of one core; it lives in the emulator's scratch folder and goes with it.
#[derive(Debug)]
pub struct Terraform<'a> {
    emulator: &'a Emulator,
    program: PathBuf,
    folder: PathBuf,
}

/// What a plan would do to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The address of the object in the configuration.
    pub address: String,
    /// The actions in order, as in `["delete", "create"]`.
    pub actions: Vec<String>,
}

impl Change {
    /// Describes an expected change.
    #[must_use]
    pub fn new(address: &str, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|&action| action.to_owned()).collect();
        Self {
            address: address.to_owned(),
            actions,
        }
    }
}

impl<'a> Terraform<'a> {
    /// Opens a working folder called `name` with the configuration, and runs `init`.
    ///
    /// # Errors
    ///
    /// Fails if the core or the provider is missing, or if `init` fails.
    pub fn open(emulator: &'a Emulator, name: &str, configuration: &str) -> Result<Self> {
        Self::open_on(&place::terraform()?, emulator, name, configuration)
    }

    /// Opens a working folder for another core than the newest one.
    ///
    /// # Errors
    ///
    /// Fails if the core or the provider is missing, or if `init` fails.
    pub fn open_on(
        program: &Path,
        emulator: &'a Emulator,
        name: &str,
        configuration: &str,
    ) -> Result<Self> {
        let terraform = Self::prepare(program, emulator, name)?;
        terraform.write(configuration)?;
        terraform.succeed(&["init", "-input=false"])?;
        Ok(terraform)
    }

    /// Opens a working folder with a copy of the files in `source`, under the same name, and runs `init`.
    ///
    /// # Errors
    ///
    /// Fails if the core or the provider is missing, if the files cannot be copied, or if `init` fails.
    pub fn open_copy(program: &Path, emulator: &'a Emulator, source: &Path) -> Result<Self> {
        let name = source.file_name().and_then(|name| name.to_str());
        let name = name.with_context(|| format!("{} has no name", source.display()))?;
        let terraform = Self::prepare(program, emulator, name)?;
        terraform.replace_by(source)?;
        terraform.succeed(&["init", "-input=false"])?;
        Ok(terraform)
    }

    fn prepare(program: &Path, emulator: &'a Emulator, name: &str) -> Result<Self> {
        let folder = emulator.scratch().folder(name)?;
        install_provider(&folder)?;
        Ok(Self {
            emulator,
            program: program.to_owned(),
            folder,
        })
    }

    /// Replaces everything but what the core keeps for itself by a copy of the files in `source`.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be removed or copied.
    pub fn replace_by(&self, source: &Path) -> Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        place::copy_files(source, &self.folder)
    }

    /// Returns the working folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Replaces the configuration.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub fn write(&self, configuration: &str) -> Result<()> {
        fs::write(self.folder.join("main.tf"), configuration).context("cannot write main.tf")
    }

    /// Offers the provider under another address too, for states that name one which is not here: a core
    /// wants to start every provider of a state, and reads nothing of what is moved away from it.
    ///
    /// # Errors
    ///
    /// Fails if the mirror cannot be written.
    pub fn offer_as(&self, address: &str) -> Result<()> {
        let mirror = self.folder.join(".mirror");
        let name = address.rsplit('/').next().unwrap_or(address);
        offer(&mirror, address, &format!("terraform-provider-{name}"))
    }

    /// Writes another file beside the configuration.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be written.
    pub fn write_file(&self, name: &str, text: &str) -> Result<()> {
        fs::write(self.folder.join(name), text).with_context(|| format!("cannot write {name}"))
    }

    /// Describes a run of the core, for callers that add something of their own.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.emulator.command(&self.program);
        command
            .current_dir(&self.folder)
            .env("TF_CLI_CONFIG_FILE", configuration_file(&self.folder))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .args(arguments);
        command
    }

    /// Runs a command of the core to its end.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be started or does not end.
    pub fn run(&self, arguments: &[&str]) -> Result<Said> {
        process::run(&mut self.command(arguments))
    }

    /// Starts a command of the core beside the test.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Running> {
        Running::start(&mut self.command(arguments))
    }

    /// Runs a command of the core that must end with exit code 0.
    ///
    /// # Errors
    ///
    /// Fails otherwise, with everything that the core said.
    pub fn succeed(&self, arguments: &[&str]) -> Result<Said> {
        let said = self.run(arguments)?.expect_code(0);
        said.with_context(|| format!("`terraform {}` failed", arguments.join(" ")))
    }

    /// Applies the configuration without asking.
    ///
    /// # Errors
    ///
    /// Fails if the core says so.
    pub fn apply(&self) -> Result<Said> {
        self.succeed(&["apply", "-input=false", "-auto-approve", "-no-color"])
    }

    /// Destroys everything without asking.
    ///
    /// # Errors
    ///
    /// Fails if the core says so.
    pub fn destroy(&self) -> Result<Said> {
        self.succeed(&["destroy", "-input=false", "-auto-approve", "-no-color"])
    }

    /// Plans and returns what an apply would change.
    ///
    /// # Errors
    ///
    /// Fails if planning does.
    pub fn plan(&self) -> Result<Vec<Change>> {
        Ok(changes(&self.plan_json(&[])?))
    }

    /// Plans with extra arguments and returns the whole plan as the core writes it in JSON.
    ///
    /// # Errors
    ///
    /// Fails if planning does.
    pub fn plan_json(&self, arguments: &[&str]) -> Result<Value> {
        let out = format!("-out={PLAN_FILE}");
        let mut all = vec!["plan", "-input=false", "-no-color", &out];
        all.extend_from_slice(arguments);
        self.succeed(&all)?;
        self.json(&["show", "-json", PLAN_FILE])
    }

    /// Makes sure that a plan finds nothing to do.
    ///
    /// # Errors
    ///
    /// Fails if planning does, or if there is something to do, with the plan.
    pub fn expect_empty_plan(&self) -> Result<()> {
        let said = self.run(&["plan", "-input=false", "-no-color", "-detailed-exitcode"])?;
        said.expect_code(0)
            .context("the plan is not empty")
            .map(drop)
    }

    /// Returns the attributes of one object in the state.
    ///
    /// # Errors
    ///
    /// Fails if the state has no such object.
    pub fn attributes(&self, address: &str) -> Result<Value> {
        let state = self.json(&["show", "-json"])?;
        let resources = state
            .pointer("/values/root_module/resources")
            .and_then(Value::as_array);
        resources
            .into_iter()
            .flatten()
            .find(|resource| resource.get("address").and_then(Value::as_str) == Some(address))
            .and_then(|resource| resource.get("values").cloned())
            .with_context(|| format!("the state holds no {address}: {state}"))
    }

    /// Returns the addresses of everything in the state.
    ///
    /// # Errors
    ///
    /// Fails if the core does not tell.
    pub fn addresses(&self) -> Result<Vec<String>> {
        let said = self.succeed(&["state", "list"])?;
        Ok(said.stdout.lines().map(str::to_owned).collect())
    }

    /// Returns every file that the core has left in its folder, as text, with its path.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read.
    pub fn files(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.is_file() {
                files.push((path.clone(), fs::read(&path)?));
            }
        }
        ensure!(
            !files.is_empty(),
            "the core has left no file in {}",
            self.folder.display()
        );
        Ok(files)
    }

    fn json(&self, arguments: &[&str]) -> Result<Value> {
        let said = self.succeed(arguments)?;
        serde_json::from_str(&said.stdout).context("the core's answer is not JSON")
    }
}

/// Lists the objects that a plan would touch, in the order of the plan.
fn changes(plan: &Value) -> Vec<Change> {
    let all = plan.get("resource_changes").and_then(Value::as_array);
    let described = all.into_iter().flatten().filter_map(|change| {
        let address = change.get("address")?.as_str()?;
        let actions = change.pointer("/change/actions")?.as_array()?;
        let actions: Vec<&str> = actions.iter().filter_map(Value::as_str).collect();
        Some(Change::new(address, &actions))
    });
    described
        .filter(|change| change.actions != ["no-op"])
        .collect()
}

fn configuration_file(folder: &Path) -> PathBuf {
    folder.join(".core.tfrc")
}

/// Lays the provider out as a filesystem mirror, so that `init` asks no registry.
fn install_provider(folder: &Path) -> Result<()> {
    let mirror = folder.join(".mirror");
    offer(&mirror, ADDRESS, PROGRAM)?;
    let text = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n\
         disable_checkpoint = true\n",
        mirror.display()
    );
    fs::write(configuration_file(folder), text).context("cannot write the core's configuration")
}

/// Puts the provider into a folder in which a core looks by itself, such as `~/.terraform.d/plugins`.
///
/// # Errors
///
/// Fails if the folder cannot be written.
pub fn offer_provider(mirror: &Path) -> Result<()> {
    offer(mirror, ADDRESS, PROGRAM)
}

fn offer(mirror: &Path, address: &str, program: &str) -> Result<()> {
    for registry in REGISTRIES {
        let folder = mirror
            .join(registry)
            .join(address)
            .join(VERSION)
            .join(place::terraform_platform());
        fs::create_dir_all(&folder)?;
        let link = folder.join(format!("{program}_v{VERSION}"));
        std::os::unix::fs::symlink(place::provider()?, link)?;
    }
    Ok(())
}
