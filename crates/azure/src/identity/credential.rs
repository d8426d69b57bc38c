//! Credentials over azure_identity: tokens within a bound of time, and a fresh start after a refusal.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
    error::{Error, ErrorKind},
    http::{ClientOptions, Pipeline},
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertion, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;

use super::{
    Application, SignIn,
    assertion::{Any, Given, Signed},
    certificate::ClientCertificate,
    job::Fetched,
};
use crate::{clock::Clock, cloud::Cloud, env::Env};

/// Bounds every request for a token; `az` alone may need ten seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(90);
/// Bounds the first answer of a managed identity: where there is none, nobody ever answers, and the
/// credential would go on asking for minutes.
const LONGEST_FIRST_WAIT: Duration = Duration::from_secs(10);
/// A token this close to its end is not used any more.
const MARGIN_SECONDS: i64 = 300;

/// Is what credentials ask for tokens with.
pub(crate) struct Means {
    pub(crate) cloud: Cloud,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) env: Env,
    /// Makes the options of a pipeline, anew for each.
    pub(crate) options: Box<dyn Fn() -> ClientOptions + Send + Sync>,
}

type Build = dyn Fn() -> azure_core::Result<Arc<dyn TokenCredential>> + Send + Sync;

/// Hands out tokens, and replaces the credential below once its token was refused.
pub(crate) struct Credential {
    build: Box<Build>,
    current: Mutex<Current>,
    first_wait: Duration,
}

struct Current {
    credential: Arc<dyn TokenCredential>,
    generation: u64,
    has_answered: bool,
}

/// Is a token and the generation of the credential it came from.
pub(crate) struct Token {
    pub(crate) text: Secret,
    pub(crate) generation: u64,
}

impl Credential {
    /// Builds the credential of a way to sign in.
    pub(crate) fn of_sign_in(sign_in: SignIn, means: Means) -> azure_core::Result<Self> {
        let first_wait = match sign_in {
            SignIn::ManagedIdentity { .. } => LONGEST_FIRST_WAIT,
            _ => LONGEST_WAIT,
        };
        Self::new(move || build(&sign_in, &means), first_wait)
    }

    pub(crate) fn new(
        build: impl Fn() -> azure_core::Result<Arc<dyn TokenCredential>> + Send + Sync + 'static,
        first_wait: Duration,
    ) -> azure_core::Result<Self> {
        let current = Current {
            credential: build()?,
            generation: 0,
            has_answered: false,
        };
        Ok(Self {
            build: Box::new(build),
            current: Mutex::new(current),
            first_wait,
        })
    }

    /// Gives out one token for ever, for clients without a sign-in service.
    pub(crate) fn fixed(token: &'static str) -> Self {
        let fixed: Arc<dyn TokenCredential> = Arc::new(Fixed(token));
        let current = Current {
            credential: fixed.clone(),
            generation: 0,
            has_answered: true,
        };
        let build = Box::new(move || Ok(fixed.clone()));
        Self {
            build,
            current: Mutex::new(current),
            first_wait: LONGEST_WAIT,
        }
    }

    /// Gets a token for a scope, from memory if there is one.
    pub(crate) async fn token(&self, scope: &str) -> azure_core::Result<Token> {
        let (credential, generation, has_answered) = {
            let current = self.lock();
            (
                current.credential.clone(),
                current.generation,
                current.has_answered,
            )
        };
        let bound = if has_answered {
            LONGEST_WAIT
        } else {
            self.first_wait
        };
        let answer = tokio::time::timeout(bound, credential.get_token(&[scope], None)).await;
        let token = answer.map_err(|_| {
            let text = format!("no token came within {} seconds", bound.as_secs());
            Error::with_message(ErrorKind::Credential, text)
        })??;
        self.lock().has_answered = true;
        Ok(Token {
            text: token.token,
            generation,
        })
    }

    /// Forgets every token of a generation, because one of them was refused.
    ///
    /// The credential below would hand the refused token out until its end, so it is replaced;
    /// whoever comes second with the same generation changes nothing.
    pub(crate) fn renew(&self, generation: u64) -> azure_core::Result<()> {
        let mut current = self.lock();
        if current.generation == generation {
            current.credential = (self.build)()?;
            current.generation += 1;
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(redacted)")
    }
}

/// Everything is given explicitly: what is left out, azure_identity reads from the environment.
fn build(sign_in: &SignIn, means: &Means) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let client_options = (means.options)();
    Ok(match sign_in {
        SignIn::ClientSecret {
            application: Application { tenant, client_id },
            secret,
        } => ClientSecretCredential::new(
            tenant,
            client_id.clone(),
            Secret::new(secret.expose_secret().to_owned()),
            Some(ClientSecretCredentialOptions { client_options }),
        )?,
        SignIn::ClientCertificate {
            application,
            certificate,
        } => {
            let signed = signed(certificate, application, means);
            asserting(application, signed, client_options)?
        }
        SignIn::FederatedToken { application, token } => {
            asserting(application, Given(token.clone()), client_options)?
        }
        SignIn::Job { application, job } => {
            let fetched = Fetched {
                job: job.clone(),
                audience: means.cloud.token_exchange_audience(),
                pipeline: pipeline((means.options)()),
            };
            asserting(application, fetched, client_options)?
        }
        SignIn::WorkloadIdentity {
            application: Application { tenant, client_id },
            token_file,
        } => WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions { client_options },
            client_id: Some(client_id.clone()),
            tenant_id: Some(tenant.clone()),
            token_file_path: Some(token_file.clone()),
        }))?,
        SignIn::ManagedIdentity { client_id } => {
            ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                client_options,
            }))?
        }
        SignIn::AzureCli { tenant } => {
            let options = AzureCliCredentialOptions {
                tenant_id: tenant.clone(),
                ..Default::default()
            };
            Arc::new(Remembering::new(
                AzureCliCredential::new(Some(options))?,
                means.clock.clone(),
            ))
        }
    })
}

/// Lets an application sign in with assertions.
fn asserting(
    application: &Application,
    assertion: impl ClientAssertion + 'static,
    client_options: ClientOptions,
) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let options = ClientAssertionCredentialOptions { client_options };
    let (tenant, client_id) = (application.tenant.clone(), application.client_id.clone());
    Ok(ClientAssertionCredential::new(
        tenant,
        client_id,
        Any(Box::new(assertion)),
        Some(options),
    )?)
}

fn signed(certificate: &ClientCertificate, application: &Application, means: &Means) -> Signed {
    Signed {
        certificate: certificate.clone(),
        client_id: application.client_id.clone(),
        audience: token_address(means.cloud, &application.tenant),
        clock: means.clock.clone(),
        env: means.env.clone(),
    }
}

/// Gives the address of Entra ID that azure_identity sends assertions to.
fn token_address(cloud: Cloud, tenant: &str) -> String {
    format!("{}/{tenant}/oauth2/v2.0/token", cloud.authority())
}

fn pipeline(options: ClientOptions) -> Pipeline {
    let version = Some(env!("CARGO_PKG_VERSION"));
    let (per_call, per_try) = (Vec::new(), Vec::new());
    Pipeline::new(
        Some("keyrotation"),
        version,
        options,
        per_call,
        per_try,
        None,
    )
}

/// Remembers the tokens of a credential that has no memory, and asks once for many.
#[derive(Debug)]
struct Remembering {
    inner: Arc<dyn TokenCredential>,
    clock: Arc<dyn Clock>,
    tokens: Mutex<HashMap<String, Arc<OnceCell<AccessToken>>>>,
}

impl Remembering {
    fn new(inner: Arc<dyn TokenCredential>, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner,
            clock,
            tokens: Mutex::new(HashMap::new()),
        }
    }

    /// Finds the cell of a scope; one whose token is at its end makes way for an empty one.
    fn cell(&self, scopes: &[&str]) -> Arc<OnceCell<AccessToken>> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = tokens.entry(scopes.join(" ")).or_default();
        if cell
            .get()
            .is_some_and(|token| is_at_its_end(token, self.clock.now()))
        {
            *cell = Arc::default();
        }
        cell.clone()
    }
}

#[async_trait]
impl TokenCredential for Remembering {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let cell = self.cell(scopes);
        cell.get_or_try_init(|| self.inner.get_token(scopes, options))
            .await
            .cloned()
    }
}

fn is_at_its_end(token: &AccessToken, now: Timestamp) -> bool {
    token.expires_on.unix_timestamp() - MARGIN_SECONDS <= now.as_second()
}

#[derive(Debug)]
struct Fixed(&'static str);

#[async_trait]
impl TokenCredential for Fixed {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires_on = azure_core::time::OffsetDateTime::from_unix_timestamp(i64::from(u32::MAX));
        let expires_on =
            expires_on.map_err(|error| Error::new(ErrorKind::DataConversion, error))?;
        Ok(AccessToken::new(self.0, expires_on))
    }
}

#[cfg(test)]
mod tests;
