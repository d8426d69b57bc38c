//! `keyrotation vault add`: enrolling an account, after everything was looked at and agreed to.

use azure::id::StorageAccountId;
use clap::{ArgAction, Args};
use engine::grant::{self, GrantWish};
use engine::managed::enrol::{self, Enrolled, How, Wish};
use engine::managed::{Place, look_at_account};
use engine::precheck;
use engine::run::Run;
use rotation::enrolment::Terms;
use rotation::period::RotationPeriod;
use rotation::slot::KeySlot;

use super::args::{ChangeArgs, PlaceArgs, Tag, of_deleted, tags};
use super::confirm::{Consent, confirm};
use super::error::VaultError;
use super::show;
use crate::error::chain;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::session::Session;

/// What to enrol, and how.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The resource id of the storage account.
    #[arg(long, value_name = "ID")]
    pub resource_id: StorageAccountId,
    /// The key that clients use now, key1 or key2: the other one is renewed first.
    #[arg(long, value_name = "KEY")]
    pub active_key_name: KeySlot,
    /// Whether the vault renews keys by itself.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1)]
    #[arg(default_value_t = true, default_missing_value = "true")]
    pub auto_regenerate_key: bool,
    /// How often it does, as an ISO 8601 duration in days; each key lives for two periods.
    #[arg(long, value_name = "DURATION", default_value = "P30D")]
    pub regeneration_period: RotationPeriod,
    /// Enrols the account without letting anybody have tokens.
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1)]
    #[arg(default_value_t = false, default_missing_value = "true")]
    pub disabled: bool,
    /// The tags of the record, as NAME=VALUE.
    #[arg(long, value_name = "NAME=VALUE", num_args = 0..)]
    pub tags: Vec<Tag>,
    /// Grants what is missing: Key Vault's role on the account, and the caller's permissions on a
    /// vault with access policies.
    #[arg(long)]
    pub grant_access: bool,
    /// Brings a deleted record back that holds the name.
    #[arg(long)]
    pub recover: bool,
    /// How to go about it.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Enrols an account.
pub(super) async fn run(
    args: &AddArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let account = &args.resource_id;
    {
        let run = session.reading();
        fit(&run, account).await?;
        let (around, register) = (session.around(), session.register());
        let deleted = of_deleted(args.recover);
        precheck::check(&run, around, register, account, &place, deleted).await?;
    }
    confirm(Consent::of(args.change.yes), &plan(args, &place), streams)?;
    let enrolled = session
        .change(async |run, shared| {
            let mut wish = wish(args);
            if args.grant_access {
                let grant = GrantWish {
                    account,
                    place: &place,
                    key_vault_principal: None,
                    purge: false,
                };
                let made = grant::grant_for_enrolment(run, &shared.around, grant).await?;
                wish.rights_are_fresh = !made.is_empty();
            }
            let enrolled = enrol::enrol(run, &shared.register, &place, &wish).await;
            enrolled.map_err(VaultError::from)
        })
        .await?;
    tell(&enrolled, &place, streams);
    let now = session.clock().now();
    let shown = show::print(&place, args.change.format, now, session, streams).await;
    let shown = show::conclude_change(shown, streams)?;
    Ok(if enrolled.unfinished.is_some() {
        ExitCode::Unproven
    } else {
        shown
    })
}

/// Refuses an account that cannot be rotated this way, before anything is changed.
async fn fit(run: &Run<'_>, account: &StorageAccountId) -> Result<(), VaultError> {
    let id = || account.to_string();
    let found = look_at_account(run, account).await?;
    let seen = found.ok_or_else(|| VaultError::NoAccount { account: id() })?;
    if seen.allow_shared_key_access == Some(false) {
        return Err(VaultError::KeysOff { account: id() });
    }
    Ok(())
}

fn wish(args: &AddArgs) -> Wish {
    Wish {
        account: args.resource_id.clone(),
        active: args.active_key_name,
        terms: Terms {
            auto_regenerate: args.auto_regenerate_key,
            period: Some(args.regeneration_period),
            enabled: !args.disabled,
            tags: tags(&args.tags),
        },
        rights_are_fresh: false,
    }
}

fn plan(args: &AddArgs, place: &Place) -> Vec<String> {
    let (active, period) = (args.active_key_name, args.regeneration_period);
    let mut lines = vec![format!("enrols {} as {place}", args.resource_id)];
    lines.push(if args.auto_regenerate_key {
        format!(
            "every {period} the vault renews the idle key, {} first; a client that uses a key \
             directly loses it, one that uses the vault's tokens never notices",
            active.other()
        )
    } else {
        "the vault renews keys on request only".to_owned()
    });
    if args.grant_access {
        lines.push(
            "grants what is missing: Key Vault's role on the account, the caller's permissions on \
             the vault"
                .to_owned(),
        );
    }
    lines
}

/// Says how an enrolment came about, where it was not simply made.
fn tell(enrolled: &Enrolled, place: &Place, streams: &mut Streams) {
    match enrolled.how {
        How::Made => {}
        How::Recovered => streams.say(&format!("{place} was deleted before and is recovered")),
        How::Adopted => streams.say(&format!("{place} was there already, exactly as wanted")),
    }
    if let Some(error) = &enrolled.unfinished {
        let reason = chain(error);
        streams.say(&format!(
            "its settings are not the wanted ones yet: {reason}"
        ));
    }
}
