//! The clients: what sends requests and reads answers.
//!
//! [`Client`] sends everything, [`ReadClient`] only what reads and discloses no secret. Both are
//! cheap to clone and share their connections and tokens. Waiting and repeating is left to the
//! stages of the pipeline below.

mod claims;
mod message;
mod pages;
mod pipelines;
mod reader;
pub mod search;

use std::{fmt, num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use azure_core::http::{Context, PipelineSendOptions, RawResponse, headers::CLIENT_REQUEST_ID};
use jiff::Timestamp;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::{message::Message, pipelines::Pipelines};
use crate::{
    arm::clusters,
    clock::Clock,
    cloud::Cloud,
    env::Env,
    error::Error,
    id::PrincipalId,
    identity::SignIn,
    request::{Absent, Access, Endpoint, List, Listed, Request},
    stage::{
        retry::{Bounds, RetrySettings, Tries},
        trace::request_id,
    },
    transport::{TransportError, scripted::ScriptedTransport},
};

/// Long enough for the next resource of a plan, which is about the same vault.
const IDLE: Duration = Duration::from_secs(20);

/// Is everything a client must be told.
#[derive(Clone)]
pub struct Settings {
    /// The cloud to talk to.
    pub cloud: Cloud,
    /// How to sign in.
    pub sign_in: SignIn,
    /// A file of certificate authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The proxy that connections go through.
    pub https_proxy: Option<String>,
    /// The hosts that are reached without the proxy, separated by commas.
    pub no_proxy: Option<String>,
    /// How long a connection stays open without use. Each takes some fifty kilobytes, so whoever reads
    /// hundreds of vaults one after the other keeps none for long.
    pub idle: Duration,
    /// What to call ourselves.
    pub user_agent: String,
    /// How often and how long to try.
    pub retry: RetrySettings,
    /// How many requests may be under way at the same time; `None` for as many as there are.
    pub max_concurrent_requests: Option<NonZeroU32>,
}

/// Says why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// There is no way to send anything.
    #[error("cannot prepare connections to Azure")]
    Transport {
        /// Why not.
        #[from]
        source: TransportError,
    },
    /// The way to sign in cannot be used.
    #[error("cannot prepare sign-in with {way}")]
    SignIn {
        /// The chosen way.
        way: &'static str,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Is who we are signed in as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The object id of the user or service principal.
    pub object_id: PrincipalId,
    /// The tenant it is signed in to.
    pub tenant_id: String,
    /// The application it is signed in with.
    pub app_id: Option<String>,
}

/// Sends requests of every access class.
#[derive(Clone)]
pub struct Client {
    pipelines: Arc<Pipelines>,
    bounds: Bounds,
}

/// Sends requests that only read, and whose answers hold no secret.
///
/// It reads an account:
/// ```
/// async fn read(client: azure::ReadClient, account: azure::StorageAccountId) {
///     let _ = client.send(azure::arm::storage::get(&account)).await;
/// }
/// ```
/// It cannot disclose the account's keys, which a [`Client`] can:
/// ```
/// async fn disclose(client: azure::Client, account: azure::StorageAccountId) {
///     let _ = client.send(azure::arm::storage::list_keys(&account)).await;
/// }
/// ```
/// ```compile_fail,E0308
/// async fn disclose(client: azure::ReadClient, account: azure::StorageAccountId) {
///     let _ = client.send(azure::arm::storage::list_keys(&account)).await;
/// }
/// ```
/// Nor can it change anything:
/// ```
/// async fn change(client: azure::Client, account: azure::StorageAccountId) {
///     let _ = client.send(azure::arm::storage::regenerate_key(&account, azure::KeyName::Key1)).await;
/// }
/// ```
/// ```compile_fail,E0308
/// async fn change(client: azure::ReadClient, account: azure::StorageAccountId) {
///     let _ = client.send(azure::arm::storage::regenerate_key(&account, azure::KeyName::Key1)).await;
/// }
/// ```
#[derive(Clone)]
pub struct ReadClient {
    client: Client,
}

impl Settings {
    /// Takes connection settings from the environment: `SSL_CERT_FILE`, `HTTPS_PROXY`, `NO_PROXY`.
    #[must_use]
    pub fn from_env(sign_in: SignIn, cloud: Cloud, env: &Env) -> Self {
        Self {
            cloud,
            sign_in,
            ca_file: env.var("SSL_CERT_FILE").map(PathBuf::from),
            https_proxy: env.first_var(&["HTTPS_PROXY", "https_proxy"]),
            no_proxy: env.first_var(&["NO_PROXY", "no_proxy"]),
            idle: IDLE,
            user_agent: concat!("keyrotation/", env!("CARGO_PKG_VERSION")).to_owned(),
            retry: RetrySettings::default(),
            max_concurrent_requests: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address of a proxy may hold a password.
        f.debug_struct("Settings")
            .field("cloud", &self.cloud)
            .field("sign_in", &self.sign_in.way())
            .field("ca_file", &self.ca_file)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client; nothing is sent yet.
    ///
    /// # Errors
    /// Certificates, proxy or sign-in that cannot work.
    pub fn new(settings: Settings, env: Env, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        let pipelines = Arc::new(Pipelines::connect(settings, env, clock)?);
        Ok(Self {
            pipelines,
            bounds: Bounds::default(),
        })
    }

    /// Makes a client of the public cloud over a test double: no sign-in, no socket.
    #[must_use]
    pub fn with_transport(transport: &ScriptedTransport, clock: Arc<dyn Clock>) -> Self {
        Self {
            pipelines: Arc::new(Pipelines::scripted(transport, clock)),
            bounds: Bounds::default(),
        }
    }

    /// Gives a client over the same connections whose waits between tries end at a stop and which
    /// makes no further try after a moment. A request that is under way is never cut.
    #[must_use]
    pub fn within(&self, stop: &CancellationToken, until: Timestamp) -> Self {
        Self {
            pipelines: Arc::clone(&self.pipelines),
            bounds: Bounds::new(stop.clone(), until),
        }
    }

    /// Gives a client that can only read.
    #[must_use]
    pub fn reader(&self) -> ReadClient {
        ReadClient {
            client: self.clone(),
        }
    }

    /// Borrows the cloud the client talks to.
    #[must_use]
    pub fn cloud(&self) -> &Cloud {
        &self.pipelines.cloud
    }

    /// Makes an id that nobody else has.
    #[must_use]
    pub fn fresh_id(&self) -> Uuid {
        self.pipelines.env.random_id()
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// Azure's refusal, or whatever kept its answer from us; `may_have_executed` says whether the
    /// request may have been executed all the same.
    ///
    /// # Cancellation
    /// Nothing more is sent. A request that is on its way may still be executed.
    pub async fn send<T, A: Access>(&self, request: Request<T, A>) -> Result<T, Error> {
        let url = request.target.url(self.cloud())?;
        let tries = Tries::default();
        let message = Message {
            method: request.method,
            url,
            body: request.body,
            headers: request.headers,
            idempotency: request.idempotency,
        };
        let answer = self
            .exchange(&request.target.endpoint, message, &tries)
            .await;
        match answer {
            Ok(answer) => (request.decode)(answer.body().as_ref()).map_err(|odd| {
                let id = request_id(answer.headers());
                Error::unreadable(u16::from(answer.status()), id, odd)
            }),
            Err(error) => match request.absent {
                Absent::DoneEarlier(done) if error.is_not_found() && tries.was_unclear() => {
                    Ok(done())
                }
                _ => Err(error.after_unclear_try(tries.was_unclear())),
            },
        }
    }

    /// Reads a list to its end.
    ///
    /// # Errors
    /// The first page that cannot be had, or a link to the next page that leads elsewhere or in a
    /// circle. An element that cannot be read is no error but [`Listed::Odd`].
    ///
    /// # Cancellation
    /// Nothing more is sent.
    pub async fn list<T>(&self, list: List<T>) -> Result<Vec<Listed<T>>, Error> {
        let mut listed = Vec::new();
        self.visit(list, |item| listed.push(item)).await?;
        Ok(listed)
    }

    /// Reads a list page by page and keeps none of it: each element is handed over as it comes.
    ///
    /// # Errors
    /// As with [`Client::list`]; the elements of earlier pages have been handed over by then.
    ///
    /// # Cancellation
    /// Nothing more is sent.
    pub async fn visit<T>(
        &self,
        list: List<T>,
        mut visitor: impl FnMut(Listed<T>),
    ) -> Result<(), Error> {
        let mut pages = pages::Pages::new(list.target.url(self.cloud())?);
        while let Some(url) = pages.next()? {
            let message = Message::reading(url);
            let answer = self
                .exchange(&list.target.endpoint, message, &Tries::default())
                .await?;
            let page = pages::Page::read(answer.body().as_ref()).map_err(|odd| {
                Error::unreadable(
                    u16::from(answer.status()),
                    request_id(answer.headers()),
                    odd,
                )
            })?;
            pages.follow(page.next_link.as_deref())?;
            let items = page.value.into_iter();
            items.for_each(|value| visitor(pages::listed(value, list.decode)));
        }
        Ok(())
    }

    /// Tells who we are signed in as, by the token that would be sent to ARM.
    ///
    /// # Errors
    /// No token, or one whose claims cannot be read.
    ///
    /// # Cancellation
    /// Nothing changed.
    pub async fn caller(&self) -> Result<Caller, Error> {
        let scope = self.cloud().arm_scope();
        let token = self.pipelines.credential.token(scope).await;
        let token = token.map_err(|error| Error::from_pipeline("Azure Resource Manager", error))?;
        claims::read(token.text.secret())
    }

    /// Gets the token that opens the API of Kubernetes clusters which sign in with Entra ID.
    ///
    /// # Errors
    /// No token.
    ///
    /// # Cancellation
    /// Nothing changed.
    pub async fn cluster_token(&self) -> Result<SecretString, Error> {
        let token = self.pipelines.credential.token(clusters::SCOPE).await;
        let token = token.map_err(|error| Error::from_pipeline("Microsoft Entra ID", error))?;
        Ok(token.text.secret().into())
    }

    /// Sends one message through its endpoint's pipeline; whatever is no success is an error.
    async fn exchange(
        &self,
        endpoint: &Endpoint,
        message: Message,
        tries: &Tries,
    ) -> Result<RawResponse, Error> {
        let pipeline = self.pipelines.of(endpoint);
        let host = message.url.host_str().unwrap_or_default().to_owned();
        let ctx = Context::new()
            .with_value(message.idempotency)
            .with_value(tries.clone())
            .with_value(self.bounds.clone());
        let mut http = message.into_http();
        http.insert_header(
            CLIENT_REQUEST_ID,
            self.pipelines.env.random_id().to_string(),
        );
        let options = PipelineSendOptions {
            skip_checks: true,
            ..Default::default()
        };
        let sending = Box::pin(pipeline.send(&ctx, &mut http, Some(options)));
        let answer = sending
            .await
            .map_err(|error| Error::from_pipeline(&host, error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let id = request_id(answer.headers());
        Err(Error::from_answer(
            u16::from(answer.status()),
            id,
            answer.body().as_ref(),
        ))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("cloud", self.cloud())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ReadClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadClient")
            .field("cloud", self.cloud())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
