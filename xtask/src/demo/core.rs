//! The Terraform core of the demo: found or installed, and given the provider as cargo built it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::stage::Stage;
use super::story::Story;
use crate::{mirror, tools, workspace};

/// A core that works on a copy of the example.
pub struct Core<'a> {
    stage: &'a Stage,
    program: PathBuf,
    version: String,
    folder: PathBuf,
    configuration: PathBuf,
}

impl<'a> Core<'a> {
    /// Takes the core that the user asks for, else one from the PATH, else that of PyPI.
    pub fn choose(stage: &'a Stage, wanted: Option<&str>) -> Result<Self> {
        let configuration = mirror::built::lay_out(stage.folder(), stage.provider())?;
        let folder = stage.folder().join("quickstart");
        copy_example("quickstart", &folder)?;
        let core = |program: PathBuf| {
            let mut core = Self {
                stage,
                program,
                version: String::new(),
                folder: folder.clone(),
                configuration: configuration.clone(),
            };
            core.version = core.ask_version()?;
            Ok(core)
        };
        match wanted {
            Some("pypi") => core(tools::terraform(stage.supervisor())?),
            Some(program) => core(PathBuf::from(program)),
            None => ["terraform", "tofu"]
                .into_iter()
                .map(|name| core(PathBuf::from(name)))
                .find_map(Result::ok)
                .map_or_else(|| core(tools::terraform(stage.supervisor())?), Ok),
        }
    }

    /// Returns the same core with another example to work on.
    pub fn with_example(&self, name: &str) -> Result<Self> {
        let folder = self.stage.folder().join(name);
        copy_example(name, &folder)?;
        Ok(Self {
            stage: self.stage,
            program: self.program.clone(),
            version: self.version.clone(),
            folder,
            configuration: self.configuration.clone(),
        })
    }

    /// Plans without showing it, and tells whether there is anything to do.
    pub fn has_changes(&self, arguments: &[&str]) -> Result<bool> {
        let plan = ["plan", "-input=false", "-detailed-exitcode"];
        let (code, _, stderr) = self.capture(&[&plan, arguments].concat())?;
        match code {
            0 => Ok(false),
            2 => Ok(true),
            code => bail!("`plan` ended with exit code {code}: {stderr}"),
        }
    }

    /// Returns the core's own name and version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns what is started for each command.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Runs a command on the example, shows what it says, and fails unless it ends with 0.
    pub fn run(&self, story: &Story, arguments: &[&str]) -> Result<()> {
        let name = self.program.file_name().unwrap_or(OsStr::new("terraform"));
        story.command(&format!("{} {}", name.display(), arguments.join(" ")));
        let (code, stdout, stderr) = self.capture(arguments)?;
        story.quote(&format!("{stdout}{stderr}"));
        ensure!(
            code == 0,
            "`{}` ended with exit code {code}",
            arguments.join(" ")
        );
        Ok(())
    }

    /// Returns the value of one of the example's outputs.
    pub fn output(&self, name: &str) -> Result<String> {
        let (code, stdout, stderr) = self.capture(&["output", "-raw", name])?;
        ensure!(code == 0, "cannot read the output `{name}`: {stderr}");
        Ok(stdout)
    }

    fn ask_version(&self) -> Result<String> {
        let (code, stdout, stderr) = self.capture(&["version"])?;
        if code != 0 {
            bail!("`{} version` failed: {stderr}", self.program.display());
        }
        stdout
            .lines()
            .next()
            .map(str::to_owned)
            .context("the core did not tell its version")
    }

    fn capture(&self, arguments: &[&str]) -> Result<(i32, String, String)> {
        let mut command = self.stage.command(&self.program);
        command
            .env("TF_CLI_CONFIG_FILE", &self.configuration)
            .env("TF_CLI_ARGS", "-no-color")
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .arg(format!("-chdir={}", self.folder.display()))
            .args(arguments);
        let output = self.stage.supervisor().capture(&mut command, "")?;
        let code = output
            .status
            .code()
            .context("the core was ended by a signal")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok((code, text(&output.stdout), text(&output.stderr)))
    }
}

/// Copies the example, so that state and lock file do not end up in the checkout.
fn copy_example(name: &str, folder: &Path) -> Result<()> {
    fs::create_dir(folder)?;
    for entry in fs::read_dir(workspace::root().join("examples").join(name))? {
        let path = entry?.path();
        if path.extension() == Some(OsStr::new("tf")) {
            let name = path.file_name().context("a file without a name")?;
            fs::copy(&path, folder.join(name))?;
        }
    }
    Ok(())
}
