//! The archives: the same files give the same bytes, whoever packs them and when.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::system::System;
use super::{PROVIDER, TOOL, VERSION, file_name, licences, pages};
use crate::process::Supervisor;
use crate::sbom::Program;
use crate::screen;

/// The time of everything in an archive, in seconds of Unix: the first that a zip can tell.
const TIME: u64 = 315_532_800;
const PROGRAM: u32 = 0o755;
const FILE: u32 = 0o644;

/// What people get beside each program.
const LEAFLETS: [&str; 4] = ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// How much is done for small archives.
#[derive(Clone, Copy)]
pub enum Effort {
    /// Little: for programs of tests, which are large.
    Least,
    /// All.
    Most,
}

impl Effort {
    fn level(self) -> Compression {
        match self {
            Self::Least => Compression::fast(),
            Self::Most => Compression::best(),
        }
    }
}

/// Both programs, as they were built for one system.
pub struct Programs {
    /// The system.
    pub system: System,
    /// The folder with the workspace that they are built from.
    pub sources: PathBuf,
    /// How they are packed.
    pub effort: Effort,
    /// The command line tool.
    pub tool: PathBuf,
    /// The provider.
    pub provider: PathBuf,
}

impl Programs {
    /// Finds both in a folder.
    pub fn in_folder(
        folder: &Path,
        system: &System,
        sources: &Path,
        effort: Effort,
    ) -> Result<Self> {
        let find = |program: &str| {
            let path = folder.join(system.executable(program));
            fs::canonicalize(&path).with_context(|| format!("there is no {}", path.display()))
        };
        Ok(Self {
            system: *system,
            sources: sources.to_owned(),
            effort,
            tool: find(TOOL)?,
            provider: find(PROVIDER)?,
        })
    }

    /// Describes one of them for bills and licences.
    pub fn described<'a>(&'a self, name: &'a str, package: &'a str) -> Program<'a> {
        Program {
            sources: &self.sources,
            name,
            package,
            system: self.system.triple,
        }
    }

    fn leaflets(&self) -> Result<Vec<Entry>> {
        let read = |name: &str| {
            let path = self.sources.join(name);
            let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
            Ok(Entry::file(name.to_owned(), bytes))
        };
        LEAFLETS.into_iter().map(read).collect()
    }
}

/// One file of an archive.
pub struct Entry {
    name: String,
    bytes: Vec<u8>,
    mode: u32,
}

impl Entry {
    /// Describes a file that nobody runs.
    pub fn file(name: String, bytes: Vec<u8>) -> Self {
        let mode = FILE;
        Self { name, bytes, mode }
    }

    fn program(name: String, path: &Path) -> Result<Self> {
        Ok(Self {
            name,
            bytes: fs::read(path).with_context(|| path.display().to_string())?,
            mode: PROGRAM,
        })
    }
}

/// Writes the archives of both programs into a folder; `speaker` is a tool that runs here. Gives their paths.
pub fn write(
    supervisor: &Supervisor,
    programs: &Programs,
    speaker: &Path,
    out: &Path,
) -> Result<[PathBuf; 2]> {
    let system = &programs.system;
    let provider = out.join(file_name(PROVIDER, system, ".zip"));
    let level = programs.effort.level();
    save(
        &provider,
        &zip(provider_files(supervisor, programs)?, level)?,
    )?;
    let is_zipped = system.is_windows();
    let end = if is_zipped { ".zip" } else { ".tar.gz" };
    let tool = out.join(file_name(TOOL, system, end));
    let entries = tool_files(supervisor, programs, speaker, out)?;
    let bytes = if is_zipped {
        zip(entries, level)?
    } else {
        tar(entries, level)?
    };
    save(&tool, &bytes)?;
    Ok([provider, tool])
}

fn provider_files(supervisor: &Supervisor, programs: &Programs) -> Result<Vec<Entry>> {
    let system = &programs.system;
    let described = programs.described(PROVIDER, "keyrotation-provider");
    let name = system.executable(&format!("{PROVIDER}_v{VERSION}"));
    let mut entries = programs.leaflets()?;
    entries.push(licences::of(supervisor, &described)?);
    entries.push(Entry::program(name, &programs.provider)?);
    Ok(entries)
}

fn tool_files(
    supervisor: &Supervisor,
    programs: &Programs,
    speaker: &Path,
    out: &Path,
) -> Result<Vec<Entry>> {
    let system = &programs.system;
    let described = programs.described(TOOL, "keyrotation-cli");
    let scratch = out.join(".pages");
    fs::create_dir_all(&scratch).context("cannot create a folder for pages")?;
    let mut entries = pages::of(supervisor, speaker, &scratch)?;
    fs::remove_dir_all(&scratch).context("cannot remove the folder for pages")?;
    entries.append(&mut programs.leaflets()?);
    entries.push(licences::of(supervisor, &described)?);
    entries.push(Entry::program(system.executable(TOOL), &programs.tool)?);
    let folder = file_name(TOOL, system, "");
    for entry in &mut entries {
        entry.name = format!("{folder}/{}", entry.name);
    }
    Ok(entries)
}

fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| path.display().to_string())?;
    screen::say(&format!("{}: {} bytes", path.display(), bytes.len()));
    Ok(())
}

fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries
}

fn zip(entries: Vec<Entry>, level: Compression) -> Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in sorted(entries) {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(level.level().into()))
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(entry.mode);
        zip.start_file(entry.name, options)
            .context("cannot pack a file")?;
        zip.write_all(&entry.bytes).context("cannot pack a file")?;
    }
    Ok(zip.finish().context("cannot end an archive")?.into_inner())
}

fn tar(entries: Vec<Entry>, level: Compression) -> Result<Vec<u8>> {
    // Neither name nor time nor system stands in the head.
    let packed = GzBuilder::new().write(Vec::new(), level);
    let mut tar = tar::Builder::new(packed);
    for entry in sorted(entries) {
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(entry.bytes.len()).context("a file is too large")?);
        header.set_mode(entry.mode);
        header.set_mtime(TIME);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_data(&mut header, &entry.name, entry.bytes.as_slice())
            .context("cannot pack a file")?;
    }
    let packed = tar.into_inner().context("cannot end an archive")?;
    packed.finish().context("cannot end an archive")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(names: &[&str]) -> Vec<Entry> {
        let entry = |name: &&str| Entry::file((*name).to_owned(), name.as_bytes().to_vec());
        names.iter().map(entry).collect()
    }

    #[test]
    fn the_order_of_files_makes_no_difference() -> Result<()> {
        for pack in [zip, tar] {
            let level = Compression::best();
            let (one, other) = (entries(&["a", "b"]), entries(&["b", "a"]));
            assert_eq!(pack(one, level)?, pack(other, level)?);
        }
        Ok(())
    }
}
