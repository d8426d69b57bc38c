//! One `keyrotation check` over a whole made-up fleet, watched from outside.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::case::Case;
use super::measure;
use crate::emulator::Emulator;
use crate::process::Supervisor;

/// Far above the longest bound; a scan that takes longer is stuck.
const LIMIT: Duration = Duration::from_secs(300);
/// Every made-up fleet has keys that are too old.
const CHECK_SAYS_DRIFT: i32 = 2;

/// What was measured of a case.
pub(super) struct Scan {
    pub(super) case: &'static Case,
    pub(super) wall: Duration,
    /// The most bytes of memory of the scan.
    pub(super) peak: u64,
    /// All requests, sign-in included.
    pub(super) requests: usize,
    /// Those that were refused for their number.
    pub(super) refused: usize,
}

/// Makes the fleet up, scans it, and makes sure that every account is in the report.
pub(super) fn measure(
    supervisor: &Supervisor,
    keyrotation: &Path,
    case: &'static Case,
) -> Result<Scan> {
    let (sizes, latency) = (case.sizes(), format!("{}ms", case.latency.as_millis()));
    let options = [
        "--generate",
        &sizes,
        "--latency",
        &latency,
        "--throttle=published",
    ];
    let emulator = Emulator::start(supervisor, keyrotation, &options.map(OsStr::new))?;
    let report = emulator.folder().join("report.jsonl");
    let log = fs::File::create(emulator.folder().join("check.log"))
        .context("cannot create the log of a scan")?;
    let mut command = emulator.command(keyrotation);
    command
        .args(["check", "--output"])
        .arg(format!("jsonl={}", report.display()))
        .stdout(log.try_clone()?)
        .stderr(log);
    let ended = measure::run(supervisor, &mut command, LIMIT)?;
    ensure!(
        ended.code == CHECK_SAYS_DRIFT,
        "check ended with {}: {}",
        ended.code,
        fs::read_to_string(emulator.folder().join("check.log")).unwrap_or_default()
    );
    let accounts = accounts_in(&report)?;
    ensure!(
        accounts == case.accounts,
        "the report has {accounts} accounts, the fleet {}",
        case.accounts
    );
    let journal = emulator.journal()?;
    let is_refusal = |entry: &&Value| entry.get("status").and_then(Value::as_u64) == Some(429);
    Ok(Scan {
        case,
        wall: ended.wall,
        peak: ended.peak,
        requests: journal.len(),
        refused: journal.iter().filter(is_refusal).count(),
    })
}

fn accounts_in(report: &Path) -> Result<u64> {
    let text = fs::read_to_string(report).context("the scan has left no report")?;
    let last = text.lines().last().unwrap_or_default();
    let sum: Value = serde_json::from_str(last).context("the report's last line is no JSON")?;
    ensure!(
        sum.get("record").and_then(Value::as_str) == Some("summary"),
        "the report has no sum"
    );
    let records = text
        .lines()
        .filter(|line| line.starts_with(r#"{"record":"account""#));
    u64::try_from(records.count()).context("more accounts than can be counted")
}
