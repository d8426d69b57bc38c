//! The identity of a `keyrotation_policy`: the vault and the name of its enrolment.
//!
//! Key Vault tells no letter case apart in either, and a core refuses an identity that changes; so
//! it is always written in lower case, whatever the configuration does.

use azure::cloud::Cloud;
use engine::managed::Place;
use plugin::{Diagnostic, IdentityAttribute, IdentitySchema, Path, Value};

use crate::convert::{identity_part, parse_place, parse_vault, text, vault_uri};

/// Describes the identity.
pub(super) fn schema() -> IdentitySchema {
    IdentitySchema::new(0)
        .attribute(
            IdentityAttribute::string("vault_uri")
                .describe("The address of the vault, such as `https://kv1.vault.azure.net/`."),
        )
        .attribute(
            IdentityAttribute::string("name").describe("The name of the enrolment in the vault."),
        )
}

/// Gives the identity of an enrolment.
pub(super) fn of(place: &Place) -> Value {
    Value::object([
        ("vault_uri", Value::from(vault_uri(&place.vault))),
        (
            "name",
            Value::from(place.name.as_str().to_ascii_lowercase()),
        ),
    ])
}

/// Gives the identity of a planned or stored policy; null as long as its id is open.
pub(super) fn of_state(state: &Value) -> Value {
    let id = text(state, &Path::attribute("id"));
    parse_place(&id, None).map_or(Value::Null, |place| of(&place))
}

/// Finds the enrolment of an identity.
pub(super) fn place(identity: &Value, cloud: Option<&Cloud>) -> Result<Place, Diagnostic> {
    let vault = identity_part(identity, "vault_uri", |text| parse_vault(text, cloud))?;
    let name = identity_part(identity, "name", str::parse)?;
    Ok(Place { vault, name })
}
