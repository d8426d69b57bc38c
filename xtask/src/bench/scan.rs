//! One `keyrotation check` over a whole made-up fleet, watched from outside.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::case::{CASES, Case};
use super::measure;
use super::section::{Section, Table, megabytes, milliseconds, ratio, seconds, shown};
use crate::emulator::Emulator;
use crate::process::Supervisor;
use crate::screen;
use crate::workspace::Programs;

/// Far above the longest bound; a scan that takes longer is stuck.
const LIMIT: Duration = Duration::from_secs(300);
/// Every made-up fleet has keys that are too old.
const CHECK_SAYS_DRIFT: i32 = 2;

/// What was measured of a case.
struct Scan {
    case: &'static Case,
    wall: Duration,
    /// The most bytes of memory of the scan.
    peak: u64,
    /// All requests, sign-in included.
    requests: usize,
    /// Those that were refused for their number.
    refused: usize,
}

/// Scans every fleet.
pub(super) fn measure(supervisor: &Supervisor, programs: &Programs) -> Result<Section> {
    let heads = [
        "accounts",
        "subscriptions",
        "vaults",
        "records",
        "latency",
        "requests",
        "429",
        "chain",
        "steps",
        "wall",
        "wall / chain",
        "wall / steps",
        "peak",
    ];
    let (mut table, mut figures) = (Table::new(&heads, 0), Vec::new());
    for case in &CASES {
        screen::say(&format!("  {}", case.words()));
        let scan = scan(supervisor, &programs.keyrotation, case)?;
        table.row(&scan.cells());
        figures.push(scan.figures());
    }
    Ok(Section {
        name: "check",
        text: table.text(),
        figures: Value::Array(figures),
    })
}

impl Scan {
    fn cells(&self) -> [String; 13] {
        let case = self.case;
        let (chain, steps) = (case.chain(), case.steps());
        [
            case.accounts.to_string(),
            case.subscriptions.to_string(),
            case.vaults.to_string(),
            case.enrolled.to_string(),
            format!("{} ms", case.latency.as_millis()),
            self.requests.to_string(),
            self.refused.to_string(),
            seconds(chain),
            seconds(steps),
            seconds(self.wall),
            shown(ratio(self.wall, chain)),
            shown(ratio(self.wall, steps)),
            megabytes(self.peak),
        ]
    }

    fn figures(&self) -> Value {
        let case = self.case;
        let (chain, steps) = (case.chain(), case.steps());
        json!({
            "accounts": case.accounts,
            "subscriptions": case.subscriptions,
            "vaults": case.vaults,
            "records": case.enrolled,
            "latency_ms": milliseconds(case.latency),
            "requests": self.requests,
            "refused_429": self.refused,
            "chain_ms": milliseconds(chain),
            "steps_ms": milliseconds(steps),
            "wall_ms": milliseconds(self.wall),
            "wall_to_chain": ratio(self.wall, chain),
            "wall_to_steps": ratio(self.wall, steps),
            "peak_bytes": self.peak,
        })
    }
}

/// Makes the fleet up, scans it, and makes sure that every account is in the report.
fn scan(supervisor: &Supervisor, keyrotation: &Path, case: &'static Case) -> Result<Scan> {
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
    Ok(Scan {
        case,
        wall: ended.wall,
        peak: ended.peak,
        requests: journal.len(),
        refused: measure::refused(&journal),
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
