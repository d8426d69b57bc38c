//! Whether a token that the vault mints now is worth anything: only if the vault knows the key that
//! the account has.

use jiff::Timestamp;
use rotation::origin::Origin;
use rotation::slot::KeySlot;
use rotation::token::Placed;

use super::source::Signer;
use crate::managed::Place;

/// How far the key that signs can be trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The vault knows it, or nothing was seen of it, which is said elsewhere.
    #[default]
    Sound,
    /// What was seen does not tell whether the vault knows it.
    Doubted(Key),
    /// The vault does not know it: what it signs is refused.
    Dead(Key),
}

/// The key that signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The identifier of the enrolment.
    pub enrolment: String,
    /// The account.
    pub account: String,
    /// The slot.
    pub slot: KeySlot,
    /// When it was made.
    pub made: Timestamp,
}

impl Trust {
    /// Judges the key that signs by its record, and by what is noted beside an earlier token.
    pub(super) fn of(place: &Place, signer: &Signer, earlier: &Placed) -> Self {
        let (Some(slot), Some(origin)) = (signer.active, signer.signing.origin(earlier)) else {
            return Self::Sound;
        };
        let Some(made) = *signer.signing.key_times.of(slot) else {
            return Self::Sound;
        };
        let key = Key {
            enrolment: place.to_string(),
            account: signer.account.clone(),
            slot,
            made,
        };
        match origin {
            Origin::Vault => Self::Sound,
            Origin::Untold => Self::Doubted(key),
            Origin::Elsewhere => Self::Dead(key),
        }
    }

    /// Says what is doubtful, and the way out; nothing if nothing is.
    pub fn doubt(&self) -> Option<String> {
        match self {
            Self::Sound => None,
            Self::Doubted(key) => Some(format!(
                "it cannot be told whether {key} was regenerated through the vault; if it was not, \
                 its tokens are refused. To be sure, regenerate it through the vault: {}",
                key.way_out()
            )),
            Self::Dead(key) => Some(key.death()),
        }
    }
}

impl Key {
    /// Says that the vault does not know the key, and the way out.
    pub(crate) fn death(&self) -> String {
        format!(
            "{self} was regenerated outside the vault `{}`, which goes on signing with the key that it \
             remembers, so each token that it mints is refused; regenerate it through the vault: {}",
            self.enrolment,
            self.way_out()
        )
    }

    fn way_out(&self) -> String {
        format!(
            "`keyrotation vault regenerate-key --id {} --key-name {} --force --again`",
            self.enrolment, self.slot
        )
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            account,
            slot,
            made,
            ..
        } = self;
        write!(f, "{slot} of `{account}`, made at {made},")
    }
}
