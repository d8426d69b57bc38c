//! What signing in may need, and all the names it can be given under.

use secrecy::SecretString;

use super::{Missing, Place, SignInSettings};
use crate::env::Env;

/// Is one thing that signing in may need.
pub(super) struct Name<T: 'static> {
    pub(super) argument: &'static str,
    arm: &'static [&'static str],
    azure: &'static [&'static str],
    of: fn(&SignInSettings) -> Option<&T>,
}

pub(super) const TENANT: Name<String> = Name {
    argument: "tenant_id",
    arm: &["ARM_TENANT_ID"],
    azure: &["AZURE_TENANT_ID"],
    of: |settings| settings.tenant_id.as_ref(),
};
pub(super) const CLIENT: Name<String> = Name {
    argument: "client_id",
    arm: &["ARM_CLIENT_ID"],
    azure: &["AZURE_CLIENT_ID"],
    of: |settings| settings.client_id.as_ref(),
};
pub(super) const SECRET: Name<SecretString> = Name {
    argument: "client_secret",
    arm: &["ARM_CLIENT_SECRET"],
    azure: &["AZURE_CLIENT_SECRET"],
    of: |settings| settings.client_secret.as_ref(),
};
pub(super) const SECRET_FILE: Name<String> = Name {
    argument: "client_secret_file_path",
    arm: &["ARM_CLIENT_SECRET_FILE_PATH"],
    azure: &[],
    of: |settings| settings.client_secret_file_path.as_ref(),
};
pub(super) const CERTIFICATE: Name<SecretString> = Name {
    argument: "client_certificate",
    arm: &["ARM_CLIENT_CERTIFICATE"],
    azure: &[],
    of: |settings| settings.client_certificate.as_ref(),
};
pub(super) const CERTIFICATE_FILE: Name<String> = Name {
    argument: "client_certificate_path",
    arm: &["ARM_CLIENT_CERTIFICATE_PATH"],
    azure: &["AZURE_CLIENT_CERTIFICATE_PATH"],
    of: |settings| settings.client_certificate_path.as_ref(),
};
pub(super) const CERTIFICATE_PASSWORD: Name<SecretString> = Name {
    argument: "client_certificate_password",
    arm: &["ARM_CLIENT_CERTIFICATE_PASSWORD"],
    azure: &["AZURE_CLIENT_CERTIFICATE_PASSWORD"],
    of: |settings| settings.client_certificate_password.as_ref(),
};
pub(super) const TOKEN: Name<SecretString> = Name {
    argument: "oidc_token",
    arm: &["ARM_OIDC_TOKEN"],
    azure: &[],
    of: |settings| settings.oidc_token.as_ref(),
};
pub(super) const TOKEN_FILE: Name<String> = Name {
    argument: "oidc_token_file_path",
    arm: &["ARM_OIDC_TOKEN_FILE_PATH"],
    azure: &["AZURE_FEDERATED_TOKEN_FILE"],
    of: |settings| settings.oidc_token_file_path.as_ref(),
};
pub(super) const SERVICE_CONNECTION: Name<String> = Name {
    argument: "ado_pipeline_service_connection_id",
    arm: &[
        "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
        "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
    ],
    azure: &["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"],
    of: |settings| settings.ado_pipeline_service_connection_id.as_ref(),
};

// Each service sets variables of its own; the arguments are the same.
pub(super) const GITHUB_URL: Name<String> = request_url(&["ACTIONS_ID_TOKEN_REQUEST_URL"]);
pub(super) const GITHUB_TOKEN: Name<SecretString> =
    request_token(&["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]);
pub(super) const PIPELINES_URL: Name<String> = request_url(&["SYSTEM_OIDCREQUESTURI"]);
pub(super) const PIPELINES_TOKEN: Name<SecretString> = request_token(&["SYSTEM_ACCESSTOKEN"]);
/// Stands for both in messages.
pub(super) const ANY_URL: Name<String> =
    request_url(&["ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI"]);

const fn request_url(azure: &'static [&'static str]) -> Name<String> {
    Name {
        argument: "oidc_request_url",
        arm: &["ARM_OIDC_REQUEST_URL"],
        azure,
        of: |settings| settings.oidc_request_url.as_ref(),
    }
}

const fn request_token(azure: &'static [&'static str]) -> Name<SecretString> {
    Name {
        argument: "oidc_request_token",
        arm: &["ARM_OIDC_REQUEST_TOKEN"],
        azure,
        of: |settings| settings.oidc_request_token.as_ref(),
    }
}

impl<T> Name<T> {
    /// Names the thing in a complaint that it is not there.
    pub(super) fn missing(&self) -> Missing {
        Missing {
            argument: self.argument,
            names: self.to_text(),
        }
    }

    /// Writes all names: the argument, then the variables.
    pub(super) fn to_text(&self) -> String {
        let variables: Vec<&str> = self.arm.iter().chain(self.azure).copied().collect();
        format!("{} ({})", self.argument, variables.join(", "))
    }
}

/// Is where things are given; the first goes before the second, and that before the third.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// The provider block or flags.
    Settings,
    /// The variables of the azurerm provider.
    Arm,
    /// The variables of Microsoft's tools, and those that services set for their jobs.
    Azure,
}

impl Layer {
    pub(super) const ALL: [Self; 3] = [Self::Settings, Self::Arm, Self::Azure];
}

/// Is a thing with the place it was found in.
#[derive(Debug, Clone)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// Is everything that is given.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) settings: &'a SignInSettings,
    pub(super) env: &'a Env,
}

impl Given<'_> {
    /// Finds a thing in one layer.
    pub(super) fn at<T: Clone + From<String>>(
        &self,
        name: &Name<T>,
        layer: Layer,
    ) -> Option<Found<T>> {
        let variables = match layer {
            Layer::Settings => {
                let value = (name.of)(self.settings)?.clone();
                let place = Place::Argument(name.argument);
                return Some(Found { value, place });
            }
            Layer::Arm => name.arm,
            Layer::Azure => name.azure,
        };
        variables.iter().find_map(|variable| {
            let value = T::from(self.env.var(variable)?);
            let place = Place::Variable(variable);
            Some(Found { value, place })
        })
    }

    /// Finds a thing in the first layer that has it.
    pub(super) fn find<T: Clone + From<String>>(&self, name: &Name<T>) -> Option<Found<T>> {
        Layer::ALL
            .into_iter()
            .find_map(|layer| self.at(name, layer))
    }

    pub(super) fn has<T: Clone + From<String>>(&self, name: &Name<T>, layer: Layer) -> bool {
        self.at(name, layer).is_some()
    }
}
