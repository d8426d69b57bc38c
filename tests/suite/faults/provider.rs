//! What the matrices of the provider have in common: it is led without a core.

use anyhow::Result;
use serde_json::Value;
use tests::emulator::Emulator;
use tests::faults::cut::Cut;
use tests::faults::{Ended, Memory};
use tests::life::end::apply_until;
use tests::life::{self, Outcome};

/// Reads the end of a run.
pub(super) fn ended(outcome: Outcome) -> Ended {
    // A warning that the next plan goes on is as honest as an error.
    let left = outcome.said.contains("The next plan shows");
    Ended {
        done: !outcome.failed && !left,
        written: format!("{}{}", outcome.said, outcome.log),
        said: outcome.said,
        claims: Value::Null,
    }
}

/// Brings the resource of a kind to what the configuration says, or to nothing; to its end, or until a
/// cut.
pub(super) fn bring(
    emulator: &Emulator,
    memory: &mut Memory,
    (kind, config): (&str, Option<&Value>),
    cut: Option<&Cut>,
) -> Result<Ended> {
    let held = &mut memory.held;
    let outcome = match cut {
        None => life::apply(emulator, kind, config, held),
        Some(cut) => apply_until(emulator, kind, config, held, cut),
    };
    outcome.map(ended)
}
