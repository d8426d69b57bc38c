//! Planning direct rotation: pure, without a clock and a request. Whether a turn is due was seen by
//! the refresh; a plan only takes it over.

use plugin::{Path, Plan, Value};

use super::super::plan::{follow_the_life, replace_another_way, warn_of_old_keys};
use super::direct;
use crate::convert::{forgive_spelling, same_spelling, text};

/// What a step may change.
const MOVED_BY_A_STEP: [&str; 6] = [
    "active_key",
    "key1_created_at",
    "key2_created_at",
    "next_rotation_due",
    "secret_version",
    "rotation_due",
];

/// Completes a planned policy.
pub(in super::super) fn plan(plan: &mut Plan) {
    replace_another_way(plan);
    for path in [
        Path::attribute("storage_account_id"),
        direct("vault_uri"),
        direct("secret_name"),
    ] {
        forgive_spelling(plan, &path);
    }
    if let Some(id) = identifier(plan) {
        plan.planned.set("id", id);
    }
    follow_the_life(plan);
    warn_of_old_keys(plan);
    if is_a_step_planned(plan) {
        for name in MOVED_BY_A_STEP {
            plan.planned.set(name, Value::unknown());
        }
    }
}

fn identifier(plan: &Plan) -> Option<Value> {
    let vault = plan.planned.at(&direct("vault_uri")).as_str()?;
    let name = plan.planned.at(&direct("secret_name")).as_str()?;
    let vault = vault.trim_end_matches('/').to_ascii_lowercase();
    let id = format!("{vault}/secrets/{name}");
    let stored = plan.prior.as_ref().map(|prior| prior.get("id"));
    let kept = stored.filter(|stored| stored.as_str().is_some_and(|s| same_spelling(s, &id)));
    Some(kept.cloned().unwrap_or_else(|| Value::from(id)))
}

/// Tells whether applying takes a step, or reckons anew when the next one is due.
fn is_a_step_planned(plan: &Plan) -> bool {
    let Some(prior) = &plan.prior else {
        return true;
    };
    let is_due = prior.get("rotation_due").as_bool() == Some(true);
    let differs = |path: &Path| text(prior, path) != text(&plan.planned, path);
    is_due
        || !plan.replace.is_empty()
        || differs(&Path::attribute("rotation_period"))
        || differs(&direct("overlap"))
        || differs(&direct("content"))
}
