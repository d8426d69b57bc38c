//! The arguments that say how to sign in.

use azure::identity::{SignInError, SignInSettings};
use plugin::{Attribute, Diagnostic, Path, Value};
use secrecy::SecretString;

use crate::diagnostic::sentence;

use super::{owned, switch, text};

/// Describes the arguments.
pub(super) fn attributes() -> Vec<Attribute> {
    let mut attributes = application();
    attributes.extend(federation());
    attributes.extend(switches());
    attributes
}

fn application() -> Vec<Attribute> {
    vec![
        text(
            "tenant_id",
            "The directory to sign in to. Variables: `ARM_TENANT_ID`, `AZURE_TENANT_ID`.",
        ),
        text(
            "client_id",
            "The application or managed identity to sign in as. Variables: `ARM_CLIENT_ID`, \
             `AZURE_CLIENT_ID`.",
        ),
        text(
            "client_secret",
            "The secret of the application. Variables: `ARM_CLIENT_SECRET`, \
             `AZURE_CLIENT_SECRET`. Prefer the variable: a secret in configuration tends to be \
             committed.",
        )
        .sensitive(),
        text(
            "client_secret_file_path",
            "A file with the secret of the application. Variable: `ARM_CLIENT_SECRET_FILE_PATH`.",
        ),
        text(
            "client_certificate",
            "The certificate of the application with its RSA key: Base64 of a PKCS#12 file, or the \
             text of a PEM file. Variable: `ARM_CLIENT_CERTIFICATE`.",
        )
        .sensitive(),
        text(
            "client_certificate_path",
            "A file with the certificate of the application and its RSA key, PKCS#12 or PEM. \
             Certificates behind it that certify it are sent along. Variables: \
             `ARM_CLIENT_CERTIFICATE_PATH`, `AZURE_CLIENT_CERTIFICATE_PATH`.",
        ),
        text(
            "client_certificate_password",
            "The password of the certificate, if its key is encrypted. Variables: \
             `ARM_CLIENT_CERTIFICATE_PASSWORD`, `AZURE_CLIENT_CERTIFICATE_PASSWORD`.",
        )
        .sensitive(),
    ]
}

fn federation() -> Vec<Attribute> {
    vec![
        text(
            "oidc_token",
            "A token of another issuer that the application trusts. When its time is over, signing \
             in ends. Variable: `ARM_OIDC_TOKEN`.",
        )
        .sensitive(),
        text(
            "oidc_token_file_path",
            "A file with the token of a workload identity; it is read again when the token gets \
             old. Variables: `ARM_OIDC_TOKEN_FILE_PATH`, `AZURE_FEDERATED_TOKEN_FILE`.",
        ),
        text(
            "oidc_request_url",
            "The https address where a job gets its token, anew for each sign-in. Variables: \
             `ARM_OIDC_REQUEST_URL`; with `use_oidc` also `ACTIONS_ID_TOKEN_REQUEST_URL` in GitHub \
             Actions and `SYSTEM_OIDCREQUESTURI` in Azure Pipelines, which set them.",
        ),
        text(
            "oidc_request_token",
            "What opens `oidc_request_url`. Variables: `ARM_OIDC_REQUEST_TOKEN`, \
             `ACTIONS_ID_TOKEN_REQUEST_TOKEN` in GitHub Actions, `SYSTEM_ACCESSTOKEN` in Azure \
             Pipelines.",
        )
        .sensitive(),
        text(
            "ado_pipeline_service_connection_id",
            "The id of the service connection whose identity a job of Azure Pipelines takes. \
             Without it a job is one of GitHub Actions. Variables: \
             `ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID`, `ARM_OIDC_AZURE_SERVICE_CONNECTION_ID`, \
             `AZURESUBSCRIPTION_SERVICE_CONNECTION_ID`.",
        ),
    ]
}

fn switches() -> [Attribute; 4] {
    [
        switch(
            "use_oidc",
            "Whether to sign in with a token of another issuer: the given one, that of a file, or \
             that of the job this runs in. Variable: `ARM_USE_OIDC`.",
        ),
        switch(
            "use_aks_workload_identity",
            "Whether to sign in with the workload identity of a Kubernetes cluster, which sets \
             `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_FEDERATED_TOKEN_FILE`. Variable: \
             `ARM_USE_AKS_WORKLOAD_IDENTITY`.",
        ),
        switch(
            "use_msi",
            "Whether to sign in with a managed identity. Variable: `ARM_USE_MSI`.",
        ),
        switch(
            "use_cli",
            "Whether to sign in as the user of `az login`. Variable: `ARM_USE_CLI`. Default: \
             `true`, when nothing else is configured.",
        ),
    ]
}

/// Reads the arguments.
pub(super) fn read(block: &Value) -> SignInSettings {
    let plain = |name: &str| owned(block, name);
    let secret = |name: &str| owned(block, name).map(SecretString::from);
    let switch = |name: &str| block.get(name).as_bool();
    SignInSettings {
        tenant_id: plain("tenant_id"),
        client_id: plain("client_id"),
        client_secret: secret("client_secret"),
        client_secret_file_path: plain("client_secret_file_path"),
        client_certificate: secret("client_certificate"),
        client_certificate_path: plain("client_certificate_path"),
        client_certificate_password: secret("client_certificate_password"),
        oidc_token: secret("oidc_token"),
        oidc_token_file_path: plain("oidc_token_file_path"),
        oidc_request_url: plain("oidc_request_url"),
        oidc_request_token: secret("oidc_request_token"),
        ado_pipeline_service_connection_id: plain("ado_pipeline_service_connection_id"),
        use_msi: switch("use_msi"),
        use_oidc: switch("use_oidc"),
        use_aks_workload_identity: switch("use_aks_workload_identity"),
        use_cli: switch("use_cli"),
    }
}

/// Words why there is no way to sign in, at the argument that can mend it.
pub(super) fn refusal(error: &SignInError) -> Diagnostic {
    let summary = match error {
        SignInError::Contradiction { .. } => "Two ways to sign in to Azure",
        _ => "No way to sign in to Azure",
    };
    let diagnostic = Diagnostic::error(summary, sentence(error));
    match error.argument() {
        Some(argument) => diagnostic.at(Path::attribute(argument)),
        None => diagnostic,
    }
}
