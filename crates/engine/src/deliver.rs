//! Fresh tokens to where their users read them: look at what is there, keep it or replace it.
//!
//! The destination is whatever its owner makes of it: an entry of a secret in a cluster, a file.
//! Nothing in Azure is changed here, and a token is minted only once the destination was read. A run
//! that is killed leaves the old token or the new one; the next run judges whichever it finds.

pub mod source;
pub mod trust;

use std::error::Error as StdError;

use azure::sas::token::TokenParameters;
use azure::secret::fingerprint;
use jiff::Timestamp;
use rotation::slot::KeySlot;
use rotation::token::{Judgement, Lead, Placed, Reason, Signing, judge, refresh_at};
use secrecy::{ExposeSecret, SecretString};

use self::source::{Signer, Signers, Source};
use self::trust::Trust;
use crate::run::{Run, StepError};
use crate::vault::token::TokenError;

/// What is noted beside a value at its destination. Nothing in it is secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The identifier of what it was read from.
    pub source: Option<String>,
    /// When it was minted, or read.
    pub minted: Option<Timestamp>,
    /// When its time ends.
    pub expires: Option<Timestamp>,
    /// Whose key signed it, or whose key it is.
    pub slot: Option<KeySlot>,
    /// When that key had been made, as it was seen before.
    pub key_made: Option<Timestamp>,
    /// When it should be replaced.
    pub refresh: Option<Timestamp>,
    /// The fingerprint of the value that all this is about.
    pub fingerprint: Option<String>,
}

/// What a destination holds.
#[derive(Clone, Debug)]
pub struct Held {
    /// The value, if there is one.
    pub value: Option<SecretString>,
    /// What is noted beside it.
    pub notes: Notes,
}

/// A value to be put in place.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// The value.
    pub value: SecretString,
    /// What is to be noted beside it.
    pub notes: Notes,
}

/// A place where users of a token read it.
pub trait Destination {
    /// What can go wrong there.
    type Error: StdError + Send + Sync + 'static;

    /// Reads what is there; nothing if the place is empty.
    fn held(&self) -> impl Future<Output = Result<Option<Held>, Self::Error>>;

    /// Replaces what is there in one step, so that nobody finds nothing.
    ///
    /// # Cancellation
    /// The old value stands there, or the new one.
    fn publish(&self, fresh: &Fresh) -> impl Future<Output = Result<(), Self::Error>>;
}

/// When a value is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How early.
    pub lead: Lead,
    /// Whether it is replaced whatever it is.
    pub always: bool,
}

/// What is found about a destination.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What is to be done.
    pub verdict: Verdict,
    /// What is noted there now.
    pub notes: Notes,
    /// Who signs now, and what could not be seen of it.
    pub signer: Signer,
    /// How far the key that signs can be trusted.
    pub trust: Trust,
    /// The value of a published secret, which was read to be compared.
    read: Option<Fresh>,
}

/// What is to be done about a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing, until then if that is known.
    Keep(Option<Timestamp>),
    /// A fresh value is to be put there.
    Replace(Why),
}

/// Why a fresh value is to be put somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There is nothing yet.
    Empty,
    /// What is there comes from elsewhere.
    OtherSource,
    /// The source has another value by now.
    Changed,
    /// The token there is not good, or not for long.
    Token(Reason),
    /// It was asked for.
    Asked,
}

impl Why {
    /// Says it in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "there is no value yet",
            Self::OtherSource => "what is there comes from elsewhere",
            Self::Changed => "the source has another value by now",
            Self::Token(reason) => reason.as_str(),
            Self::Asked => "a fresh one was asked for",
        }
    }

    /// Tells whether users are, or may be, without a value that works.
    pub fn is_outage(self) -> bool {
        match self {
            Self::Empty | Self::OtherSource => true,
            Self::Token(reason) => reason.is_outage(),
            // A key that was replaced lives on for the overlap.
            Self::Changed | Self::Asked => false,
        }
    }
}

/// A delivery did not come about.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError<E: StdError + 'static> {
    /// Azure did not give what is needed.
    #[error(transparent)]
    Source(TokenError),
    /// The destination did not.
    #[error(transparent)]
    Destination(E),
}

impl<E: StdError + 'static> From<StepError> for DeliverError<E> {
    fn from(error: StepError) -> Self {
        Self::Source(error.into())
    }
}

impl<E: StdError + 'static> From<TokenError> for DeliverError<E> {
    fn from(error: TokenError) -> Self {
        Self::Source(error)
    }
}

/// Looks at a destination and changes nothing. Of a published secret, the value is read; no token
/// is minted.
///
/// # Errors
/// What could not be read at the destination, or of a published secret.
pub async fn look<D: Destination>(
    run: &Run<'_>,
    signers: &Signers,
    source: &Source,
    destination: &D,
    terms: Terms,
) -> Result<Finding, DeliverError<D::Error>> {
    let held = destination.held().await;
    let held = held.map_err(DeliverError::Destination)?;
    let notes = held.as_ref().map(noted).unwrap_or_default();
    let (mut signer, mut read) = (Signer::default(), None);
    let mut trust = Trust::default();
    let verdict = match source {
        Source::Definition(place) => {
            signer = signers.of(run, place).await;
            trust = Trust::of(&place.enrolment, &signer, &placed(&notes));
            judged(held.as_ref(), source, &signer.signing, terms, run.now())
        }
        Source::Secret(place) => {
            let read = read.insert(source::published(run, place).await?);
            compared(held.as_ref(), read)
        }
    };
    Ok(Finding {
        verdict: if terms.always {
            Verdict::Replace(Why::Asked)
        } else {
            verdict
        },
        notes,
        signer,
        trust,
        read,
    })
}

/// Puts a fresh value in place, after a look.
///
/// # Errors
/// The value was not got, or not put in place; or it is known that it would be refused. Then the old one stands there; after an answer that
/// never came, perhaps the new one.
///
/// # Cancellation
/// As [`Destination::publish`].
pub async fn replace<D: Destination>(
    run: &Run<'_>,
    source: &Source,
    destination: &D,
    terms: Terms,
    found: Finding,
) -> Result<Notes, DeliverError<D::Error>> {
    let fresh = match found.read {
        Some(read) => read,
        None => {
            if let Trust::Dead(key) = found.trust {
                return Err(TokenError::DeadKey(key).into());
            }
            made(run, source, terms, &found.signer).await?
        }
    };
    let published = destination.publish(&fresh).await;
    published.map_err(DeliverError::Destination)?;
    Ok(fresh.notes)
}

/// Gets a fresh value, and how far it can be trusted. In Azure nothing changes.
///
/// # Errors
/// Azure's refusal, a source that is none, or a value that would be refused.
pub async fn fresh(
    run: &Run<'_>,
    source: &Source,
    terms: Terms,
) -> Result<(Fresh, Trust), TokenError> {
    let (mut signer, mut trust) = (Signer::default(), Trust::default());
    if let Source::Definition(place) = source {
        signer = source::signer(run, place).await;
        trust = Trust::of(&place.enrolment, &signer, &Placed::default());
    }
    if let Trust::Dead(key) = trust {
        return Err(TokenError::DeadKey(key));
    }
    Ok((made(run, source, terms, &signer).await?, trust))
}

/// Gets a fresh value; what is known of the signer was seen before.
async fn made(
    run: &Run<'_>,
    source: &Source,
    terms: Terms,
    signer: &Signer,
) -> Result<Fresh, TokenError> {
    match source {
        Source::Definition(place) => {
            let mut fresh = source::mint(run, place, signer).await?;
            let placed = placed(&fresh.notes);
            fresh.notes.refresh = refresh_at(&placed, &signer.signing, terms.lead);
            Ok(fresh)
        }
        Source::Secret(place) => source::published(run, place).await,
    }
}

/// Judges a token by what it says of itself, and by what is noted beside it.
fn judged(
    held: Option<&Held>,
    source: &Source,
    signing: &Signing,
    terms: Terms,
    now: Timestamp,
) -> Verdict {
    let Some(held) = held.filter(|held| held.value.is_some()) else {
        return Verdict::Replace(Why::Empty);
    };
    let notes = noted(held);
    if notes.source != Some(source.to_string()) {
        return Verdict::Replace(Why::OtherSource);
    }
    match judge(&placed(&notes), signing, terms.lead, now) {
        Judgement::Keep { until } => Verdict::Keep(Some(until)),
        Judgement::Replace(reason) => Verdict::Replace(Why::Token(reason)),
    }
}

/// Compares with what the source holds now.
fn compared(held: Option<&Held>, read: &Fresh) -> Verdict {
    let Some(held) = held.filter(|held| held.value.is_some()) else {
        return Verdict::Replace(Why::Empty);
    };
    let notes = noted(held);
    if notes.fingerprint == read.notes.fingerprint {
        return Verdict::Keep(read.notes.refresh);
    }
    Verdict::Replace(if notes.source == read.notes.source {
        Why::Changed
    } else {
        Why::OtherSource
    })
}

/// Takes what is noted of the value that is there. Notes of another value are none, and the end of a
/// token is taken from the token itself.
fn noted(held: &Held) -> Notes {
    let Some(value) = &held.value else {
        return Notes::default();
    };
    let fingerprint = Some(fingerprint(value));
    if held.notes.fingerprint != fingerprint {
        return Notes {
            fingerprint,
            ..Notes::default()
        };
    }
    let said = TokenParameters::parse(value.expose_secret()).ok();
    let own_end = said.and_then(|said| said.expires);
    Notes {
        expires: own_end.or(held.notes.expires),
        ..held.notes.clone()
    }
}

fn placed(notes: &Notes) -> Placed {
    Placed {
        minted: notes.minted,
        expires: notes.expires,
        slot: notes.slot,
        key_made: notes.key_made,
    }
}

#[cfg(test)]
mod tests;
