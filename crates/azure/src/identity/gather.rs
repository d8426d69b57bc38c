//! Gathers what a chosen way to sign in needs, and names what is missing.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::{
    Application, Missing, SignIn, SignInError,
    certificate::ClientCertificate,
    choice::{self, Switches, Way},
    job::{JobService, JobToken},
    names::{
        ANY_URL, CERTIFICATE, CERTIFICATE_FILE, CERTIFICATE_PASSWORD, CLIENT, Found, GITHUB_TOKEN,
        GITHUB_URL, Given, Layer, Name, PIPELINES_TOKEN, PIPELINES_URL, SECRET, SECRET_FILE,
        SERVICE_CONNECTION, TENANT, TOKEN, TOKEN_FILE,
    },
};

/// Where AKS and its like put their own variables before those of a pipeline.
const CLUSTER_ORDER: [Layer; 3] = [Layer::Settings, Layer::Azure, Layer::Arm];

/// Gathers what the way needs.
pub(super) fn gather(
    way: Way,
    given: Given<'_>,
    switches: &Switches,
) -> Result<SignIn, SignInError> {
    let gatherer = Gatherer { given };
    match way {
        Way::ClientCertificate => gatherer.client_certificate(),
        Way::ClientSecret => gatherer.client_secret(),
        Way::Federation => gatherer.federation(switches),
        Way::AksWorkloadIdentity => {
            let file = given.at(&TOKEN_FILE, Layer::Azure);
            gatherer.workload_identity(file, CLUSTER_ORDER)
        }
        Way::ManagedIdentity => Ok(SignIn::ManagedIdentity {
            client_id: given.find(&CLIENT).map(|found| found.value),
        }),
        Way::AzureCli => Ok(SignIn::AzureCli {
            tenant: given.find(&TENANT).map(|found| found.value),
        }),
    }
}

struct Gatherer<'a> {
    given: Given<'a>,
}

impl Gatherer<'_> {
    fn client_secret(&self) -> Result<SignIn, SignInError> {
        let mut needs = Needs::of("a client secret");
        let application = needs.application(&self.given, Layer::ALL);
        let secret = needs.take(self.secret()?, &SECRET);
        match (application, secret) {
            (Some(application), Some(secret)) => Ok(SignIn::ClientSecret {
                application,
                secret,
            }),
            _ => Err(needs.failure()),
        }
    }

    fn secret(&self) -> Result<Option<SecretString>, SignInError> {
        for layer in Layer::ALL {
            if let Some(secret) = self.given.at(&SECRET, layer) {
                return Ok(Some(secret.value));
            }
            if let Some(file) = self.given.at(&SECRET_FILE, layer) {
                return self.read_secret(&file).map(Some);
            }
        }
        Ok(None)
    }

    fn read_secret(&self, file: &Found<String>) -> Result<SecretString, SignInError> {
        let path = Path::new(&file.value);
        let text = self.given.env.read_file(path).and_then(|text| {
            let secret = text.trim_end_matches(['\r', '\n']);
            let empty = || std::io::Error::new(std::io::ErrorKind::InvalidData, "it is empty");
            (!secret.is_empty())
                .then(|| SecretString::from(secret))
                .ok_or_else(empty)
        });
        text.map_err(|source| unreadable(file, source))
    }

    fn client_certificate(&self) -> Result<SignIn, SignInError> {
        let mut needs = Needs::of("a client certificate");
        let application = needs.application(&self.given, Layer::ALL);
        let certificate = needs.take(self.certificate()?, &CERTIFICATE);
        match (application, certificate) {
            (Some(application), Some(certificate)) => Ok(SignIn::ClientCertificate {
                application,
                certificate,
            }),
            _ => Err(needs.failure()),
        }
    }

    fn certificate(&self) -> Result<Option<ClientCertificate>, SignInError> {
        let password = self.given.find(&CERTIFICATE_PASSWORD);
        let password = password.as_ref().map(|found| &found.value);
        for layer in Layer::ALL {
            let (read, place) = if let Some(text) = self.given.at(&CERTIFICATE, layer) {
                (
                    ClientCertificate::from_text(&text.value, password),
                    text.place,
                )
            } else if let Some(file) = self.given.at(&CERTIFICATE_FILE, layer) {
                let content = self.given.env.read_bytes(Path::new(&file.value));
                let content = content.map_err(|source| unreadable(&file, source))?;
                (ClientCertificate::from_file(&content, password), file.place)
            } else {
                continue;
            };
            return read
                .map(Some)
                .map_err(|source| SignInError::Certificate { place, source });
        }
        Ok(None)
    }

    /// Finds the token of another issuer: in the settings, in a file, or where a job gets it.
    fn federation(&self, switches: &Switches) -> Result<SignIn, SignInError> {
        for layer in [Layer::Settings, Layer::Arm] {
            if let Some(token) = self.given.at(&TOKEN, layer) {
                return self.federated_token(token.value);
            }
            if let Some(file) = self.given.at(&TOKEN_FILE, layer) {
                return self.workload_identity(Some(file), Layer::ALL);
            }
            if choice::names_a_job(&self.given, layer) {
                return self.named_job();
            }
        }
        self.federation_of_surroundings(switches)
    }

    /// A job that demands federation means its own token; what a cluster gives to all its processes
    /// comes second.
    fn federation_of_surroundings(&self, switches: &Switches) -> Result<SignIn, SignInError> {
        let file = self.given.at(&TOKEN_FILE, Layer::Azure);
        if file.is_none() || switches.oidc == Some(true) {
            if self.given.has(&GITHUB_URL, Layer::Azure) {
                return self.github_job();
            }
            if self.given.has(&PIPELINES_URL, Layer::Azure) {
                return self.pipelines_job();
            }
        }
        if file.is_some() {
            return self.workload_identity(file, Layer::ALL);
        }
        let mut needs = Needs::of("a federated token");
        needs.application(&self.given, Layer::ALL);
        needs.missing.push(any_source());
        Err(needs.failure())
    }

    fn federated_token(&self, token: SecretString) -> Result<SignIn, SignInError> {
        let mut needs = Needs::of("a federated token");
        match needs.application(&self.given, Layer::ALL) {
            Some(application) => Ok(SignIn::FederatedToken { application, token }),
            None => Err(needs.failure()),
        }
    }

    fn workload_identity(
        &self,
        file: Option<Found<String>>,
        order: [Layer; 3],
    ) -> Result<SignIn, SignInError> {
        let mut needs = Needs::of("a workload identity");
        let application = needs.application(&self.given, order);
        match (application, needs.take(file, &TOKEN_FILE)) {
            (Some(application), Some(file)) => Ok(SignIn::WorkloadIdentity {
                application,
                token_file: PathBuf::from(file.value),
            }),
            _ => Err(needs.failure()),
        }
    }

    /// Only Azure Pipelines has service connections.
    fn named_job(&self) -> Result<SignIn, SignInError> {
        let has_connection = [Layer::Settings, Layer::Arm]
            .into_iter()
            .any(|layer| self.given.has(&SERVICE_CONNECTION, layer));
        if has_connection {
            self.pipelines_job()
        } else {
            self.github_job()
        }
    }

    fn github_job(&self) -> Result<SignIn, SignInError> {
        let needs = Needs::of("the token of a GitHub job");
        self.job(needs, &GITHUB_URL, &GITHUB_TOKEN, Some(JobService::GitHub))
    }

    fn pipelines_job(&self) -> Result<SignIn, SignInError> {
        let mut needs = Needs::of("the token of an Azure Pipelines job");
        let connection = needs.take(self.given.find(&SERVICE_CONNECTION), &SERVICE_CONNECTION);
        let service = connection.map(|connection| JobService::AzurePipelines {
            service_connection: connection.value,
        });
        self.job(needs, &PIPELINES_URL, &PIPELINES_TOKEN, service)
    }

    fn job(
        &self,
        mut needs: Needs,
        url: &Name<String>,
        bearer: &Name<SecretString>,
        service: Option<JobService>,
    ) -> Result<SignIn, SignInError> {
        let application = needs.application(&self.given, Layer::ALL);
        let url = needs.take(self.given.find(url), url);
        let bearer = needs.take(self.given.find(bearer), bearer);
        let (Some(application), Some(service), Some(url), Some(bearer)) =
            (application, service, url, bearer)
        else {
            return Err(needs.failure());
        };
        let place = url.place;
        let job = JobToken::new(service, &url.value, bearer.value)
            .map_err(|source| SignInError::JobUrl { place, source })?;
        Ok(SignIn::Job { application, job })
    }
}

fn unreadable(file: &Found<String>, source: std::io::Error) -> SignInError {
    SignInError::File {
        place: file.place,
        path: PathBuf::from(&file.value),
        source,
    }
}

fn any_source() -> Missing {
    let names = format!(
        "one of {}, {} and {}",
        TOKEN.to_text(),
        TOKEN_FILE.to_text(),
        ANY_URL.to_text()
    );
    Missing {
        argument: TOKEN.argument,
        names,
    }
}

/// Collects what is missing for a way.
struct Needs {
    way: &'static str,
    missing: Vec<Missing>,
}

impl Needs {
    fn of(way: &'static str) -> Self {
        let missing = Vec::new();
        Self { way, missing }
    }

    /// Passes a thing on, or notes its absence.
    fn take<F, T>(&mut self, found: Option<F>, name: &Name<T>) -> Option<F> {
        if found.is_none() {
            self.missing.push(name.missing());
        }
        found
    }

    fn application(&mut self, given: &Given<'_>, order: [Layer; 3]) -> Option<Application> {
        let find = |name| order.into_iter().find_map(|layer| given.at(name, layer));
        let tenant = self.take(find(&TENANT), &TENANT);
        let client = self.take(find(&CLIENT), &CLIENT);
        let (tenant, client_id) = (tenant?.value, client?.value);
        Some(Application { tenant, client_id })
    }

    fn failure(self) -> SignInError {
        let Self { way, missing } = self;
        SignInError::Missing { way, missing }
    }
}
