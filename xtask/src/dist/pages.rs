//! What the command line tool writes about itself: scripts that complete its words, and pages of `man`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::pack::Entry;
use crate::process::Supervisor;
use crate::workspace;

/// Each shell with the name that it looks for.
const SCRIPTS: [(&str, &str); 5] = [
    ("bash", "keyrotation.bash"),
    ("elvish", "keyrotation.elv"),
    ("fish", "keyrotation.fish"),
    ("powershell", "keyrotation.ps1"),
    ("zsh", "_keyrotation"),
];

/// Has `program` write all of it; `scratch` is a folder that may be used.
pub fn of(supervisor: &Supervisor, program: &Path, scratch: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (shell, name) in SCRIPTS {
        let mut write = workspace::isolated(program, scratch);
        let script = supervisor.capture_text(write.args(["completions", shell]))?;
        entries.push(Entry::file(
            format!("completions/{name}"),
            script.into_bytes(),
        ));
    }
    let pages = scratch.join("man1");
    fs::create_dir_all(&pages).context("cannot create a folder for pages")?;
    let mut write = workspace::isolated(program, scratch);
    supervisor.capture_text(write.args(["man", "--folder"]).arg(&pages))?;
    for page in fs::read_dir(&pages)? {
        let page = page?;
        let name = page.file_name().to_string_lossy().into_owned();
        entries.push(Entry::file(
            format!("man/man1/{name}"),
            fs::read(page.path())?,
        ));
    }
    ensure!(entries.len() > SCRIPTS.len(), "there is no page of `man`");
    Ok(entries)
}
