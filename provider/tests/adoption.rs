//! Objects that exist already: found by identity, taken over from azurerm, listed, and written down
//! as configuration.

use std::sync::Arc;

use azure::ManualClock;
use azure::client::Client;
use azure::transport::scripted::{ScriptedTransport, Step};
use jiff::Timestamp;
use plugin::testing::Harness;
use plugin::testing::reading::Search;
use plugin::{MoveRequest, Value};
use serde_json::json;

const POLICY: &str = "keyrotation_policy";
const DEFINITION: &str = "keyrotation_sas_definition";
const VAULT: &str = "https://kv1.vault.azure.net";
const ACCOUNT: &str = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/\
                       providers/Microsoft.Storage/storageAccounts/stlogs";
const TEMPLATE: &str = "sv=2018-03-28&ss=b&srt=sco&sp=rw&spr=https";

fn harness(script: impl IntoIterator<Item = Step>) -> (Harness, ScriptedTransport) {
    let transport = ScriptedTransport::new(script);
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let client = Client::with_transport(&transport, clock.clone());
    let harness = Harness::new(provider::KeyRotation::over(client, clock));
    (harness, transport)
}

fn get(path: &str, body: &serde_json::Value) -> Step {
    Step::answer("GET", path, 200, body.to_string())
}

fn record() -> serde_json::Value {
    json!({
        "id": format!("{VAULT}/storage/stLogs"), "resourceId": ACCOUNT, "activeKeyName": "key1",
        "autoRegenerateKey": true, "regenerationPeriod": "P30D",
        "attributes": {"enabled": true, "created": 1_767_225_600, "updated": 1_767_225_600},
    })
}

fn account() -> serde_json::Value {
    json!({"id": ACCOUNT, "name": "stlogs", "location": "x", "properties": {
        "keyCreationTime": {"key1": "2026-01-01T00:00:00Z", "key2": "2026-01-01T00:00:00Z"},
        "keyPolicy": {"keyExpirationPeriodInDays": 90},
    }})
}

fn definition() -> serde_json::Value {
    json!({
        "id": format!("{VAULT}/storage/stLogs/sas/Rw"), "sid": format!("{VAULT}/secrets/stLogs-Rw"),
        "templateUri": TEMPLATE, "sasType": "account", "validityPeriod": "PT4H",
        "attributes": {"enabled": true},
    })
}

fn identity(parts: &[(&str, &str)]) -> Value {
    Value::object(parts.iter().map(|(name, text)| (*name, Value::from(*text))))
}

fn policy_identity() -> Value {
    identity(&[
        ("vault_uri", "https://kv1.vault.azure.net/"),
        ("name", "stlogs"),
    ])
}

fn definition_identity() -> Value {
    let vault = ("vault_uri", "https://kv1.vault.azure.net/");
    identity(&[vault, ("enrolment", "stlogs"), ("name", "rw")])
}

/// Imports by an identity and refreshes; the identity must stay the one in lower case.
async fn check_import(kind: &str, given: Value, expected: &Value, script: Vec<Step>) -> Value {
    let (harness, transport) = harness(script);
    let imported = harness.import_by_identity(kind, &given).await;
    assert!(
        imported.diagnostics.is_empty(),
        "{:?}",
        imported.diagnostics
    );
    assert!(imported.identity == *expected);
    let stored = imported.stored.expect("it was found");
    let read = harness.read(kind, &stored).await;
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    assert!(read.identity == *expected);
    assert_eq!(transport.unused(), Vec::<String>::new());
    read.state()
}

#[tokio::test]
async fn an_object_is_imported_by_its_identity_however_it_is_spelled() {
    let vault = ("vault_uri", "https://KV1.vault.azure.net");
    let script = vec![
        get("/storage/StLogs", &record()),
        get("/stlogs", &account()),
    ];
    let given = identity(&[vault, ("name", "StLogs")]);
    let state = check_import(POLICY, given, &policy_identity(), script).await;
    assert_eq!(state.get("storage_account_id").as_str(), Some(ACCOUNT));
    let script = vec![get("/sas/RW", &definition())];
    let given = identity(&[vault, ("enrolment", "stLogs"), ("name", "RW")]);
    let state = check_import(DEFINITION, given, &definition_identity(), script).await;
    assert_eq!(state.get("permissions").as_str(), Some("rw"));
}

#[tokio::test]
async fn an_identity_of_another_cloud_is_refused() {
    let (harness, _) = harness([]);
    let elsewhere = identity(&[("vault_uri", "https://evil.example/"), ("name", "a")]);
    let refused = harness.import_by_identity(POLICY, &elsewhere).await;
    assert!(refused.diagnostics.has_errors());
    assert!(refused.stored.is_none());
}

fn azurerm(source_type: &str, state: serde_json::Value) -> MoveRequest {
    MoveRequest {
        source_provider: "registry.terraform.io/hashicorp/azurerm".to_owned(),
        source_type: source_type.to_owned(),
        source_version: 0,
        state,
        private: Vec::new(),
        identity: None,
    }
}

#[tokio::test]
async fn an_enrolment_of_azurerm_is_taken_over_and_plans_empty() {
    let old = json!({
        "id": format!("{VAULT}/storage/stLogs"), "name": "stLogs", "key_vault_id": "/x",
        "storage_account_id": ACCOUNT, "storage_account_key": "key1",
        "regenerate_key_automatically": true, "regeneration_period": "P30D", "tags": {},
    });
    let (harness, transport) = harness([
        get("/storage/stLogs", &record()),
        get("/stlogs", &account()),
    ]);
    let source = azurerm("azurerm_key_vault_managed_storage_account", old);
    let moved = harness.move_state(POLICY, source).await;
    assert!(moved.diagnostics.is_empty(), "{:?}", moved.diagnostics);
    assert!(moved.identity == policy_identity());
    let read = harness
        .read(POLICY, &moved.stored.expect("it is taken over"))
        .await;
    let config = Value::object([
        ("storage_account_id", Value::from(ACCOUNT)),
        (
            "key_vault",
            Value::object([
                ("vault_uri", Value::from(VAULT)),
                ("name", Value::from("stlogs")),
            ]),
        ),
    ]);
    let planned = harness.plan(POLICY, read.stored.as_ref(), config).await;
    assert!(planned.replace.is_empty(), "{:?}", planned.replace);
    assert!(
        !planned.diagnostics.has_errors(),
        "{:?}",
        planned.diagnostics
    );
    assert_eq!(transport.unused(), Vec::<String>::new());
}

#[tokio::test]
async fn the_signature_in_a_template_of_azurerm_is_left_behind() {
    let old = json!({
        "id": format!("{VAULT}/storage/stLogs/sas/Rw"), "name": "Rw", "sas_type": "account",
        "managed_storage_account_id": format!("{VAULT}/storage/stLogs"),
        "sas_template_uri": format!("https://x.blob.core.windows.net?{TEMPLATE}&sig=SECRET"),
        "validity_period": "PT4H", "secret_id": format!("{VAULT}/secrets/stLogs-Rw"),
        "tags": {"team": "logs"},
    });
    let (harness, _) = harness([]);
    let source = azurerm(
        "azurerm_key_vault_managed_storage_account_sas_token_definition",
        old,
    );
    let moved = harness.move_state(DEFINITION, source).await;
    assert!(moved.diagnostics.is_empty(), "{:?}", moved.diagnostics);
    assert!(moved.identity == definition_identity());
    let state = moved.state();
    assert_eq!(state.get("template_uri").as_str(), Some(TEMPLATE));
    assert_eq!(state.get("validity_period").as_str(), Some("PT4H"));
    assert_eq!(state.get("tags").get("team").as_str(), Some("logs"));
}

#[tokio::test]
async fn anything_else_cannot_be_taken_over() {
    let (harness, _) = harness([]);
    let key = azurerm("azurerm_key_vault_key", json!({"id": "x"}));
    let mut stranger = azurerm(
        "azurerm_key_vault_managed_storage_account",
        json!({"id": "x"}),
    );
    stranger.source_provider = "registry.terraform.io/someone/azurerm".to_owned();
    let nonsense = azurerm(
        "azurerm_key_vault_managed_storage_account",
        json!({"id": "x"}),
    );
    for source in [key, stranger, nonsense] {
        let refused = harness.move_state(POLICY, source).await;
        assert!(refused.diagnostics.has_errors());
        assert!(refused.stored.is_none());
    }
}

#[tokio::test]
async fn the_enrolments_of_a_vault_are_listed_with_what_they_are() {
    let list = json!({"value": [record(), {"id": "odd"}]});
    let script = [
        get("/storage", &list),
        get("/storage/stLogs", &record()),
        get("/stlogs", &account()),
    ];
    let (harness, transport) = harness(script);
    let config = Value::object([("vault_uri", Value::from(VAULT))]);
    let search = Search {
        include_resource: true,
        limit: None,
    };
    let found = harness.list(POLICY, config, search).await;
    let [first, last] = found.as_slice() else {
        unreachable!("one enrolment and one warning")
    };
    assert!(first.identity == policy_identity());
    assert!(
        first.display_name.contains("stlogs"),
        "{}",
        first.display_name
    );
    let object = first.resource.as_ref().expect("it was asked for");
    assert_eq!(object.get("rotation_period").as_str(), Some("P30D"));
    assert!(!last.diagnostics.has_errors() && !last.diagnostics.is_empty());
    assert_eq!(transport.unused(), Vec::<String>::new());
    let (config, told) = harness.generate_config(POLICY, object).await;
    assert!(told.is_empty(), "{told:?}");
    assert!(config.get("active_key").is_null());
    let stored = plugin::testing::Stored {
        state: object.clone(),
        private: Vec::new(),
    };
    let planned = harness.plan(POLICY, Some(&stored), config).await;
    assert!(planned.is_empty(), "{:?}", planned.diagnostics);
}

#[tokio::test]
async fn the_definitions_of_an_enrolment_are_listed_and_written_in_letters() {
    let script = [
        get("/storage/stLogs/sas", &json!({"value": [definition()]})),
        get("/sas/Rw", &definition()),
    ];
    let (harness, transport) = harness(script);
    let id = format!("{VAULT}/storage/stLogs");
    let config = Value::object([("policy_id", Value::from(id))]);
    let search = Search {
        include_resource: true,
        limit: Some(1),
    };
    let found = harness.list(DEFINITION, config, search).await;
    let [only] = found.as_slice() else {
        unreachable!("one definition")
    };
    assert!(only.identity == definition_identity());
    let object = only.resource.as_ref().expect("it was asked for");
    let (config, told) = harness.generate_config(DEFINITION, object).await;
    assert!(told.is_empty(), "{told:?}");
    assert_eq!(config.get("services").as_str(), Some("b"));
    assert!(config.get("template_uri").is_null() && config.get("secret_id").is_null());
    let stored = plugin::testing::Stored {
        state: object.clone(),
        private: Vec::new(),
    };
    let planned = harness.plan(DEFINITION, Some(&stored), config).await;
    assert!(planned.is_empty(), "{:?}", planned.diagnostics);
    assert_eq!(transport.unused(), Vec::<String>::new());
}

#[tokio::test]
async fn a_vault_that_refuses_the_list_is_an_error() {
    let body = r#"{"error":{"code":"Forbidden","message":"no"}}"#;
    let (harness, _) = harness([Step::answer("GET", "/storage", 403, body)]);
    let config = Value::object([("vault_uri", Value::from(VAULT))]);
    let found = harness.list(POLICY, config, Search::default()).await;
    assert!(found.iter().any(|listed| listed.diagnostics.has_errors()));
}

/// What the first release stores. A later one has to read it, whatever it stores itself.
const STORED: [(&str, &str); 3] = [
    (
        "keyrotation_policy",
        r#"{"active_key":"key1","direct":null,"secret_version":null,"rotation_due":null,"id":"https://kv1.vault.azure.net/storage/stlogs",
            "key1_created_at":"2026-01-01T00:00:00Z","key2_created_at":null,
            "key_vault":{"auto_regenerate":true,"grant_access":null,"initial_active_key":null,
                "key_vault_principal_id":null,"name":"stlogs",
                "vault_uri":"https://kv1.vault.azure.net/"},
            "longest_key_life":"P60D","max_key_age":"P90D","next_rotation_due":null,
            "rotation_period":"P30D","set_key_expiration_policy":true,
            "storage_account_id":"/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stlogs",
            "tags":null,"timeouts":null}"#,
    ),
    (
        "keyrotation_sas_definition",
        r#"{"enabled":true,"id":"https://kv1.vault.azure.net/storage/stlogs/sas/read",
            "ip_range":null,"name":"read","permissions":"r",
            "policy_id":"https://kv1.vault.azure.net/storage/stlogs","protocol":"https",
            "resource_types":"o","secret_id":"https://kv1.vault.azure.net/secrets/stlogs-read",
            "services":"b","signed_version":"2018-03-28","tags":{"a":"b"},
            "template_uri":"sv=2018-03-28&ss=b&srt=o&sp=r&spr=https","timeouts":null,
            "validity_period":"PT4H"}"#,
    ),
    (
        "keyrotation_vault_access",
        r#"{"id":"/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv1/access/22222222-2222-2222-2222-222222222201/read_sas",
            "mode":"access_policy","principal_id":"22222222-2222-2222-2222-222222222201",
            "principal_type":"ServicePrincipal","purpose":"read_sas","role":null,
            "role_definition_id":null,"secret_permissions":["get"],"storage_permissions":[],
            "timeouts":null,
            "vault_id":"/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv1",
            "vault_uri":"https://kv1.vault.azure.net/"}"#,
    ),
];

#[tokio::test]
async fn what_the_first_release_stores_is_read_as_it_is() {
    let (harness, transport) = harness([]);
    for (kind, stored) in STORED {
        let read = harness.upgrade(kind, 0, stored).await;
        assert!(
            read.diagnostics.is_empty(),
            "{kind}: {:?}",
            read.diagnostics
        );
        let state = read.state();
        let json: serde_json::Value = serde_json::from_str(stored).expect("JSON");
        for (name, value) in json.as_object().expect("an object") {
            let text = state.get(name).as_str();
            assert_eq!(text, value.as_str(), "{kind}.{name}");
            assert_eq!(state.get(name).is_null(), value.is_null(), "{kind}.{name}");
        }
    }
    assert!(transport.sent().is_empty(), "reading a state asks nobody");
}
