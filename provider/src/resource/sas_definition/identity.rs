//! The identity of a `keyrotation_sas_definition`: vault, enrolment and name.
//!
//! It is always written in lower case, for the reasons given at the identity of a policy.

use azure::cloud::Cloud;
use engine::managed::Place;
use engine::managed::sas::DefinitionPlace;
use plugin::{Diagnostic, IdentityAttribute, IdentitySchema, Path, Value};

use super::model::parse_definition;
use crate::convert::{identity_part, parse_vault, text, vault_uri};

/// Describes the identity.
pub(super) fn schema() -> IdentitySchema {
    let part =
        |name: &str, description: &str| IdentityAttribute::string(name).describe(description);
    IdentitySchema::new(0)
        .attribute(part(
            "vault_uri",
            "The address of the vault, such as `https://kv1.vault.azure.net/`.",
        ))
        .attribute(part("enrolment", "The name of the enrolment in the vault."))
        .attribute(part("name", "The name of the definition."))
}

/// Gives the identity of a definition.
pub(super) fn of(place: &DefinitionPlace) -> Value {
    let DefinitionPlace { enrolment, name } = place;
    let lower = |name: &str| Value::from(name.to_ascii_lowercase());
    Value::object([
        ("vault_uri", Value::from(vault_uri(&enrolment.vault))),
        ("enrolment", lower(enrolment.name.as_str())),
        ("name", lower(name.as_str())),
    ])
}

/// Gives the identity of a planned or stored definition; null as long as its id is open.
pub(super) fn of_state(state: &Value) -> Value {
    let id = text(state, &Path::attribute("id"));
    parse_definition(&id, None).map_or(Value::Null, |place| of(&place))
}

/// Finds the definition of an identity.
pub(super) fn place(
    identity: &Value,
    cloud: Option<&Cloud>,
) -> Result<DefinitionPlace, Diagnostic> {
    let enrolment = Place {
        vault: identity_part(identity, "vault_uri", |text| parse_vault(text, cloud))?,
        name: identity_part(identity, "enrolment", str::parse)?,
    };
    let name = identity_part(identity, "name", str::parse)?;
    Ok(DefinitionPlace { enrolment, name })
}
