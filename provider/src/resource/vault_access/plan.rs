//! Validating and planning `keyrotation_vault_access`: pure, without a clock and a request.
//!
//! Whether the vault goes by access policies or by roles is only known once it was read, so what a
//! new access comes to is left to apply. For a known vault it follows from the purpose, and
//! anything that the principal lost meanwhile shows as a difference.

use engine::grant::permissions::Purpose;
use plugin::{Diagnostic, Diagnostics, Path, Plan, Value};

use super::model::{BY_ROLE, Needed, identifier, role};
use crate::convert::{forgive_spelling, same_spelling, text};

const FORMS: [[&str; 2]; 2] = [["vault_uri", "vault_id"], ["vault_id", "vault_uri"]];

/// Checks that a configuration names its vault, in one way.
pub(super) fn validate(config: &Value) -> Diagnostics {
    let (uri, id) = (config.get("vault_uri"), config.get("vault_id"));
    let mut found = Diagnostics::default();
    if uri.is_null() && id.is_null() {
        let detail = "Say which vault is meant: by `vault_uri` or `vault_id`.";
        let path = Path::attribute("vault_uri");
        found.push(Diagnostic::error("Missing vault", detail).at(path));
    }
    if uri.is_known() && id.is_known() {
        let detail = "`vault_uri` and `vault_id` name the same thing. Remove one of them.";
        let path = Path::attribute("vault_id");
        found.push(Diagnostic::error("Two ways to say the same", detail).at(path));
    }
    found
}

/// Completes a planned access.
pub(super) fn plan(plan: &mut Plan) {
    for name in ["vault_uri", "vault_id", "principal_id"] {
        forgive_spelling(plan, &Path::attribute(name));
    }
    follow_the_vault(plan);
    let id = identifier(&plan.planned);
    plan.planned.set("id", id);
    follow_the_purpose(plan);
}

/// Leaves the other name of the vault open where another vault is named.
fn follow_the_vault(plan: &mut Plan) {
    for [said, follows] in FORMS {
        if plan.config.get(said).is_null() {
            continue;
        }
        let path = Path::attribute(said);
        let same = plan
            .prior
            .as_ref()
            .is_some_and(|prior| same_spelling(&text(prior, &path), &text(&plan.planned, &path)));
        if !same {
            plan.planned.set(follows, Value::unknown());
        }
    }
}

fn follow_the_purpose(plan: &mut Plan) {
    let Some(prior) = &plan.prior else { return };
    let mode = text(prior, &Path::attribute("mode"));
    let purpose = text(&plan.planned, &Path::attribute("purpose")).parse::<Purpose>();
    let own = plan.planned.get("role_definition_id");
    let own_role = own.as_str().and_then(|given| role(given).ok());
    let is_open = own.is_unknown() && mode == BY_ROLE;
    let needed = purpose
        .ok()
        .filter(|_| !is_open)
        .and_then(|purpose| Needed::of(purpose, own_role, &mode));
    match needed {
        Some(needed) => needed.write(&mut plan.planned),
        None => {
            for name in ["storage_permissions", "secret_permissions", "role"] {
                plan.planned.set(name, Value::unknown());
            }
        }
    }
    warn_of_a_broad_role(plan, &mode);
}

fn warn_of_a_broad_role(plan: &mut Plan, mode: &str) {
    let path = Path::attribute("purpose");
    let purpose = text(&plan.planned, &path).parse::<Purpose>();
    let changed = plan
        .prior
        .as_ref()
        .is_some_and(|prior| prior.get("role") != plan.planned.get("role"));
    let own = !plan.config.get("role_definition_id").is_null();
    if mode == BY_ROLE && changed && !own && purpose.is_ok_and(Purpose::role_is_broad) {
        plan.diagnostics.push(broad_role().at(path));
    }
}

/// Says that the built-in role gives more than the purpose needs.
pub(super) fn broad_role() -> Diagnostic {
    Diagnostic::warning(
        "The role gives more than is needed",
        "The vault works with roles, and the only built-in one that holds managed storage \
         accounts, `Key Vault Administrator`, also holds all keys, secrets and certificates of the \
         vault. Give a role of your own in `role_definition_id` to keep it narrower.",
    )
}
