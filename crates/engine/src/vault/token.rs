//! A token on request: reading the secret of a SAS definition mints one.

use azure::SasToken;
use azure::id::{IdError, SecretName};
use azure::vault::secret;
use jiff::Timestamp;

use crate::deliver::trust::Key;
use crate::managed::sas::DefinitionPlace;
use crate::run::{Run, StepError};

/// A token that was minted just now.
#[derive(Debug)]
pub struct Minted {
    /// The token.
    pub token: SasToken,
    /// When the vault says that it expires.
    pub expires: Option<Timestamp>,
}

/// No token was minted.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The request failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The names of enrolment and definition make no name of a secret.
    #[error("`{place}` cannot have a secret")]
    Name {
        /// The identifier of the definition.
        place: String,
        /// The rule that it breaks.
        source: IdError,
    },
    /// The secret belongs to a SAS definition: every reading makes another token.
    #[error(
        "the secret `{secret}` mints a token each time it is read; name its SAS definition instead, \
         https://VAULT/storage/ACCOUNT/sas/NAME"
    )]
    Minted {
        /// The address of the secret.
        secret: String,
    },
    /// The vault signs with a key that the account has no longer.
    #[error("{}", .0.death())]
    DeadKey(Key),
    /// The secret belongs to no SAS definition.
    #[error("the secret `{secret}` is not minted by the vault, so it belongs to no SAS definition")]
    NoToken {
        /// The address of the secret.
        secret: String,
    },
}

/// Mints a token of a SAS definition. Nothing is changed.
///
/// # Errors
/// Azure's refusal, or a secret that is none of the vault's own.
pub async fn mint(run: &Run<'_>, place: &DefinitionPlace) -> Result<Minted, TokenError> {
    let vault = &place.enrolment.vault;
    let name: SecretName = format!("{}-{}", place.enrolment.name, place.name)
        .parse()
        .map_err(|source| TokenError::Name {
            place: place.to_string(),
            source,
        })?;
    let shown = format!("{}/secrets/{name}", vault.as_str());
    let request = secret::get(vault, &name);
    let secret = run.send("read the secret", &shown, request).await?;
    if !secret.managed {
        return Err(TokenError::NoToken { secret: shown });
    }
    Ok(Minted {
        token: secret.value.into(),
        expires: secret.expires,
    })
}
