//! The identifiers that Key Vault gives what is in a vault, read into places. Pure.

use azure::cloud::Cloud;
use azure::id::{IdError, VaultUrl};
use engine::direct::SecretPlace;
use engine::managed::Place;
use engine::managed::sas::DefinitionPlace;

/// A text is no identifier of what is meant.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceIdError {
    #[error("`{id}` is not an identifier of the form {form}")]
    Form { id: String, form: &'static str },
    #[error(transparent)]
    Part(#[from] IdError),
}

/// Reads the identifier of an enrolment.
///
/// # Errors
/// Another form, or parts that cannot be.
pub(crate) fn enrolment(id: &str, cloud: &Cloud) -> Result<Place, PlaceIdError> {
    let (vault, name) = split(id, "/storage/", "https://VAULT/storage/NAME")?;
    Ok(Place {
        vault: VaultUrl::parse(vault, cloud)?,
        name: name.parse()?,
    })
}

/// Reads the identifier of a SAS definition.
///
/// # Errors
/// Another form, or parts that cannot be.
pub(crate) fn definition(id: &str, cloud: &Cloud) -> Result<DefinitionPlace, PlaceIdError> {
    const FORM: &str = "https://VAULT/storage/ACCOUNT/sas/NAME";
    let (above, name) = split(id, "/sas/", FORM)?;
    let above = enrolment(above, cloud).map_err(|error| match error {
        PlaceIdError::Form { .. } => PlaceIdError::Form {
            id: id.to_owned(),
            form: FORM,
        },
        other => other,
    })?;
    Ok(DefinitionPlace {
        enrolment: above,
        name: name.parse()?,
    })
}

/// Reads the identifier of a secret.
///
/// # Errors
/// Another form, or parts that cannot be.
pub(crate) fn secret(id: &str, cloud: &Cloud) -> Result<SecretPlace, PlaceIdError> {
    let (vault, name) = split(id, "/secrets/", "https://VAULT/secrets/NAME")?;
    Ok(SecretPlace {
        vault: VaultUrl::parse(vault, cloud)?,
        name: name.parse()?,
    })
}

fn split<'a>(
    id: &'a str,
    at: &str,
    form: &'static str,
) -> Result<(&'a str, &'a str), PlaceIdError> {
    let parts = id.trim_end_matches('/').split_once(at);
    parts.ok_or_else(|| PlaceIdError::Form {
        id: id.to_owned(),
        form,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_read_and_written_back() {
        let vault = "https://kv1.vault.azure.net";
        let cloud = Cloud::Public;
        let id = format!("{vault}/storage/stlogs/sas/read");
        let found = definition(&format!("{id}/"), &cloud).map(|place| place.to_string());
        assert_eq!(found.ok(), Some(id));
        let id = format!("{vault}/secrets/st-key");
        let found = secret(&id, &cloud).map(|place| place.to_string());
        assert_eq!(found.ok(), Some(id));
    }

    #[test]
    fn what_is_no_identifier_says_which_form_it_needs() {
        let check = |id: &str, expected: &str| {
            let found = definition(id, &Cloud::Public).map_err(|error| error.to_string());
            let said = found.err().unwrap_or_default();
            assert!(said.contains(expected), "{id}: {said}");
        };
        check(
            "https://kv1.vault.azure.net/storage/a",
            "/storage/ACCOUNT/sas/NAME",
        );
        check(
            "https://kv1.vault.azure.net/keys/a/sas/b",
            "/storage/ACCOUNT/sas/NAME",
        );
        check("https://evil.example/storage/a/sas/b", "evil.example");
        check("https://kv1.vault.azure.net/storage/a/sas/b c", "b c");
    }
}
