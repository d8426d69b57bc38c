//! Validating and planning `keyrotation_policy`: pure, without a clock and without a request.

use azure::id::StorageAccountId;
use plugin::{Diagnostic, Diagnostics, Path, Plan, Value};
use rotation::period::{Period, RotationPeriod};
use rotation::policy::Policy;

use super::model::key_vault;
use crate::convert::{forgive_spelling, same_spelling, text};
use crate::private;

/// Checks what no single attribute can: a limit that no pace of rotation can keep.
pub(super) fn validate(config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    diagnostics.extend(one_way(config));
    let path = Path::attribute("max_key_age");
    if let Ok(age) = text(config, &path).parse::<Period>()
        && RotationPeriod::longest_for(age).is_none()
    {
        diagnostics.push(
            Diagnostic::error(
                "Limit too short",
                format!(
                    "No rotation keeps every key younger than {age}: each key lives for two \
                     periods, and the shortest period is P1D. The shortest limit is P2D."
                ),
            )
            .at(path),
        );
    }
    diagnostics
}

/// Checks that a configuration says in one way how keys are rotated.
fn one_way(config: &Value) -> Option<Diagnostic> {
    let (vault, direct) = (config.get("key_vault"), config.get("direct"));
    if vault.is_null() && direct.is_null() {
        let detail = "Say who renews the keys: Key Vault by itself (`key_vault`), or an apply \
                      (`direct`).";
        let path = Path::attribute("key_vault");
        return Some(Diagnostic::error("Missing way to rotate", detail).at(path));
    }
    (!vault.is_null() && !direct.is_null()).then(|| {
        let detail = "An account is rotated in one way: with both, each would regenerate the keys \
                      that the other one relies on. Remove `key_vault` or `direct`.";
        Diagnostic::error("Two ways to rotate", detail).at(Path::attribute("direct"))
    })
}

/// Makes a new policy where the way of rotating changes.
pub(super) fn replace_another_way(plan: &mut Plan) {
    let Some(prior) = &plan.prior else { return };
    for name in ["key_vault", "direct"] {
        if prior.get(name).is_null() && !plan.planned.get(name).is_null() {
            plan.replace.push(Path::attribute(name));
        }
    }
}

/// Completes a planned policy: fills in what follows from the configuration, keeps what differs in
/// spelling only, and warns of what the plan would lead to.
pub(super) fn plan(plan: &mut Plan) {
    replace_another_way(plan);
    for name in ["secret_version", "rotation_due"] {
        plan.planned.set(name, Value::Null);
    }
    name_after_account(plan);
    for path in [
        Path::attribute("storage_account_id"),
        key_vault("vault_uri"),
        key_vault("name"),
    ] {
        forgive_spelling(plan, &path);
    }
    if let Some(id) = identifier(plan) {
        plan.planned.set("id", id);
    }
    follow_the_period(plan);
    replace_the_vanished(plan);
    warn_of_old_keys(plan);
    warn_of_a_blocked_name(plan);
}

/// Says, once in a plan, that Key Vault's feature has no future.
pub(super) fn notice() -> Diagnostic {
    Diagnostic::warning(
        "Key Vault-managed rotation is deprecated by Microsoft",
        "It works and is supported as it is, but Microsoft plans no more updates for it. Where \
         clients can sign in with Microsoft Entra ID, let them, and switch keys off \
         (`allowSharedKeyAccess = false`). Where they need keys, `direct` rotates them without that \
         feature. This notice is given once in a plan.",
    )
    .at(Path::attribute("key_vault"))
}

/// Names the enrolment after the account, where no name is configured.
fn name_after_account(plan: &mut Plan) {
    let account_path = Path::attribute("storage_account_id");
    let account_moved = plan.prior.as_ref().is_none_or(|prior| {
        !same_spelling(
            &text(prior, &account_path),
            &text(&plan.planned, &account_path),
        )
    });
    let configured = !plan.config.at(&key_vault("name")).is_null();
    if configured || !account_moved {
        return;
    }
    let account = text(&plan.planned, &account_path).parse::<StorageAccountId>();
    let name = account.map_or_else(|_| Value::unknown(), |account| Value::from(account.name()));
    let mut vault = plan.planned.get("key_vault").clone();
    vault.set("name", name);
    plan.planned.set("key_vault", vault);
}

/// Gives the identifier of the enrolment; the stored one stays if it means the same.
fn identifier(plan: &Plan) -> Option<Value> {
    let vault = plan.planned.at(&key_vault("vault_uri")).as_str()?;
    let name = plan.planned.at(&key_vault("name")).as_str()?;
    let id = format!(
        "{}/storage/{name}",
        vault.trim_end_matches('/').to_ascii_lowercase()
    );
    let stored = plan.prior.as_ref().map(|prior| prior.get("id"));
    let kept = stored.filter(|stored| stored.as_str().is_some_and(|s| same_spelling(s, &id)));
    Some(kept.cloned().unwrap_or_else(|| Value::from(id)))
}

/// Replaces a policy whose enrolment was removed by other means, so that the rights that were made
/// for it are taken back.
fn replace_the_vanished(plan: &mut Plan) {
    let gone = private::read(&plan.private).is_ok_and(|note| note.gone);
    if plan.prior.is_some() && gone {
        plan.planned.set("id", Value::unknown());
        plan.replace.push(Path::attribute("id"));
    }
}

/// Warns of a name that the vault keeps for the deleted enrolment of the account before.
fn warn_of_a_blocked_name(plan: &mut Plan) {
    let Some(prior) = &plan.prior else { return };
    let same = |path: &Path| same_spelling(&text(prior, path), &text(&plan.planned, path));
    let account = Path::attribute("storage_account_id");
    let name = key_vault("name");
    if same(&account) || !same(&name) || !same(&key_vault("vault_uri")) {
        return;
    }
    let detail = format!(
        "The name `{}` stays while the account changes. A vault with soft delete keeps the name \
         for the deleted enrolment of the account before, for 7 to 90 days or until it is purged, \
         and would refuse the new one. Choose another name, or leave it out.",
        text(&plan.planned, &name)
    );
    plan.diagnostics
        .push(Diagnostic::warning("Name may still be taken", detail).at(name));
}

/// Plans what depends on the pace: known where it follows from it, else left to apply.
fn follow_the_period(plan: &mut Plan) {
    follow_the_life(plan);
    let changed = |path: &Path| {
        plan.prior
            .as_ref()
            .is_none_or(|prior| prior.at(path) != plan.planned.at(path))
    };
    if changed(&Path::attribute("rotation_period")) || changed(&key_vault("auto_regenerate")) {
        plan.planned.set("next_rotation_due", Value::unknown());
    }
}

/// Plans how old keys get.
pub(super) fn follow_the_life(plan: &mut Plan) {
    let period = text(&plan.planned, &Path::attribute("rotation_period")).parse::<RotationPeriod>();
    let life = period.map_or_else(
        |_| Value::unknown(),
        |period| Value::from(period.longest_key_life().to_string()),
    );
    plan.planned.set("longest_key_life", life);
}

pub(super) fn warn_of_old_keys(plan: &mut Plan) {
    let path = Path::attribute("rotation_period");
    let Ok(rotation_period) = text(&plan.planned, &path).parse() else {
        return;
    };
    let age = text(&plan.planned, &Path::attribute("max_key_age"));
    let Ok(max_key_age) = age.parse() else { return };
    let Some(short) = (Policy {
        rotation_period,
        max_key_age,
    })
    .shortfall() else {
        return;
    };
    let way_out = short.longest_period.map_or_else(
        || "No rotation period is short enough for that limit.".to_owned(),
        |longest| format!("The longest period that keeps the limit is {longest}."),
    );
    plan.diagnostics.push(
        Diagnostic::warning(
            "Keys outlive the limit",
            format!(
                "One of the two keys is renewed every {rotation_period}, so each key lives for two \
                 periods, {}: longer than max_key_age, {max_key_age}. {way_out}",
                short.key_life
            ),
        )
        .at(path),
    );
}
