//! The provider as cargo built it, laid out so that a core finds it without asking a registry.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{ADDRESS, REGISTRIES};
use crate::dist::{PROVIDER, VERSION};

/// Lays the provider out as a filesystem mirror in `folder`; gives the configuration file of a core.
pub fn lay_out(folder: &Path, provider: &Path) -> Result<PathBuf> {
    let mirror = folder.join("mirror");
    let system = format!("{}_{}", system_name(), architecture_name());
    for registry in REGISTRIES {
        let folder = mirror
            .join(registry)
            .join(ADDRESS)
            .join(VERSION)
            .join(&system);
        fs::create_dir_all(&folder)?;
        let link = folder.join(format!("{PROVIDER}_v{VERSION}"));
        std::os::unix::fs::symlink(provider, link)?;
    }
    let text = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n\
         disable_checkpoint = true\n",
        mirror.display()
    );
    let file = folder.join("core.tfrc");
    fs::write(&file, text).context("cannot write the core's configuration")?;
    Ok(file)
}

/// Names the operating system the way Terraform does.
fn system_name() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// Names the processor the way Terraform does.
fn architecture_name() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
