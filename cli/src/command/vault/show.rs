//! Showing enrolments: as a table, fact by fact, or as JSON.

use std::collections::BTreeMap;
use std::fmt::Display;

use engine::managed::Place;
use engine::vault::Odd;
use engine::vault::entries::{self, Entry};
use jiff::Timestamp;
use rotation::slot::KeySlot;
use serde::Serialize;

use super::ShowArgs;
use super::args::{Form, ListArgs, LookArgs};
use super::error::VaultError;
use super::wire::{Document, EntryWire, age_days, renewal, unread};
use crate::error::chain;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::Session;
use crate::table::{facts, known, table, yes_no};

#[derive(Serialize)]
struct ListWire<'a> {
    as_of: String,
    enrolments: Vec<EntryWire<'a>>,
    unread: &'a [String],
}

#[derive(Serialize)]
struct ShowWire<'a> {
    as_of: String,
    enrolment: EntryWire<'a>,
    unread: &'a [String],
}

/// Lists the enrolments of a vault.
pub(super) async fn list(
    args: &ListArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let vault = args.vault.vault(session.cloud())?;
    let run = session.reading();
    let found = entries::list(&run, session.around(), &vault).await?;
    let now = now(&args.look, session);
    let mut missing: Vec<_> = found.odd.iter().map(odd).collect();
    missing.extend(found.unread.iter().map(|error| chain(error)));
    let wire = ListWire {
        as_of: now.to_string(),
        enrolments: wires(&found.entries, now),
        unread: &missing,
    };
    let text = || list_text(&found.entries, now);
    write(args.look.format, wire, text, streams)?;
    missing.extend(found.entries.iter().flat_map(unread));
    Ok(conclude(&missing, streams))
}

fn wires(entries: &[Entry], now: Timestamp) -> Vec<EntryWire<'_>> {
    entries
        .iter()
        .map(|entry| EntryWire::of(entry, now))
        .collect()
}

/// Shows one enrolment.
pub(super) async fn show(
    args: &ShowArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let now = now(&args.look, session);
    print(&place, args.look.format, now, session, streams).await
}

/// Shows one enrolment as it is now.
pub(super) async fn print(
    place: &Place,
    format: Form,
    now: Timestamp,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let run = session.reading();
    let found = entries::show(&run, session.around(), place).await?;
    let (entry, errors) = found.ok_or_else(|| VaultError::missing(place))?;
    let mut missing: Vec<_> = errors.iter().map(|error| chain(error)).collect();
    let wire = ShowWire {
        as_of: now.to_string(),
        enrolment: EntryWire::of(&entry, now),
        unread: &missing,
    };
    write(format, wire, || show_text(&entry, now), streams)?;
    missing.extend(unread(&entry));
    Ok(conclude(&missing, streams))
}

/// Gives the moment that ages are reckoned for.
pub(super) fn now(look: &LookArgs, session: &Session) -> Timestamp {
    look.as_of.unwrap_or_else(|| session.clock().now())
}

/// Writes a result in the form that was asked for.
pub(super) fn write(
    format: Form,
    wire: impl Serialize,
    text: impl FnOnce() -> String,
    streams: &mut Streams,
) -> Result<(), VaultError> {
    let text = match format {
        Form::Table => text(),
        Form::Json => {
            let json = serde_json::to_string_pretty(&Document::of(wire));
            format!(
                "{}\n",
                json.map_err(|error| VaultError::Write(error.into()))?
            )
        }
    };
    streams.result(&text).map_err(VaultError::Write)
}

/// Writes that something was done to an object of a vault.
pub(super) fn write_done(
    done: &'static str,
    object: impl Display,
    format: Form,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let wire = BTreeMap::from([(done, object.to_string())]);
    write(format, wire, || format!("{done} {object}\n"), streams)?;
    Ok(ExitCode::Passed)
}

/// Tells what could not be read, and picks the exit code.
pub(super) fn conclude(missing: &[String], streams: &mut Streams) -> ExitCode {
    for reason in missing {
        streams.say(&format!("not read: {reason}"));
    }
    if missing.is_empty() {
        ExitCode::Passed
    } else {
        ExitCode::Unproven
    }
}

/// Says that a change was made which could not be shown whole, and how to look at it.
///
/// # Errors
/// The result could not be written.
pub(super) fn conclude_change(
    shown: Result<ExitCode, VaultError>,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    match shown {
        Ok(ExitCode::Unproven) => {
            streams.say("the change was made; look again with the command `show`");
            Ok(ExitCode::Unproven)
        }
        Err(error) if !matches!(error, VaultError::Write(_)) => {
            let reason = chain(&error);
            streams.say(&format!(
                "the change was made, and could not be shown: {reason}; look again with the \
                 command `show`"
            ));
            Ok(ExitCode::Unproven)
        }
        shown => shown,
    }
}

/// Says which element of a list could not be understood.
pub(super) fn odd(odd: &Odd) -> String {
    format!("cannot understand `{}`: {}", odd.id, odd.reason)
}

fn list_text(entries: &[Entry], now: Timestamp) -> String {
    let titles = [
        "NAME",
        "ACCOUNT",
        "ACTIVE",
        "PERIOD",
        "KEY1",
        "KEY2",
        "NEXT TURN",
        "RENEWAL",
    ];
    let rows: Vec<_> = entries.iter().map(|entry| row(entry, now)).collect();
    let mut text = table(titles, &rows);
    for entry in entries {
        for other in &entry.others {
            text.push_str(&format!(
                "{} is enrolled as {other} too\n",
                account_name(entry)
            ));
        }
    }
    text
}

fn row(entry: &Entry, now: Timestamp) -> [String; 8] {
    let enrolment = entry.enrolment();
    let active = enrolment.and_then(|found| found.active);
    let period = enrolment.and_then(|found| found.period_text.clone());
    let mut words = renewal(entry.promise(now)).replace('_', " ");
    if enrolment.is_some_and(|found| !found.terms.enabled) {
        words.push_str(", disabled");
    }
    [
        entry.place.name.to_string(),
        account_name(entry).to_owned(),
        known(active),
        known(period),
        age(entry, KeySlot::Key1, now),
        age(entry, KeySlot::Key2, now),
        next_turn(entry),
        words,
    ]
}

fn account_name(entry: &Entry) -> &str {
    entry.account.rsplit('/').next().unwrap_or(&entry.account)
}

fn age(entry: &Entry, slot: KeySlot, now: Timestamp) -> String {
    match age_days(*entry.key_times().of(slot), now) {
        None => "age ?".to_owned(),
        Some(1) => "1 day".to_owned(),
        Some(days) => format!("{days} days"),
    }
}

fn next_turn(entry: &Entry) -> String {
    let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
    entry.next_turn().map_or_else(|| "-".to_owned(), day)
}

fn show_text(entry: &Entry, now: Timestamp) -> String {
    let mut all = vec![
        ("id", entry.place.to_string()),
        ("account", entry.account.clone()),
    ];
    if let Some(found) = entry.enrolment() {
        all.extend([
            ("enabled", yes_no(found.terms.enabled)),
            ("active key", known(found.active)),
            ("period", found.period_text.clone().unwrap_or_default()),
            ("created", known(found.times.created)),
            ("updated", known(found.times.updated)),
        ]);
        let tag = |(name, value): (&String, &String)| format!("{name}={value}");
        let tags: Vec<_> = found.terms.tags.iter().map(tag).collect();
        if !tags.is_empty() {
            all.push(("tags", tags.join(", ")));
        }
    }
    for (name, slot) in [("key1", KeySlot::Key1), ("key2", KeySlot::Key2)] {
        let made = known(*entry.key_times().of(slot));
        all.push((name, format!("{}, made {made}", age(entry, slot, now))));
    }
    all.push(("renewal", renewal(entry.promise(now)).replace('_', " ")));
    all.push((
        "next turn",
        entry
            .next_turn()
            .map_or_else(|| "-".to_owned(), |t| t.to_string()),
    ));
    let others = entry
        .others
        .iter()
        .map(|other| ("enrolled as", other.clone()));
    all.extend(others);
    facts(&all)
}
