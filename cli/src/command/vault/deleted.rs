//! What a vault keeps of removed enrolments: looking at it, bringing it back, letting it go.

use azure::vault::managed_storage::DeletedManagedStorage;
use clap::Args;
use engine::vault::deleted;
use serde::Serialize;

use super::args::{Form, VaultNameArgs};
use super::confirm::{Consent, confirm};
use super::error::VaultError;
use super::show::{self, conclude, odd, write, write_done};
use super::wire::DeletedWire;
use super::{OneArgs, ShowArgs};
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::Session;
use crate::table::{facts, known, table};

/// Which vault, and how to show it.
#[derive(Debug, Args)]
pub struct DeletedArgs {
    /// Which.
    #[command(flatten)]
    pub vault: VaultNameArgs,
    /// The form of what is shown.
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub format: Form,
}

#[derive(Serialize)]
struct ListWire<'a> {
    deleted_enrolments: Vec<DeletedWire<'a>>,
    unread: &'a [String],
}

#[derive(Serialize)]
struct ShowWire<'a> {
    deleted_enrolment: DeletedWire<'a>,
}

/// Lists what was removed.
pub(super) async fn list(
    args: &DeletedArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let vault = args.vault.vault(session.cloud())?;
    let (found, odds) = deleted::list(&session.reading(), &vault).await?;
    let missing: Vec<_> = odds.iter().map(odd).collect();
    let wire = ListWire {
        deleted_enrolments: found.iter().map(DeletedWire::from).collect(),
        unread: &missing,
    };
    write(args.format, wire, || list_text(&found), streams)?;
    Ok(conclude(&missing, streams))
}

fn list_text(found: &[DeletedManagedStorage]) -> String {
    let row = |one: &DeletedManagedStorage| {
        [
            one.name.to_string(),
            known(one.deleted),
            known(one.scheduled_purge),
            one.resource_id.to_string(),
        ]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    table(["NAME", "DELETED", "GONE FOR GOOD", "ACCOUNT"], &rows)
}

/// Shows one that was removed.
pub(super) async fn show(
    args: &ShowArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let found = deleted::show(&session.reading(), &place).await?;
    let id = || format!("{}/deletedstorage/{}", place.vault, place.name);
    let found = found.ok_or_else(|| VaultError::missing(id()))?;
    let wire = ShowWire {
        deleted_enrolment: DeletedWire::from(&found),
    };
    write(args.look.format, wire, || show_text(&found), streams)?;
    Ok(ExitCode::Passed)
}

fn show_text(found: &DeletedManagedStorage) -> String {
    facts(&[
        ("id", found.id.clone()),
        ("account", found.resource_id.to_string()),
        ("active key", known(found.active_key.as_ref())),
        ("period", known(found.regeneration_period.as_ref())),
        ("deleted", known(found.deleted)),
        ("gone for good", known(found.scheduled_purge)),
    ])
}

/// Brings one back.
pub(super) async fn recover(
    args: &OneArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let plan = [
        format!("brings {place} back with its settings"),
        "the vault renews keys again, reckoned from now".to_owned(),
    ];
    confirm(Consent::of(args.change.yes), &plan, streams)?;
    session
        .change(async |run, _| deleted::recover(run, &place).await)
        .await?;
    let now = session.clock().now();
    let shown = show::print(&place, args.change.format, now, session, streams).await;
    show::conclude_change(shown, streams)
}

/// Removes one for good.
pub(super) async fn purge(
    args: &OneArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let plan = [format!(
        "removes for good what the vault keeps of {place}, its SAS definitions included"
    )];
    confirm(Consent::of(args.change.yes), &plan, streams)?;
    session
        .change(async |run, _| deleted::purge(run, &place).await)
        .await?;
    write_done("purged", &place, args.change.format, streams)
}
