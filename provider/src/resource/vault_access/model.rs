//! The values of `keyrotation_vault_access` as domain types, and back.

use azure::arm::authorization::PrincipalType;
use azure::id::VaultId;
use engine::grant::party::{Party, Rights, Standing};
use engine::grant::permissions::Purpose;
use plugin::{Diagnostic, Path, Schema, Value};
use uuid::Uuid;

use crate::convert::{same_spelling, text, vault_uri};

/// How a vault decides whom it lets in.
pub(super) const BY_POLICY: &str = "access_policy";
/// See [`BY_POLICY`].
pub(super) const BY_ROLE: &str = "role";

/// Reads who is to be let in, and what for.
pub(super) fn party(value: &Value) -> Result<Party, Diagnostic> {
    let role_path = Path::attribute("role_definition_id");
    let role = match value.at(&role_path).as_str() {
        Some(given) => Some(role(given).map_err(|reason| invalid(&reason, role_path))?),
        None => None,
    };
    Ok(Party {
        principal: parsed(value, "principal_id")?,
        principal_type: principal_type(&text(value, &Path::attribute("principal_type")))
            .unwrap_or(PrincipalType::ServicePrincipal),
        purpose: parsed(value, "purpose")?,
        role,
    })
}

/// Reads the resource id of the vault, if the configuration or an earlier run tells it.
pub(super) fn vault_id(value: &Value) -> Option<VaultId> {
    value.get("vault_id").as_str()?.parse().ok()
}

/// Reads what a principal is.
pub(super) fn principal_type(text: &str) -> Result<PrincipalType, String> {
    match text {
        "ServicePrincipal" => Ok(PrincipalType::ServicePrincipal),
        "User" => Ok(PrincipalType::User),
        "Group" => Ok(PrincipalType::Group),
        _ => Err(format!(
            "`{text}` is no type of a principal; it is `ServicePrincipal`, `User` or `Group`"
        )),
    }
}

/// Reads a role by its GUID, alone or at the end of its resource id.
pub(super) fn role(text: &str) -> Result<Uuid, String> {
    let last = text.rsplit('/').next().unwrap_or_default();
    last.parse().map_err(|_| {
        format!("`{text}` is no role definition; it is a GUID, or a resource id that ends with one")
    })
}

/// What a purpose comes to in a vault that works in a known way.
pub(super) struct Needed {
    pub(super) storage: Value,
    pub(super) secrets: Value,
    pub(super) role: Value,
}

impl Needed {
    /// Tells what a purpose needs; `None` if the way is not known.
    pub(super) fn of(purpose: Purpose, own_role: Option<Uuid>, mode: &str) -> Option<Self> {
        let rights = match mode {
            BY_POLICY => Rights::Policy(purpose.permissions()),
            BY_ROLE => Rights::Role(true),
            _ => return None,
        };
        Some(Self::held(&rights, purpose, own_role))
    }

    fn held(rights: &Rights, purpose: Purpose, own_role: Option<Uuid>) -> Self {
        let words = |words: &std::collections::BTreeSet<String>| {
            Value::list(words.iter().map(|word| Value::from(word.as_str())))
        };
        let none = || Value::list([]);
        match rights {
            Rights::Policy(held) => Self {
                storage: words(&held.storage),
                secrets: words(&held.secrets),
                role: Value::Null,
            },
            Rights::Role(held) => {
                let role = own_role.unwrap_or(purpose.role().id);
                Self {
                    storage: none(),
                    secrets: none(),
                    role: held.then(|| role.to_string()).into(),
                }
            }
        }
    }

    /// Writes it into a state.
    pub(super) fn write(self, state: &mut Value) {
        state.set("storage_permissions", self.storage);
        state.set("secret_permissions", self.secrets);
        state.set("role", self.role);
    }
}

/// Brings a planned or stored access up to date with how the party stands.
pub(super) fn seen(state: &Value, party: &Party, standing: &Standing) -> Value {
    let mut state = state.clone();
    for (name, value) in [
        ("vault_id", standing.vault.to_string()),
        ("vault_uri", vault_uri(&standing.url)),
    ] {
        // What was written in another spelling stays as it was written.
        if !same_spelling(&text(&state, &Path::attribute(name)), &value) {
            state.set(name, Value::from(value));
        }
    }
    let id = identifier(&state);
    state.set("id", id);
    let mode = match standing.held {
        Rights::Policy(_) => BY_POLICY,
        Rights::Role(_) => BY_ROLE,
    };
    state.set("mode", Value::from(mode));
    Needed::held(&standing.held, party.purpose, party.role).write(&mut state);
    state
}

/// Gives the identifier of an access; unknown as long as a part of it is.
pub(super) fn identifier(value: &Value) -> Value {
    let part = |name: &str| value.get(name).as_str().map(str::to_owned);
    match (part("vault_id"), part("principal_id"), part("purpose")) {
        (Some(vault), Some(principal), Some(purpose)) => {
            Value::from(format!("{vault}/access/{principal}/{purpose}"))
        }
        _ => Value::unknown(),
    }
}

/// Gives the state of an access of which only the identifier is known; a refresh completes it.
pub(super) fn imported(schema: &Schema, id: &str) -> Result<Value, String> {
    let wrong =
        || format!("`{id}` is no access; it has the form VAULT_ID/access/PRINCIPAL_ID/PURPOSE");
    let (vault, party) = id.split_once("/access/").ok_or_else(wrong)?;
    let (principal, purpose) = party.split_once('/').ok_or_else(wrong)?;
    let vault: VaultId = vault.parse().map_err(|_| wrong())?;
    let purpose: Purpose = purpose.parse().map_err(|error| format!("{error}"))?;
    principal
        .parse::<azure::id::PrincipalId>()
        .map_err(|_| wrong())?;
    let mut state = schema.null_object();
    state.set("id", Value::from(id));
    state.set("vault_id", Value::from(vault.to_string()));
    state.set("principal_id", Value::from(principal));
    state.set("principal_type", Value::from("ServicePrincipal"));
    state.set("purpose", Value::from(purpose.as_str()));
    Ok(state)
}

fn parsed<T: std::str::FromStr<Err: ToString>>(value: &Value, name: &str) -> Result<T, Diagnostic> {
    let path = Path::attribute(name);
    text(value, &path)
        .parse()
        .map_err(|error: T::Err| invalid(&error.to_string(), path))
}

fn invalid(reason: &str, path: Path) -> Diagnostic {
    Diagnostic::error("Invalid value", format!("{reason}.")).at(path)
}
