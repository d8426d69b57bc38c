//! Showing SAS definitions, living and deleted.

use azure::vault::sas_definition::DeletedSasDefinition;
use engine::managed::sas::{Definition, DefinitionPlace, look_at_definition};
use engine::vault::sas;
use serde::Serialize;

use super::super::args::Form;
use super::super::error::VaultError;
use super::super::show::{conclude, odd, write};
use super::super::wire::{DefinitionWire, DeletedDefinitionWire};
use super::args::{ListArgs, ShowArgs};
use crate::error::chain;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::Session;
use crate::table::{facts, known, table, yes_no};

#[derive(Serialize)]
struct ListWire<'a> {
    sas_definitions: Vec<DefinitionWire<'a>>,
    unread: &'a [String],
}

#[derive(Serialize)]
struct ShowWire<'a> {
    sas_definition: DefinitionWire<'a>,
}

#[derive(Serialize)]
struct ListDeletedWire<'a> {
    deleted_sas_definitions: Vec<DeletedDefinitionWire<'a>>,
    unread: &'a [String],
}

#[derive(Serialize)]
struct ShowDeletedWire<'a> {
    deleted_sas_definition: DeletedDefinitionWire<'a>,
}

/// Lists the definitions of an enrolment.
pub(super) async fn list(
    args: &ListArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place(session.cloud())?;
    let (read, odds) = sas::list(&session.reading(), &place).await?;
    let (mut found, mut missing) = (Vec::new(), odds.iter().map(odd).collect::<Vec<_>>());
    for (place, definition) in read {
        match definition {
            Ok(Some(definition)) => found.push((place, definition)),
            Ok(None) => {}
            Err(error) => missing.push(chain(&error)),
        }
    }
    let wire = ListWire {
        sas_definitions: found
            .iter()
            .map(|(place, definition)| DefinitionWire::of(place, definition))
            .collect(),
        unread: &missing,
    };
    write(args.format, wire, || list_text(&found), streams)?;
    Ok(conclude(&missing, streams))
}

fn list_text(found: &[(DefinitionPlace, Definition)]) -> String {
    let row = |(place, definition): &(DefinitionPlace, Definition)| {
        [
            place.name.to_string(),
            definition.validity_text.clone(),
            yes_no(definition.enabled),
            definition.template_text.clone(),
        ]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    table(["NAME", "VALIDITY", "ENABLED", "TEMPLATE"], &rows)
}

/// Shows one definition.
pub(super) async fn show(
    args: &ShowArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    print(&place, args.format, session, streams).await
}

/// Shows one definition as it is now.
pub(super) async fn print(
    place: &DefinitionPlace,
    format: Form,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let found = present(place, session).await?;
    let wire = ShowWire {
        sas_definition: DefinitionWire::of(place, &found),
    };
    write(format, wire, || show_text(place, &found), streams)?;
    Ok(ExitCode::Passed)
}

/// Reads a definition.
pub(super) async fn present(
    place: &DefinitionPlace,
    session: &Session,
) -> Result<Definition, VaultError> {
    let found = look_at_definition(&session.reading(), place).await?;
    found.ok_or_else(|| VaultError::missing(place))
}

fn show_text(place: &DefinitionPlace, found: &Definition) -> String {
    facts(&[
        ("id", place.to_string()),
        ("secret", found.secret_id.clone()),
        ("template", found.template_text.clone()),
        ("validity", found.validity_text.clone()),
        ("enabled", yes_no(found.enabled)),
    ])
}

/// Lists the deleted definitions of an enrolment.
pub(super) async fn list_deleted(
    args: &ListArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place(session.cloud())?;
    let (found, odds) = sas::list_deleted(&session.reading(), &place).await?;
    let missing: Vec<_> = odds.iter().map(odd).collect();
    let wire = ListDeletedWire {
        deleted_sas_definitions: found.iter().map(DeletedDefinitionWire::from).collect(),
        unread: &missing,
    };
    write(args.format, wire, || deleted_text(&found), streams)?;
    Ok(conclude(&missing, streams))
}

fn deleted_text(found: &[DeletedSasDefinition]) -> String {
    let row = |one: &DeletedSasDefinition| {
        [
            one.name.to_string(),
            known(one.deleted),
            known(one.scheduled_purge),
        ]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    table(["NAME", "DELETED", "GONE FOR GOOD"], &rows)
}

/// Shows one deleted definition.
pub(super) async fn show_deleted(
    args: &ShowArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let found = sas::show_deleted(&session.reading(), &place).await?;
    let found = found.ok_or_else(|| VaultError::missing(format!("{place}, deleted")))?;
    let wire = ShowDeletedWire {
        deleted_sas_definition: DeletedDefinitionWire::from(&found),
    };
    let lines = || {
        facts(&[
            ("id", found.id.clone()),
            ("template", known(found.template_uri.as_ref())),
            ("validity", known(found.validity_period.as_ref())),
            ("deleted", known(found.deleted)),
            ("gone for good", known(found.scheduled_purge)),
        ])
    };
    write(args.format, wire, lines, streams)?;
    Ok(ExitCode::Passed)
}
