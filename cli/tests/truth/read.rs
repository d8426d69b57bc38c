//! Cells of scopes that could be read in part: refused, throttled, gone.

use std::sync::Arc;

use azure::client::Client;
use azure::clock::ManualClock;
use azure::transport::scripted::{ScriptedTransport, Step};
use cli::exit_code::ExitCode;
use engine::check::scope::{Area, Scope};
use engine::check::{Question, check};
use jiff::Timestamp;
use rotation::drift::Demand;
use rotation::finding::Severity;
use rotation::period::Period;
use rotation::profile::Profile;

const FIRST: &str = "00000000-0000-0000-0000-000000000001";
const SECOND: &str = "00000000-0000-0000-0000-000000000002";
const NOW: &str = "2026-06-01T00:00:00Z";
const YOUNG: &str = r#""2026-05-20T00:00:00Z""#;
const OLD: &str = r#""2026-01-01T00:00:00Z""#;
/// How often a request is sent at most.
const TRIES: usize = 5;

fn account_id(subscription: &str, name: &str) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.Storage/\
         storageAccounts/{name}"
    )
}

fn account(subscription: &str, name: &str, made: &str) -> String {
    let id = account_id(subscription, name);
    format!(
        r#"{{"id":"{id}","name":"{name}","location":"x","properties":{{"keyPolicy":
        {{"keyExpirationPeriodInDays":90}},"keyCreationTime":{{"key1":{made},"key2":{made}}}}}}}"#
    )
}

fn vault(name: &str) -> String {
    let id = format!(
        "/subscriptions/{FIRST}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}"
    );
    format!(
        r#"{{"id":"{id}","name":"{name}","properties":{{"tenantId":"{FIRST}",
        "enableSoftDelete":false,"vaultUri":"https://{name}.vault.azure.net/"}}}}"#
    )
}

fn get(path: &str, items: &[String]) -> Step {
    let body = format!(r#"{{"value":[{}]}}"#, items.join(","));
    Step::answer("GET", path, 200, &body)
}

fn accounts_of(subscription: &str) -> String {
    format!("/subscriptions/{subscription}/providers/Microsoft.Storage/storageAccounts")
}

fn vaults_of(subscription: &str) -> String {
    format!("/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults")
}

fn refused(path: &str) -> Step {
    let body = r#"{"error":{"code":"AuthorizationFailed","message":"no right"}}"#;
    Step::answer("GET", path, 403, body)
}

/// Looks at the areas; checks verdicts, the codes of the holes and the exit code.
async fn check_scope(
    areas: &[&str],
    script: Vec<Step>,
    verdicts: &[&str],
    holes: &[&str],
    code: u8,
) {
    let transport = ScriptedTransport::new(script);
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let client = Client::with_transport(&transport, clock).reader();
    let areas: Vec<Area> = areas
        .iter()
        .map(|text| text.parse().expect("an area"))
        .collect();
    let scope = Scope {
        areas,
        ..Scope::default()
    };
    let demand = Demand {
        max_key_age: Period::days(90),
        due_soon: Period::days(14),
        profile: Profile::Keys,
    };
    let question = Question::new(scope, demand);
    let outcome = check(&client, &question, NOW.parse().expect("a moment"))
        .await
        .expect("areas are named");
    let found: Vec<_> = outcome
        .accounts
        .iter()
        .map(|account| account.assessment.verdict.as_str())
        .collect();
    assert_eq!(found, verdicts);
    let found: Vec<_> = outcome
        .holes
        .iter()
        .map(|hole| hole.code.as_str())
        .collect();
    assert_eq!(found, holes);
    assert_eq!(
        ExitCode::from(&outcome.standing(Severity::Info)) as u8,
        code
    );
    assert_eq!(transport.unused(), Vec::<String>::new());
}

#[tokio::test]
async fn a_subscription_that_refuses() {
    let script = |made: &str| {
        vec![
            refused(&accounts_of(FIRST)),
            get(&accounts_of(SECOND), &[account(SECOND, "sta", made)]),
            get(&vaults_of(FIRST), &[]),
            get(&vaults_of(SECOND), &[]),
        ]
    };
    let both = [FIRST, SECOND];
    check_scope(
        &both,
        script(YOUNG),
        &["compliant"],
        &["scope-unreadable"],
        3,
    )
    .await;
    check_scope(&both, script(OLD), &["overdue"], &["scope-unreadable"], 2).await;
    let alone = vec![refused(&accounts_of(FIRST))];
    check_scope(&[FIRST], alone, &[], &["scope-unreadable"], 1).await;
}

#[tokio::test]
async fn a_resource_group_that_refuses() {
    let group = |name: &str| format!("/subscriptions/{FIRST}/resourceGroups/{name}");
    let list = |name: &str| {
        format!(
            "{}/providers/Microsoft.Storage/storageAccounts",
            group(name)
        )
    };
    let script = vec![
        refused(&list("locked")),
        get(&list("rg"), &[account(FIRST, "sta", YOUNG)]),
        get(&vaults_of(FIRST), &[]),
    ];
    let areas = [&*group("locked"), &*group("rg")];
    check_scope(&areas, script, &["compliant"], &["scope-unreadable"], 3).await;
}

#[tokio::test]
async fn a_vault_that_refuses() {
    let script = |made: &str| {
        vec![
            get(&accounts_of(FIRST), &[account(FIRST, "sta", made)]),
            get(&vaults_of(FIRST), &[vault("kv-locked")]),
            refused("/storage"),
        ]
    };
    check_scope(
        &[FIRST],
        script(YOUNG),
        &["compliant"],
        &["vault-unreadable"],
        3,
    )
    .await;
    check_scope(
        &[FIRST],
        script(OLD),
        &["overdue"],
        &["vault-unreadable"],
        2,
    )
    .await;
}

#[tokio::test]
async fn a_list_that_is_throttled_to_exhaustion() {
    let throttled = || Step::answer("GET", &accounts_of(FIRST), 429, "{}");
    let mut script: Vec<Step> = (0..TRIES).map(|_| throttled()).collect();
    check_scope(&[FIRST], script.clone(), &[], &["scope-unreadable"], 1).await;
    script.extend([
        get(&accounts_of(SECOND), &[account(SECOND, "sta", YOUNG)]),
        get(&vaults_of(FIRST), &[]),
        get(&vaults_of(SECOND), &[]),
    ]);
    let both = [FIRST, SECOND];
    check_scope(&both, script, &["compliant"], &["scope-unreadable"], 3).await;
}

#[tokio::test]
async fn an_account_that_is_gone_in_mid_scan() {
    let gone = |path: &str| Step::answer("GET", path, 404, "{}");
    let (sta, stb) = (account_id(FIRST, "sta"), account_id(FIRST, "stb"));
    let script = vec![
        gone(&sta),
        Step::answer("GET", &stb, 200, account(FIRST, "stb", YOUNG)),
        get(&vaults_of(FIRST), &[]),
    ];
    check_scope(
        &[&sta, &stb],
        script,
        &["compliant"],
        &["account-unreadable"],
        3,
    )
    .await;
    check_scope(&[&sta], vec![gone(&sta)], &[], &["account-unreadable"], 1).await;
}

#[tokio::test]
async fn a_vault_record_that_is_gone_in_mid_scan() {
    let record = format!(
        r#"{{"id":"https://kv-prod.vault.azure.net/storage/logs","resourceId":"{}"}}"#,
        account_id(FIRST, "sta")
    );
    let script = vec![
        get(&accounts_of(FIRST), &[account(FIRST, "sta", YOUNG)]),
        get(&vaults_of(FIRST), &[vault("kv-prod")]),
        get("/storage", &[record]),
        Step::answer("GET", "/storage/logs", 404, "{}"),
        get("/storage/logs/sas", &[]),
        get("/servicePrincipals", &[]),
        refused("/roleAssignments"),
    ];
    let holes = ["vault-unreadable", "roles-unreadable"];
    check_scope(&[FIRST], script, &["compliant"], &holes, 3).await;
}
