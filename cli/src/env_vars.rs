//! Every environment variable that the commands read: name, meaning, and since when.
//!
//! The help text and a page of the manual are made from this table. Where a variable is read, and
//! what wins over what, is settled elsewhere.

/// One variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it says, in a fragment.
    pub meaning: &'static str,
    /// The first version that reads it.
    pub since: &'static str,
}

/// Lists the variables in the order of the manual.
pub fn variables() -> &'static [Variable] {
    &VARIABLES
}

const fn since_0_1(name: &'static str, meaning: &'static str) -> Variable {
    Variable {
        name,
        meaning,
        since: "0.1.0",
    }
}

static VARIABLES: [Variable; 37] = [
    since_0_1(
        "ARM_TENANT_ID",
        "the tenant to sign in to (or AZURE_TENANT_ID)",
    ),
    since_0_1(
        "ARM_CLIENT_ID",
        "the application to sign in as (or AZURE_CLIENT_ID)",
    ),
    since_0_1(
        "ARM_CLIENT_SECRET",
        "its client secret (or AZURE_CLIENT_SECRET)",
    ),
    since_0_1(
        "ARM_CLIENT_SECRET_FILE_PATH",
        "the file that holds its client secret",
    ),
    since_0_1(
        "ARM_CLIENT_CERTIFICATE",
        "its certificate with the key: PEM, or Base64 of a PKCS#12 file",
    ),
    since_0_1(
        "ARM_CLIENT_CERTIFICATE_PATH",
        "the file of its certificate with the key, PEM or PKCS#12",
    ),
    since_0_1(
        "ARM_CLIENT_CERTIFICATE_PASSWORD",
        "the password of the certificate, if the key is encrypted",
    ),
    since_0_1("ARM_OIDC_TOKEN", "its federated token"),
    since_0_1(
        "ARM_OIDC_TOKEN_FILE_PATH",
        "the file of its federated token",
    ),
    since_0_1(
        "ARM_OIDC_REQUEST_URL",
        "the https address where a job gets its federated token",
    ),
    since_0_1("ARM_OIDC_REQUEST_TOKEN", "what opens that address"),
    since_0_1(
        "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
        "the service connection whose identity a job of Azure Pipelines takes",
    ),
    since_0_1(
        "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
        "the same as ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID, which wins",
    ),
    since_0_1(
        "ARM_USE_OIDC",
        "whether to sign in with a federated token: a given one, or that of the job",
    ),
    since_0_1(
        "ARM_USE_AKS_WORKLOAD_IDENTITY",
        "whether to sign in with the workload identity of a cluster",
    ),
    since_0_1(
        "ARM_USE_MSI",
        "whether to sign in as the machine's managed identity",
    ),
    since_0_1(
        "ARM_USE_CLI",
        "whether to sign in as the user of the Azure CLI",
    ),
    since_0_1("AZURE_TENANT_ID", "the same as ARM_TENANT_ID, which wins"),
    since_0_1("AZURE_CLIENT_ID", "the same as ARM_CLIENT_ID, which wins"),
    since_0_1(
        "AZURE_CLIENT_SECRET",
        "the same as ARM_CLIENT_SECRET, which wins",
    ),
    since_0_1(
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "the same as ARM_CLIENT_CERTIFICATE_PATH, which wins",
    ),
    since_0_1(
        "AZURE_CLIENT_CERTIFICATE_PASSWORD",
        "the same as ARM_CLIENT_CERTIFICATE_PASSWORD, which wins",
    ),
    since_0_1(
        "AZURE_FEDERATED_TOKEN_FILE",
        "the file of the federated token, as clusters set it",
    ),
    since_0_1(
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "where a job of GitHub Actions gets its token, as GitHub sets it",
    ),
    since_0_1("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "what opens that address"),
    since_0_1(
        "SYSTEM_OIDCREQUESTURI",
        "where a job of Azure Pipelines gets its token, as the service sets it",
    ),
    since_0_1("SYSTEM_ACCESSTOKEN", "what opens that address"),
    since_0_1(
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
        "the service connection of the task this runs in, as the task sets it",
    ),
    since_0_1(
        "ARM_ENVIRONMENT",
        "the cloud: public, usgovernment or china",
    ),
    since_0_1("HTTPS_PROXY", "the proxy for all requests (or https_proxy)"),
    since_0_1(
        "NO_PROXY",
        "the hosts that are reached without it (or no_proxy)",
    ),
    since_0_1(
        "SSL_CERT_FILE",
        "the CA certificates to trust instead of the system's, in PEM form",
    ),
    since_0_1(
        "NO_COLOR",
        "if it is set, nothing is coloured unless --color demands it",
    ),
    since_0_1(
        "RUST_LOG",
        "what is logged on stderr, in the form of Rust's env filters",
    ),
    since_0_1(
        "FUNCTIONS_CUSTOMHANDLER_PORT",
        "the port that `function` listens on, as the host of Azure Functions sets it",
    ),
    since_0_1(
        "KEYROTATION_EMULATOR_CONTROL",
        "where a running emulator takes commands",
    ),
    since_0_1(
        "KUBECONFIG",
        "the kubeconfigs of `sync`, with `:` between them, if no other is named",
    ),
];

/// Writes the list for the end of the long help.
pub(crate) fn help() -> String {
    let width = VARIABLES
        .iter()
        .map(|one| one.name.len())
        .max()
        .unwrap_or_default();
    let lines = VARIABLES
        .iter()
        .map(|one| format!("  {:width$}  {}", one.name, one.meaning));
    format!("Environment:\n{}", lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_variable_is_listed_once_and_in_the_help() {
        let names: BTreeSet<_> = VARIABLES.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), VARIABLES.len());
        let help = help();
        assert!(names.iter().all(|name| help.contains(name)), "{help}");
    }
}
