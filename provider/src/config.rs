//! The provider block and its environment, read into settings.

mod cloud;
pub(crate) mod features;
mod sending;
mod sign_in;

use azure::client::Settings;
use azure::env::Env;
use azure::identity::SignIn;
use plugin::{Attribute, Diagnostic, Diagnostics, Schema, Value};

/// Describes the provider block.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new(
        0,
        "Rotates the keys of Azure Storage accounts and proves that they are rotated.\n\n\
         Every argument can be left out. What is not set is taken from the variable that its \
         description names, as in the `azurerm` provider, then from the `AZURE_*` variables of \
         Microsoft's own tools. `HTTPS_PROXY`, `NO_PROXY` and `SSL_CERT_FILE` are obeyed.\n\n\
         There is one way to sign in: the first that the block names, else the first that `ARM_*` \
         variables name, else the first that `AZURE_*` variables name, in this order: certificate, \
         secret, token of another issuer, workload identity of a cluster, managed identity, `az \
         login`. If something is missing for it, no other way is tried.",
    );
    let attributes = cloud::attributes()
        .into_iter()
        .chain(sign_in::attributes())
        .chain(features::attributes())
        .chain(sending::attributes());
    attributes.fold(schema, Schema::attribute)
}

/// Checks what can be checked before anything of the surroundings is known.
///
/// A cloud that is described here is known from now on: the names of its vaults are valid.
pub(crate) fn check(block: &Value) -> Diagnostics {
    let nothing = Env::from_pairs::<&str, &str>([]);
    let mut diagnostics = Diagnostics::new();
    let is_settled = |name: &str| block.get(name).is_wholly_known();
    // Whether endpoints go with the cloud may depend on the variable, which is not asked yet.
    if is_settled("environment")
        && is_settled("cloud_endpoints")
        && owned(block, "environment").is_some()
        && let Err(diagnostic) = cloud::read(block, &nothing)
    {
        diagnostics.push(diagnostic);
    }
    if let Err(error) = sign_in::read(block).check() {
        diagnostics.push(sign_in::refusal(&error));
    }
    diagnostics
}

/// Reads the provider block into the settings of a client.
///
/// `None` if a value is not known yet: then nothing can be read, and the core will configure the
/// provider again before it changes anything.
pub(crate) fn settings(block: &Value, env: &Env) -> Result<Option<Settings>, Diagnostic> {
    if !block.is_wholly_known() {
        return Ok(None);
    }
    let cloud = cloud::read(block, env)?;
    let sign_in =
        SignIn::choose(&sign_in::read(block), env).map_err(|error| sign_in::refusal(&error))?;
    let mut settings = Settings::from_env(sign_in, cloud, env);
    sending::apply(&mut settings, block, env)?;
    Ok(Some(settings))
}

/// Gives a text that is set, known and not empty.
fn owned(block: &Value, name: &str) -> Option<String> {
    block
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

#[cfg(test)]
mod tests;
