//! The life of one object of the provider, led the way a core leads it, without a core: each run
//! starts the provider, refreshes, plans and applies, and keeps the state that is answered.
//!
//! It is for runs by the hundred; the real cores are in `terraform`.

pub mod end;
mod value;

use anyhow::{Context, Result};
use proto::tfplugin6 as tf;
use proto::tfplugin6::provider_client::ProviderClient;
use serde_json::{Value, json};
use tonic::transport::Channel;

use self::value::{decode, encode, proposed};
use crate::caller::{Caller, Plugin};
use crate::emulator::Emulator;

/// The most that a message may hold: the schema is longer than the default allows.
const LONGEST_MESSAGE: usize = 64 << 20;

/// What a core keeps of one object between two runs.
#[derive(Debug, Clone)]
pub struct Held {
    state: tf::DynamicValue,
    private: Vec<u8>,
    tainted: bool,
}

impl Held {
    /// Returns the state as JSON.
    ///
    /// # Errors
    ///
    /// Fails if the provider has written something that no core reads.
    pub fn state(&self) -> Result<Value> {
        decode(&self.state)
    }
}

/// How a run ended.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What the provider said, one diagnostic a paragraph.
    pub said: String,
    /// Whether one of them was an error.
    pub failed: bool,
    /// Whether anything was planned.
    pub changed: bool,
    /// All that it wrote to its log.
    pub log: String,
}

/// Brings an object to what the configuration says, or to nothing if there is none.
///
/// # Errors
///
/// Fails if the provider breaks the protocol; what it refuses is told in the outcome.
pub fn apply(
    emulator: &Emulator,
    kind: &str,
    config: Option<&Value>,
    held: &mut Option<Held>,
) -> Result<Outcome> {
    lead(emulator, async |run: &mut Run| {
        run.apply(kind, config, held).await
    })
}

/// Takes an existing object over.
///
/// # Errors
///
/// As [`apply`].
pub fn import(
    emulator: &Emulator,
    kind: &str,
    id: &str,
    held: &mut Option<Held>,
) -> Result<Outcome> {
    lead(emulator, async |run: &mut Run| {
        let request = tf::import_resource_state::Request {
            type_name: kind.to_owned(),
            id: id.to_owned(),
            ..Default::default()
        };
        let answer = run
            .client
            .import_resource_state(request)
            .await?
            .into_inner();
        run.hear(answer.diagnostics);
        let Some(imported) = answer.imported_resources.into_iter().next() else {
            return Ok(());
        };
        *held = Some(Held {
            state: imported.state.context("imported without a state")?,
            private: imported.private,
            tainted: false,
        });
        // A core keeps nothing of an import whose reading fails.
        if !run.refresh(kind, held).await? {
            *held = None;
        }
        Ok(())
    })
}

/// Invokes an action.
///
/// # Errors
///
/// As [`apply`].
pub fn invoke(emulator: &Emulator, action: &str, config: &Value) -> Result<Outcome> {
    lead(emulator, async |run: &mut Run| {
        let request = tf::plan_action::Request {
            action_type: action.to_owned(),
            config: Some(encode(config)),
            ..Default::default()
        };
        let planned = run.client.plan_action(request).await?.into_inner();
        if !run.hear(planned.diagnostics) {
            return Ok(());
        }
        let request = tf::invoke_action::Request {
            action_type: action.to_owned(),
            config: Some(encode(config)),
            ..Default::default()
        };
        let mut events = run.client.invoke_action(request).await?.into_inner();
        run.outcome.changed = true;
        while let Some(event) = events.message().await? {
            match event.r#type {
                Some(tf::invoke_action::event::Type::Completed(completed)) => {
                    run.hear(completed.diagnostics);
                }
                Some(tf::invoke_action::event::Type::Progress(progress)) => {
                    run.outcome.said.push_str(&progress.message);
                    run.outcome.said.push('\n');
                }
                None => {}
            }
        }
        Ok(())
    })
}

fn lead(emulator: &Emulator, act: impl AsyncFnOnce(&mut Run) -> Result<()>) -> Result<Outcome> {
    runtime()?.block_on(async {
        let plugin = Plugin::start_on(emulator)?;
        let mut run = Run::unconfigured(&plugin).await?;
        run.configure().await?;
        if !run.outcome.failed {
            let acted = act(&mut run).await;
            acted.with_context(|| format!("the provider said: {}", plugin.stderr()))?;
        }
        run.outcome.log = plugin.stderr();
        Ok(run.outcome)
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

/// One run: a provider that was started for it, and what it has said so far.
struct Run {
    client: ProviderClient<Channel>,
    outcome: Outcome,
}

impl Run {
    async fn unconfigured(plugin: &Plugin) -> Result<Self> {
        let client = ProviderClient::new(plugin.connect(Caller::Core).await?);
        Ok(Self {
            client: client.max_decoding_message_size(LONGEST_MESSAGE),
            outcome: Outcome::default(),
        })
    }

    async fn configure(&mut self) -> Result<()> {
        let request = tf::configure_provider::Request {
            terraform_version: "1.15.5".to_owned(),
            config: Some(encode(&json!({}))),
            ..Default::default()
        };
        let answer = self.client.configure_provider(request).await?.into_inner();
        self.hear(answer.diagnostics);
        Ok(())
    }

    /// Refreshes, plans and applies.
    async fn apply(
        &mut self,
        kind: &str,
        config: Option<&Value>,
        held: &mut Option<Held>,
    ) -> Result<()> {
        if !self.outcome.failed && self.refresh(kind, held).await? {
            self.bring(kind, config, held).await?;
        }
        Ok(())
    }

    /// Takes diagnostics down; false if one of them is an error.
    fn hear(&mut self, diagnostics: Vec<tf::Diagnostic>) -> bool {
        for one in diagnostics {
            self.outcome.failed |= one.severity() == tf::diagnostic::Severity::Error;
            let paragraph = format!("{}\n{}\n\n", one.summary, one.detail);
            self.outcome.said.push_str(&paragraph);
        }
        !self.outcome.failed
    }

    /// Brings the state up to date; false if that failed.
    async fn refresh(&mut self, kind: &str, held: &mut Option<Held>) -> Result<bool> {
        let Some(before) = held.as_mut() else {
            return Ok(true);
        };
        let request = tf::read_resource::Request {
            type_name: kind.to_owned(),
            current_state: Some(before.state.clone()),
            private: before.private.clone(),
            ..Default::default()
        };
        let answer = self.client.read_resource(request).await?.into_inner();
        if !self.hear(answer.diagnostics) {
            return Ok(false);
        }
        before.state = answer.new_state.context("read without a state")?;
        before.private = answer.private;
        if before.state()?.is_null() {
            *held = None;
        }
        Ok(true)
    }

    /// Plans and applies: in place, by a new object, or not at all.
    async fn bring(
        &mut self,
        kind: &str,
        config: Option<&Value>,
        held: &mut Option<Held>,
    ) -> Result<()> {
        let Some(config) = config else {
            return self.remove(kind, held).await;
        };
        if held.as_ref().is_some_and(|held| held.tainted) {
            self.remove(kind, held).await?;
            return self.make_unless_failed(kind, config, held).await;
        }
        let Some(planned) = self.plan(kind, Some(config), held.as_ref()).await? else {
            return Ok(());
        };
        if held.is_some() && !planned.requires_replace.is_empty() {
            self.remove(kind, held).await?;
            return self.make_unless_failed(kind, config, held).await;
        }
        let (old, new) = (held.as_ref(), planned.planned_state.clone());
        let new = decode(&new.context("planned without a state")?)?;
        if old.map(Held::state).transpose()? == Some(new) {
            return Ok(());
        }
        self.commit(kind, Some(config), planned, held).await
    }

    async fn make_unless_failed(
        &mut self,
        kind: &str,
        config: &Value,
        held: &mut Option<Held>,
    ) -> Result<()> {
        if self.outcome.failed || held.is_some() {
            return Ok(());
        }
        match self.plan(kind, Some(config), None).await? {
            Some(planned) => self.commit(kind, Some(config), planned, held).await,
            None => Ok(()),
        }
    }

    async fn remove(&mut self, kind: &str, held: &mut Option<Held>) -> Result<()> {
        if held.is_none() {
            return Ok(());
        }
        match self.plan(kind, None, held.as_ref()).await? {
            Some(planned) => self.commit(kind, None, planned, held).await,
            None => Ok(()),
        }
    }

    /// Plans; nothing if that failed.
    async fn plan(
        &mut self,
        kind: &str,
        config: Option<&Value>,
        held: Option<&Held>,
    ) -> Result<Option<tf::plan_resource_change::Response>> {
        let prior = held.map_or(Ok(Value::Null), Held::state)?;
        let proposed = match config {
            Some(config) => proposed(&self.schema(kind).await?, config, &prior),
            None => Value::Null,
        };
        let request = tf::plan_resource_change::Request {
            type_name: kind.to_owned(),
            prior_state: Some(held.map_or_else(|| encode(&Value::Null), |held| held.state.clone())),
            proposed_new_state: Some(encode(&proposed)),
            config: Some(encode(config.unwrap_or(&Value::Null))),
            prior_private: held.map(|held| held.private.clone()).unwrap_or_default(),
            ..Default::default()
        };
        let answer = self
            .client
            .plan_resource_change(request)
            .await?
            .into_inner();
        let diagnostics = answer.diagnostics.clone();
        Ok(self.hear(diagnostics).then_some(answer))
    }

    /// Applies a plan, and keeps what is answered, whatever went wrong.
    async fn commit(
        &mut self,
        kind: &str,
        config: Option<&Value>,
        planned: tf::plan_resource_change::Response,
        held: &mut Option<Held>,
    ) -> Result<()> {
        self.outcome.changed = true;
        let is_new = held.is_none();
        let prior = held.as_ref().map(|held| held.state.clone());
        let request = tf::apply_resource_change::Request {
            type_name: kind.to_owned(),
            prior_state: Some(prior.unwrap_or_else(|| encode(&Value::Null))),
            planned_state: planned.planned_state,
            config: Some(encode(config.unwrap_or(&Value::Null))),
            planned_private: planned.planned_private,
            ..Default::default()
        };
        let answer = self
            .client
            .apply_resource_change(request)
            .await?
            .into_inner();
        let went_well = self.hear(answer.diagnostics);
        let left = Held {
            state: answer.new_state.context("applied without a state")?,
            private: answer.private,
            tainted: is_new && !went_well,
        };
        *held = (!left.state()?.is_null()).then_some(left);
        Ok(())
    }

    async fn schema(&mut self, kind: &str) -> Result<Vec<tf::schema::Attribute>> {
        let request = tf::get_provider_schema::Request {};
        let mut answer = self.client.get_provider_schema(request).await?.into_inner();
        let schema = answer.resource_schemas.remove(kind);
        let block = schema.and_then(|schema| schema.block);
        Ok(block.context("no such resource")?.attributes)
    }
}
