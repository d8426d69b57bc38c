//! A core that sends anything to the provider, while Azure answers anything: each well formed message gets a
//! message back, and nobody panics.

use std::sync::Arc;

use azure::ManualClock;
use azure::client::Client;
use azure::transport::scripted::{ScriptedTransport, Step};
use plugin::testing::Harness;
use plugin::value::msgpack;
use plugin::{Provider, Schema, Type};
use prost::Message;
use proto::tfplugin6 as tf;
use provider::KeyRotation;

use crate::block_on;
use crate::input::Input;

/// How many requests one input makes.
const MOST: usize = 6;

/// Methods that take any bytes. The provider stays on the scripted answers: it is not configured.
const METHODS: [&str; 10] = [
    "ValidateProviderConfig",
    "UpgradeResourceIdentity",
    "ListResource",
    "PlanAction",
    "InvokeAction",
    "ValidateActionConfig",
    "ValidateListResourceConfig",
    "RenewEphemeralResource",
    "CloseEphemeralResource",
    "GetProviderSchema",
];

const BODIES: [&str; 6] = [
    "{}",
    r#"{"value":[]}"#,
    r#"{"id":"https://kv1.vault.azure.net/storage/stlogs","resourceId":"/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stlogs","activeKeyName":"key1","autoRegenerateKey":true,"regenerationPeriod":"P30D","attributes":{"enabled":true,"created":1767225600,"updated":1767225600}}"#,
    r#"{"id":"/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/stlogs","name":"stlogs","location":"x","properties":{"keyCreationTime":{"key1":"2026-01-01T00:00:00Z","key2":"2026-01-01T00:00:00Z"},"keyPolicy":{"keyExpirationPeriodInDays":90}}}"#,
    r#"{"id":"https://kv1.vault.azure.net/storage/stlogs/sas/rw","sid":"https://kv1.vault.azure.net/secrets/stlogs-rw","templateUri":"sv=2018-03-28&ss=b&srt=sco&sp=rw&spr=https","sasType":"account","validityPeriod":"PT4H","attributes":{"enabled":true}}"#,
    r#"{"error":{"code":"Forbidden","message":"no right"}}"#,
];

/// Reads answers of Azure and some requests of a core out of the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let steps = ["GET", "PUT", "POST", "PATCH", "DELETE"].map(|method| {
        let status = *input.one_of(&[200, 404, 403, 409, 500]);
        Step::answer(method, "", status, *input.one_of(&BODIES)).always()
    });
    let transport = ScriptedTransport::new(steps);
    let now = "2026-03-01T00:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(now));
    let provider = || {
        KeyRotation::over(
            Client::with_transport(&transport, clock.clone()),
            clock.clone(),
        )
    };
    let harness = Harness::new(provider());
    let offered = Offered::of(&provider());
    block_on(async {
        for _ in 0..MOST {
            if input.is_empty() {
                break;
            }
            ask(&harness, &offered, &mut input).await;
        }
    });
}

/// The schemas, by type.
struct Offered {
    resources: Vec<(String, Schema)>,
    data_sources: Vec<(String, Schema)>,
    tokens: Vec<(String, Schema)>,
    functions: Vec<(String, Vec<Type>)>,
}

impl Offered {
    fn of(provider: &KeyRotation) -> Self {
        let resources = provider.resources().into_iter();
        let data_sources = provider.data_sources().into_iter();
        let tokens = provider.ephemeral_resources().into_iter();
        let functions = provider.functions().into_iter();
        Self {
            resources: resources
                .map(|one| (one.type_name().to_owned(), one.schema()))
                .collect(),
            data_sources: data_sources
                .map(|one| (one.type_name().to_owned(), one.schema()))
                .collect(),
            tokens: tokens
                .map(|one| (one.type_name().to_owned(), one.schema()))
                .collect(),
            functions: functions
                .map(|one| {
                    let parameters = one.signature().parameters;
                    let types = parameters.into_iter().map(|one| one.ty).collect();
                    (one.name().to_owned(), types)
                })
                .collect(),
        }
    }
}

async fn ask(harness: &Harness, offered: &Offered, input: &mut Input<'_>) {
    if input.byte().is_multiple_of(8) {
        let method = *input.one_of(&METHODS);
        // Bytes that are no message are the transport's fault, so any code will do.
        let answered = harness.send_bytes(method, input.some()).await;
        check(method, &answered.frames);
        return;
    }
    let (method, message) = request(offered, input);
    let answered = harness.send_bytes(method, &message).await;
    assert!(answered.code == 0, "{method} answered with a status");
    check(method, &answered.frames);
}

fn check(method: &str, frames: &[u8]) {
    let said = String::from_utf8_lossy(frames);
    assert!(!said.contains("panic"), "{method}: {said}");
}

fn request(offered: &Offered, input: &mut Input<'_>) -> (&'static str, Vec<u8>) {
    match input.byte() % 10 {
        0..=4 => change(offered, input),
        5 => find(offered, input),
        6 => stored(offered, input),
        7 => moved(offered, input),
        8 => call(offered, input),
        _ => look(offered, input),
    }
}

fn change(offered: &Offered, input: &mut Input<'_>) -> (&'static str, Vec<u8>) {
    let (type_name, schema) = input.one_of(&offered.resources).clone();
    let ty = schema.ty();
    match input.byte() % 4 {
        0 => {
            let config = dynamic(input, &ty);
            let request = tf::validate_resource_config::Request {
                type_name,
                config,
                ..Default::default()
            };
            ("ValidateResourceConfig", request.encode_to_vec())
        }
        1 => {
            let request = tf::read_resource::Request {
                type_name,
                current_state: dynamic(input, &ty),
                private: input.some().to_vec(),
                ..Default::default()
            };
            ("ReadResource", request.encode_to_vec())
        }
        2 => {
            let request = tf::plan_resource_change::Request {
                type_name,
                prior_state: dynamic(input, &ty),
                proposed_new_state: dynamic(input, &ty),
                config: dynamic(input, &ty),
                prior_private: input.some().to_vec(),
                ..Default::default()
            };
            ("PlanResourceChange", request.encode_to_vec())
        }
        _ => {
            let request = tf::apply_resource_change::Request {
                type_name,
                prior_state: dynamic(input, &ty),
                planned_state: dynamic(input, &ty),
                config: dynamic(input, &ty),
                planned_private: input.some().to_vec(),
                ..Default::default()
            };
            ("ApplyResourceChange", request.encode_to_vec())
        }
    }
}

fn find(offered: &Offered, input: &mut Input<'_>) -> (&'static str, Vec<u8>) {
    let (type_name, _) = input.one_of(&offered.resources).clone();
    let request = tf::import_resource_state::Request {
        type_name,
        id: input.text(),
        ..Default::default()
    };
    ("ImportResourceState", request.encode_to_vec())
}

fn stored(offered: &Offered, input: &mut Input<'_>) -> (&'static str, Vec<u8>) {
    let (type_name, schema) = input.one_of(&offered.resources).clone();
    if input.byte().is_multiple_of(2) {
        let state = dynamic(input, &schema.ty());
        let request = tf::generate_resource_config::Request { type_name, state };
        return ("GenerateResourceConfig", request.encode_to_vec());
    }
    let request = tf::upgrade_resource_state::Request {
        type_name,
        version: i64::from(input.byte() % 3),
        raw_state: raw(input),
    };
    ("UpgradeResourceState", request.encode_to_vec())
}

fn moved(offered: &Offered, input: &mut Input<'_>) -> (&'static str, Vec<u8>) {
    let (target_type_name, _) = input.one_of(&offered.resources).clone();
    let types = [
        "azurerm_key_vault_managed_storage_account",
        "azurerm_key_vault_managed_storage_account_sas_token_definition",
    ];
    let request = tf::move_resource_state::Request {
        source_provider_address: "registry.terraform.io/hashicorp/azurerm".to_owned(),
        source_type_name: (*input.one_of(&types)).to_owned(),
        source_state: raw(input),
        target_type_name,
        ..Default::default()
    };
    ("MoveResourceState", request.encode_to_vec())
}

fn call(offered: &Offered, input: &mut Input<'_>) -> (&'static str, Vec<u8>) {
    let (name, types) = input.one_of(&offered.functions).clone();
    let arguments = types.iter().filter_map(|ty| dynamic(input, ty)).collect();
    let request = tf::call_function::Request { name, arguments };
    ("CallFunction", request.encode_to_vec())
}

fn look(offered: &Offered, input: &mut Input<'_>) -> (&'static str, Vec<u8>) {
    if input.byte().is_multiple_of(2) {
        let (type_name, schema) = input.one_of(&offered.tokens).clone();
        let request = tf::open_ephemeral_resource::Request {
            type_name,
            config: dynamic(input, &schema.ty()),
            ..Default::default()
        };
        return ("OpenEphemeralResource", request.encode_to_vec());
    }
    let (type_name, schema) = input.one_of(&offered.data_sources).clone();
    let request = tf::read_data_source::Request {
        type_name,
        config: dynamic(input, &schema.ty()),
        ..Default::default()
    };
    ("ReadDataSource", request.encode_to_vec())
}

fn raw(input: &mut Input<'_>) -> Option<tf::RawState> {
    Some(tf::RawState {
        json: input.some().to_vec(),
        ..Default::default()
    })
}

/// Makes a value that fits its type, or one time in eight any bytes.
fn dynamic(input: &mut Input<'_>, ty: &Type) -> Option<tf::DynamicValue> {
    let msgpack = if input.byte().is_multiple_of(8) {
        input.some().to_vec()
    } else {
        msgpack::encode(&input.value(ty), ty).expect("it is made for its type")
    };
    Some(tf::DynamicValue {
        msgpack,
        json: Vec::new(),
    })
}
