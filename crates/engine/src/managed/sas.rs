//! The life of a SAS definition: the vault's recipe for short-lived tokens.
//!
//! Deleting a definition removes its secret from the vault. Tokens minted before stay good until
//! they expire or their key is regenerated.

use azure::error::Error;
use azure::id::SasDefinitionName;
use azure::sas::SasTemplate;
use azure::vault::sas_definition::{self, NewSasDefinition, SasDefinition, SasDefinitionUpdate};
use rotation::period::Period;

use super::Place;
use crate::precheck::Deleted;
use crate::run::{Halt, Pauses, Run, StepError, absent};

/// Where a SAS definition stands: a name under an enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionPlace {
    /// The enrolment it belongs to.
    pub enrolment: Place,
    /// Its name.
    pub name: SasDefinitionName,
}

impl std::fmt::Display for DefinitionPlace {
    /// Writes the identifier that Key Vault gives the definition.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/sas/{}", self.enrolment, self.name)
    }
}

/// The definition that somebody wants.
#[derive(Clone, Debug)]
pub struct DefinitionWish {
    /// What its tokens allow.
    pub template: SasTemplate,
    /// How long each token is good.
    pub validity: Period,
    /// Whether the vault hands out tokens.
    pub enabled: bool,
    /// The tags on the vault's record.
    pub tags: std::collections::BTreeMap<String, String>,
}

/// A definition as the vault shows it.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The address of the secret that hands out tokens.
    pub secret_id: String,
    /// What its tokens allow, as the vault spells it, without any signature.
    pub template_text: String,
    /// How long each token is good, as the vault spells it.
    pub validity_text: String,
    /// Whether the vault hands out tokens.
    pub enabled: bool,
    /// The tags on the vault's record.
    pub tags: std::collections::BTreeMap<String, String>,
}

impl Definition {
    fn read(definition: SasDefinition) -> Self {
        Self {
            secret_id: definition.secret_id,
            template_text: definition.template_uri,
            validity_text: definition.validity_period,
            enabled: definition.enabled,
            tags: definition.tags,
        }
    }

    /// Tells whether the vault's record means what is wanted, whatever its spelling.
    pub fn means(&self, wish: &DefinitionWish) -> bool {
        let template = SasTemplate::parse(&self.template_text);
        template.is_ok_and(|template| template.same_meaning(&wish.template))
            && self.validity_text.parse() == Ok(wish.validity)
            && self.enabled == wish.enabled
            && self.tags == wish.tags
    }
}

/// A SAS definition could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DefineError {
    /// A request failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The vault holds a definition of that name, with another content.
    #[error("`{place}` exists already, with another content")]
    Exists {
        /// The identifier of the definition.
        place: String,
    },
    /// A deleted definition holds the name, and is not to be recovered.
    #[error("a deleted SAS definition holds the name `{place}`")]
    Deleted {
        /// The identifier of the definition.
        place: String,
    },
    /// The operation was asked to stop before anything was sent.
    #[error(transparent)]
    Halted(#[from] Halt),
}

/// A SAS definition that the vault now holds.
#[derive(Debug)]
pub struct Defined {
    /// What the vault holds.
    pub definition: Definition,
    /// Why it is not yet as wanted, if it is not.
    pub unfinished: Option<StepError>,
}

impl From<Definition> for Defined {
    fn from(definition: Definition) -> Self {
        Self {
            definition,
            unfinished: None,
        }
    }
}

/// Makes a SAS definition, recovers a deleted one unless it is not to be, or adopts one that already
/// is as wanted.
///
/// # Cancellation
/// A run that ends anywhere leaves no definition, or one that the next run adopts; a run that is
/// killed after it recovered a deleted definition leaves one that has to be imported.
///
/// # Errors
/// The definition is somebody else's, or Azure refused. Nothing was overwritten.
pub async fn define(
    run: &Run<'_>,
    place: &DefinitionPlace,
    wish: &DefinitionWish,
    deleted: Deleted,
) -> Result<Defined, DefineError> {
    match look_at_definition(run, place).await? {
        Some(present) if present.means(wish) => return Ok(present.into()),
        Some(_) => {
            return Err(DefineError::Exists {
                place: place.to_string(),
            });
        }
        None => {}
    }
    let (vault, account) = (&place.enrolment.vault, &place.enrolment.name);
    let new = NewSasDefinition {
        template: wish.template.clone(),
        validity_period: wish.validity.to_string(),
        enabled: wish.enabled,
        tags: wish.tags.clone(),
    };
    let request = sas_definition::set(vault, account, &place.name, &new);
    match run.send("define the SAS", place, request).await {
        Ok(made) => Ok(Definition::read(made).into()),
        Err(error) if error.is(Error::is_conflict) => {
            recover(run, place, wish, deleted, error).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn recover(
    run: &Run<'_>,
    place: &DefinitionPlace,
    wish: &DefinitionWish,
    deleted: Deleted,
    conflict: StepError,
) -> Result<Defined, DefineError> {
    let (vault, account) = (&place.enrolment.vault, &place.enrolment.name);
    let request = sas_definition::get_deleted(vault, account, &place.name);
    if run
        .send("read the deleted SAS definition", place, request)
        .await
        .is_err()
    {
        // Not a deleted definition either: the conflict has another reason, which Azure named.
        return Err(conflict.into());
    }
    if deleted == Deleted::Refuse {
        return Err(DefineError::Deleted {
            place: place.to_string(),
        });
    }
    let request = sas_definition::recover(vault, account, &place.name);
    match run
        .send("recover the deleted SAS definition", place, request)
        .await
    {
        Err(error) if !error.is(|azure| azure.may_have_executed() || azure.is_not_found()) => {
            return Err(error.into());
        }
        _ => {}
    }
    let back = wait_until_it_lives(run, place).await?;
    // From here on the definition exists: what fails now is left for the next run.
    match redefine(run, place, wish).await {
        Ok(definition) => Ok(definition.into()),
        Err(error) => Ok(Defined {
            definition: back,
            unfinished: Some(error),
        }),
    }
}

/// A recovered definition takes a moment to appear.
async fn wait_until_it_lives(
    run: &Run<'_>,
    place: &DefinitionPlace,
) -> Result<Definition, DefineError> {
    let mut pauses = Pauses::new();
    loop {
        if let Some(definition) = look_at_definition(run, place).await? {
            return Ok(definition);
        }
        run.pause(pauses.next()).await?;
    }
}

/// Brings a SAS definition up to date.
///
/// # Cancellation
/// The one request sets absolute values, so it may be repeated.
///
/// # Errors
/// Azure's refusal; nothing was changed then.
pub async fn redefine(
    run: &Run<'_>,
    place: &DefinitionPlace,
    wish: &DefinitionWish,
) -> Result<Definition, StepError> {
    let update = SasDefinitionUpdate {
        template: Some(wish.template.clone()),
        validity_period: Some(wish.validity.to_string()),
        enabled: Some(wish.enabled),
        tags: Some(wish.tags.clone()),
    };
    let (vault, account) = (&place.enrolment.vault, &place.enrolment.name);
    let request = sas_definition::update(vault, account, &place.name, &update);
    run.send("change the SAS definition", place, request)
        .await
        .map(Definition::read)
}

/// Looks up a SAS definition; `None` if the vault holds nothing living under the name.
///
/// # Errors
/// Azure's refusal. A refusal is never an absence.
pub async fn look_at_definition(
    run: &Run<'_>,
    place: &DefinitionPlace,
) -> Result<Option<Definition>, StepError> {
    let (vault, account) = (&place.enrolment.vault, &place.enrolment.name);
    let request = sas_definition::get(vault, account, &place.name);
    let found = absent(run.send("read the SAS definition", place, request).await)?;
    Ok(found.map(Definition::read))
}

/// Deletes a SAS definition; one that is gone already is no error.
///
/// # Cancellation
/// Deleting can be repeated.
///
/// # Errors
/// Azure's refusal; the vault still hands out tokens then.
pub async fn undefine(run: &Run<'_>, place: &DefinitionPlace) -> Result<(), StepError> {
    let (vault, account) = (&place.enrolment.vault, &place.enrolment.name);
    let request = sas_definition::delete(vault, account, &place.name);
    absent(run.send("delete the SAS definition", place, request).await)?;
    Ok(())
}
