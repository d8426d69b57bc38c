//! Plans of all resources on configurations that people may come to write, judged as a core judges
//! them: no panic, no plan that a core refuses, and nothing to do once it is applied.

use std::sync::Arc;

use azure::{Env, ManualClock};
use plugin::testing::{Harness, Planned, Stored};
use plugin::{Attribute, Diagnostics, Kind, Mode, Provider, Type, Value};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::Config;

/// Texts that mean something somewhere, each of them nonsense elsewhere.
const TEXTS: [&str; 24] = [
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/\
     Microsoft.Storage/storageAccounts/stlogs",
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourcegroups/RG/providers/\
     Microsoft.Storage/storageAccounts/stother",
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/\
     Microsoft.KeyVault/vaults/kv1",
    "https://kv1.vault.azure.net/",
    "https://KV1.vault.azure.net",
    "https://kv2.vault.azure.net/storage/stlogs",
    "22222222-2222-2222-2222-222222222201",
    "P30D",
    "P60D",
    "PT4H",
    "stlogs",
    "connection_string",
    "PT1S",
    "b",
    "sco",
    "rw",
    "https",
    "key2",
    "sv=2018-03-28&ss=b&srt=sco&sp=rw&spr=https",
    "enrol",
    "read_sas",
    "ServicePrincipal",
    "30m",
    "",
];

fn harness() -> Harness {
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let nothing: [(&str, &str); 0] = [];
    let clock = Arc::new(ManualClock::new(now));
    Harness::new(provider::KeyRotation::new(Env::from_pairs(nothing), clock))
}

/// The schemas of the resources, by type.
fn schemas() -> Vec<(String, Vec<Attribute>)> {
    let now = "2026-01-01T00:00:00Z".parse().expect("a time");
    let nothing: [(&str, &str); 0] = [];
    let clock = Arc::new(ManualClock::new(now));
    let provider = provider::KeyRotation::new(Env::from_pairs(nothing), clock);
    let resources = provider.resources();
    let described = resources.iter().map(|resource| {
        (
            resource.type_name().to_owned(),
            resource.schema().attributes,
        )
    });
    described.collect()
}

fn text() -> BoxedStrategy<Value> {
    let known = (0..TEXTS.len()).prop_map(|at| Value::from(TEXTS.get(at).copied()));
    prop_oneof![8 => known, 1 => "\\PC{0,12}".prop_map(Value::from)].boxed()
}

/// What may stand in the place of an attribute: something, nothing, or what another object tells.
fn value(attribute: &Attribute) -> BoxedStrategy<Value> {
    if attribute.mode == Mode::Computed {
        return Just(Value::Null).boxed();
    }
    let known = match &attribute.kind {
        Kind::Nested(_, inner) => object(inner.clone()),
        Kind::Plain(Type::Bool) => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Plain(Type::Map(_)) => proptest::collection::btree_map("[a-b]", text(), 0..3)
            .prop_map(Value::Map)
            .boxed(),
        Kind::Plain(_) => text(),
    };
    let (nothing, open) = (Just(Value::Null), Just(Value::UNKNOWN));
    if attribute.mode == Mode::Required {
        prop_oneof![9 => known, 1 => open].boxed()
    } else {
        prop_oneof![4 => known, 5 => nothing, 1 => open].boxed()
    }
}

fn object(attributes: Vec<Attribute>) -> BoxedStrategy<Value> {
    let values: Vec<_> = attributes.iter().map(value).collect();
    let names: Vec<String> = attributes.into_iter().map(|one| one.name).collect();
    values
        .prop_map(move |values| Value::object(names.iter().map(String::as_str).zip(values)))
        .boxed()
}

/// A resource type with two configurations of it.
fn configurations() -> impl Strategy<Value = (String, Value, Value)> {
    let schemas = schemas();
    (0..schemas.len()).prop_flat_map(move |at| {
        let (name, attributes) = schemas.get(at).expect("within its length").clone();
        (Just(name), object(attributes.clone()), object(attributes))
    })
}

/// Stores what a plan promises, with something in the place of what only Azure can say.
fn applied(planned: &Planned) -> Stored {
    let mut state = planned.state.clone();
    for (name, text) in [
        ("vault_uri", "https://kv1.vault.azure.net/"),
        ("mode", "access_policy"),
    ] {
        if state.get(name).is_unknown() {
            state.set(name, Value::from(text));
        }
    }
    Stored {
        state: state.with_unknown_as_null(),
        private: planned.private.clone(),
    }
}

fn check_no_bug(found: &Diagnostics) {
    for diagnostic in found.iter() {
        let said = format!("{} {}", diagnostic.summary, diagnostic.detail).to_ascii_lowercase();
        assert!(
            !said.contains("bug in") && !said.contains("panic"),
            "{said}"
        );
    }
}

async fn check(kind: &str, config: Value, before: Value) {
    let harness = harness();
    let validated = harness.validate(kind, config.clone()).await;
    check_no_bug(&validated);
    let prior = harness.plan(kind, None, before).await;
    check_no_bug(&prior.diagnostics);
    let stored = applied(&prior);
    for prior in [None, Some(&stored)] {
        let planned = harness.plan(kind, prior, config.clone()).await;
        check_no_bug(&planned.diagnostics);
        // A core validates before it plans, so only what passes there has to be planned well.
        if validated.has_errors() {
            continue;
        }
        let refused = planned.diagnostics.has_errors();
        assert!(!refused, "{kind} {config:?}: {:?}", planned.diagnostics);
        let again = harness.plan(kind, prior, config.clone()).await;
        assert_eq!(again.state, planned.state, "a second plan differs");
    }
    if !validated.has_errors() && config.is_wholly_known() {
        check_comes_to_rest(&harness, kind, config).await;
    }
}

/// Plans, applies and plans again. What only Azure can say is left out of the first state, so the
/// second one, with what follows from that, is the one that nothing must be left to do for.
async fn check_comes_to_rest(harness: &Harness, kind: &str, config: Value) {
    let first = harness.plan(kind, None, config.clone()).await;
    let second = harness
        .plan(kind, Some(&applied(&first)), config.clone())
        .await;
    let last = harness.plan(kind, Some(&applied(&second)), config).await;
    assert!(
        last.is_empty(),
        "{kind}: {:?} {:?}",
        second.state,
        last.state
    );
}

proptest! {
    #![proptest_config(Config { cases: 400, ..Config::default() })]

    #[test]
    fn any_configuration_and_state_is_planned_without_a_panic((kind, config, before) in configurations()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(check(&kind, config, before));
    }
}
