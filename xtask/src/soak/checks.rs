//! Holds the reports of `check` against what is so.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::cast::{Account, Care, Neglect};
use super::terms::MAX_AGE_DAYS;
use super::verdict::{Verdicts, Wrong};
use super::world::World;

/// What a verdict is called that passes.
const PASSES: [&str; 3] = ["not_applicable", "compliant", "due_soon"];
/// What a verdict is called that says that something is proven wrong.
const BREAKS: [&str; 2] = ["overdue", "stalled"];
/// The exit codes of `check` that say that all is well, and that something is proven wrong.
const PASSED: i32 = 0;
const DRIFT: i32 = 2;

/// How many verdicts were compared.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// Verdicts on single keys.
    pub(super) keys: u64,
    /// Reports that said themselves that they are not complete.
    pub(super) incomplete: u64,
}

impl Checks {
    /// Compares a report on the accounts of a scope.
    pub(super) fn compare(
        &mut self,
        (report, code): (&Value, i32),
        scope: &[&Account],
        world: &World,
        verdicts: &mut Verdicts,
    ) {
        let as_of = report.get("as_of").and_then(Value::as_str);
        let Some(as_of) = as_of.and_then(|text| text.parse().ok()) else {
            return verdicts.find(Wrong::Broken, "a report without its moment");
        };
        let is_complete = report.get("complete") == Some(&Value::Bool(true));
        self.incomplete += u64::from(!is_complete);
        let (mut bad, mut missing, mut bad_seen) = (0_u64, 0_u64, 0_u64);
        for account in scope {
            let good = truth(account, world, as_of);
            bad += u64::from(good.contains(&false));
            let Some(row) = row(report, &account.name) else {
                missing += 1;
                continue;
            };
            bad_seen += u64::from(good.contains(&false));
            self.compare_keys(account, row, good, verdicts);
        }
        let mut pass = |is_wrong: bool, text: &str| {
            if is_wrong {
                verdicts.find(Wrong::FalsePass, text);
            }
        };
        let words = format!("exit code {code}, {bad} in truth out of policy, {missing} missing");
        pass(code == PASSED && bad + missing > 0, &words);
        pass(is_complete && missing > 0, &format!("complete: {words}"));
        pass(code != DRIFT && bad_seen > 0, &words);
        if code == DRIFT && bad_seen == 0 {
            verdicts.find(Wrong::FalseAlarm, &words);
        }
    }

    fn compare_keys(
        &mut self,
        account: &Account,
        row: &Value,
        good: [bool; 2],
        verdicts: &mut Verdicts,
    ) {
        for (slot, is_good) in ["key1", "key2"].into_iter().zip(good) {
            self.keys += 1;
            let said = row.pointer(&format!("/keys/{slot}/verdict"));
            let said = said.and_then(Value::as_str).unwrap_or_default();
            let text = format!("{} {slot}: `{said}`", account.name);
            if PASSES.contains(&said) && !is_good {
                verdicts.find(Wrong::FalsePass, &text);
            }
            if BREAKS.contains(&said) && is_good {
                verdicts.find(Wrong::FalseAlarm, &text);
            }
        }
        let standing = row.get("standing").and_then(Value::as_str);
        if standing == Some("passes") && good.contains(&false) {
            let text = format!("{} stands as passing", account.name);
            verdicts.find(Wrong::FalsePass, &text);
        }
    }
}

/// Tells of each key whether it is within policy.
fn truth(account: &Account, world: &World, as_of: Timestamp) -> [bool; 2] {
    if account.care == Care::Nobody(Neglect::KeysRefused) {
        return [true, true];
    }
    let Some(keys) = world.keys.get(&account.name) else {
        return [false, false];
    };
    let limit = SignedDuration::from_hours(24 * i64::from(MAX_AGE_DAYS));
    keys.made
        .map(|made| made.is_some_and(|made| as_of.duration_since(made) <= limit))
}

fn row<'a>(report: &'a Value, name: &str) -> Option<&'a Value> {
    let rows = report.get("accounts").and_then(Value::as_array)?;
    // Rows are ordered by id, and ids of one subscription by name; a soak is small enough to look at all.
    rows.iter()
        .find(|row| row.get("name").and_then(Value::as_str) == Some(name))
}
