//! Direct rotation without a person: of all accounts that are due, or of the one whose key a secret
//! holds. There is no plan to consent to and no journal; each account gets the one step that the
//! engine finds due, and a run that was cut short is finished by the next one.

use azure::id::StorageAccountId;
use engine::check::accounts::CheckedAccount;
use engine::check::check;
use engine::check::scope::{Area, Fate};
use engine::direct::error::DirectError;
use engine::direct::publish::Label;
use engine::direct::{self, DirectWish, Outcome, Progress, SecretPlace};
use engine::holders;
use jiff::Timestamp;
use rotation::direct::Terms;
use rotation::finding::FindingCode;
use rotation::period::RotationPeriod;

use super::act::ActError;
use super::advice::said;
use super::args::PlanArgs;
use super::consumers;
use super::site::Site;
use super::survey::{Need, Survey, need};
use super::{Asked, RotateCommandError};
use crate::Doors;
use crate::command::sync::target::{Target, TargetError};
use crate::error::chain;
use crate::output::Streams;
use crate::report::text::inert;
use crate::scope::NOTHING_EXAMINED;
use crate::told::Told;

/// A version of a secret that somebody speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::command) struct Announced {
    /// The address of the vault.
    pub(in crate::command) vault: String,
    /// The name of the secret.
    pub(in crate::command) name: String,
    /// The version.
    pub(in crate::command) version: String,
}

/// Takes the step that is due at every account that is.
///
/// # Cancellation
/// The engine's: the next run finds what is left.
///
/// # Errors
/// Nothing can be said about any account.
pub(in crate::command) async fn due(
    args: &PlanArgs,
    as_of: Option<Timestamp>,
    doors: Doors,
    streams: &mut Streams,
    told: &mut Told,
) -> Result<(), RotateCommandError> {
    let asked = Asked::new(args, &doors.env)?;
    let site = Site::open(asked.cloud, doors, as_of)?;
    let survey = asked.survey(&site);
    let (reader, now) = (site.client.reader(), site.clock.now());
    let outcome = tokio::select! {
        biased;
        () = site.stop.cancelled() => return Err(RotateCommandError::Interrupted),
        outcome = check(&reader, &asked.question, now) => outcome?,
    };
    for hole in &outcome.holes {
        told.leave(&format!(
            "`{}` was not looked at: {}",
            hole.scope,
            chain(&hole.cause)
        ));
    }
    if outcome.accounts.is_empty() {
        told.leave(NOTHING_EXAMINED);
    }
    for account in outcome.accounts.iter() {
        if site.stop.is_cancelled() {
            told.leave("stopped on request: the other accounts are left to the next run");
            break;
        }
        attend(&survey, &account, streams, told).await;
    }
    Ok(())
}

/// Takes the step that is due at the account whose key a secret holds, if the secret is one in which
/// its key is to be published, and the version is still the newest.
///
/// # Cancellation
/// The engine's: the next run finds what is left.
///
/// # Errors
/// Settings that cannot be used.
pub(in crate::command) async fn of_secret(
    args: &PlanArgs,
    announced: &Announced,
    as_of: Option<Timestamp>,
    doors: Doors,
    streams: &mut Streams,
    told: &mut Told,
) -> Result<(), RotateCommandError> {
    let asked = Asked::new(args, &doors.env)?;
    let place = match asked.place(announced) {
        Ok(place) => place,
        Err(reason) => {
            told.say(&reason);
            return Ok(());
        }
    };
    let site = Site::open(asked.cloud, doors, as_of)?;
    let label = match direct::label(&site.run(), &place).await {
        Ok(Some(label)) => label,
        Ok(None) => {
            told.say(&format!("`{place}` is not there any more: nothing is done"));
            return Ok(());
        }
        Err(error) => {
            failed(error, told);
            return Ok(());
        }
    };
    let newest = &label.version.version;
    if *newest != announced.version {
        told.say(&format!(
            "`{place}`: version {newest} has taken the place of {}: nothing is done",
            announced.version
        ));
        return Ok(());
    }
    match asked.wish(&label, place, site.clock.now()) {
        Ok(wish) => {
            let consumers = asked.survey(&site).consumers(&wish);
            step(&site, (&wish, consumers, true), streams, told).await;
        }
        Err(reason) => told.say(&format!("`{}` is left alone: {reason}", label.account)),
    }
    Ok(())
}

impl Asked {
    /// Reads where a secret is, if keys are declared to be published in its vault.
    ///
    /// A vault that nobody declared may be anybody's: a key must not be published there because a
    /// secret in it says so.
    fn place(&self, announced: &Announced) -> Result<SecretPlace, String> {
        let Announced { vault, name, .. } = announced;
        let place = || -> Result<SecretPlace, azure::id::IdError> {
            Ok(SecretPlace {
                vault: azure::id::VaultUrl::parse(vault, &self.cloud)?,
                name: name.parse()?,
            })
        };
        let place = place().map_err(|error| format!("no secret of ours: {error}"))?;
        if self.declared.names(&place.vault, &self.cloud) {
            return Ok(place);
        }
        Err(format!(
            "`{place}` is left alone: no `vault_uri` in the settings names its vault"
        ))
    }

    /// Says how the account of a secret is to be rotated, or why it is not.
    fn wish(
        &self,
        label: &Label,
        place: SecretPlace,
        now: Timestamp,
    ) -> Result<DirectWish, String> {
        let account = &label.account;
        self.check_wanted(account, now)?;
        let here = format!("{}/{}", place.vault.name(), place.name);
        let (declared, content) = self.declared.place(account, &[here], &self.cloud)?;
        if declared != place {
            return Err(format!("its key is published as `{declared}`"));
        }
        let held = label.version.content();
        let held = held.filter(|_| !self.declared.says_content(account));
        let period = label.validity.and_then(RotationPeriod::longest_for);
        Ok(DirectWish {
            account: account.clone(),
            place,
            terms: Terms {
                period: period.unwrap_or(self.terms.period.0),
                overlap: self.terms.wait.0,
                first: label.version.slot,
            },
            content: held.unwrap_or_else(|| content.into()),
            verify: self.terms.verify,
            assume_unmanaged: self.terms.assume_unmanaged,
            owner: None,
            apps: self.terms.apps.as_ref().map(|apps| apps.reach(account)),
        })
    }

    /// Refuses an account that the settings leave out.
    fn check_wanted(&self, account: &StorageAccountId, now: Timestamp) -> Result<(), String> {
        let scope = &self.question.scope;
        let holds = |area: &Area| match area {
            Area::Subscription(id) => id == account.subscription(),
            _ => true,
        };
        let is_inside = scope.areas.is_empty() || scope.areas.iter().any(holds);
        if !is_inside || scope.filter.fate(account, &[].into()) != Fate::Mine {
            return Err("the settings leave it out".to_owned());
        }
        let rules = self.question.waivers.rules.iter();
        let mut waivers = rules.filter(|rule| rule.accounts.describes(account));
        let overdue = FindingCode::KeyOverdue;
        match waivers.find(|rule| rule.waiver.holds(now) && rule.waiver.codes.contains(&overdue)) {
            Some(rule) => Err(format!("waived: {}", rule.waiver)),
            None => Ok(()),
        }
    }
}

async fn attend(
    survey: &Survey<'_>,
    account: &CheckedAccount,
    streams: &mut Streams,
    told: &mut Told,
) {
    let id = &account.id;
    match need(account) {
        None => return,
        Some(Need::Waived(reason)) => return told.say(&format!("`{id}` is left alone: {reason}")),
        Some(Need::Keys(_)) => {}
    }
    if let Some(record) = account.observation.enrolments.first() {
        let vault = &record.vault;
        return told.say(&format!(
            "`{id}` is left to the vault `{vault}`, which manages it"
        ));
    }
    match survey.declared.of(account, &survey.cloud) {
        Ok(to) => {
            let wish = survey.wish(account, &to);
            let place = format!("{}/{}", wish.place.vault.name(), wish.place.name);
            let mut published = account.observation.published.iter();
            let is_published = published.any(|one| one.eq_ignore_ascii_case(&place));
            let consumers = survey.consumers(&wish);
            step(survey.site, (&wish, consumers, is_published), streams, told).await;
        }
        Err(reason) => told.say(&format!("`{id}` is left alone: {reason}")),
    }
}

/// Takes the step that is due. The consumers have what is published before a key is renewed, and
/// what was published by it afterwards.
async fn step(
    site: &Site,
    (wish, consumers, is_published): (&DirectWish, Result<Vec<Target>, TargetError>, bool),
    streams: &mut Streams,
    told: &mut Told,
) {
    let account = &wish.account;
    let consumers = match consumers {
        Ok(consumers) => consumers,
        Err(error) => return told.leave(&format!("`{account}` is left alone: {}", chain(&error))),
    };
    if is_published && !bring(account, &consumers, site, told).await {
        return;
    }
    let mut tell = |progress| {
        if let Some(act) = act(progress) {
            streams.say(&inert(&format!("`{account}`: {act}")));
        }
    };
    let (run, shared) = (site.run(), &site.shared);
    let done = direct::step(&run, &shared.around, &shared.register, wish, &mut tell).await;
    match done {
        Ok(outcome) => {
            ended(&outcome, wish, told);
            if let Outcome::Published { version, .. } | Outcome::Turned { version, .. } = &outcome {
                bring(account, &consumers, site, told).await;
                if let Err(error) =
                    direct::tell_apps(&run, &shared.around, wish, version, &mut tell).await
                {
                    failed(error, told);
                }
            }
        }
        Err(error) => failed(error, told),
    }
}

/// Brings what is published to the consumers, and gives whether all have it.
async fn bring(
    account: &StorageAccountId,
    consumers: &[Target],
    site: &Site,
    told: &mut Told,
) -> bool {
    let done = consumers::tell(account, consumers, site, |line| told.say(line)).await;
    if let Err(error) = &done {
        told.leave(&format!("`{account}`: {}", chain(error)));
    }
    done.is_ok()
}

/// Words what is told of a step while it is taken.
fn act(progress: Progress) -> Option<String> {
    Some(match progress {
        Progress::Decided(_) | Progress::Apps(holders::Progress::LookingBack(_)) => return None,
        Progress::Apps(holders::Progress::Moving(holder)) => {
            return Some(format!("putting another key into {holder}"));
        }
        Progress::Apps(holders::Progress::Moved(holder)) => {
            return Some(format!("{holder} got another key"));
        }
        Progress::Regenerating(slot) => format!("regenerating {slot}"),
        Progress::LookingBack(slot) => format!("the answer was lost: looking at {slot}"),
        Progress::Regenerated(slot) => format!("regenerated {slot}"),
        Progress::Verified(slot) => format!("the account opens with {slot}"),
        Progress::Published(slot) => format!("published {slot}"),
    })
}

fn ended(outcome: &Outcome, wish: &DirectWish, told: &mut Told) {
    let (account, place) = (&wish.account, &wish.place);
    match outcome {
        Outcome::Rested { until } => told.say(&format!(
            "`{account}`: nothing is done, nothing is due before {until}"
        )),
        Outcome::Waiting { slot, until } => told.say(&format!(
            "`{account}`: nothing is done, clients may use {slot} until {until}"
        )),
        Outcome::Published { slot, version, .. } => told.say(&format!(
            "`{account}`: published {slot} as it was, as `{place}/{}`",
            version.version
        )),
        Outcome::Turned { slot, version } => told.say(&format!(
            "`{account}`: regenerated {slot} and published it as `{place}/{}`",
            version.version
        )),
        Outcome::Busy { since } => {
            let since = since.map_or_else(String::new, |since| format!(" since {since}"));
            told.leave(&format!(
                "`{account}`: another run is at it{since}; if that one has ended, its claim lapses \
                 after five minutes"
            ));
        }
    }
}

/// Says why a step was not taken. What was looked at and found to be so is not mended by another try.
fn failed(error: DirectError, told: &mut Told) {
    let is_so = match &error {
        DirectError::NoAccount { .. }
        | DirectError::SharedKeyOff { .. }
        | DirectError::Enrolled { .. }
        | DirectError::Locked { .. }
        | DirectError::Foreign { .. }
        | DirectError::NoKey { .. } => true,
        DirectError::Step(_)
        | DirectError::MayBeEnrolled { .. }
        | DirectError::Holders(_)
        | DirectError::Unclear { .. }
        | DirectError::NotVerified { .. }
        | DirectError::NotPublished { .. } => false,
    };
    let line = said(&ActError::from(error));
    if is_so {
        told.say(&line);
    } else {
        told.leave(&line);
    }
}
