//! The variables that lead other programs to the emulator: ours, Terraform, az and Microsoft's SDKs.

use std::net::SocketAddr;
use std::path::Path;

use crate::cloud::Cloud;
use crate::routes::managed_identity::IDENTITY_HEADER;
use crate::world::World;

/// Where programs look for the certificates that they trust: most, Python's, Node's, curl.
const CERTIFICATE_VARIABLES: [&str; 4] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "CURL_CA_BUNDLE",
];

/// Gives the variables with their values; certificates only if there is a file of them.
pub(crate) fn variables(
    world: &World,
    proxy: SocketAddr,
    control: SocketAddr,
    certificate: Option<&Path>,
) -> Vec<(String, String)> {
    let proxy = format!("http://{proxy}");
    let control = format!("http://{control}");
    let mut variables = vec![
        ("HTTPS_PROXY", proxy.clone()),
        ("https_proxy", proxy),
        ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ("no_proxy", "127.0.0.1,localhost".to_owned()),
        ("KEYROTATION_EMULATOR_CONTROL", control.clone()),
        ("IDENTITY_ENDPOINT", format!("{control}/msi/token")),
        ("IDENTITY_HEADER", IDENTITY_HEADER.to_owned()),
    ];
    if let Some(path) = certificate {
        let path = path.display().to_string();
        for name in CERTIFICATE_VARIABLES {
            variables.push((name, path.clone()));
        }
    }
    if world.cloud != Cloud::public() {
        variables.push(("ARM_ENVIRONMENT", world.cloud.environment.to_owned()));
        let login = format!("https://{}", world.cloud.login);
        variables.push(("AZURE_AUTHORITY_HOST", login));
    }
    for (arm, azure, value) in identity(world) {
        variables.push((arm, value.clone()));
        variables.push((azure, value));
    }
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Writes variables as lines for a POSIX shell.
pub(crate) fn export_lines(variables: &[(String, String)]) -> String {
    let line = |(name, value): &(String, String)| {
        format!("export {name}='{}'\n", value.replace('\'', r"'\''"))
    };
    variables.iter().map(line).collect()
}

fn identity(world: &World) -> Vec<(&'static str, &'static str, String)> {
    let directory = &world.directory;
    let application = directory
        .default_client
        .as_deref()
        .and_then(|client| directory.application(client));
    let mut identity = vec![("ARM_TENANT_ID", "AZURE_TENANT_ID", world.tenant.clone())];
    if let Some(application) = application {
        identity.push((
            "ARM_CLIENT_ID",
            "AZURE_CLIENT_ID",
            application.client_id.clone(),
        ));
        identity.push((
            "ARM_CLIENT_SECRET",
            "AZURE_CLIENT_SECRET",
            application.expose_secret().to_owned(),
        ));
    }
    if let Some(subscription) = world.subscriptions.values().next() {
        identity.push((
            "ARM_SUBSCRIPTION_ID",
            "AZURE_SUBSCRIPTION_ID",
            subscription.id.clone(),
        ));
    }
    identity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_cannot_end_a_line_of_the_shell_early() {
        let lines = export_lines(&[("NAME".to_owned(), "it's".to_owned())]);
        assert_eq!(lines, "export NAME='it'\\''s'\n");
    }
}
