//! The values of `keyrotation_sas_definition` as domain types, and back.

use azure::cloud::Cloud;
use azure::sas::{Protocol, SasTemplate, SasTemplateError};
use engine::managed::sas::{Definition, DefinitionPlace, DefinitionWish};
use plugin::{Diagnostic, Path, Schema, Value};
use rotation::period::Period;

use crate::convert::{parse_place, tags, tags_value, text};

/// The attributes that say in letters what tokens allow.
pub(super) const LETTERS: [&str; 3] = ["services", "resource_types", "permissions"];

/// The protocol of tokens, where nothing is said about it.
const DEFAULT_PROTOCOL: &str = "https";

/// A definition whose values are all known.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) place: DefinitionPlace,
    pub(super) wish: DefinitionWish,
}

impl Model {
    /// Reads a planned or stored definition.
    pub(super) fn read(value: &Value, cloud: &Cloud) -> Result<Self, Diagnostic> {
        let place = place(value, cloud)?;
        let template_path = Path::attribute("template_uri");
        let template = SasTemplate::parse(&text(value, &template_path))
            .map_err(|error| invalid("Invalid template", &error.to_string(), template_path))?;
        let validity_path = Path::attribute("validity_period");
        let validity = text(value, &validity_path)
            .parse::<Period>()
            .map_err(|error| invalid("Invalid period", &error.to_string(), validity_path))?;
        let enabled = value.get("enabled").as_bool().unwrap_or(true);
        let wish = DefinitionWish {
            template,
            validity,
            enabled,
            tags: tags(value.get("tags")),
        };
        Ok(Self { place, wish })
    }
}

/// Finds where a planned or stored definition stands.
pub(super) fn place(value: &Value, cloud: &Cloud) -> Result<DefinitionPlace, Diagnostic> {
    let policy = Path::attribute("policy_id");
    let enrolment = parse_place(&text(value, &policy), Some(cloud))
        .map_err(|reason| invalid("Not an enrolment of this cloud", &reason, policy))?;
    let name = Path::attribute("name");
    let name = text(value, &name)
        .parse()
        .map_err(|error: azure::id::IdError| invalid("Invalid name", &error.to_string(), name))?;
    Ok(DefinitionPlace { enrolment, name })
}

/// Splits the identifier of a definition, `{policy_id}/sas/{name}`.
pub(crate) fn parse_definition(id: &str, cloud: Option<&Cloud>) -> Result<DefinitionPlace, String> {
    let wrong = || {
        format!(
            "`{id}` is no SAS definition; it has the form \
             https://VAULT.vault.azure.net/storage/ENROLMENT/sas/NAME"
        )
    };
    let (enrolment, name) = id.rsplit_once("/sas/").ok_or_else(wrong)?;
    let enrolment = parse_place(enrolment, cloud)?;
    Ok(DefinitionPlace {
        enrolment,
        name: name.parse().map_err(|_| wrong())?,
    })
}

/// Puts letters together into a template, signed with the newest version that works.
pub(super) fn template_of_letters(value: &Value) -> Result<SasTemplate, SasTemplateError> {
    let part = |name: &str| value.get(name).as_str().unwrap_or_default();
    let protocol = value.get("protocol").as_str().unwrap_or(DEFAULT_PROTOCOL);
    let protocol: Protocol = protocol.parse()?;
    SasTemplate::account(
        part("services"),
        part("resource_types"),
        part("permissions"),
    )
    .protocol(Some(protocol))
    .ip_range(value.get("ip_range").as_str())
    .build()
}

/// Gives the attributes that follow from a template.
pub(super) fn spelled_out(template: &SasTemplate) -> [(&'static str, Value); 7] {
    let protocol = template.protocol().unwrap_or(Protocol::HttpsAndHttp);
    [
        ("services", Value::from(template.services())),
        ("resource_types", Value::from(template.resource_types())),
        ("permissions", Value::from(template.permissions())),
        ("protocol", Value::from(protocol.as_str())),
        ("ip_range", template.ip_range().into()),
        ("template_uri", Value::from(template.to_template_uri())),
        ("signed_version", Value::from(template.signed_version())),
    ]
}

/// Brings a stored definition up to date with what the vault shows.
///
/// What means the same keeps its spelling, so that letters in another order are no difference.
pub(super) fn refresh(stored: &Value, seen: &Definition) -> Value {
    let mut state = stored.clone();
    let stored_template = SasTemplate::parse(&text(stored, &Path::attribute("template_uri"))).ok();
    match SasTemplate::parse(&seen.template_text) {
        Ok(template) if stored_template.is_some_and(|kept| kept.same_meaning(&template)) => {}
        Ok(template) => {
            for (name, value) in spelled_out(&template) {
                state.set(name, value);
            }
        }
        // Made elsewhere in a form that is refused here: shown as it is, so that a plan mends it.
        Err(_) => {
            for name in LETTERS
                .into_iter()
                .chain(["protocol", "ip_range", "signed_version"])
            {
                state.set(name, Value::Null);
            }
            state.set("template_uri", Value::from(seen.template_text.as_str()));
        }
    }
    let stored_validity = text(stored, &Path::attribute("validity_period"))
        .parse::<Period>()
        .ok();
    if stored_validity.is_none() || stored_validity != seen.validity_text.parse().ok() {
        state.set("validity_period", Value::from(seen.validity_text.as_str()));
    }
    state.set("enabled", Value::from(seen.enabled));
    state.set("secret_id", Value::from(seen.secret_id.as_str()));
    if tags(stored.get("tags")) != seen.tags {
        state.set("tags", tags_value(&seen.tags, stored.get("tags")));
    }
    state
}

/// Puts what the vault shows in the place of everything that the plan left open.
pub(super) fn fill(planned: &Value, seen: &Definition) -> Value {
    let mut state = planned.clone();
    if !state.get("secret_id").is_known() {
        state.set("secret_id", Value::from(seen.secret_id.as_str()));
    }
    state
}

/// Gives the state of a definition of which only the place is known; a refresh completes it.
pub(super) fn imported(schema: &Schema, place: &DefinitionPlace) -> Value {
    let mut state = schema.null_object();
    state.set("id", Value::from(place.to_string()));
    state.set("policy_id", Value::from(place.enrolment.to_string()));
    state.set("name", Value::from(place.name.to_string()));
    state
}

/// Gives the configuration that a person would write for a stored definition: letters, or the
/// template where letters cannot say it.
pub(super) fn written(mut state: Value) -> Value {
    let template = SasTemplate::parse(&text(&state, &Path::attribute("template_uri")));
    let by_letters = template.is_ok_and(|template| {
        template_of_letters(&state).is_ok_and(|said| said.same_meaning(&template))
    });
    let other_form: &[&str] = if by_letters {
        &["template_uri"]
    } else {
        &[
            "services",
            "resource_types",
            "permissions",
            "protocol",
            "ip_range",
        ]
    };
    for name in ["id", "secret_id", "signed_version"]
        .iter()
        .chain(other_form)
    {
        state.set(name, Value::Null);
    }
    state
}

fn invalid(summary: &str, reason: &str, path: Path) -> Diagnostic {
    Diagnostic::error(summary, format!("{reason}.")).at(path)
}
