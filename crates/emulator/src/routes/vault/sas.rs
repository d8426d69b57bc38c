//! The operations on SAS definitions.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::page::page;
use super::storage::{Attributes, period, place};
use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::{Answer, Context, body};
use crate::sas::SasType;
use crate::wire::vault::{definition, definition_item};
use crate::world::definition::{DefinitionChange, missing};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefinitionBody {
    template_uri: Option<String>,
    sas_type: Option<String>,
    validity_period: Option<String>,
    attributes: Option<Attributes>,
    tags: Option<BTreeMap<String, String>>,
}

pub(super) fn list(context: &mut Context<'_>) -> Answer {
    let (place, account) = (place(context)?, context.part("account"));
    let found = context.world.enrolment(context.vault, account)?;
    page(context, &found.definitions, |entry| {
        definition_item(&place, account, entry, None)
    })
}

pub(super) fn read(context: &mut Context<'_>) -> Answer {
    let (account, name) = (context.part("account"), context.part("sas"));
    let found = context.world.definition(context.vault, account, name)?;
    Ok(Reply::ok(definition(
        &place(context)?,
        account,
        found,
        None,
    )))
}

pub(super) fn set(context: &mut Context<'_>) -> Answer {
    let change = change(context)?;
    let (account, name) = names(context);
    context
        .world
        .set_definition(context.vault, &account, &name, change, context.now)?;
    read(context)
}

pub(super) fn update(context: &mut Context<'_>) -> Answer {
    let change = change(context)?;
    let (account, name) = names(context);
    context
        .world
        .update_definition(context.vault, &account, &name, change, context.now)?;
    read(context)
}

pub(super) fn delete(context: &mut Context<'_>) -> Answer {
    let (account, name) = names(context);
    let (gone, deletion) =
        context
            .world
            .delete_definition(context.vault, &account, &name, context.now)?;
    Ok(Reply::ok(definition(
        &place(context)?,
        &account,
        &gone,
        deletion,
    )))
}

pub(super) fn list_deleted(context: &mut Context<'_>) -> Answer {
    let (place, account) = (place(context)?, context.part("account"));
    let found = context.world.deleted_definitions(context.vault, account)?;
    page(context, found, |(entry, deletion)| {
        definition_item(&place, account, entry, Some(*deletion))
    })
}

pub(super) fn read_deleted(context: &mut Context<'_>) -> Answer {
    let (account, name) = (context.part("account"), context.part("sas"));
    let all = context.world.deleted_definitions(context.vault, account)?;
    let (found, deletion) = all
        .get(&name.to_ascii_lowercase())
        .ok_or_else(|| missing(name))?;
    Ok(Reply::ok(definition(
        &place(context)?,
        account,
        found,
        Some(*deletion),
    )))
}

pub(super) fn recover(context: &mut Context<'_>) -> Answer {
    let (account, name) = names(context);
    context
        .world
        .recover_definition(context.vault, &account, &name)?;
    read(context)
}

fn names(context: &Context<'_>) -> (String, String) {
    (
        context.part("account").to_owned(),
        context.part("sas").to_owned(),
    )
}

fn change(context: &Context<'_>) -> Result<DefinitionChange, Refusal> {
    let sent: DefinitionBody = body(context.call)?;
    let kind = |text: &str| {
        SasType::parse(text).ok_or_else(|| {
            Refusal::bad_parameter(format!("`{text}` is no sasType; account or service is"))
        })
    };
    Ok(DefinitionChange {
        template_uri: sent.template_uri,
        sas_type: sent.sas_type.as_deref().map(kind).transpose()?,
        validity: sent.validity_period.as_deref().map(period).transpose()?,
        enabled: sent.attributes.and_then(|attributes| attributes.enabled),
        tags: sent.tags,
    })
}
