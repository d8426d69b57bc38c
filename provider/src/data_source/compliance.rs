//! `keyrotation_compliance`: whether the keys of a scope are as young as they have to be.

use std::sync::Arc;

use azure::id::SubscriptionId;
use engine::check::scope::Scope;
use engine::check::{Outcome, Question, check};
use engine::run::Run;
use plugin::{
    Attribute, Context, DataSource, Diagnostic, Diagnostics, ReadData, Schema, Type, Value,
};
use rotation::drift::{Proof, Verdict};
use rotation::finding::Finding;

use super::{
    LIMIT, demand, demanded, finding_attributes, finding_value, parsed_list, told, unscanned,
    unscanned_value,
};
use crate::diagnostic::sentence;
use crate::provider::Shared;

const MANUAL: &str = "Examines the ages of the keys of all storage accounts of some subscriptions, \
for `check` blocks and preconditions.\n\n\
Only reading rights are needed (`Reader`, and on vaults the storage permissions `get` and `list`); \
no key is ever read. What cannot be examined is not taken to be in order: it stands in `unscanned`, \
and `compliant` is false. Being out of policy is an answer, not an error.";

/// The data source.
#[derive(Debug)]
pub(crate) struct Compliance {
    shared: Arc<Shared>,
}

impl Compliance {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    async fn examine(&self, context: &Context, config: Value) -> Result<Value, Diagnostic> {
        let client = self.shared.connected()?;
        let run = Run::new(&client, self.shared.clock(), context.token(), LIMIT);
        let scope = parsed_list::<SubscriptionId>(&config, "subscription_ids")?
            .map_or_else(Scope::default, Scope::subscriptions);
        let (demand, now) = demand(&config, &self.shared);
        let outcome = check(&run.client().reader(), &Question::new(scope, demand), now)
            .await
            .map_err(|error| Diagnostic::error("Nothing could be examined", sentence(&error)))?;
        Ok(answer(config, &outcome))
    }
}

#[async_trait::async_trait]
impl DataSource for Compliance {
    fn type_name(&self) -> &'static str {
        "keyrotation_compliance"
    }

    fn schema(&self) -> Schema {
        let asked = Attribute::list_of("subscription_ids", Type::String)
            .optional()
            .check(is_a_list_of_ids)
            .describe(
                "The subscriptions to examine. Default: all that can be read, which may be fewer \
                 than there are; name them where the answer has to hold for certain.",
            );
        let schema = Schema::new(0, MANUAL).attribute(asked);
        let schema = demanded().into_iter().fold(schema, Schema::attribute);
        answered().into_iter().fold(schema, Schema::attribute)
    }

    async fn read(&self, context: &Context, config: Value) -> ReadData {
        match self.examine(context, config).await {
            Ok(state) => ReadData::found(state),
            Err(diagnostic) => ReadData::failed(Diagnostics::from(diagnostic)),
        }
    }
}

fn is_a_list_of_ids(value: &Value) -> Result<(), String> {
    let texts = value
        .items()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    for text in texts {
        text.parse::<SubscriptionId>()
            .map_err(|error| error.to_string())?;
    }
    if value.items().is_some_and(<[Value]>::is_empty) {
        return Err("an empty list examines nothing; leave it out to examine all".to_owned());
    }
    Ok(())
}

fn answered() -> Vec<Attribute> {
    let mut finding = vec![told("account_id", "The storage account.")];
    finding.extend(finding_attributes());
    vec![
        Attribute::bool("compliant").computed().describe(
            "Whether every key of the scope is proven to be young enough. False if anything is \
             unknown or could not be examined, and if there was no account at all.",
        ),
        Attribute::bool("complete")
            .computed()
            .describe("Whether the whole scope could be examined."),
        Attribute::map_of("counts", Type::Number)
            .computed()
            .describe(
                "How many accounts there are of each verdict: `compliant`, `due_soon`, `overdue`, \
             `stalled`, `unknown`, `not_applicable`.",
            ),
        Attribute::list_of_objects("findings", finding)
            .computed()
            .describe("What there is to say about the accounts, ordered by account."),
        unscanned("the scope"),
    ]
}

fn answer(mut state: Value, outcome: &Outcome) -> Value {
    let verdicts = || {
        outcome
            .accounts
            .iter()
            .map(|account| account.assessment.verdict)
    };
    let complete = outcome.holes.is_empty();
    let kept = verdicts().all(|verdict| verdict.proof() == Proof::Kept);
    let compliant = complete && kept && !outcome.accounts.is_empty();
    let counts = Verdict::ALL.map(|verdict| {
        let count = verdicts().filter(|found| *found == verdict).count();
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        (verdict.as_str(), Value::from(count))
    });
    let findings = outcome.accounts.iter().flat_map(|account| {
        let about = move |finding: &Finding| {
            let mut value = finding_value(finding);
            value.set("account_id", Value::from(account.id.as_str()));
            value
        };
        let findings = account.assessment.findings;
        findings.iter().map(about).collect::<Vec<_>>()
    });
    state.set("compliant", compliant.into());
    state.set("complete", complete.into());
    state.set("counts", Value::object(counts));
    state.set("findings", Value::list(findings));
    state.set("unscanned", unscanned_value(&outcome.holes));
    state
}
