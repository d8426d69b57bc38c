//! The size of the fault matrices that a run of the tests has gone through, as a table.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{screen, workspace};

/// Where the tests write their counts, in the build folder.
pub(super) const FOLDER: &str = "faults";

/// The columns, as the tests name them.
const COLUMNS: [&str; 5] = ["requests", "faults", "cells", "excused", "failed"];

/// Prints a row for each operation and their sum; nothing if no matrix was run.
pub(super) fn show() -> Result<()> {
    let Ok(files) = fs::read_dir(workspace::target()?.join(FOLDER)) else {
        return Ok(());
    };
    let mut rows = Vec::new();
    for file in files {
        let text = fs::read(file?.path()).context("cannot read the counts of a fault matrix")?;
        rows.push(row(&serde_json::from_slice(&text)?)?);
    }
    rows.sort();
    let sum = |column: usize| {
        rows.iter()
            .filter_map(|(_, row)| row.get(column))
            .sum::<u64>()
    };
    let cells = [0, 2, 3, 4].map(sum);
    screen::say("\n| operation | requests | faults | cells | excused | failed |");
    screen::say("|---|--:|--:|--:|--:|--:|");
    for (operation, counts) in &rows {
        let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
        screen::say(&format!("| {operation} | {} |", counts.join(" | ")));
    }
    let [requests, cells, excused, failed] = cells;
    screen::say(&format!(
        "fault matrix: {} operations, {requests} requests, {cells} requests with a fault; \
         {excused} excused with a reason, {failed} failed",
        rows.len()
    ));
    Ok(())
}

fn row(counts: &Value) -> Result<(String, Vec<u64>)> {
    let operation = counts.get("operation").and_then(Value::as_str);
    let number = |name| counts.get(name).and_then(Value::as_u64).context("no count");
    let numbers = COLUMNS.map(number).into_iter().collect::<Result<_>>()?;
    Ok((operation.context("no operation")?.to_owned(), numbers))
}
