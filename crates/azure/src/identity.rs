//! How to sign in: settings and variables become exactly one credential.
//!
//! There is no chain that tries one way after another: what was chosen is what is used, and what is
//! missing for it is named.

mod assertion;
pub mod certificate;
mod choice;
pub(crate) mod credential;
mod gather;
pub mod job;
mod names;

use std::{fmt, io, path::PathBuf};

use secrecy::SecretString;

use self::{
    certificate::{CertificateError, ClientCertificate},
    choice::Switches,
    job::{JobService, JobToken, JobUrlError},
    names::Given,
};
use crate::env::Env;

/// Is an application in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// The tenant to sign in to.
    pub tenant: String,
    /// The application.
    pub client_id: String,
}

/// Is a way to sign in, with everything it needs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SignIn {
    /// An application with a secret.
    ClientSecret {
        /// The application.
        application: Application,
        /// Its secret.
        secret: SecretString,
    },
    /// An application with a certificate.
    ClientCertificate {
        /// The application.
        application: Application,
        /// Its certificate with the private key.
        certificate: ClientCertificate,
    },
    /// An application with a token of another issuer.
    FederatedToken {
        /// The application.
        application: Application,
        /// The token; when its time is over, signing in ends too.
        token: SecretString,
    },
    /// An application with the token of a job, fetched when it is needed.
    Job {
        /// The application.
        application: Application,
        /// Where the job gets its token.
        job: JobToken,
    },
    /// An application with a token that another issuer wrote into a file.
    WorkloadIdentity {
        /// The application.
        application: Application,
        /// The file; it is read again when its token gets old.
        token_file: PathBuf,
    },
    /// The identity of the machine or service this runs on.
    ManagedIdentity {
        /// Which identity, if it is not the machine's own.
        client_id: Option<String>,
    },
    /// Whoever is signed in to the Azure CLI.
    AzureCli {
        /// The tenant to sign in to, if it is not the CLI's own.
        tenant: Option<String>,
    },
}

/// Is what a provider block or flags say about signing in; it goes before all variables.
///
/// Nothing in it is empty: what is empty was not said.
#[derive(Debug, Clone, Default)]
pub struct SignInSettings {
    /// The tenant to sign in to.
    pub tenant_id: Option<String>,
    /// The application or managed identity.
    pub client_id: Option<String>,
    /// The secret of the application.
    pub client_secret: Option<SecretString>,
    /// The file that holds the secret.
    pub client_secret_file_path: Option<String>,
    /// The certificate of the application with its key: PEM, or Base64 of a file.
    pub client_certificate: Option<SecretString>,
    /// The file that holds certificate and key.
    pub client_certificate_path: Option<String>,
    /// The password of either.
    pub client_certificate_password: Option<SecretString>,
    /// Another issuer's token.
    pub oidc_token: Option<SecretString>,
    /// The file that holds another issuer's token.
    pub oidc_token_file_path: Option<String>,
    /// The address where a job gets its token.
    pub oidc_request_url: Option<String>,
    /// What opens that address.
    pub oidc_request_token: Option<SecretString>,
    /// The service connection whose identity a job of Azure Pipelines takes.
    pub ado_pipeline_service_connection_id: Option<String>,
    /// Whether to use a managed identity.
    pub use_msi: Option<bool>,
    /// Whether to use another issuer's token.
    pub use_oidc: Option<bool>,
    /// Whether to use the workload identity of a Kubernetes cluster.
    pub use_aks_workload_identity: Option<bool>,
    /// Whether to use the Azure CLI.
    pub use_cli: Option<bool>,
}

/// Says why no way to sign in could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// A way was chosen, and something it needs is not set.
    #[error("sign-in with {way} lacks {}", in_words(missing))]
    Missing {
        /// The chosen way.
        way: &'static str,
        /// What is not set.
        missing: Vec<Missing>,
    },
    /// The settings name two ways, or one way twice.
    #[error("{first} and {second} are both set, and only one of them can be used to sign in")]
    Contradiction {
        /// The argument that would be taken.
        first: &'static str,
        /// Another one.
        second: &'static str,
    },
    /// Nothing was set, and the Azure CLI was ruled out.
    #[error("no way to sign in is set and the Azure CLI is switched off")]
    Nothing,
    /// A switch is neither true nor false.
    #[error("{variable} is neither `true` nor `false`")]
    Switch {
        /// The variable.
        variable: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read the file `{}` of {place}", path.display())]
    File {
        /// What names the file.
        place: Place,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error("cannot use the certificate of {place}")]
    Certificate {
        /// What gives the certificate.
        place: Place,
        /// Why not.
        source: CertificateError,
    },
    /// The address of the job's token cannot be used.
    #[error("cannot use the address of {place}")]
    JobUrl {
        /// What gives the address.
        place: Place,
        /// Why not.
        source: JobUrlError,
    },
}

/// Is something that a way to sign in needs and that is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The argument that would set it.
    pub argument: &'static str,
    /// That argument with the variables that would do as well.
    names: String,
}

/// Is where something was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In an argument of the provider block.
    Argument(&'static str),
    /// In a variable.
    Variable(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "the variable {name}"),
        }
    }
}

impl SignInSettings {
    /// Refuses settings that name two ways to sign in, whatever the variables say.
    ///
    /// # Errors
    /// [`SignInError::Contradiction`].
    pub fn check(&self) -> Result<(), SignInError> {
        let env = &Env::from_pairs::<&str, &str>([]);
        let settings = self;
        choice::contradiction(&Given { settings, env })
    }
}

impl SignIn {
    /// Chooses the one way to sign in: settings go before `ARM_*` variables, those before `AZURE_*`
    /// and what services set for their jobs.
    ///
    /// The first of the three layers that names a way decides on the way; what the way needs may
    /// come from any layer. If none names one, the Azure CLI is used. Files with a secret or a
    /// certificate are read now.
    ///
    /// # Errors
    /// What the chosen way lacks, by all the names it can be given under, or what is wrong with it.
    pub fn choose(settings: &SignInSettings, env: &Env) -> Result<Self, SignInError> {
        let given = Given { settings, env };
        let switches = Switches::read(&given)?;
        let way = choice::way(&given, &switches)?;
        gather::gather(way, given, &switches)
    }

    /// Names the way to sign in for messages, without anything it holds.
    #[must_use]
    pub fn way(&self) -> &'static str {
        match self {
            Self::ClientSecret { .. } => "a client secret",
            Self::ClientCertificate { .. } => "a client certificate",
            Self::FederatedToken { .. } => "a federated token",
            Self::Job { job, .. } => match job.service() {
                JobService::GitHub => "the token of a GitHub job",
                JobService::AzurePipelines { .. } => "the token of an Azure Pipelines job",
            },
            Self::WorkloadIdentity { .. } => "a workload identity",
            Self::ManagedIdentity { .. } => "a managed identity",
            Self::AzureCli { .. } => "the Azure CLI",
        }
    }
}

impl SignInError {
    /// Gives the argument in which the fault can be mended; `None` if it is in a variable.
    #[must_use]
    pub fn argument(&self) -> Option<&'static str> {
        match self {
            Self::Missing { missing, .. } => missing.first().map(|missing| missing.argument),
            Self::Contradiction { second, .. } => Some(second),
            Self::Nothing => Some("use_cli"),
            Self::Switch { .. } => None,
            Self::File { place, .. }
            | Self::Certificate { place, .. }
            | Self::JobUrl { place, .. } => match place {
                Place::Argument(name) => Some(name),
                Place::Variable(_) => None,
            },
        }
    }
}

fn in_words(missing: &[Missing]) -> String {
    let names: Vec<&str> = missing.iter().map(|one| one.names.as_str()).collect();
    names.join(" and ")
}

#[cfg(test)]
mod tests;
