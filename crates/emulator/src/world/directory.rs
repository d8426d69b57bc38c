//! Who exists in the tenant: the applications that can sign in, and Key Vault's own service principal.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::canary::Mint;
use crate::cloud::Cloud;

/// Someone whose token was accepted.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Caller {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
}

/// An application that can sign in.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Application {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
    pub(crate) display_name: String,
    secret: ClientSecret,
    /// The certificates it may sign with, in Base64.
    #[serde(default)]
    certificates: Vec<String>,
}

#[derive(Clone, Deserialize, Serialize)]
struct ClientSecret(String);

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientSecret(redacted)")
    }
}

impl Application {
    /// Makes an application; without a `secret` it gets one of the mint.
    pub(crate) fn new(
        client_id: &str,
        object_id: &str,
        display_name: &str,
        secret: Option<String>,
        mint: &Mint,
    ) -> Self {
        let secret = ClientSecret(secret.unwrap_or_else(|| mint.client_secret(client_id)));
        let (client_id, object_id) = (client_id.to_owned(), object_id.to_owned());
        Self {
            client_id,
            object_id,
            display_name: display_name.to_owned(),
            secret,
            certificates: Vec::new(),
        }
    }

    /// Registers certificates, given as DER.
    pub(crate) fn with_certificates(mut self, certificates: &[Vec<u8>]) -> Self {
        self.certificates = certificates
            .iter()
            .map(|der| STANDARD.encode(der))
            .collect();
        self
    }

    /// Gives the registered certificates as DER.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = Vec<u8>> {
        self.certificates
            .iter()
            .filter_map(|text| STANDARD.decode(text).ok())
    }

    /// Gives the client secret.
    pub(crate) fn expose_secret(&self) -> &str {
        &self.secret.0
    }

    /// Gives the application as the one who asks.
    pub(crate) fn caller(&self) -> Caller {
        Caller {
            client_id: self.client_id.clone(),
            object_id: self.object_id.clone(),
        }
    }
}

/// The directory of the tenant.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Directory {
    applications: BTreeMap<String, Application>,
    principals: BTreeSet<String>,
    /// The first application: the one the emulator's environment signs in with.
    pub(crate) default_client: Option<String>,
    /// The application whose token the managed identity endpoint gives.
    pub(crate) managed_identity: Option<String>,
    pub(crate) key_vault: Caller,
}

impl Directory {
    /// Makes a directory in which only Key Vault exists. Its object id differs by tenant, as it does in Azure.
    pub(crate) fn new(cloud: &Cloud, tenant: &str) -> Self {
        let tenant = Uuid::parse_str(tenant).unwrap_or_default();
        let object_id = Uuid::new_v5(&tenant, cloud.key_vault_application.as_bytes()).to_string();
        let key_vault = Caller {
            client_id: cloud.key_vault_application.to_owned(),
            object_id,
        };
        Self {
            applications: BTreeMap::new(),
            principals: BTreeSet::from([key_vault.object_id.clone()]),
            default_client: None,
            managed_identity: None,
            key_vault,
        }
    }

    /// Adds an application.
    pub(crate) fn add(&mut self, application: Application) {
        self.principals
            .insert(application.object_id.to_ascii_lowercase());
        self.default_client
            .get_or_insert_with(|| application.client_id.clone());
        self.applications
            .insert(application.client_id.to_ascii_lowercase(), application);
    }

    /// Adds a user or group that can hold roles but never signs in.
    pub(crate) fn add_principal(&mut self, object_id: &str) {
        self.principals.insert(object_id.to_ascii_lowercase());
    }

    /// Finds an application.
    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        self.applications.get(&client_id.to_ascii_lowercase())
    }

    /// Gives all applications.
    pub(crate) fn applications(&self) -> impl Iterator<Item = &Application> {
        self.applications.values()
    }

    /// Gives the object ids of users and groups: everybody who cannot sign in.
    pub(crate) fn people(&self) -> impl Iterator<Item = &String> {
        self.principals
            .iter()
            .filter(|object_id| !self.is_application(object_id))
    }

    /// Says whether an object id belongs to an application.
    pub(crate) fn is_application(&self, object_id: &str) -> bool {
        let is_it = |one: &str| one.eq_ignore_ascii_case(object_id);
        is_it(&self.key_vault.object_id) || self.applications().any(|one| is_it(&one.object_id))
    }

    /// Says whether an object id belongs to someone of this tenant.
    pub(crate) fn knows(&self, object_id: &str) -> bool {
        self.principals.contains(&object_id.to_ascii_lowercase())
    }
}
