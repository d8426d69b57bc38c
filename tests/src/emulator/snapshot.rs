//! All that an emulator knew, as it leaves it behind: many runs begin from one snapshot.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const FILE: &str = "state.json";

/// A snapshot of an emulator. It holds keys, so it cannot be shown.
#[derive(Clone)]
pub struct Snapshot {
    format: String,
    whole: Value,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Snapshot(redacted)")
    }
}

impl Snapshot {
    pub(super) fn read(state: &Path) -> Result<Self> {
        let text = fs::read_to_string(state.join(FILE)).context("there is no snapshot")?;
        let (format, whole) = text.split_once('\n').context("no snapshot of ours")?;
        let whole = serde_json::from_str(whole).context("the snapshot is not JSON")?;
        Ok(Self {
            format: format.to_owned(),
            whole,
        })
    }

    pub(super) fn write(&self, state: &Path) -> Result<()> {
        let path = state.join(FILE);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(path).context("cannot write the snapshot")?;
        write!(file, "{}\n{}", self.format, self.whole).context("cannot write the snapshot")
    }

    /// Moves every time in it back: so much time goes by in which nothing happens.
    pub fn age(&mut self, minutes: i64) {
        if let Some(world) = self.whole.get_mut("world") {
            age(world, SignedDuration::from_mins(minutes));
        }
    }
}

fn age(value: &mut Value, by: SignedDuration) {
    match value {
        Value::String(text) => {
            if let Ok(moment) = text.parse::<Timestamp>()
                && let Ok(earlier) = moment.checked_sub(by)
            {
                *text = earlier.to_string();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| age(item, by)),
        Value::Object(fields) => fields.values_mut().for_each(|field| age(field, by)),
        _ => {}
    }
}
