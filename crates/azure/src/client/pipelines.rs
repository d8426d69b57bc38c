//! One pipeline for each audience: ARM, Graph and every vault.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    http::{ClientOptions, HttpClient, Pipeline, RetryOptions, Transport, policies::Policy},
};

use super::{Settings, SetupError};
use crate::{
    clock::Clock,
    cloud::Cloud,
    env::Env,
    identity::credential::{Credential, Means},
    request::{Endpoint, Idempotency},
    stage::{
        bearer::Bearer,
        challenge::Challenge,
        retry::{Retry, RetrySettings},
        throttle::Throttle,
        trace::Trace,
        user_agent::UserAgent,
    },
    transport::{self, TransportSettings, limited::Limited, scripted::ScriptedTransport},
};

/// Holds the pipelines, and what they share.
pub(super) struct Pipelines {
    pub(super) cloud: Cloud,
    pub(super) env: Env,
    pub(super) credential: Arc<Credential>,
    parts: Parts,
    arm: Pipeline,
    graph: Pipeline,
    blobs: Pipeline,
    vaults: Mutex<HashMap<String, Pipeline>>,
}

/// Is what every pipeline is put together from.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) transport: Arc<dyn HttpClient>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) env: Env,
    pub(super) retry: RetrySettings,
    pub(super) user_agent: String,
    pub(super) authority: &'static str,
    pub(super) throttle: Throttle,
}

impl Pipelines {
    pub(super) fn connect(
        settings: Settings,
        env: Env,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let transport = TransportSettings {
            ca_file: settings.ca_file.as_deref(),
            https_proxy: settings.https_proxy.as_deref(),
            no_proxy: settings.no_proxy.as_deref(),
            idle: settings.idle,
        };
        let mut transport = transport::connect(&transport, &env)?;
        if let Some(most) = settings.max_concurrent_requests {
            transport = Arc::new(Limited::new(transport, most));
        }
        let parts = Parts {
            transport,
            throttle: Throttle::new(clock.clone(), settings.cloud.vault_suffix()),
            clock,
            env,
            retry: settings.retry,
            user_agent: settings.user_agent,
            authority: settings.cloud.authority(),
        };
        let way = settings.sign_in.way();
        tracing::info!(way, cloud = %settings.cloud, "signing in");
        let means = parts.sign_in_means(settings.cloud);
        let credential = Credential::of_sign_in(settings.sign_in, means).map_err(|source| {
            SetupError::SignIn {
                way,
                source: source.into(),
            }
        })?;
        Ok(Self::new(settings.cloud, parts, credential))
    }

    pub(super) fn scripted(transport: &ScriptedTransport, clock: Arc<dyn Clock>) -> Self {
        let cloud = Cloud::Public;
        let no_variables: [(&str, &str); 0] = [];
        let parts = Parts {
            transport: Arc::new(transport.clone()),
            throttle: Throttle::new(clock.clone(), cloud.vault_suffix()),
            clock,
            env: Env::from_pairs(no_variables),
            retry: RetrySettings::default(),
            user_agent: "keyrotation/scripted".to_owned(),
            authority: cloud.authority(),
        };
        Self::new(cloud, parts, Credential::fixed(SCRIPTED_TOKEN))
    }

    pub(super) fn new(cloud: Cloud, parts: Parts, credential: Credential) -> Self {
        let credential = Arc::new(credential);
        let bearer = |scope: &str| {
            let scope = scope.to_owned();
            parts.pipeline(vec![Arc::new(Bearer {
                credential: credential.clone(),
                scope,
            })])
        };
        let (arm, graph) = (bearer(cloud.arm_scope()), bearer(cloud.graph_scope()));
        let blobs = parts.pipeline(Vec::new());
        let env = parts.env.clone();
        Self {
            cloud,
            env,
            credential,
            parts,
            arm,
            graph,
            blobs,
            vaults: Mutex::default(),
        }
    }

    /// Finds the pipeline of an endpoint; a vault's is made when it is first asked for.
    pub(super) fn of(&self, endpoint: &Endpoint) -> Pipeline {
        match endpoint {
            Endpoint::Arm => self.arm.clone(),
            Endpoint::Graph => self.graph.clone(),
            Endpoint::Blob(_) => self.blobs.clone(),
            Endpoint::Vault(vault) => {
                let mut vaults = self.vaults.lock().unwrap_or_else(PoisonError::into_inner);
                let pipeline = vaults.entry(vault.host().to_owned());
                pipeline.or_insert_with(|| self.vault_pipeline()).clone()
            }
        }
    }

    fn vault_pipeline(&self) -> Pipeline {
        let suffix = self.cloud.vault_suffix();
        let challenge = Challenge::new(self.credential.clone(), suffix);
        self.parts.pipeline(vec![Arc::new(challenge)])
    }
}

/// Is the token of a client over a test double; its claims name an invented caller.
///
/// `{"alg":"none"}` and `{"oid":"33333333-3333-3333-3333-333333333333",
/// "tid":"11111111-1111-1111-1111-111111111111","appid":"44444444-4444-4444-4444-444444444444"}`.
const SCRIPTED_TOKEN: &str = "eyJhbGciOiJub25lIn0.\
    eyJvaWQiOiIzMzMzMzMzMy0zMzMzLTMzMzMtMzMzMy0zMzMzMzMzMzMzMzMiLCJ0aWQiOiIxMTExMTExMS0xMTExLTExMTEtMTExMS0xMTExMTExMTExMTEiLCJhcHBpZCI6IjQ0NDQ0NDQ0LTQ0NDQtNDQ0NC00NDQ0LTQ0NDQ0NDQ0NDQ0NCJ9.\
    signature";

impl Parts {
    /// Puts a pipeline together; `sign` is what adds a token, where the request does not sign itself.
    fn pipeline(&self, sign: Vec<Arc<dyn Policy>>) -> Pipeline {
        // A request that does not say whether it may be repeated is not.
        let options = self.options(Idempotency::Never);
        let version = Some(env!("CARGO_PKG_VERSION"));
        Pipeline::new(
            Some("keyrotation"),
            version,
            options,
            Vec::new(),
            sign,
            None,
        )
    }

    /// Gives what credentials ask for tokens with.
    pub(super) fn sign_in_means(&self, cloud: Cloud) -> Means {
        let parts = self.clone();
        Means {
            cloud,
            clock: self.clock.clone(),
            env: self.env.clone(),
            // Asking for a token changes nothing, so it may always be repeated.
            options: Box::new(move || parts.options(Idempotency::Repeatable)),
        }
    }

    fn options(&self, unstated: Idempotency) -> ClientOptions {
        let retry = Retry {
            settings: self.retry,
            clock: self.clock.clone(),
            jitter: self.env.clone(),
            unstated,
        };
        let mut cloud = CustomConfiguration::default();
        self.authority.clone_into(&mut cloud.authority_host);
        ClientOptions {
            per_call_policies: vec![Arc::new(retry)],
            per_try_policies: vec![
                Arc::new(self.throttle.clone()),
                Arc::new(UserAgent(self.user_agent.clone())),
                Arc::new(Trace {
                    clock: self.clock.clone(),
                }),
            ],
            retry: RetryOptions::none(),
            transport: Some(Transport::new(self.transport.clone())),
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..Default::default()
        }
    }
}
