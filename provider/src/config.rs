//! The provider block and its environment, read into settings.

pub(crate) mod features;

use std::path::PathBuf;

use azure::client::Settings;
use azure::cloud::Cloud;
use azure::env::Env;
use azure::identity::{SignIn, SignInSettings};
use plugin::{Attribute, Diagnostic, Path, Schema, Value};
use secrecy::SecretString;

use crate::convert::check;
use crate::diagnostic::sentence;

/// Describes the provider block.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new(
        0,
        "Rotates the keys of Azure Storage accounts and proves that they are rotated.\n\n\
         Every argument can be left out. What is not set is taken from the variable that its \
         description names, as in the `azurerm` provider, then from the `AZURE_*` variables of \
         Microsoft's own tools. `HTTPS_PROXY`, `NO_PROXY` and `SSL_CERT_FILE` are obeyed.",
    )
    .attribute(
        Attribute::string("environment")
            .optional()
            .check(|value| check(value, str::parse::<Cloud>))
            .describe(
                "The cloud: `public`, `usgovernment` or `china`. Variable: `ARM_ENVIRONMENT`. \
             Default: `public`.",
            ),
    )
    .attribute(text(
        "tenant_id",
        "The directory to sign in to. Variables: `ARM_TENANT_ID`, `AZURE_TENANT_ID`.",
    ))
    .attribute(text(
        "client_id",
        "The application or managed identity to sign in as. Variables: `ARM_CLIENT_ID`, \
         `AZURE_CLIENT_ID`.",
    ))
    .attribute(
        text(
            "client_secret",
            "The secret of the application. Variables: `ARM_CLIENT_SECRET`, \
             `AZURE_CLIENT_SECRET`. Prefer the variable: a secret in configuration tends to be \
             committed.",
        )
        .sensitive(),
    )
    .attribute(text(
        "oidc_token_file_path",
        "A file with the token of a workload identity. Variables: `ARM_OIDC_TOKEN_FILE_PATH`, \
         `AZURE_FEDERATED_TOKEN_FILE`.",
    ))
    .attribute(switch(
        "use_oidc",
        "Whether to sign in with a workload identity. Variable: `ARM_USE_OIDC`.",
    ))
    .attribute(switch(
        "use_msi",
        "Whether to sign in with a managed identity. Variable: `ARM_USE_MSI`.",
    ))
    .attribute(switch(
        "use_cli",
        "Whether to sign in as the user of `az login`. Variable: `ARM_USE_CLI`. Default: `true`, \
         when nothing else is configured.",
    ));
    features::attributes()
        .into_iter()
        .fold(schema, Schema::attribute)
}

/// Reads the provider block into the settings of a client.
///
/// `None` if a value is not known yet: then nothing can be read, and the core will configure the
/// provider again before it changes anything.
pub(crate) fn settings(config: &Value, env: &Env) -> Result<Option<Settings>, Diagnostic> {
    if !config.is_wholly_known() {
        return Ok(None);
    }
    let cloud = cloud(config, env)?;
    let given = SignInSettings {
        tenant_id: owned(config, "tenant_id"),
        client_id: owned(config, "client_id"),
        client_secret: owned(config, "client_secret").map(SecretString::from),
        oidc_token_file: owned(config, "oidc_token_file_path").map(PathBuf::from),
        use_oidc: config.get("use_oidc").as_bool(),
        use_msi: config.get("use_msi").as_bool(),
        use_cli: config.get("use_cli").as_bool(),
    };
    let sign_in = SignIn::choose(&given, env)
        .map_err(|error| Diagnostic::error("No way to sign in to Azure", sentence(&error)))?;
    let mut settings = Settings::from_env(sign_in, cloud, env);
    settings.user_agent = format!(
        "terraform-provider-keyrotation/{}",
        env!("CARGO_PKG_VERSION")
    );
    Ok(Some(settings))
}

fn cloud(config: &Value, env: &Env) -> Result<Cloud, Diagnostic> {
    let given = owned(config, "environment");
    let from_variable = given.is_none();
    let Some(name) = given.or_else(|| env.var("ARM_ENVIRONMENT")) else {
        return Ok(Cloud::Public);
    };
    name.parse().map_err(|error| {
        let place = if from_variable {
            " It is set by the variable ARM_ENVIRONMENT."
        } else {
            ""
        };
        Diagnostic::error("Unknown cloud", format!("{}{place}", sentence(&error)))
            .at(Path::attribute("environment"))
    })
}

fn owned(config: &Value, name: &str) -> Option<String> {
    config
        .get(name)
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn text(name: &str, description: &str) -> Attribute {
    Attribute::string(name).optional().describe(description)
}

fn switch(name: &str, description: &str) -> Attribute {
    Attribute::bool(name).optional().describe(description)
}
