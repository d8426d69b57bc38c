//! `terraform query` for `keyrotation_policy`: the enrolments of a vault, managed here or not.

use std::sync::Arc;

use azure::vault::managed_storage;
use engine::managed::{self, Place};
use engine::run::Run;
use engine::surroundings::Surroundings;
use plugin::{
    Attribute, Context, Diagnostic, Diagnostics, ListRequest, ListResource, Listed, Listing, Path,
    Schema, Value,
};

use super::model::{AccountSeen, Seen, imported, refresh};
use super::{identity, schema};
use crate::convert::{check, parse_vault, text};
use crate::diagnostic;
use crate::list::{LIMIT, understood};
use crate::provider::Shared;

const MANUAL: &str = "Lists the storage accounts that a vault manages, so that they can be \
imported. Reading takes the storage permissions `get` and `list` on the vault.";

/// The list.
#[derive(Debug)]
pub(crate) struct Policies {
    shared: Arc<Shared>,
}

impl Policies {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

#[async_trait::async_trait]
impl ListResource for Policies {
    fn type_name(&self) -> &'static str {
        "keyrotation_policy"
    }

    fn schema(&self) -> Schema {
        Schema::new(0, MANUAL).attribute(
            Attribute::string("vault_uri")
                .required()
                .check(|value| check(value, |text| parse_vault(text, None)))
                .describe("The address of the vault, such as `https://kv1.vault.azure.net/`."),
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
    let path = Path::attribute("vault_uri");
    let vault = parse_vault(&text(&request.config, &path), Some(client.cloud()))
        .map_err(|reason| Diagnostic::error("Not a vault", format!("{reason}.")).at(path))?;
    let run = Run::new(&client, shared.clock(), context.token(), LIMIT);
    let records = managed_storage::list(&vault);
    let records = run
        .list(
            "list the managed storage accounts of",
            vault.host(),
            records,
        )
        .await
        .map_err(|error| diagnostic::step(&error))?;
    let (items, told) = understood(records);
    for item in items {
        let place = Place {
            vault: vault.clone(),
            name: item.name,
        };
        let display_name = format!("{} ({})", place.name, item.resource_id);
        let mut listed = Listed::new(identity::of(&place), display_name);
        if request.include_resource {
            match object(&run, shared.surroundings(), &place).await? {
                Some(state) => listed = listed.resource(state),
                // It was un-enrolled since it was listed.
                None => continue,
            }
        }
        if listing.push(listed).await.is_break() {
            break;
        }
    }
    Ok(told)
}

/// Reads an enrolment in full; an account that cannot be read leaves its part out.
async fn object(
    run: &Run<'_>,
    around: &Surroundings,
    place: &Place,
) -> Result<Option<Value>, Diagnostic> {
    let found = managed::look(run, place)
        .await
        .map_err(|error| diagnostic::step(&error))?;
    let Some(enrolment) = found else {
        return Ok(None);
    };
    let account = match enrolment.account.parse() {
        Ok(id) => around.account(run, &id).await.ok().flatten(),
        Err(_) => None,
    };
    let account = account
        .as_ref()
        .map_or(AccountSeen::Unreadable, AccountSeen::Known);
    let seen = Seen {
        enrolment: &enrolment,
        account,
    };
    Ok(Some(refresh(&imported(&schema::schema(), place), seen)))
}
