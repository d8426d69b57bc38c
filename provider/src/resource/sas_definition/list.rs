//! `terraform query` for `keyrotation_sas_definition`: the definitions of an enrolment, managed here
//! or not.

use std::sync::Arc;

use azure::vault::sas_definition;
use engine::managed::sas::{self, DefinitionPlace};
use engine::run::Run;
use plugin::{
    Attribute, Context, Diagnostic, Diagnostics, ListRequest, ListResource, Listed, Listing, Path,
    Schema, Value,
};

use super::model::{imported, refresh};
use super::{identity, schema};
use crate::convert::{check, parse_place, text};
use crate::diagnostic;
use crate::list::{LIMIT, understood};
use crate::provider::Shared;

const MANUAL: &str = "Lists the SAS definitions of an enrolled storage account, so that they can \
be imported. No token is minted. Reading takes the storage permissions `getsas` and `listsas` on \
the vault.";

/// The list.
#[derive(Debug)]
pub(crate) struct SasDefinitions {
    shared: Arc<Shared>,
}

impl SasDefinitions {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

#[async_trait::async_trait]
impl ListResource for SasDefinitions {
    fn type_name(&self) -> &'static str {
        "keyrotation_sas_definition"
    }

    fn schema(&self) -> Schema {
        Schema::new(0, MANUAL).attribute(
            Attribute::string("policy_id")
                .required()
                .check(|value| check(value, |text| parse_place(text, None)))
                .describe("The enrolment: `https://{vault}/storage/{name}`."),
        )
    }

    async fn list(
        &self,
        context: &Context,
        request: ListRequest,
        listing: &mut Listing,
    ) -> Diagnostics {
        let told = search(&self.shared, context, &request, listing).await;
        told.unwrap_or_else(Diagnostics::from)
    }
}

async fn search(
    shared: &Shared,
    context: &Context,
    request: &ListRequest,
    listing: &mut Listing,
) -> Result<Diagnostics, Diagnostic> {
    let client = shared.connected()?;
    let path = Path::attribute("policy_id");
    let enrolment = parse_place(&text(&request.config, &path), Some(client.cloud()))
        .map_err(|reason| Diagnostic::error("Not an enrolment", format!("{reason}.")).at(path))?;
    let run = Run::new(&client, shared.clock(), context.token(), LIMIT);
    let records = sas_definition::list(&enrolment.vault, &enrolment.name);
    let records = run
        .list("list the SAS definitions of", &enrolment, records)
        .await
        .map_err(|error| diagnostic::step(&error))?;
    let (items, told) = understood(records);
    for item in items {
        let place = DefinitionPlace {
            enrolment: enrolment.clone(),
            name: item.name,
        };
        let display_name = format!("{} of {}", place.name, enrolment.name);
        let mut listed = Listed::new(identity::of(&place), display_name);
        if request.include_resource {
            match object(&run, &place).await? {
                Some(state) => listed = listed.resource(state),
                // It was deleted since it was listed.
                None => continue,
            }
        }
        if listing.push(listed).await.is_break() {
            break;
        }
    }
    Ok(told)
}

async fn object(run: &Run<'_>, place: &DefinitionPlace) -> Result<Option<Value>, Diagnostic> {
    let found = sas::look_at_definition(run, place)
        .await
        .map_err(|error| diagnostic::step(&error))?;
    Ok(found.map(|seen| refresh(&imported(&schema::schema(), place), &seen)))
}
