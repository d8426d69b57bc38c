//! `keyrotation_account`: how old the keys of one account are, and who renews them.

use std::sync::Arc;

use azure::cloud::Cloud;
use azure::id::{StorageAccountId, SubscriptionId, VaultUrl};
use engine::managed::{self, Place};
use engine::observe::{Hole, SeenAccount, observe_account};
use engine::run::{Run, StepError};
use jiff::Timestamp;
use plugin::{
    Attribute, Context, DataSource, Diagnostic, Diagnostics, Path, ReadData, Schema, Type, Value,
};
use rotation::drift::{Assessment, KeyAssessment, assess};
use rotation::enrolment::next_turn;
use rotation::observation::{Enrolment, Observation, Renewal, SeenPeriod, SharedKey};
use rotation::slot::KeySlot;

use super::{
    LIMIT, demand, demanded, finding_attributes, finding_value, parsed_list, told, unscanned,
    unscanned_value,
};
use crate::convert::{check, instant, text};
use crate::diagnostic;
use crate::provider::Shared;

const MANUAL: &str = "Shows how old the keys of a storage account are, and whether a vault renews \
them.\n\n\
Only reading rights are needed (`Reader`, and on vaults the storage permissions `get` and `list`); \
no key is ever read. A vault that cannot be read stands in `unscanned`: then `enrolment` may be \
null although there is one.";

const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;

/// The data source.
#[derive(Debug)]
pub(crate) struct Account {
    shared: Arc<Shared>,
}

impl Account {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    async fn look(&self, context: &Context, config: Value) -> Result<Value, Diagnostic> {
        let path = Path::attribute("storage_account_id");
        let id: StorageAccountId = text(&config, &path)
            .parse()
            .map_err(|error| invalid(&error).at(path.clone()))?;
        let mut scope = vec![id.subscription().clone()];
        let more = parsed_list::<SubscriptionId>(&config, "vault_subscription_ids")?;
        scope.extend(
            more.into_iter()
                .flatten()
                .filter(|more| more != id.subscription()),
        );
        let client = self.shared.connected()?;
        let run = Run::new(&client, self.shared.clock(), context.token(), LIMIT);
        let (seen, holes) = observe_account(&run.client().reader(), &id, &scope)
            .await
            .map_err(|error| {
                let error = StepError::new("read the storage account", &id, error);
                diagnostic::step(&error).at(path)
            })?;
        let due = next_due(&run, &seen.observation, client.cloud()).await;
        let (demand, now) = demand(&config, &self.shared);
        let assessment = assess(&seen.observation, &demand, now);
        Ok(answer(config, &seen, &assessment, due, &holes))
    }
}

#[async_trait::async_trait]
impl DataSource for Account {
    fn type_name(&self) -> &'static str {
        "keyrotation_account"
    }

    fn schema(&self) -> Schema {
        let schema = Schema::new(0, MANUAL).attribute(
            Attribute::string("storage_account_id")
                .required()
                .check(|value| check(value, str::parse::<StorageAccountId>))
                .describe("The resource id of the storage account."),
        );
        let schema = schema.attribute(
            Attribute::list_of("vault_subscription_ids", Type::String)
                .optional()
                .describe(
                    "Further subscriptions whose vaults may manage the account. Those of the \
                     account's own subscription are always looked at.",
                ),
        );
        let schema = demanded().into_iter().fold(schema, Schema::attribute);
        answered().into_iter().fold(schema, Schema::attribute)
    }

    async fn read(&self, context: &Context, config: Value) -> ReadData {
        match self.look(context, config).await {
            Ok(state) => ReadData::found(state),
            Err(diagnostic) => ReadData::failed(Diagnostics::from(diagnostic)),
        }
    }
}

fn invalid(error: &dyn std::error::Error) -> Diagnostic {
    Diagnostic::error("Invalid value", diagnostic::sentence(error))
}

fn answered() -> Vec<Attribute> {
    vec![
        told("name", "The name of the account."),
        Attribute::bool("shared_key_allowed")
            .computed()
            .describe("Whether the account lets requests in that are signed with a key."),
        Attribute::number("key_expiration_days")
            .computed()
            .describe(
                "After how many days Azure calls a key of the account expired; null if no key \
             expiration policy is set.",
            ),
        key("key1"),
        key("key2"),
        told(
            "verdict",
            "What is concluded: `compliant`, `due_soon`, `overdue`, `stalled` (the vault did not \
             renew in time), `unknown`, or `not_applicable` (keys are not let in).",
        ),
        Attribute::list_of_objects("findings", finding_attributes())
            .computed()
            .describe("What there is to say, the most pressing first."),
        enrolment(),
        told(
            "next_rotation_due",
            "When the vault is expected to renew a key next (RFC 3339); null if none does.",
        ),
        unscanned("the vaults"),
    ]
}

fn key(name: &str) -> Attribute {
    let attributes = vec![
        told(
            "created_at",
            "When the key was made (RFC 3339); null if Azure does not know.",
        ),
        Attribute::number("age_days")
            .computed()
            .describe("How many whole days old it is; null if Azure does not know."),
        told("verdict", "What is concluded about this key."),
    ];
    Attribute::object(name, attributes)
        .computed()
        .describe(format!(
            "The age of `{name}`. The key itself is never read."
        ))
}

fn enrolment() -> Attribute {
    let attributes = vec![
        told("vault", "The name of the vault."),
        told("name", "The name of the enrolment in it."),
        told("active_key", "The key that signs tokens now."),
        Attribute::bool("auto_regenerate")
            .computed()
            .describe("Whether the vault renews keys by itself; null if that could not be read."),
        told("rotation_period", "How often it renews a key."),
    ];
    Attribute::object("enrolment", attributes)
        .computed()
        .describe("The vault record that manages the account; null if none was found.")
}

/// Says when the vault is expected to renew next; nothing if its record cannot be read.
async fn next_due(run: &Run<'_>, seen: &Observation, cloud: &Cloud) -> Option<Timestamp> {
    let record = seen.enrolments.first()?;
    let place = Place {
        vault: VaultUrl::of_name(&record.vault, cloud).ok()?,
        name: record.name.parse().ok()?,
    };
    let found = managed::look(run, &place).await.ok()??;
    let times = [seen.key_times.key1, seen.key_times.key2];
    next_turn(&found.terms, found.times, times)
}

fn answer(
    mut state: Value,
    seen: &SeenAccount,
    assessment: &Assessment,
    due: Option<Timestamp>,
    holes: &[Hole],
) -> Value {
    let SeenAccount {
        id, observation, ..
    } = seen;
    let allowed = observation.shared_key == SharedKey::Allowed;
    let record = observation.enrolments.first();
    for (name, value) in [
        ("name", Value::from(id.name())),
        ("shared_key_allowed", allowed.into()),
        (
            "key_expiration_days",
            observation.key_expiration_days.map(i64::from).into(),
        ),
        ("key1", key_value(&assessment.keys.key1)),
        ("key2", key_value(&assessment.keys.key2)),
        ("verdict", Value::from(assessment.verdict.as_str())),
        (
            "findings",
            Value::list(assessment.findings.iter().map(finding_value)),
        ),
        ("enrolment", record.map_or(Value::Null, enrolment_value)),
        ("next_rotation_due", instant(due)),
        ("unscanned", unscanned_value(holes)),
    ] {
        state.set(name, value);
    }
    state
}

fn key_value(key: &KeyAssessment) -> Value {
    let days = key.age.map(|age| age.as_secs() / SECONDS_OF_A_DAY);
    Value::object([
        ("created_at", instant(key.created_at)),
        ("age_days", days.into()),
        ("verdict", Value::from(key.verdict.as_str())),
    ])
}

fn enrolment_value(record: &Enrolment) -> Value {
    let automatic = match record.renewal {
        Renewal::Automatic => Some(true),
        Renewal::OnRequest => Some(false),
        Renewal::Unknown => None,
    };
    Value::object([
        ("vault", Value::from(record.vault.as_str())),
        ("name", Value::from(record.name.as_str())),
        ("active_key", record.active.map(KeySlot::as_str).into()),
        ("auto_regenerate", automatic.into()),
        (
            "rotation_period",
            record.period.as_ref().map(SeenPeriod::as_str).into(),
        ),
    ])
}
