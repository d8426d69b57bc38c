//! Why a step of direct rotation was not taken, or not to its end.

use rotation::slot::KeySlot;

use crate::holders::HoldersError;
use crate::run::StepError;

/// A step could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum DirectError {
    /// A request failed.
    #[error(transparent)]
    Step(#[from] StepError),
    /// There is no such account.
    #[error("`{account}` does not exist")]
    NoAccount {
        /// The account.
        account: String,
    },
    /// The account refuses its keys, so there is nothing to rotate.
    #[error("`{account}` does not allow access by keys")]
    SharedKeyOff {
        /// The account.
        account: String,
    },
    /// A vault manages the account.
    #[error("`{account}` is enrolled, as `{others}`")]
    Enrolled {
        /// The account.
        account: String,
        /// The identifiers of the records.
        others: String,
    },
    /// A vault that could not be looked into may manage the account.
    #[error("a vault may manage `{account}`: {reason}")]
    MayBeEnrolled {
        /// The account.
        account: String,
        /// What speaks for it.
        reason: String,
        /// Why it cannot be told, if that is what speaks for it.
        #[source]
        cause: Option<StepError>,
    },
    /// A lock keeps keys from being regenerated.
    #[error("the lock `{lock}` on `{scope}` makes `{account}` read-only")]
    Locked {
        /// The account.
        account: String,
        /// The lock's name.
        lock: String,
        /// What it is on.
        scope: String,
    },
    /// The secret is there and is not the published key of this account.
    #[error("`{place}` is another secret: {reason}")]
    Foreign {
        /// The identifier of the secret.
        place: String,
        /// How it shows.
        reason: String,
    },
    /// The account shows no key in a slot.
    #[error("`{account}` shows no key in the slot {slot}")]
    NoKey {
        /// The account.
        account: String,
        /// The slot.
        slot: KeySlot,
    },
    /// An app may hold a key that would be regenerated.
    #[error(transparent)]
    Holders(#[from] HoldersError),
    /// The regeneration was sent, and it cannot be told whether it took effect.
    #[error("cannot tell whether {slot} of `{account}` was regenerated")]
    Unclear {
        /// The account.
        account: String,
        /// The slot.
        slot: KeySlot,
        /// The last answer.
        #[source]
        last: StepError,
    },
    /// The key does not open the account, or that could not be seen.
    #[error("{slot} of `{account}` could not be seen to open the account")]
    NotVerified {
        /// The account.
        account: String,
        /// The slot.
        slot: KeySlot,
        /// The last answer; none if the value is no key at all.
        #[source]
        last: Option<StepError>,
    },
    /// The key is in the account and could not be published.
    #[error("{slot} of `{account}` could not be published")]
    NotPublished {
        /// The account.
        account: String,
        /// The slot.
        slot: KeySlot,
        /// The last answer.
        #[source]
        last: StepError,
    },
}
