//! The figures of a soak, as a table of Markdown for people and as JSON for programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The memory of a day.
pub(super) struct Day {
    pub(super) day: u32,
    /// The highest peak of a run, by command, in bytes.
    pub(super) peaks: BTreeMap<&'static str, u64>,
    /// The emulator's peak so far, in bytes.
    pub(super) emulator: u64,
}

/// All figures.
pub(super) struct Figures {
    pub(super) command: String,
    pub(super) seconds: u64,
    pub(super) counts: Vec<(&'static str, u64)>,
    /// Faults that struck, by kind.
    pub(super) faults: BTreeMap<String, u64>,
    /// Runs, by command and ending.
    pub(super) endings: BTreeMap<(&'static str, String), u64>,
    /// What was wrong, and how often.
    pub(super) wrong: Vec<(&'static str, u64)>,
    pub(super) told: Vec<String>,
    pub(super) days: Vec<Day>,
    pub(super) is_clean: bool,
}

/// Writes the figures for people.
pub(super) fn text(figures: &Figures) -> String {
    let mut lines = vec![
        format!("\n`{}` took {} s\n", figures.command, figures.seconds),
        "| | |\n|---|--:|".to_owned(),
    ];
    let row = |(name, count): &(&str, u64)| format!("| {name} | {count} |");
    lines.extend(figures.counts.iter().map(row));
    lines.push("\n| fault | struck |\n|---|--:|".to_owned());
    let fault = |(name, count): (&String, &u64)| format!("| {name} | {count} |");
    lines.extend(figures.faults.iter().map(fault));
    lines.push("\n| runs of | ended with | |\n|---|---|--:|".to_owned());
    let ending = |((name, ending), count): (&(&str, String), &u64)| {
        format!("| `{name}` | {ending} | {count} |")
    };
    lines.extend(figures.endings.iter().map(ending));
    lines.push("\n| day | peak memory, in MiB |\n|--:|---|".to_owned());
    lines.extend(shown(&figures.days).map(memory));
    lines.push("\n| wrong | |\n|---|--:|".to_owned());
    lines.extend(figures.wrong.iter().map(row));
    lines.join("\n")
}

/// Picks the days that are shown: the first, every tenth, and the last.
fn shown(days: &[Day]) -> impl Iterator<Item = &Day> {
    let last = days.last().map_or(0, |day| day.day);
    days.iter()
        .filter(move |day| day.day == 1 || day.day % 10 == 0 || day.day == last)
}

fn memory(day: &Day) -> String {
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    let peaks = day.peaks.iter();
    let peaks = peaks.map(|(name, peak)| format!("`{name}` {}", mebibytes(*peak)));
    let all: Vec<String> = peaks
        .chain([format!("emulator {}", mebibytes(day.emulator))])
        .collect();
    format!("| {} | {} |", day.day, all.join(", "))
}

/// Describes the figures for programs.
pub(super) fn json(figures: &Figures) -> Value {
    let named = |all: &[(&str, u64)]| -> Value {
        let pairs = all
            .iter()
            .map(|(name, count)| ((*name).to_owned(), json!(count)));
        Value::Object(pairs.collect())
    };
    let ending = |((name, ending), count): (&(&str, String), &u64)| json!({"command": name, "ending": ending, "runs": count});
    let day = |day: &Day| json!({"day": day.day, "peak_bytes": day.peaks, "emulator_peak_bytes": day.emulator});
    json!({
        "format_version": 1,
        "command": figures.command,
        "seconds": figures.seconds,
        "counts": named(&figures.counts),
        "faults": figures.faults,
        "runs": figures.endings.iter().map(ending).collect::<Vec<_>>(),
        "days": figures.days.iter().map(day).collect::<Vec<_>>(),
        "wrong": named(&figures.wrong),
        "findings": figures.told,
    })
}
