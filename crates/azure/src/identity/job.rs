//! The token by which a job of GitHub Actions or Azure Pipelines proves which job it is.
//!
//! It lives for minutes, so it is fetched anew for each request to Entra ID. What fetches it is
//! sent to the one address that the settings name.

use std::fmt;

use async_trait::async_trait;
use azure_core::{
    error::{Error, ErrorKind},
    http::{
        ClientMethodOptions, Context, Method, Pipeline, PipelineSendOptions, Request, StatusCode,
        Url,
        headers::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName},
    },
};
use azure_identity::ClientAssertion;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Without it Azure DevOps redirects to a page for people to sign in.
const NO_SIGN_IN_PAGE: HeaderName = HeaderName::from_static("x-tfs-fedauthredirect");

/// Is where a job gets its token.
#[derive(Clone)]
pub struct JobToken {
    service: JobService,
    url: Url,
    bearer: SecretString,
}

/// Is the service that runs a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobService {
    /// GitHub Actions.
    GitHub,
    /// Azure Pipelines.
    AzurePipelines {
        /// The id of the service connection whose identity the job takes.
        service_connection: String,
    },
}

/// Says that the address of a job's token is no https address. It is not repeated: somebody may have
/// put a secret into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no https address")]
pub struct JobUrlError;

impl JobService {
    fn name(&self) -> &'static str {
        match self {
            Self::GitHub => "GitHub",
            Self::AzurePipelines { .. } => "Azure Pipelines",
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::GitHub => "the workflow needs `permissions: id-token: write`",
            Self::AzurePipelines { .. } => {
                "the pipeline has to be allowed to use the service connection"
            }
        }
    }
}

impl JobToken {
    /// Takes the address and what opens it.
    ///
    /// # Errors
    /// An address that is not https.
    pub fn new(service: JobService, url: &str, bearer: SecretString) -> Result<Self, JobUrlError> {
        let url: Url = url.trim().parse().map_err(|_| JobUrlError)?;
        if url.scheme() != "https" || !url.has_host() {
            return Err(JobUrlError);
        }
        Ok(Self {
            service,
            url,
            bearer,
        })
    }

    /// Borrows the service that runs the job.
    #[must_use]
    pub fn service(&self) -> &JobService {
        &self.service
    }

    fn request(&self, audience: &str) -> Request {
        let mut url = self.url.clone();
        let mut request = match &self.service {
            JobService::GitHub => {
                url.query_pairs_mut().append_pair("audience", audience);
                Request::new(url, Method::Get)
            }
            JobService::AzurePipelines { service_connection } => {
                url.query_pairs_mut()
                    .append_pair("api-version", "7.1")
                    .append_pair("serviceConnectionId", service_connection);
                let mut request = Request::new(url, Method::Post);
                request.insert_header(CONTENT_TYPE, "application/json");
                request.insert_header(CONTENT_LENGTH, "0");
                request.insert_header(NO_SIGN_IN_PAGE, "Suppress");
                request
            }
        };
        request.insert_header(ACCEPT, "application/json");
        let bearer = format!("Bearer {}", self.bearer.expose_secret());
        request.insert_header(AUTHORIZATION, bearer);
        request
    }
}

impl fmt::Debug for JobToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobToken")
            .field("service", &self.service)
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}

/// Fetches the job's token for each request.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) job: JobToken,
    /// Whom the token is for.
    pub(super) audience: &'static str,
    pub(super) pipeline: Pipeline,
}

/// The two services call the token differently.
#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "oidcToken")]
    value: String,
}

#[async_trait]
impl ClientAssertion for Fetched {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let mut request = self.job.request(self.audience);
        let options = PipelineSendOptions {
            skip_checks: true,
            ..Default::default()
        };
        let answer = self
            .pipeline
            .send(&Context::new(), &mut request, Some(options))
            .await?;
        let service = self.job.service.name();
        let failure = |text: String| Error::with_message(ErrorKind::Credential, text);
        if answer.status() != StatusCode::Ok {
            let (status, hint) = (answer.status(), self.job.service.hint());
            return Err(failure(format!(
                "{service} answered {status} when it was asked for the job's token; {hint}"
            )));
        }
        // The cause would quote what was found in the place of the token.
        serde_json::from_slice::<Answer>(answer.body().as_ref())
            .map(|answer| answer.value)
            .map_err(|_| failure(format!("{service}'s answer holds no token of the job")))
    }
}
