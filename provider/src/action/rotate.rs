//! `keyrotation_rotate`: a turn on request, through the vault.

use std::sync::Arc;
use std::time::Duration;

use engine::managed::turn::{Stage, Turned, turn};
use engine::run::Run;
use plugin::{Action, Attribute, Context, Diagnostic, Diagnostics, Path, Progress, Schema, Value};

use crate::convert::{check, parse_place, text};
use crate::diagnostic;
use crate::provider::Shared;

const MANUAL: &str = "Rotates the keys of an enrolled account now, ahead of Key Vault's own turn: \
the vault regenerates the idle key and makes it the active one.\n\n\
The key that signs tokens now stays as it is, so tokens that are in use go on working. The idle \
key is only regenerated once the last token that it signed has expired; until then the action \
fails and says when that will be. It regenerates one key each time it is invoked; to renew both, \
invoke it twice, with the longest validity period of the SAS definitions in between.\n\n\
It never runs by itself: only by `terraform apply -invoke=action.keyrotation_rotate.NAME`, or by \
an `action_trigger` that the configuration sets. Without actions (OpenTofu, Terraform before 1.14) \
a shorter `rotation_period` of the policy brings the next turn forward.";

/// How long a turn may take.
const LIMIT: Duration = Duration::from_mins(10);

/// The action.
#[derive(Debug)]
pub(crate) struct Rotate {
    shared: Arc<Shared>,
}

impl Rotate {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    async fn rotate(
        &self,
        context: &Context,
        config: &Value,
        progress: &mut Progress,
    ) -> Result<Turned, Diagnostic> {
        let client = self.shared.connected()?;
        let path = Path::attribute("policy_id");
        let place = parse_place(&text(config, &path), Some(client.cloud())).map_err(|reason| {
            Diagnostic::error("Not an enrolment of this cloud", format!("{reason}.")).at(path)
        })?;
        let run = Run::new(&client, self.shared.clock(), context.token(), LIMIT);
        progress.report(format!("Reading {place} and its account"));
        let mut tell = |stage| progress.report(words(&stage));
        turn(&run, &place, None, &mut tell)
            .await
            .map_err(|error| diagnostic::turn(&error))
    }
}

#[async_trait::async_trait]
impl Action for Rotate {
    fn type_name(&self) -> &'static str {
        "keyrotation_rotate"
    }

    fn schema(&self) -> Schema {
        Schema::new(0, MANUAL).attribute(
            Attribute::string("policy_id")
                .required()
                .check(|value| check(value, |text| parse_place(text, None)))
                .describe(
                    "The `id` of the `keyrotation_policy`, or of an enrolment made elsewhere: \
                     `https://{vault}/storage/{name}`.",
                ),
        )
    }

    async fn invoke(
        &self,
        context: &Context,
        config: Value,
        progress: &mut Progress,
    ) -> Diagnostics {
        match self.rotate(context, &config, progress).await {
            Ok(turned) => {
                progress.report(done(&turned));
                Diagnostics::new()
            }
            Err(diagnostic) => diagnostic.into(),
        }
    }
}

fn words(stage: &Stage) -> String {
    match stage {
        Stage::Decided { account, slot } => {
            format!("{slot} of {account} is idle and no token depends on it: regenerating it")
        }
        Stage::LookingBack(slot) => {
            format!("The answer was lost: looking whether {slot} was regenerated")
        }
    }
}

fn done(turned: &Turned) -> String {
    let since = turned
        .created_at
        .map(|at| format!(", made at {at}"))
        .unwrap_or_default();
    format!(
        "{} of {} is new{since}, and signs tokens from now on",
        turned.slot, turned.account
    )
}
