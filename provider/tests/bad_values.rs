//! What a person can write wrongly, attribute by attribute: each mistake is named by its path, and
//! nothing is asked of Azure, since there is no way to it here.

use std::collections::BTreeSet;
use std::sync::Arc;

use azure::{Env, ManualClock};
use plugin::testing::Harness;
use plugin::{Attribute, Diagnostics, Kind, Mode, Path, Provider, Resource, Type, Value};

const POLICY: &str = "keyrotation_policy";
const DEFINITION: &str = "keyrotation_sas_definition";
const ACCESS: &str = "keyrotation_vault_access";

/// A good value of every attribute that has to be written, so that one bad one stands out.
const GOOD: [(&str, &[(&str, &str)]); 3] = [
    (
        POLICY,
        &[
            (
                "storage_account_id",
                "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/\
                 Microsoft.Storage/storageAccounts/stlogs",
            ),
            ("key_vault.vault_uri", "https://kv1.vault.azure.net/"),
        ],
    ),
    (
        DEFINITION,
        &[
            ("policy_id", "https://kv1.vault.azure.net/storage/stlogs"),
            ("name", "blobrw4hours"),
            ("services", "b"),
            ("resource_types", "sco"),
            ("permissions", "rw"),
            ("validity_period", "PT4H"),
        ],
    ),
    (
        ACCESS,
        &[
            ("vault_uri", "https://kv1.vault.azure.net/"),
            ("principal_id", "22222222-2222-2222-2222-222222222201"),
            ("purpose", "enrol"),
        ],
    ),
];

const NO_LENGTH_OF_TIME: &[&str] = &["soon", "-5m", "0s", "30"];

/// Every attribute that takes more than yes or no, and what must not be written there.
const BAD: [(&str, &str, &[&str]); 37] = [
    (
        POLICY,
        "storage_account_id",
        &[
            "",
            "stlogs",
            "/subscriptions/x/resourceGroups/rg",
            "/subscriptions/../x",
        ],
    ),
    (
        POLICY,
        "rotation_period",
        &[
            "", "PT12H", "P1M", "P1Y", "30 days", "P0D", "-P30D", "P99999D",
        ],
    ),
    (POLICY, "max_key_age", &["", "ninety", "P1D", "P3M"]),
    (
        POLICY,
        "key_vault.vault_uri",
        &[
            "",
            "kv1",
            "http://kv1.vault.azure.net",
            "https://kv1.example.com",
            "https://vault.azure.net",
            "https://kv1.vault.azure.net.evil.example",
            "https://u:p@kv1.vault.azure.net",
        ],
    ),
    (
        POLICY,
        "key_vault.name",
        &["", "st-logs", "st logs", "../x"],
    ),
    (
        POLICY,
        "key_vault.initial_active_key",
        &["", "primary", "key3", "kerb1"],
    ),
    (
        POLICY,
        "key_vault.key_vault_principal_id",
        &["", "me", "1234"],
    ),
    (
        POLICY,
        "direct.vault_uri",
        &["", "kv1", "http://kv1.vault.azure.net"],
    ),
    (POLICY, "direct.secret_name", &["", "a b", "a/b", "a_b"]),
    (POLICY, "direct.content", &["", "Key", "sas"]),
    (POLICY, "direct.overlap", &["", "30m", "P1M", "PT0S"]),
    (
        POLICY,
        "direct.initial_active_key",
        &["", "primary", "key3"],
    ),
    (POLICY, "timeouts.create", NO_LENGTH_OF_TIME),
    (POLICY, "timeouts.read", NO_LENGTH_OF_TIME),
    (POLICY, "timeouts.update", NO_LENGTH_OF_TIME),
    (POLICY, "timeouts.delete", NO_LENGTH_OF_TIME),
    (
        DEFINITION,
        "policy_id",
        &[
            "",
            "stlogs",
            "https://kv1.vault.azure.net/secrets/x",
            "https://kv1.vault.azure.net/storage/a/b",
        ],
    ),
    (DEFINITION, "name", &["", "blob-rw", "a/b"]),
    (DEFINITION, "validity_period", &["", "4h", "P1M", "PT0S"]),
    (DEFINITION, "services", &["", "bx"]),
    (DEFINITION, "resource_types", &["", "scoz"]),
    (DEFINITION, "permissions", &["", "rwy", "rwi"]),
    (DEFINITION, "protocol", &["http", "ftp", "https,ftp"]),
    (
        DEFINITION,
        "ip_range",
        &["everywhere", "1.2.3", "1.2.3.4-", "10.0.0.0/8"],
    ),
    (DEFINITION, "timeouts.create", NO_LENGTH_OF_TIME),
    (DEFINITION, "timeouts.read", NO_LENGTH_OF_TIME),
    (DEFINITION, "timeouts.update", NO_LENGTH_OF_TIME),
    (DEFINITION, "timeouts.delete", NO_LENGTH_OF_TIME),
    (
        ACCESS,
        "vault_uri",
        &["", "kv1", "http://kv1.vault.azure.net"],
    ),
    (ACCESS, "principal_id", &["", "me", "22222222"]),
    (ACCESS, "principal_type", &["", "user", "Robot"]),
    (ACCESS, "purpose", &["", "Enrol", "admin"]),
    (
        ACCESS,
        "role_definition_id",
        &["", "Key Vault Administrator", "/x/y"],
    ),
    (ACCESS, "timeouts.create", NO_LENGTH_OF_TIME),
    (ACCESS, "timeouts.read", NO_LENGTH_OF_TIME),
    (ACCESS, "timeouts.update", NO_LENGTH_OF_TIME),
    (ACCESS, "timeouts.delete", NO_LENGTH_OF_TIME),
];

/// Attributes that have tests of their own below: they stand for others, so they are not set beside
/// them.
const INSTEAD: [(&str, &str); 2] = [(DEFINITION, "template_uri"), (ACCESS, "vault_id")];

fn provider() -> provider::KeyRotation {
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let nothing: [(&str, &str); 0] = [];
    provider::KeyRotation::new(Env::from_pairs(nothing), Arc::new(ManualClock::new(now)))
}

fn good(kind: &str) -> Value {
    let (_, values) = GOOD
        .iter()
        .find(|(known, _)| *known == kind)
        .expect("a known resource");
    let mut config = Value::object([]);
    for (path, text) in *values {
        put(&mut config, path, Value::from(*text));
    }
    config
}

/// Sets an attribute by its path, and makes the object that it is in.
fn put(config: &mut Value, path: &str, value: Value) {
    match path.split_once('.') {
        None => config.set(path, value),
        Some((outer, inner)) => {
            let mut object = config.get(outer).clone();
            if object.is_null() {
                object = Value::object([]);
            }
            put(&mut object, inner, value);
            config.set(outer, object);
        }
    }
}

fn paths(found: &Diagnostics) -> Vec<String> {
    let path = |path: Option<&Path>| path.map(ToString::to_string).unwrap_or_default();
    found
        .iter()
        .map(|found| path(found.path.as_ref()))
        .collect()
}

async fn check_refused(kind: &str, config: Value, path: &str) {
    let found = Harness::new(provider())
        .validate(kind, config.clone())
        .await;
    assert!(found.has_errors(), "{path} was accepted: {config:?}");
    assert_eq!(paths(&found), [path], "{found:?}");
    for diagnostic in found.iter() {
        assert!(!diagnostic.summary.ends_with('.'), "{diagnostic:?}");
        assert!(diagnostic.detail.ends_with('.'), "{diagnostic:?}");
    }
}

#[tokio::test]
async fn what_has_to_be_written_is_enough() {
    for (kind, _) in GOOD {
        let found = Harness::new(provider()).validate(kind, good(kind)).await;
        assert!(found.is_empty(), "{kind}: {found:?}");
    }
}

#[tokio::test]
async fn each_bad_value_is_named_by_its_path() {
    for (kind, path, values) in BAD {
        for value in values {
            let mut config = if path.starts_with("direct.") {
                good_direct()
            } else {
                good(kind)
            };
            put(&mut config, path, Value::from(*value));
            check_refused(kind, config, path).await;
        }
    }
}

/// A policy that is rotated directly.
fn good_direct() -> Value {
    let mut config = good(POLICY);
    config.set("key_vault", Value::Null);
    put(
        &mut config,
        "direct.vault_uri",
        Value::from("https://kv1.vault.azure.net/"),
    );
    put(&mut config, "direct.secret_name", Value::from("stlogs-key"));
    config
}

#[tokio::test]
async fn an_account_is_rotated_in_exactly_one_way() {
    let found = Harness::new(provider())
        .validate(POLICY, good_direct())
        .await;
    assert!(found.is_empty(), "{found:?}");
    let mut both = good_direct();
    put(
        &mut both,
        "key_vault.vault_uri",
        Value::from("https://kv1.vault.azure.net/"),
    );
    check_refused(POLICY, both, "direct").await;
    let mut none = good_direct();
    none.set("direct", Value::Null);
    check_refused(POLICY, none, "key_vault").await;
}

/// What the schema itself demands is missed by the core; these are demanded by no attribute alone.
#[tokio::test]
async fn what_is_missing_is_named_by_its_path() {
    for (kind, path) in [
        (DEFINITION, "services"),
        (DEFINITION, "resource_types"),
        (DEFINITION, "permissions"),
        (ACCESS, "vault_uri"),
    ] {
        let mut config = good(kind);
        put(&mut config, path, Value::Null);
        check_refused(kind, config, path).await;
    }
}

#[tokio::test]
async fn names_that_are_too_long_for_the_vault_are_refused() {
    let mut config = good(DEFINITION);
    put(&mut config, "name", Value::from("x".repeat(103)));
    check_refused(DEFINITION, config, "name").await;
    let mut config = good(DEFINITION);
    let enrolment = format!("https://kv1.vault.azure.net/storage/{}", "y".repeat(40));
    put(&mut config, "policy_id", Value::from(enrolment));
    put(&mut config, "name", Value::from("x".repeat(87)));
    check_refused(DEFINITION, config, "name").await;
}

#[tokio::test]
async fn a_bad_template_is_named_and_so_is_one_that_stands_beside_letters() {
    let raw = |template: &str| {
        let mut config = good(DEFINITION);
        for name in ["services", "resource_types", "permissions"] {
            config.set(name, Value::Null);
        }
        config.set("template_uri", Value::from(template));
        config
    };
    for template in [
        "",
        "sv=2019-02-02&ss=b&srt=sco&sp=rw",
        "sv=2014-02-14&ss=b&srt=sco&sp=rw",
        "sv=2018-03-28&sr=b&sp=r",
        "sv=2018-03-28&ss=b&srt=sco&sp=rw&sig=x",
        "nonsense",
    ] {
        check_refused(DEFINITION, raw(template), "template_uri").await;
    }
    let mut both = good(DEFINITION);
    both.set(
        "template_uri",
        Value::from("sv=2018-03-28&ss=b&srt=sco&sp=r"),
    );
    check_refused(DEFINITION, both, "services").await;
}

#[tokio::test]
async fn a_vault_is_named_in_one_way() {
    let id = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/\
              Microsoft.KeyVault/vaults/kv1";
    let mut both = good(ACCESS);
    both.set("vault_id", Value::from(id));
    check_refused(ACCESS, both, "vault_id").await;
    for bad in ["", "kv1", "https://kv1.vault.azure.net/"] {
        let mut config = good(ACCESS);
        config.set("vault_uri", Value::Null);
        config.set("vault_id", Value::from(bad));
        check_refused(ACCESS, config, "vault_id").await;
    }
}

/// Lists the paths of what can be written and can be wrong in more than its type.
fn fallible(attributes: &[Attribute], within: &str) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in attributes.iter().filter(|one| one.mode != Mode::Computed) {
        let path = format!("{within}{}", attribute.name);
        match &attribute.kind {
            Kind::Nested(_, inner) => found.extend(fallible(inner, &format!("{path}."))),
            Kind::Plain(Type::Bool | Type::Map(_)) => {}
            Kind::Plain(_) => found.push(path),
        }
    }
    found
}

#[test]
fn no_attribute_is_missing_in_the_table() {
    let resources: Vec<Arc<dyn Resource>> = provider().resources();
    for resource in resources {
        let kind = resource.type_name();
        let table = BAD.iter().map(|(kind, path, _)| (*kind, *path));
        let known: BTreeSet<&str> = table
            .chain(INSTEAD)
            .filter(|(of, _)| *of == kind)
            .map(|(_, path)| path)
            .collect();
        for path in fallible(&resource.schema().attributes, "") {
            assert!(
                known.contains(path.as_str()),
                "{kind}.{path} has no bad values"
            );
        }
    }
}
