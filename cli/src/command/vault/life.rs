//! Changing and ending an enrolment.

use azure::id::StorageAccountId;
use clap::{ArgAction, Args};
use engine::managed::sas::DefinitionPlace;
use engine::managed::{self, Enrolment, Place, Removal, look};
use engine::vault::amend::amend;
use engine::vault::{deleted, sas};
use rotation::enrolment::{Terms, TermsChange};
use rotation::period::RotationPeriod;
use rotation::slot::KeySlot;

use super::OneArgs;
use super::args::{ChangeArgs, PlaceArgs, Tag, tags};
use super::confirm::{Consent, confirm};
use super::error::VaultError;
use super::show;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::Session;
use crate::table::known;

/// What to change of an enrolment.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Which.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The key that signs tokens from now on, key1 or key2; nothing is regenerated.
    #[arg(long, value_name = "KEY")]
    pub active_key_name: Option<KeySlot>,
    /// Whether the vault renews keys by itself.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1)]
    #[arg(default_missing_value = "true")]
    pub auto_regenerate_key: Option<bool>,
    /// How often it does, as an ISO 8601 duration in days; each key lives for two periods.
    #[arg(long, value_name = "DURATION")]
    pub regeneration_period: Option<RotationPeriod>,
    /// Whether nobody can have tokens.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1)]
    #[arg(default_missing_value = "true")]
    pub disabled: Option<bool>,
    /// All tags of the record, as NAME=VALUE; without a value there are none.
    #[arg(long, value_name = "NAME=VALUE", num_args = 0..)]
    pub tags: Option<Vec<Tag>>,
    /// How to go about it.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Changes settings of an enrolment.
pub(super) async fn update(
    args: &UpdateArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let present = present(&place, session).await?;
    let change = TermsChange::between(&present.terms, &wanted(args, &present.terms));
    let active = args.active_key_name;
    let active = active.filter(|slot| present.active != Some(*slot));
    if change.is_empty() && active.is_none() {
        streams.say("nothing differs, so nothing was changed");
        let now = session.clock().now();
        return show::print(&place, args.change.format, now, session, streams).await;
    }
    let plan = plan(&place, &change, active);
    confirm(Consent::of(args.change.yes), &plan, streams)?;
    let account = present.account.as_str();
    session
        .change(async |run, _| amend(run, &place, account, change, active).await)
        .await?;
    let now = session.clock().now();
    let shown = show::print(&place, args.change.format, now, session, streams).await;
    show::conclude_change(shown, streams)
}

/// Reads the enrolment that is to be changed.
pub(super) async fn present(place: &Place, session: &Session) -> Result<Enrolment, VaultError> {
    let found = look(&session.reading(), place).await?;
    found.ok_or_else(|| VaultError::missing(place))
}

fn wanted(args: &UpdateArgs, present: &Terms) -> Terms {
    Terms {
        auto_regenerate: args.auto_regenerate_key.unwrap_or(present.auto_regenerate),
        period: args.regeneration_period.or(present.period),
        enabled: args.disabled.map_or(present.enabled, |disabled| !disabled),
        tags: args
            .tags
            .as_deref()
            .map_or_else(|| present.tags.clone(), tags),
    }
}

fn plan(place: &Place, change: &TermsChange, active: Option<KeySlot>) -> Vec<String> {
    let mut lines = vec![format!("changes {place}")];
    if let Some(slot) = active {
        lines.push(format!(
            "tokens are signed with {slot} from now on, and the next turn renews {}",
            slot.other()
        ));
    }
    match change.auto_regenerate {
        Some(true) => lines.push("the vault renews keys by itself from now on".to_owned()),
        Some(false) => lines.push("the vault renews keys on request only".to_owned()),
        None => {}
    }
    if let Some(period) = change.period {
        lines.push(format!(
            "the vault renews a key every {period}, reckoned from now"
        ));
    }
    match change.enabled {
        Some(true) => lines.push("tokens can be had again".to_owned()),
        Some(false) => lines.push("nobody can have a token any more".to_owned()),
        None => {}
    }
    if change.tags.is_some() {
        lines.push("the tags are replaced".to_owned());
    }
    lines
}

/// Ends an enrolment.
pub(super) async fn remove(
    args: &OneArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let found = look(&session.reading(), &place).await?;
    let Some(present) = found else {
        return removed_before(&place, args, session, streams).await;
    };
    let account: StorageAccountId = present.account.parse()?;
    let lines = consequences(&place, &account, session).await;
    confirm(Consent::of(args.change.yes), &lines, streams)?;
    let removal = session
        .change(async |run, shared| managed::remove(run, &shared.register, &place, &account).await)
        .await
        .map_err(VaultError::Change)?;
    match removal {
        Removal::LeftForeign => {
            let place = place.to_string();
            return Err(VaultError::LeftForeign { place });
        }
        Removal::WasGone => streams.say("it was gone already"),
        Removal::Removed => {}
    }
    show::write_done("removed", &place, args.change.format, streams)
}

/// Finds that there is nothing to remove: an earlier run may have been cut short before it could say
/// that it was done. What never was there is a mistake.
async fn removed_before(
    place: &Place,
    args: &OneArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let kept = deleted::show(&session.reading(), place).await?;
    let kept = kept.ok_or_else(|| VaultError::missing(place))?;
    let at = known(kept.deleted);
    streams.say(&format!(
        "it was removed before, at {at}; nothing was changed"
    ));
    show::write_done("removed", place, args.change.format, streams)
}

/// Says what ends with an enrolment.
async fn consequences(place: &Place, account: &StorageAccountId, session: &Session) -> Vec<String> {
    let mut lines = vec![
        format!("ends the enrolment {place} of {account}"),
        "the vault stops renewing its keys; no key is regenerated, and tokens that were handed out \
         stay good until they expire"
            .to_owned(),
    ];
    if let Ok((definitions, _)) = sas::list(&session.reading(), place).await
        && !definitions.is_empty()
    {
        let name = |(place, _): &(DefinitionPlace, sas::Read)| place.name.to_string();
        let names: Vec<_> = definitions.iter().map(name).collect();
        lines.push(format!(
            "no more tokens can be had by its SAS definitions: {}",
            names.join(", ")
        ));
    }
    lines
}
