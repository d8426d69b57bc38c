//! The cores that the tests run, and what each of them can do.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::place::{self, Scratch};
use crate::process;

/// A Terraform or OpenTofu program.
#[derive(Debug, Clone)]
pub struct Core {
    program: PathBuf,
    is_open_tofu: bool,
    minor: u32,
    name: String,
}

/// What not every core can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Functions of providers.
    Functions,
    /// Objects that live for one run.
    Ephemeral,
    /// `import` blocks with an identity.
    ImportByIdentity,
    /// `terraform query`.
    Query,
    /// Actions, by trigger and by `-invoke`.
    Actions,
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Functions,
        Self::Ephemeral,
        Self::ImportByIdentity,
        Self::Query,
        Self::Actions,
    ];

    /// Tells the first minor version of 1 that has it: of Terraform, and of OpenTofu if any has.
    fn since(self) -> (u32, Option<u32>) {
        match self {
            Self::Functions => (8, Some(7)),
            Self::Ephemeral => (10, Some(11)),
            Self::ImportByIdentity => (12, Some(12)),
            Self::Query | Self::Actions => (14, None),
        }
    }
}

impl Core {
    /// Finds the cores to run, the oldest first.
    ///
    /// # Errors
    ///
    /// Fails if one is missing, or does not tell its version.
    pub fn all() -> Result<Vec<Self>> {
        place::cores()?.into_iter().map(Self::ask).collect()
    }

    fn ask(program: PathBuf) -> Result<Self> {
        let scratch = Scratch::new()?;
        let mut command = place::isolated(&program, scratch.path());
        command.arg("version").env("CHECKPOINT_DISABLE", "1");
        let said = process::run(&mut command)?.expect_code(0)?;
        let name = said.stdout.lines().next().unwrap_or_default().to_owned();
        let version = name
            .split(" v1.")
            .nth(1)
            .and_then(|rest| rest.split('.').next());
        Ok(Self {
            is_open_tofu: name.starts_with("OpenTofu"),
            minor: version
                .and_then(|minor| minor.parse().ok())
                .with_context(|| format!("no version of a core: {name}"))?,
            program,
            name,
        })
    }

    /// Returns the program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Tells whether it can do something.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        let (terraform, open_tofu) = feature.since();
        if self.is_open_tofu {
            open_tofu.is_some_and(|since| since <= self.minor)
        } else {
            terraform <= self.minor
        }
    }
}

impl fmt::Display for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
