//! The figures, as a table of Markdown for people and as JSON for programs.

use std::time::Duration;

use serde_json::{Value, json};

use super::provider::{STARTS, Start};
use super::scan::Scan;

/// Writes all figures for people.
pub(super) fn text(machine: &str, scans: &[Scan], start: &Start, sizes: &[(&str, u64)]) -> String {
    let mut lines = vec![
        format!("\n{machine}\n"),
        "| accounts | subscriptions | vaults | records | latency | requests | 429 | chain | steps | wall | wall / chain | wall / steps | peak |".to_owned(),
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|".to_owned(),
    ];
    lines.extend(scans.iter().map(row));
    lines.push(format!(
        "\n| provider | |\n|---|--:|\n| spawn to handshake, median of {STARTS} | {:.1} ms |\n| peak memory at the handshake, median | {} |",
        start.wall.as_secs_f64() * 1000.0,
        megabytes(start.peak)
    ));
    lines.push("\n| program | size |\n|---|--:|".to_owned());
    lines.extend(
        sizes
            .iter()
            .map(|(name, bytes)| format!("| `{name}` | {} |", megabytes(*bytes))),
    );
    lines.join("\n")
}

fn row(scan: &Scan) -> String {
    let case = scan.case;
    let (chain, steps) = (case.chain(), case.steps());
    let cells = [
        case.accounts.to_string(),
        case.subscriptions.to_string(),
        case.vaults.to_string(),
        case.enrolled.to_string(),
        format!("{} ms", case.latency.as_millis()),
        scan.requests.to_string(),
        scan.refused.to_string(),
        seconds(chain),
        seconds(steps),
        seconds(scan.wall),
        shown(ratio(scan.wall, chain)),
        shown(ratio(scan.wall, steps)),
        megabytes(scan.peak),
    ];
    format!("| {} |", cells.join(" | "))
}

/// Describes a scan for programs.
pub(super) fn scan(scan: &Scan) -> Value {
    let case = scan.case;
    let (chain, steps) = (case.chain(), case.steps());
    json!({
        "accounts": case.accounts,
        "subscriptions": case.subscriptions,
        "vaults": case.vaults,
        "records": case.enrolled,
        "latency_ms": milliseconds(case.latency),
        "requests": scan.requests,
        "refused_429": scan.refused,
        "chain_ms": milliseconds(chain),
        "steps_ms": milliseconds(steps),
        "wall_ms": milliseconds(scan.wall),
        "wall_to_chain": ratio(scan.wall, chain),
        "wall_to_steps": ratio(scan.wall, steps),
        "peak_bytes": scan.peak,
    })
}

/// Describes the start of the provider for programs.
pub(super) fn start(start: &Start) -> Value {
    json!({
        "starts": STARTS,
        "median_ms": milliseconds(start.wall),
        "median_peak_bytes": start.peak,
    })
}

/// Compares with a bound; nothing without latency, where a bound of waiting says nothing.
fn ratio(wall: Duration, bound: Duration) -> Option<f64> {
    (!bound.is_zero()).then(|| wall.as_secs_f64() / bound.as_secs_f64())
}

fn shown(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A megabyte is a million bytes; the precision is a tenth.
fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_with_their_units() {
        assert_eq!(megabytes(55_749_000), "55.7 MB");
        assert_eq!(seconds(Duration::from_millis(3216)), "3.22 s");
        let ratio =
            |wall, bound| shown(ratio(Duration::from_secs(wall), Duration::from_secs(bound)));
        assert_eq!(ratio(3, 2), "1.50");
        assert_eq!(ratio(3, 0), "-");
    }
}
