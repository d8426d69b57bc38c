//! How to sign in: settings and variables become exactly one credential.
//!
//! There is no chain that tries one way after another: what was chosen is what is used, and what is
//! missing for it is named.

pub(crate) mod credential;

use std::path::PathBuf;

use secrecy::SecretString;

use crate::env::Env;

/// Is a way to sign in, with everything it needs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SignIn {
    /// An application with a secret.
    ClientSecret {
        /// The tenant to sign in to.
        tenant: String,
        /// The application.
        client_id: String,
        /// Its secret.
        secret: SecretString,
    },
    /// An application with a token that another issuer wrote into a file.
    WorkloadIdentity {
        /// The tenant to sign in to.
        tenant: String,
        /// The application.
        client_id: String,
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
#[derive(Debug, Clone, Default)]
pub struct SignInSettings {
    /// The tenant to sign in to.
    pub tenant_id: Option<String>,
    /// The application or managed identity.
    pub client_id: Option<String>,
    /// The secret of the application.
    pub client_secret: Option<SecretString>,
    /// The file that holds another issuer's token.
    pub oidc_token_file: Option<PathBuf>,
    /// Whether to use a managed identity.
    pub use_msi: Option<bool>,
    /// Whether to use another issuer's token.
    pub use_oidc: Option<bool>,
    /// Whether to use the Azure CLI.
    pub use_cli: Option<bool>,
}

/// Says why no way to sign in could be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// A way was chosen, and something it needs is not set.
    #[error("sign-in with {way} lacks {}", missing.join(" and "))]
    Missing {
        /// The chosen way.
        way: &'static str,
        /// What is not set, each with the variables it can come from.
        missing: Vec<&'static str>,
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
}

const TENANT: [&str; 2] = ["ARM_TENANT_ID", "AZURE_TENANT_ID"];
const CLIENT: [&str; 2] = ["ARM_CLIENT_ID", "AZURE_CLIENT_ID"];
const SECRET: [&str; 2] = ["ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET"];
const TOKEN_FILE: [&str; 2] = ["ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE"];

const TENANT_MISSING: &str = "tenant_id (ARM_TENANT_ID, AZURE_TENANT_ID)";
const CLIENT_MISSING: &str = "client_id (ARM_CLIENT_ID, AZURE_CLIENT_ID)";
const SECRET_MISSING: &str = "client_secret (ARM_CLIENT_SECRET, AZURE_CLIENT_SECRET)";
const TOKEN_FILE_MISSING: &str =
    "oidc_token_file (ARM_OIDC_TOKEN_FILE_PATH, AZURE_FEDERATED_TOKEN_FILE)";

impl SignIn {
    /// Chooses the one way to sign in: settings go before `ARM_*` variables, those before `AZURE_*`.
    ///
    /// The first of the three layers that names a way decides on the way; what the way needs may
    /// come from any layer. If none names one, the Azure CLI is used.
    ///
    /// # Errors
    /// What the chosen way lacks, by all the names it can be given under.
    pub fn choose(settings: &SignInSettings, env: &Env) -> Result<Self, SignInError> {
        let switches = Switches::read(settings, env)?;
        let layers = [
            Layer::of_settings(settings),
            Layer::of_arm_variables(&switches, env),
            Layer::of_azure_variables(env),
        ];
        let way = layers.iter().find_map(|layer| layer.way(&switches));
        let values = Values { settings, env };
        match way {
            Some(Way::ClientSecret) => values.client_secret(),
            Some(Way::WorkloadIdentity) => values.workload_identity(),
            Some(Way::ManagedIdentity) => Ok(values.managed_identity()),
            Some(Way::AzureCli) => Ok(values.azure_cli()),
            None if switches.cli == Some(false) => Err(SignInError::Nothing),
            None => Ok(values.azure_cli()),
        }
    }

    /// Names the way to sign in for messages, without anything it holds.
    #[must_use]
    pub fn way(&self) -> &'static str {
        match self {
            Self::ClientSecret { .. } => "a client secret",
            Self::WorkloadIdentity { .. } => "a workload identity",
            Self::ManagedIdentity { .. } => "a managed identity",
            Self::AzureCli { .. } => "the Azure CLI",
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Way {
    ClientSecret,
    WorkloadIdentity,
    ManagedIdentity,
    AzureCli,
}

/// Is what all layers together say about each switch.
struct Switches {
    oidc: Option<bool>,
    msi: Option<bool>,
    cli: Option<bool>,
}

impl Switches {
    fn read(settings: &SignInSettings, env: &Env) -> Result<Self, SignInError> {
        let switch = |set: Option<bool>, variable| match set {
            Some(value) => Ok(Some(value)),
            None => read_switch(env, variable),
        };
        Ok(Self {
            oidc: switch(settings.use_oidc, "ARM_USE_OIDC")?,
            msi: switch(settings.use_msi, "ARM_USE_MSI")?,
            cli: switch(settings.use_cli, "ARM_USE_CLI")?,
        })
    }
}

fn read_switch(env: &Env, variable: &'static str) -> Result<Option<bool>, SignInError> {
    let Some(text) = env.var(variable) else {
        return Ok(None);
    };
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(Some(true)),
        "false" | "0" => Ok(Some(false)),
        _ => Err(SignInError::Switch { variable }),
    }
}

/// Is what one layer asks for.
struct Layer {
    secret: bool,
    oidc: bool,
    msi: bool,
    cli: bool,
}

impl Layer {
    fn of_settings(settings: &SignInSettings) -> Self {
        Self {
            secret: settings.client_secret.is_some(),
            oidc: settings.oidc_token_file.is_some() || settings.use_oidc == Some(true),
            msi: settings.use_msi == Some(true),
            cli: settings.use_cli == Some(true),
        }
    }

    fn of_arm_variables(switches: &Switches, env: &Env) -> Self {
        Self {
            secret: env.var("ARM_CLIENT_SECRET").is_some(),
            oidc: env.var("ARM_OIDC_TOKEN_FILE_PATH").is_some() || switches.oidc == Some(true),
            msi: switches.msi == Some(true),
            cli: switches.cli == Some(true),
        }
    }

    fn of_azure_variables(env: &Env) -> Self {
        Self {
            secret: env.var("AZURE_CLIENT_SECRET").is_some(),
            oidc: env.var("AZURE_FEDERATED_TOKEN_FILE").is_some(),
            msi: false,
            cli: false,
        }
    }

    /// The order is that of the azurerm provider, whose variables these are.
    fn way(&self, switches: &Switches) -> Option<Way> {
        if self.secret {
            Some(Way::ClientSecret)
        } else if self.oidc && switches.oidc != Some(false) {
            Some(Way::WorkloadIdentity)
        } else if self.msi {
            Some(Way::ManagedIdentity)
        } else if self.cli {
            Some(Way::AzureCli)
        } else {
            None
        }
    }
}

/// Finds what a way needs, in whichever layer it is.
struct Values<'a> {
    settings: &'a SignInSettings,
    env: &'a Env,
}

impl Values<'_> {
    fn tenant(&self) -> Option<String> {
        let set = self
            .settings
            .tenant_id
            .clone()
            .filter(|text| !text.is_empty());
        set.or_else(|| self.env.first_var(&TENANT))
    }

    fn client(&self) -> Option<String> {
        let set = self
            .settings
            .client_id
            .clone()
            .filter(|text| !text.is_empty());
        set.or_else(|| self.env.first_var(&CLIENT))
    }

    fn secret(&self) -> Option<SecretString> {
        let set = self.settings.client_secret.clone();
        set.or_else(|| self.env.first_var(&SECRET).map(SecretString::from))
    }

    fn token_file(&self) -> Option<PathBuf> {
        let set = self.settings.oidc_token_file.clone();
        set.or_else(|| self.env.first_var(&TOKEN_FILE).map(PathBuf::from))
    }

    fn client_secret(&self) -> Result<SignIn, SignInError> {
        match (self.tenant(), self.client(), self.secret()) {
            (Some(tenant), Some(client_id), Some(secret)) => Ok(SignIn::ClientSecret {
                tenant,
                client_id,
                secret,
            }),
            (tenant, client, secret) => Err(missing(
                "a client secret",
                [
                    (tenant.is_none(), TENANT_MISSING),
                    (client.is_none(), CLIENT_MISSING),
                    (secret.is_none(), SECRET_MISSING),
                ],
            )),
        }
    }

    fn workload_identity(&self) -> Result<SignIn, SignInError> {
        match (self.tenant(), self.client(), self.token_file()) {
            (Some(tenant), Some(client_id), Some(token_file)) => Ok(SignIn::WorkloadIdentity {
                tenant,
                client_id,
                token_file,
            }),
            (tenant, client, file) => Err(missing(
                "a workload identity",
                [
                    (tenant.is_none(), TENANT_MISSING),
                    (client.is_none(), CLIENT_MISSING),
                    (file.is_none(), TOKEN_FILE_MISSING),
                ],
            )),
        }
    }

    fn managed_identity(&self) -> SignIn {
        SignIn::ManagedIdentity {
            client_id: self.client(),
        }
    }

    fn azure_cli(&self) -> SignIn {
        SignIn::AzureCli {
            tenant: self.tenant(),
        }
    }
}

fn missing(way: &'static str, absent: [(bool, &'static str); 3]) -> SignInError {
    let missing = absent
        .into_iter()
        .filter_map(|(absent, name)| absent.then_some(name))
        .collect();
    SignInError::Missing { way, missing }
}

#[cfg(test)]
mod tests;
