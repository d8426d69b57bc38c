//! The provider itself: what it offers, and the clients that its resources share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use azure::client::Client;
use azure::clock::Clock;
use azure::cloud::Cloud;
use azure::env::Env;
use engine::register::Register;
use engine::surroundings::Surroundings;
use plugin::{
    Action, ConfigureRequest, DataSource, Diagnostic, Diagnostics, EphemeralResource, Function,
    ListResource, Provider, Resource, Schema, Value,
};
use rotation::period::RotationPeriod;

use crate::action::rotate::Rotate;
use crate::config::{self, features::Features};
use crate::data_source::{account::Account, compliance::Compliance};
use crate::diagnostic::sentence;
use crate::ephemeral::sas_token::SasToken;
use crate::function;
use crate::resource::policy::Policy;
use crate::resource::policy::list::Policies;
use crate::resource::sas_definition::SasDefinition;
use crate::resource::sas_definition::list::SasDefinitions;
use crate::resource::vault_access::VaultAccess;

/// The provider with its way to the clock and the environment.
#[derive(Debug)]
pub struct KeyRotation {
    env: Env,
    shared: Arc<Shared>,
}

impl KeyRotation {
    /// Makes a provider that is not configured yet.
    pub fn new(env: Env, clock: Arc<dyn Clock>) -> Self {
        Self {
            env,
            shared: Arc::new(Shared::new(clock)),
        }
    }

    /// Makes a provider over a client that exists already, so that tests need neither a socket nor
    /// a sign-in.
    pub fn over(client: Client, clock: Arc<dyn Clock>) -> Self {
        let nothing: [(&str, &str); 0] = [];
        let provider = Self::new(Env::from_pairs(nothing), clock);
        provider.shared.configure(client);
        provider
    }
}

/// What the resources of one configured provider have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    clock: Arc<dyn Clock>,
    client: RwLock<Option<Client>>,
    features: RwLock<Features>,
    register: Register,
    surroundings: Surroundings,
    paces: RwLock<BTreeMap<String, RotationPeriod>>,
    /// Whether the notice about Key Vault's feature has been given.
    noticed: AtomicBool,
}

impl Shared {
    fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            client: RwLock::new(None),
            features: RwLock::default(),
            register: Register::default(),
            surroundings: Surroundings::default(),
            paces: RwLock::default(),
            noticed: AtomicBool::new(false),
        }
    }

    /// Gives the clock.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// Gives the client, if the provider block was known in full.
    pub(crate) fn client(&self) -> Option<Client> {
        self.client.read().ok()?.clone()
    }

    /// Gives the client, or says that the provider block was not known when it was needed.
    pub(crate) fn connected(&self) -> Result<Client, Diagnostic> {
        self.client().ok_or_else(not_configured)
    }

    /// Gives the cloud, if it is settled.
    pub(crate) fn cloud(&self) -> Option<Cloud> {
        self.client().map(|client| *client.cloud())
    }

    /// Gives what the provider block says about the behaviour of resources; before it is known,
    /// the defaults.
    pub(crate) fn features(&self) -> Features {
        self.features
            .read()
            .map(|features| *features)
            .unwrap_or_default()
    }

    /// Gives what is known of the vaults' records.
    pub(crate) fn register(&self) -> &Register {
        &self.register
    }

    /// Gives what is known of what lies around the accounts.
    pub(crate) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Tells, the first time it is asked, that a notice is due; a plan of a hundred policies gives it
    /// once.
    pub(crate) fn owes_notice(&self) -> bool {
        !self.noticed.swap(true, Ordering::Relaxed)
    }

    /// Notes how often a planned policy rotates, for the plans of its SAS definitions.
    pub(crate) fn remember_pace(&self, policy: &Value) {
        let pace = policy
            .get("rotation_period")
            .as_str()
            .and_then(|text| text.parse().ok());
        if let (Some(id), Some(pace), Ok(mut paces)) =
            (policy.get("id").as_str(), pace, self.paces.write())
        {
            paces.insert(id.to_ascii_lowercase(), pace);
        }
    }

    /// Tells how often a policy rotates, if its plan has been seen.
    ///
    /// Only a warning hangs on it, so a plan stays the same without it.
    pub(crate) fn pace(&self, policy_id: &str) -> Option<RotationPeriod> {
        self.paces
            .read()
            .ok()?
            .get(&policy_id.to_ascii_lowercase())
            .copied()
    }

    fn configure(&self, client: Client) {
        if let Ok(mut place) = self.client.write() {
            *place = Some(client);
        }
    }

    fn set_features(&self, features: Features) {
        if let Ok(mut place) = self.features.write() {
            *place = features;
        }
    }
}

/// Says that the core did not configure the provider; it always does before it changes anything.
fn not_configured() -> Diagnostic {
    Diagnostic::error(
        "The provider is not configured",
        "The provider block still held unknown values when it was needed. Nothing was changed.",
    )
}

#[async_trait::async_trait]
impl Provider for KeyRotation {
    fn schema(&self) -> Schema {
        config::schema()
    }

    fn resources(&self) -> Vec<Arc<dyn Resource>> {
        vec![
            Arc::new(Policy::new(Arc::clone(&self.shared))),
            Arc::new(SasDefinition::new(Arc::clone(&self.shared))),
            Arc::new(VaultAccess::new(Arc::clone(&self.shared))),
        ]
    }

    fn data_sources(&self) -> Vec<Arc<dyn DataSource>> {
        vec![
            Arc::new(Account::new(Arc::clone(&self.shared))),
            Arc::new(Compliance::new(Arc::clone(&self.shared))),
        ]
    }

    fn ephemeral_resources(&self) -> Vec<Arc<dyn EphemeralResource>> {
        vec![Arc::new(SasToken::new(Arc::clone(&self.shared)))]
    }

    fn actions(&self) -> Vec<Arc<dyn Action>> {
        vec![Arc::new(Rotate::new(Arc::clone(&self.shared)))]
    }

    fn functions(&self) -> Vec<Arc<dyn Function>> {
        function::all()
    }

    fn list_resources(&self) -> Vec<Arc<dyn ListResource>> {
        vec![
            Arc::new(Policies::new(Arc::clone(&self.shared))),
            Arc::new(SasDefinitions::new(Arc::clone(&self.shared))),
        ]
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        config::check(config)
    }

    async fn configure(&self, request: ConfigureRequest) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        self.shared.set_features(Features::read(&request.config));
        let features = self.shared.features();
        tracing::debug!(
            recover_soft_deleted = features.recover_soft_deleted,
            purge_on_destroy = features.purge_on_destroy,
            grant_access = features.grant_access,
            "the behaviour of resources"
        );
        match self.connect(&request.config) {
            Ok(Some(client)) => self.shared.configure(client),
            Ok(None) => tracing::debug!("the provider block is not known yet"),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
        diagnostics
    }
}

impl KeyRotation {
    fn connect(&self, block: &Value) -> Result<Option<Client>, Diagnostic> {
        let Some(settings) = config::settings(block, &self.env)? else {
            return Ok(None);
        };
        Client::new(settings, self.env.clone(), Arc::clone(&self.shared.clock))
            .map(Some)
            .map_err(|error| {
                Diagnostic::error("Cannot set up the connection to Azure", sentence(&error))
            })
    }
}
