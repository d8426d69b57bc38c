//! A reader at a shell: types what a page says, in one session and in the order of the page.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::compare;
use super::{Command, Step};
use crate::place::{self, Scratch};
use crate::process;
use crate::terraform;

/// Opens every line that the session itself writes.
const MARK: char = '\u{1e}';

/// The desk of one reader: a home, a temporary folder, and what a checkout would hold.
#[derive(Debug)]
pub struct Desk {
    scratch: Scratch,
    folder: PathBuf,
}

impl Desk {
    /// Lays out a desk on which a reader works in `folder` of the checkout.
    ///
    /// # Errors
    ///
    /// Fails if a program is missing or a folder cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        let scratch = Scratch::new()?;
        scratch.folder("tmp")?;
        let programs = scratch.folder("bin")?;
        let named = [
            ("keyrotation", place::keyrotation()?),
            ("terraform", place::terraform()?),
            ("kubectl", place::kubectl()?),
        ];
        for (name, program) in named {
            link(&program, &programs.join(name))?;
        }
        let checkout = scratch.folder("checkout")?;
        copy(&place::root().join("examples"), &checkout.join("examples"))?;
        let built = checkout.join("target/release");
        fs::create_dir_all(&built)?;
        for program in [place::keyrotation()?, place::provider()?] {
            let name = program.file_name().context("a name")?.to_owned();
            link(&program, &built.join(name))?;
        }
        let folder = checkout.join(folder);
        fs::create_dir_all(&folder)?;
        fs::create_dir_all(scratch.path().join("home/.terraform.d"))?;
        Ok(Self { scratch, folder })
    }

    /// Installs the provider for the reader, where a core looks by itself.
    ///
    /// # Errors
    ///
    /// Fails if a folder cannot be made.
    pub fn install_provider(&self) -> Result<()> {
        terraform::offer_provider(&self.scratch.path().join("home/.terraform.d/plugins"))
    }

    /// Does all steps in one shell, after the lines of `prelude`; those that `excuse` knows are only
    /// told to the function `excused`.
    ///
    /// # Errors
    ///
    /// Fails at the first command that ends with another code or prints something else than the page
    /// shows, with what it printed.
    pub fn run(
        &self,
        prelude: &str,
        steps: &[Step],
        excuse: impl Fn(&Command) -> bool,
    ) -> Result<()> {
        let mut script = format!("exec 2>&1\n{prelude}\nset --\n");
        for (number, step) in steps.iter().enumerate() {
            self.write_step(&mut script, number, step, &excuse)?;
        }
        let script = script.replace("/tmp/", &self.temporary());
        let file = self.scratch.path().join("session.sh");
        fs::write(&file, script).context("cannot write the session")?;
        let mut shell = place::isolated(Path::new("bash"), &self.scratch.path().join("home"));
        let path = place::search_path().unwrap_or_default();
        let mut folders = vec![self.scratch.path().join("bin")];
        folders.extend(std::env::split_paths(&path));
        shell
            .arg(&file)
            .current_dir(&self.folder)
            .env("PATH", std::env::join_paths(folders)?)
            .env("CHECKPOINT_DISABLE", "1")
            .env("KEYROTATION_AZURITE", place::azurite()?);
        let said = process::run(&mut shell)?;
        self.judge(steps, &said.stdout)
    }

    fn temporary(&self) -> String {
        format!("{}/tmp/", self.scratch.path().display())
    }

    fn write_step(
        &self,
        script: &mut String,
        number: usize,
        step: &Step,
        excuse: impl Fn(&Command) -> bool,
    ) -> Result<()> {
        match step {
            Step::File { name, text, append } => {
                let redirect = if *append { ">>" } else { ">" };
                let end = "END_OF_THE_PAGES_FILE";
                writeln!(script, "cat {redirect} '{name}' <<'{end}'\n{text}{end}")?;
            }
            Step::Type(command) => {
                let text = if excuse(command) {
                    format!("excused '{}'", command.text.replace('\'', r"'\''"))
                } else {
                    command.text.clone()
                };
                writeln!(
                    script,
                    "printf '{MARK}{number} begins\\n'\n{text}\ncode=$?\n\
                     printf '\\n{MARK}{number} ends with %d\\n' \"$code\"\n\
                     [ \"$code\" = {} ] || exit 1",
                    command.code
                )?;
            }
        }
        Ok(())
    }

    fn judge(&self, steps: &[Step], said: &str) -> Result<()> {
        let said = said.replace(&self.temporary(), "/tmp/");
        for (number, step) in steps.iter().enumerate() {
            let Step::Type(command) = step else {
                continue;
            };
            let at = format!("line {}: `{}`", command.line, command.text);
            let begins = format!("{MARK}{number} begins\n");
            let Some((before, rest)) = said.split_once(&begins) else {
                bail!("{at} was not reached:\n{said}");
            };
            let ends = format!("\n{MARK}{number} ends with ");
            let Some((printed, rest)) = rest.split_once(&ends) else {
                bail!("{at} ended the shell:\n{before}\n{rest}");
            };
            let code = rest.lines().next().unwrap_or_default();
            ensure!(
                code == command.code.to_string(),
                "{at} ends with {code}, the page says {}:\n{printed}",
                command.code
            );
            ensure!(
                command.shown.is_empty() || compare::fits(&command.shown, printed),
                "{at} prints something else than the page shows:\n{printed}"
            );
        }
        Ok(())
    }
}

fn link(program: &Path, place: &Path) -> Result<()> {
    std::os::unix::fs::symlink(program, place)
        .with_context(|| format!("cannot link {}", place.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().context("a name")?.to_owned();
        if name.to_string_lossy().starts_with(".terraform") {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
