//! What went over the wire: how many requests, and which faults struck them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::verdict::{Verdicts, Wrong};

/// All requests so far.
#[derive(Default)]
pub(super) struct Traffic {
    pub(super) requests: u64,
    /// By kind.
    pub(super) faults: BTreeMap<String, u64>,
}

/// Gives the faults that strike, each as likely as the others.
pub(super) fn rules(percent: f64, seed: u64) -> Vec<Value> {
    let kinds = [
        json!({"status": 429, "retry_after": 1}),
        json!({"status": 500}),
        json!({"status": 503}),
        json!({"status": 503, "when": "after"}),
        json!({"reset": "before"}),
        json!({"reset": "after"}),
        json!({"truncate": 10}),
        json!({"delay_ms": 200, "when": "after"}),
    ];
    // The first of several rules that strike is the one that does: at these chances they hardly meet.
    let chance = percent / 100.0 / 8.0;
    let kinds = (0_u64..).zip(kinds);
    let rule = |(number, fault)| {
        let seed = seed.wrapping_mul(1000) + number;
        json!({"operation": "*", "chance": chance, "seed": seed, "fault": fault})
    };
    kinds.map(rule).collect()
}

impl Traffic {
    /// Counts requests of the emulator's journal.
    pub(super) fn count(&mut self, journal: &[Value], verdicts: &mut Verdicts) {
        for entry in journal {
            let operation = entry.get("operation").and_then(Value::as_str);
            // The emulator's own interface is no part of Azure.
            self.requests += 1;
            if let Some(fault) = entry.get("fault") {
                *self.faults.entry(kind(fault)).or_default() += 1;
            }
            if operation == Some("unmodelled") || entry.get("bug") == Some(&Value::Bool(true)) {
                let url = entry.get("url").and_then(Value::as_str).unwrap_or_default();
                verdicts.find(Wrong::Broken, &format!("the emulator has no {url}"));
            }
        }
    }

    /// Gives how many requests went wrong.
    pub(super) fn struck(&self) -> u64 {
        self.faults.values().sum()
    }
}

/// Names a fault: `status 503 after`, `reset before`, `truncate`.
fn kind(fault: &Value) -> String {
    let text = |name: &str| fault.get(name).and_then(Value::as_str);
    let when = text("when").filter(|when| *when == "after");
    let base = match (fault.get("status"), text("reset")) {
        (Some(status), _) => format!("status {status}"),
        (_, Some(when)) => format!("reset {when}"),
        _ if fault.get("truncate").is_some() => "truncated".to_owned(),
        _ => "delayed".to_owned(),
    };
    when.map_or(base.clone(), |when| format!("{base} {when}"))
}
