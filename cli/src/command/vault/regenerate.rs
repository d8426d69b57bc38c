//! `keyrotation vault regenerate-key`: the idle key by the careful way, or any key by force.

use clap::Args;
use engine::managed::turn::{Stage, turn};
use engine::managed::{Enrolment, Place, look_at_account};
use engine::vault::regenerate::insist;
use rotation::observation::PerSlot;
use rotation::slot::KeySlot;
use rotation::turn::{is_lately, renewed_lately};

use super::args::{ChangeArgs, PlaceArgs};
use super::confirm::{Consent, confirm};
use super::error::VaultError;
use super::wire::TurnedWire;
use super::{life, show};
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::Session;

/// Which key to regenerate.
#[derive(Debug, Args)]
pub struct RegenerateArgs {
    /// Which.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The key, key1 or key2 [default: the idle one].
    #[arg(long, value_name = "KEY")]
    pub key_name: Option<KeySlot>,
    /// Regenerates that key whatever depends on it: tokens that it signed die, and so do clients that
    /// use it.
    #[arg(long, requires = "key_name")]
    pub force: bool,
    /// Goes on although a key of the account was renewed within the last hour: else that counts as the
    /// work of an earlier run that was cut short.
    #[arg(long)]
    pub again: bool,
    /// How to go about it.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Regenerates a key through the vault.
pub(super) async fn run(
    args: &RegenerateArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let present = life::present(&place, session).await?;
    let slot = slot(args, &present, &place)?;
    if !args.again {
        refuse_a_second(args, &present, slot, session).await?;
    }
    let plan = plan(args, &present, slot);
    confirm(Consent::of(args.change.yes), &plan, streams)?;
    let mut told = Vec::new();
    let turned = if args.force {
        let insisted = session.change(async |run, _| insist(run, &place, &present, slot).await);
        insisted.await?
    } else {
        let mut tell = |stage| told.push(stage);
        let turned = session.change(async |run, _| turn(run, &place, Some(slot), &mut tell).await);
        turned.await?
    };
    if told
        .iter()
        .any(|stage| matches!(stage, Stage::LookingBack(_)))
    {
        streams.say("the answer was lost, and the key was seen to be new");
    }
    let text = || format!("regenerated {} of {}\n", turned.slot, turned.account);
    let wire = TurnedWire::of(&place, &turned);
    show::write(args.change.format, wire, text, streams)?;
    Ok(ExitCode::Passed)
}

/// Refuses where an earlier run may have done the same a moment ago: that would show in a young key,
/// the one that it made active. Who names an idle key means that one.
async fn refuse_a_second(
    args: &RegenerateArgs,
    present: &Enrolment,
    slot: KeySlot,
    session: &Session,
) -> Result<(), VaultError> {
    let renewed = match (args.force, args.key_name, present.active) {
        (true, ..) => slot,
        (false, None, Some(active)) => active,
        _ => return Ok(()),
    };
    let now = session.clock().now();
    let account = || present.account.clone();
    let key_times = match present.account.parse() {
        Ok(id) => look_at_account(&session.reading(), &id)
            .await
            .ok()
            .flatten(),
        Err(_) => None,
    };
    let key_times = key_times.map(|seen| PerSlot {
        key1: seen.key1_created_at,
        key2: seen.key2_created_at,
    });
    let Some(key_times) = key_times.filter(|times| times.of(renewed).is_some()) else {
        // A vault's record is as young as the last regeneration that it was asked for.
        let young = present.times.created.filter(|made| is_lately(*made, now));
        return young.map_or(Ok(()), |at| {
            let account = account();
            Err(VaultError::PerhapsRenewedLately { account, at })
        });
    };
    renewed_lately(&key_times, renewed, now).map_or(Ok(()), |at| {
        Err(VaultError::RenewedLately {
            slot: renewed,
            account: account(),
            at,
        })
    })
}

/// Picks the key: the idle one, or the named one; the active one needs force.
fn slot(args: &RegenerateArgs, present: &Enrolment, place: &Place) -> Result<KeySlot, VaultError> {
    match (args.key_name, present.active) {
        (Some(slot), _) if args.force => Ok(slot),
        (_, None) => Err(VaultError::NoActiveKey {
            place: place.to_string(),
        }),
        (Some(slot), Some(active)) if slot == active => Err(VaultError::ActiveKey {
            slot,
            account: present.account.clone(),
        }),
        (_, Some(active)) => Ok(active.other()),
    }
}

fn plan(args: &RegenerateArgs, present: &Enrolment, slot: KeySlot) -> Vec<String> {
    let what = format!(
        "regenerates {slot} of {} and makes it the active key",
        present.account
    );
    let dies = if args.force {
        format!(
            "every token that was signed with {slot} dies at once, and every client that uses \
             {slot} directly is locked out"
        )
    } else {
        format!(
            "clients of the vault's tokens never notice; one that uses {slot} directly loses it"
        )
    };
    vec![what, dies]
}
