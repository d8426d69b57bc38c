//! How many cells a matrix has: for the table that `cargo xtask test` prints at its end.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::table::Request;
use crate::place;

/// The size of a matrix that was run.
#[derive(Debug, Clone, Serialize)]
pub struct Counts {
    /// The operation of the product.
    pub operation: String,
    /// The requests of an undisturbed run.
    pub requests: usize,
    /// The kinds of faults that struck.
    pub faults: usize,
    /// The requests with a fault that were run.
    pub cells: usize,
    /// Those that are excused, with a reason in the table.
    pub excused: usize,
    /// Those that were not as they should be.
    pub failed: usize,
}

impl Counts {
    pub(super) fn of<'a>(
        operation: &str,
        requests: &[Request],
        kinds: impl Iterator<Item = &'a str>,
        cells: usize,
        excused: usize,
    ) -> Self {
        let faults: BTreeSet<&str> = kinds.collect();
        Self {
            operation: operation.to_owned(),
            requests: requests.len(),
            faults: faults.len(),
            cells,
            excused,
            failed: 0,
        }
    }

    /// Writes them beside those of the other matrices, with what failed.
    ///
    /// # Errors
    ///
    /// Fails if something failed, or if the build folder cannot be written.
    pub(super) fn conclude(&self, failures: &[String]) -> Result<()> {
        let folder = place::fault_counts()?;
        fs::create_dir_all(&folder).context("cannot make the folder of the counts")?;
        let counts = Self {
            failed: failures.len(),
            ..self.clone()
        };
        let name = self.operation.replace(' ', "-");
        let text = serde_json::to_string(&counts)?;
        fs::write(folder.join(format!("{name}.json")), text).context("cannot write the counts")?;
        ensure!(
            failures.is_empty(),
            "{} of {} cells failed:\n{}",
            failures.len(),
            self.cells,
            failures.join("\n")
        );
        Ok(())
    }
}
