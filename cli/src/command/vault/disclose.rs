//! The commands that disclose a secret: a token on stdout, a sealed backup in a file of its owner's.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use azure::VaultBackup;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use clap::Args;
use engine::vault::{backup, token};
use serde::Serialize;

use super::args::{ChangeArgs, DefinitionArgs, Form, PlaceArgs, VaultNameArgs};
use super::confirm::{Consent, confirm};
use super::error::VaultError;
use super::show;
use crate::exit_code::ExitCode;
use crate::files::{Draft, FileError};
use crate::output::Streams;
use crate::session::Session;

/// How a vault writes a backup. In the file are the bytes themselves, as `az` kept them.
const LETTERS: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Which SAS definition mints the token.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Which.
    #[command(flatten)]
    pub place: DefinitionArgs,
    /// The form: the token alone, or one JSON document with its end.
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub format: Form,
}

/// What to back up, and where to.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// Which.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The file to make; only its owner can read it, and one that is there is not overwritten.
    #[arg(long, short, value_name = "FILE")]
    pub file: PathBuf,
}

/// What to restore, and where to.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// Which vault.
    #[command(flatten)]
    pub vault: VaultNameArgs,
    /// The file that `vault backup`, or `az`, has made.
    #[arg(long, short, value_name = "FILE")]
    pub file: PathBuf,
    /// How to go about it.
    #[command(flatten)]
    pub change: ChangeArgs,
}

#[derive(Serialize)]
struct TokenWire<'a> {
    token: &'a str,
    expires_at: Option<String>,
}

/// Mints a token and prints it.
pub(super) async fn token(
    args: &TokenArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let minted = token::mint(&session.reading(), &place).await?;
    if streams.screen.is_terminal {
        streams.say(
            "warning: the token opens the account to whoever sees this screen; rather hand it to \
             the program that needs it",
        );
    }
    let bare = minted.token.expose().trim_start_matches('?');
    let wire = TokenWire {
        token: bare,
        expires_at: minted.expires.map(|time| time.to_string()),
    };
    show::write(args.format, wire, || format!("{bare}\n"), streams)?;
    if let (Form::Table, Some(until)) = (args.format, minted.expires) {
        streams.say(&format!("good until {until}"));
    }
    Ok(ExitCode::Passed)
}

/// Writes a backup to a file.
pub(super) async fn back_up(
    args: &BackupArgs,
    session: &Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let place = args.place.place(session.cloud())?;
    let refuse = |error: FileError| {
        let (path, source) = error.into_parts();
        VaultError::File { path, source }
    };
    // The place is tried first, so that no secret is disclosed that cannot be kept.
    let draft = Draft::private_new(&args.file).map_err(refuse)?;
    let sealed = backup::back_up(&session.reading(), &place).await?;
    draft.finish(|out| fill(out, &sealed)).map_err(refuse)?;
    streams.say(&format!(
        "whoever has `{}` and may restore can have the enrolment; keep it like a key",
        args.file.display()
    ));
    Ok(ExitCode::Passed)
}

fn fill(out: &mut dyn Write, sealed: &VaultBackup) -> io::Result<()> {
    let sealed = LETTERS.decode(sealed.expose()).map_err(io::Error::other)?;
    out.write_all(&sealed)
}

/// Brings an enrolment back from a file.
pub(super) async fn restore(
    args: &RestoreArgs,
    session: &mut Session,
    streams: &mut Streams,
) -> Result<ExitCode, VaultError> {
    let vault = args.vault.vault(session.cloud())?;
    let sealed = read(&args.file)?;
    let plan = [
        format!("restores an enrolment and its SAS definitions in {vault}, under its old name"),
        "the vault renews its keys again, reckoned from now".to_owned(),
    ];
    confirm(Consent::of(args.change.yes), &plan, streams)?;
    let place = session
        .change(async |run, _| backup::restore(run, &vault, &sealed).await)
        .await?;
    let now = session.clock().now();
    let shown = show::print(&place, args.change.format, now, session, streams).await;
    show::conclude_change(shown, streams)
}

/// Reads a backup and writes it as a vault takes it.
fn read(path: &Path) -> Result<VaultBackup, VaultError> {
    let sealed = fs::read(path).map_err(|source| VaultError::Read {
        path: path.to_owned(),
        source,
    })?;
    if sealed.is_empty() {
        return Err(VaultError::NoBackup {
            path: path.to_owned(),
        });
    }
    Ok(VaultBackup::new(LETTERS.encode(sealed)))
}
