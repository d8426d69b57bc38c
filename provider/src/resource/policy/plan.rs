//! Validating and planning `keyrotation_policy`: pure, without a clock and without a request.

use azure::id::StorageAccountId;
use plugin::{Diagnostic, Diagnostics, Path, Plan, Value};
use rotation::period::{Period, RotationPeriod};
use rotation::policy::Policy;

use super::model::key_vault;
use crate::convert::text;

/// Checks what no single attribute can: a limit that no pace of rotation can keep.
pub(super) fn validate(config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
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

/// Completes a planned policy: fills in what follows from the configuration, keeps what differs in
/// spelling only, and warns of a pace that is too slow for the limit.
pub(super) fn plan(plan: &mut Plan) {
    name_after_account(plan);
    forgive_spelling(plan, &Path::attribute("storage_account_id"));
    forgive_spelling(plan, &key_vault("vault_uri"));
    let id = identifier(&plan.planned);
    if let Some(id) = id {
        plan.planned.set("id", Value::from(id));
    }
    follow_the_period(plan);
    warn_of_old_keys(plan);
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

/// Takes a replacement back where the new text means what the old one did.
fn forgive_spelling(plan: &mut Plan, path: &Path) {
    let Some(prior) = &plan.prior else { return };
    if same_spelling(&text(prior, path), &text(&plan.planned, path)) {
        plan.replace.retain(|replaced| replaced != path);
    }
}

/// Tells whether two ids or addresses differ in case or in a closing slash only.
fn same_spelling(one: &str, other: &str) -> bool {
    !one.is_empty()
        && one
            .trim_end_matches('/')
            .eq_ignore_ascii_case(other.trim_end_matches('/'))
}

fn identifier(planned: &Value) -> Option<String> {
    let vault = planned.at(&key_vault("vault_uri")).as_str()?;
    let name = planned.at(&key_vault("name")).as_str()?;
    Some(format!(
        "{}/storage/{name}",
        vault.trim_end_matches('/').to_ascii_lowercase()
    ))
}

/// Plans what depends on the pace: known where it follows from it, else left to apply.
fn follow_the_period(plan: &mut Plan) {
    let period = text(&plan.planned, &Path::attribute("rotation_period")).parse::<RotationPeriod>();
    let life = period.map_or_else(
        |_| Value::unknown(),
        |period| Value::from(period.longest_key_life().to_string()),
    );
    plan.planned.set("longest_key_life", life);
    let changed = |path: &Path| {
        plan.prior
            .as_ref()
            .is_none_or(|prior| prior.at(path) != plan.planned.at(path))
    };
    if changed(&Path::attribute("rotation_period")) || changed(&key_vault("auto_regenerate")) {
        plan.planned.set("next_rotation_due", Value::unknown());
    }
}

fn warn_of_old_keys(plan: &mut Plan) {
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
                "Key Vault renews one of the two keys every {rotation_period}, so each key lives \
                 for two periods, {}: longer than max_key_age, {max_key_age}. {way_out}",
                short.key_life
            ),
        )
        .at(path),
    );
}
