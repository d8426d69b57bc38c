//! Scripted scopes: what is read, what becomes of it, and what becomes a hole.

mod apps;
mod closer;

use std::sync::Arc;

use azure::client::Client;
use azure::clock::ManualClock;
use azure::transport::scripted::{ScriptedTransport, Step};
use jiff::Timestamp;
use rotation::observation::{Enrolment, SeenPeriod};
use rotation::slot::KeySlot;

use super::*;

const FIRST: &str = "00000000-0000-0000-0000-000000000001";
const SECOND: &str = "00000000-0000-0000-0000-000000000002";

fn accounts_of(subscription: &str) -> String {
    format!("/subscriptions/{subscription}/providers/Microsoft.Storage/storageAccounts")
}

fn vaults_of(subscription: &str) -> String {
    format!("/subscriptions/{subscription}/providers/Microsoft.KeyVault/vaults")
}

fn account_id(subscription: &str, name: &str) -> String {
    format!(
        "/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.Storage/\
         storageAccounts/{name}"
    )
}

fn vault_id(name: &str) -> String {
    format!("/subscriptions/{FIRST}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}")
}

fn account(subscription: &str, name: &str, properties: &str) -> String {
    let id = account_id(subscription, name);
    format!(r#"{{"id":"{id}","name":"{name}","location":"x","properties":{{{properties}}}}}"#)
}

fn vault(name: &str) -> String {
    let id = vault_id(name);
    format!(
        r#"{{"id":"{id}","name":"{name}","properties":{{"tenantId":"{FIRST}",
        "vaultUri":"https://{name}.vault.azure.net/","accessPolicies":[]}}}}"#
    )
}

fn record(vault: &str, name: &str, account: &str, rest: &str) -> String {
    format!(
        r#"{{"id":"https://{vault}.vault.azure.net/storage/{name}","resourceId":"{account}",
        "attributes":{{"enabled":true,"created":1767225600,"updated":1767225600}}{rest}}}"#
    )
}

fn list(items: &[String]) -> String {
    format!(r#"{{"value":[{}]}}"#, items.join(","))
}

fn get(path: &str, body: String) -> Step {
    Step::answer("GET", path, 200, body)
}

fn refused(path: &str) -> Step {
    let body = r#"{"error":{"code":"AuthorizationFailed","message":"no right"}}"#;
    Step::answer("GET", path, 403, body)
}

/// Looks at the subscriptions; the script must be used up by GETs.
async fn look(subscriptions: &[&str], script: Vec<Step>) -> Survey {
    let transport = ScriptedTransport::new(script);
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let client = Client::with_transport(&transport, clock).reader();
    let ids: Vec<SubscriptionId> = subscriptions
        .iter()
        .map(|id| id.parse().expect("an id"))
        .collect();
    let places = ids.into_iter().map(Place::Subscription).collect();
    let depth = Depth {
        vaults: true,
        details: false,
        published: false,
        log: LogDepth::Unread,
    };
    let seen = survey(Means::reading(&client), places, &Filter::default(), &depth).await;
    let seen = seen.expect("nothing is noted");
    assert_eq!(transport.unused(), Vec::<String>::new());
    assert!(
        transport
            .sent()
            .iter()
            .all(|request| request.method == "GET")
    );
    seen
}

fn names(seen: &Survey) -> Vec<String> {
    let accounts = seen.rows.iter();
    accounts
        .map(|account| account.id.name().to_owned())
        .collect()
}

#[tokio::test]
async fn an_account_is_seen_with_its_times_its_switches_and_its_vault() {
    let times = r#""keyCreationTime":{"key1":"2026-01-01T00:00:00Z","key2":null},
        "allowSharedKeyAccess":null,"keyPolicy":{"keyExpirationPeriodInDays":60}"#;
    // Azure spells ids differently from place to place.
    let shouted = account_id(FIRST, "stlogs").to_ascii_uppercase();
    let terms = r#","activeKeyName":"key2","autoRegenerateKey":true,"regenerationPeriod":"P30D""#;
    let other = account_id(SECOND, "stother");
    let seen = look(
        &[FIRST],
        vec![
            get(
                &accounts_of(FIRST),
                list(&[account(FIRST, "stlogs", times)]),
            ),
            get(&vaults_of(FIRST), list(&[vault("kv-prod")])),
            get(
                "/storage",
                list(&[
                    record("kv-prod", "logs", &shouted, ""),
                    record("kv-prod", "o", &other, ""),
                ]),
            ),
            get("/storage/logs", record("kv-prod", "logs", &shouted, terms)),
        ],
    )
    .await;
    assert!(seen.holes.is_empty(), "{:?}", seen.holes);
    let account = seen.rows.get(0).expect("one account is listed");
    assert_eq!(account.id.as_str(), account_id(FIRST, "stlogs"));
    let moment = Some("2026-01-01T00:00:00Z".parse().expect("a moment"));
    assert_eq!(
        account.observation,
        Observation {
            key_times: PerSlot {
                key1: moment,
                key2: None
            },
            shared_key: SharedKey::Allowed,
            key_expiration_days: Some(60),
            enrolments: vec![Enrolment {
                vault: "kv-prod".to_owned(),
                name: "logs".to_owned(),
                active: Some(KeySlot::Key2),
                renewal: rotation::observation::Renewal::Automatic,
                period: Some(SeenPeriod::new("P30D")),
                enrolled_at: moment,
                ..Enrolment::default()
            }],
            ..Observation::default()
        }
    );
}

#[tokio::test]
async fn a_subscription_that_refuses_is_a_hole_and_the_others_are_seen() {
    let seen = look(
        &[FIRST, SECOND],
        vec![
            refused(&accounts_of(FIRST)),
            get(
                &accounts_of(SECOND),
                list(&[account(SECOND, "stb", ""), account(SECOND, "sta", "")]),
            ),
            get(&vaults_of(FIRST), list(&[])),
            get(&vaults_of(SECOND), list(&[])),
        ],
    )
    .await;
    assert_eq!(names(&seen), ["sta", "stb"]);
    let holes: Vec<_> = seen
        .holes
        .iter()
        .map(|hole| (hole.code, hole.scope.clone(), hole.cause.to_string()))
        .collect();
    assert_eq!(
        holes,
        [(
            FindingCode::ScopeUnreadable,
            format!("/subscriptions/{FIRST}"),
            "cannot list the storage accounts".to_owned(),
        )]
    );
}

#[tokio::test]
async fn an_account_in_an_odd_form_is_a_hole_and_its_neighbours_are_seen() {
    let odd = r#"{"id":"/subscriptions/1/odd","name":7}"#.to_owned();
    let seen = look(
        &[FIRST],
        vec![
            get(
                &accounts_of(FIRST),
                list(&[odd, account(FIRST, "stlogs", "")]),
            ),
            get(&vaults_of(FIRST), list(&[])),
        ],
    )
    .await;
    assert_eq!(names(&seen), ["stlogs"]);
    let holes: Vec<_> = seen
        .holes
        .iter()
        .map(|hole| (hole.code, hole.scope.as_str()))
        .collect();
    assert_eq!(
        holes,
        [(FindingCode::AccountUnreadable, "/subscriptions/1/odd")]
    );
}

#[tokio::test]
async fn a_vault_that_refuses_is_a_hole_and_hides_no_account() {
    let seen = look(
        &[FIRST],
        vec![
            get(&accounts_of(FIRST), list(&[account(FIRST, "stlogs", "")])),
            get(&vaults_of(FIRST), list(&[vault("kv-locked")])),
            refused("/storage"),
        ],
    )
    .await;
    assert_eq!(names(&seen), ["stlogs"]);
    let holes: Vec<_> = seen
        .holes
        .iter()
        .map(|hole| (hole.code, hole.scope.clone()))
        .collect();
    assert_eq!(
        holes,
        [(FindingCode::VaultUnreadable, vault_id("kv-locked"))]
    );
}

#[tokio::test]
async fn a_record_that_cannot_be_read_still_shows_that_the_account_is_enrolled() {
    let id = account_id(FIRST, "stlogs");
    let seen = look(
        &[FIRST],
        vec![
            get(&accounts_of(FIRST), list(&[account(FIRST, "stlogs", "")])),
            get(&vaults_of(FIRST), list(&[vault("kv-prod")])),
            get("/storage", list(&[record("kv-prod", "logs", &id, "")])),
            refused("/storage/logs"),
        ],
    )
    .await;
    assert_eq!(seen.holes.len(), 1, "{:?}", seen.holes);
    let enrolments = seen
        .rows
        .iter()
        .flat_map(|account| account.observation.enrolments);
    let renewals: Vec<_> = enrolments.map(|enrolment| enrolment.renewal).collect();
    assert_eq!(renewals, [rotation::observation::Renewal::Unknown]);
}

#[tokio::test]
async fn without_an_account_no_vault_is_asked() {
    let seen = look(&[FIRST], vec![get(&accounts_of(FIRST), list(&[]))]).await;
    assert!(seen.rows.len() == 0 && seen.holes.is_empty());
}

#[tokio::test]
async fn one_account_is_looked_at_without_listing_others() {
    let id: StorageAccountId = account_id(FIRST, "stlogs").parse().expect("an id");
    let transport = ScriptedTransport::new([
        get("/stlogs", account(FIRST, "stlogs", "")),
        refused(&vaults_of(FIRST)),
        get(&vaults_of(SECOND), list(&[])),
    ]);
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let client = Client::with_transport(&transport, clock).reader();
    let scope = [FIRST, SECOND].map(|id| id.parse().expect("an id"));
    let (seen, holes) = observe_account(&client, &id, &scope)
        .await
        .expect("the account is shown");
    assert_eq!(seen.id, id);
    assert_eq!(holes.len(), 1);
    assert_eq!(transport.unused(), Vec::<String>::new());
}
