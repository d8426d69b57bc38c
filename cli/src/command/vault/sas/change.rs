//! Defining tokens, changing and deleting definitions, bringing them back.

use azure::sas::SasTemplate;
use engine::managed::sas::{
    Definition, DefinitionPlace, DefinitionWish, define, redefine, undefine,
};
use engine::vault::sas;
use rotation::period::RotationPeriod;

use super::super::args::{of_deleted, tags};
use super::super::confirm::{Consent, confirm};
use super::super::error::VaultError;
use super::super::life::present as enrolment;
use super::super::show::{conclude_change, write_done};
use super::args::{CreateArgs, OneArgs, UpdateArgs};
use super::look::{present, print};
use crate::error::chain;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::Session;

/// Defines a kind of token.
pub(super) async fn create(
    args: &CreateArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let wish = DefinitionWish {
        template: args.template_uri.clone(),
        validity: args.validity_period,
        enabled: !args.disabled,
        tags: tags(&args.tags),
    };
    let enrolment = enrolment(&place.enrolment, session).await?;
    let mut plan = vec![format!(
        "defines {place}: whoever may read its secret has tokens that are good for {} and allow {}",
        wish.validity, wish.template
    )];
    let period = enrolment.terms.period.map(RotationPeriod::period);
    if period.is_some_and(|period| period < wish.validity) {
        plan.push(format!(
            "warning: a token may outlive its key, and dies with it then: keys are renewed every {}",
            enrolment.period_text.unwrap_or_default()
        ));
    }
    confirm(Consent::of(args.change.yes), &plan, streams)?;
    let deleted = of_deleted(args.recover);
    let defined = session
        .change(async |run, _| define(run, &place, &wish, deleted).await)
        .await?;
    let shown = print(&place, args.change.format, session, streams).await;
    let shown = conclude_change(shown, streams)?;
    let Some(error) = defined.unfinished else {
        return Ok(shown);
    };
    let reason = chain(&error);
    streams.say(&format!("it is not yet as wanted: {reason}"));
    Ok(ExitCode::Unproven)
}

/// Changes a definition.
pub(super) async fn update(
    args: &UpdateArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let present = present(&place, session).await?;
    let wish = wanted(args, &present, &place)?;
    if present.means(&wish) {
        streams.say("nothing differs, so nothing was changed");
        return print(&place, args.change.format, session, streams).await;
    }
    let plan = [
        format!(
            "changes {place}: its tokens are good for {} and allow {}",
            wish.validity, wish.template
        ),
        "tokens that were handed out stay as they are until they expire".to_owned(),
    ];
    confirm(Consent::of(args.change.yes), &plan, streams)?;
    session
        .change(async |run, _| redefine(run, &place, &wish).await)
        .await
        .map_err(VaultError::Change)?;
    let shown = print(&place, args.change.format, session, streams).await;
    conclude_change(shown, streams)
}

fn wanted(
    args: &UpdateArgs,
    present: &Definition,
    place: &DefinitionPlace,
) -> Result<DefinitionWish, VaultError> {
    let name = || place.to_string();
    let template = match &args.template_uri {
        Some(template) => template.clone(),
        None => SasTemplate::parse(&present.template_text).map_err(|source| {
            VaultError::OddTemplate {
                place: name(),
                source,
            }
        })?,
    };
    let validity = match args.validity_period {
        Some(validity) => validity,
        None => present
            .validity_text
            .parse()
            .map_err(|_| VaultError::OddPeriod {
                place: name(),
                text: present.validity_text.clone(),
            })?,
    };
    Ok(DefinitionWish {
        template,
        validity,
        enabled: args.disabled.map_or(present.enabled, |disabled| !disabled),
        tags: args
            .tags
            .as_deref()
            .map_or_else(|| present.tags.clone(), tags),
    })
}

/// Deletes a definition.
pub(super) async fn delete(
    args: &OneArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    present(&place, session).await?;
    let plan = [format!(
        "deletes {place}: no more tokens can be had by it; those that were handed out stay good \
         until they expire"
    )];
    confirm(Consent::of(args.change.yes), &plan, streams)?;
    session
        .change(async |run, _| undefine(run, &place).await)
        .await
        .map_err(VaultError::Change)?;
    write_done("deleted", &place, args.change.format, streams)
}

/// Brings a definition back.
pub(super) async fn recover(
    args: &OneArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let plan = [format!(
        "brings {place} back: tokens can be had by it again"
    )];
    confirm(Consent::of(args.change.yes), &plan, streams)?;
    session
        .change(async |run, _| sas::recover(run, &place).await)
        .await?;
    let shown = print(&place, args.change.format, session, streams).await;
    conclude_change(shown, streams)
}
