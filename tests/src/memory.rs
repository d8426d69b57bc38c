//! Reads the memory of a program that runs, as a core file would hold it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Returns what the programs of a group can write to (heaps, stacks, variables), of those with the name.
///
/// # Errors
///
/// Fails if none has that name, or one cannot be read.
pub fn of_group(group: u32, program: &Path) -> Result<Vec<u8>> {
    let mut memory = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let folder = entry?.path();
        // A process that is about to end has no program any more.
        let runs = fs::read_link(folder.join("exe")).is_ok_and(|runs| runs == program);
        if runs && group_of(&folder)? == group {
            memory.extend(writable(&folder)?);
        }
    }
    ensure!(
        !memory.is_empty(),
        "nothing of {} runs in the group {group}",
        program.display()
    );
    Ok(memory)
}

/// Reads the fifth word of the status; the second is a name in brackets and may hold blanks.
fn group_of(folder: &Path) -> Result<u32> {
    let status = fs::read_to_string(folder.join("stat"))?;
    let (_, rest) = status
        .rsplit_once(") ")
        .context("a status without a name")?;
    let group = rest.split(' ').nth(2).context("a status without a group")?;
    Ok(group.parse()?)
}

fn writable(folder: &Path) -> Result<Vec<u8>> {
    let memory = File::open(folder.join("mem")).context("the memory may not be read")?;
    let mut all = Vec::new();
    for line in fs::read_to_string(folder.join("maps"))?.lines() {
        let Some((start, end)) = region(line) else {
            continue;
        };
        let mut bytes = vec![0; usize::try_from(end - start)?];
        // Pages beyond the end of a file, or freed while we look, cannot be read.
        if memory.read_exact_at(&mut bytes, start).is_ok() {
            all.extend(bytes);
        }
    }
    Ok(all)
}

/// Reads a line like `7f00-7f10 rw-p …`.
fn region(line: &str) -> Option<(u64, u64)> {
    let (addresses, rest) = line.split_once(' ')?;
    let (start, end) = addresses.split_once('-')?;
    let read = |number| u64::from_str_radix(number, 16).ok();
    rest.starts_with("rw").then_some((read(start)?, read(end)?))
}
