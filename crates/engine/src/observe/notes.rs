//! What a scan notes of its readings, so that a scan that was cut short can be taken up.
//!
//! What is noted are facts as they were read, never what is concluded from them. They belong to parts,
//! and a part counts only if it was read whole; of anything else the next scan knows nothing and
//! reads it. How notes are kept, and how old they may be, is left to whoever keeps them.

use std::collections::BTreeSet;
use std::fmt;

use azure::id::{StorageAccountId, VaultId, VaultUrl};
use jiff::Timestamp;
use rotation::observation::{DeletedEnrolment, Enrolment, HeldKey, Regeneration, RoleSeen};

use super::SeenAccount;

/// What a part of a scan is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The accounts of a subscription or a group, or one account.
    Accounts,
    /// Which vaults a subscription has.
    Vaults,
    /// What one vault says about the accounts.
    Vault,
    /// The roles of Key Vault in a subscription.
    Roles,
    /// Which apps a subscription has.
    Apps,
    /// What the settings of one app hold.
    App,
    /// The activity log of a subscription.
    Log,
}

/// A part of a scan, which is read whole or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// What it is about.
    pub kind: Kind,
    /// The id of what was read.
    pub of: &'a str,
    /// What the reading started from: with other accounts it would have shown something else.
    pub ground: u64,
}

/// One thing that was read.
#[derive(Clone, Copy, Debug)]
pub enum Fact<'a> {
    /// An account, as its own description shows it.
    Account(&'a SeenAccount),
    /// How many accounts of the part are left to other shares of the scope.
    LeftToOthers(usize),
    /// A vault.
    Vault(&'a SeenVault),
    /// A record of a vault about an account.
    Enrolment(&'a StorageAccountId, &'a Enrolment),
    /// A deleted record of a vault about an account.
    Deleted(&'a StorageAccountId, &'a DeletedEnrolment),
    /// A secret that says it holds a key of an account.
    Published(&'a StorageAccountId, &'a str),
    /// Whether Key Vault may renew the keys of an account.
    Role(&'a StorageAccountId, RoleSeen),
    /// An app, by its resource id.
    App(&'a str),
    /// A setting of an app that holds a key of an account.
    Held(&'a StorageAccountId, &'a HeldKey),
    /// How far back the log was read.
    LogSince(Timestamp),
    /// A regeneration of a key of an account.
    Regenerated(&'a StorageAccountId, &'a Regeneration),
}

/// A vault, as far as a scan needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenVault {
    /// Its id.
    pub id: VaultId,
    /// The address of its data plane.
    pub url: VaultUrl,
    /// Whether it keeps what is deleted.
    pub keeps_deleted: bool,
}

/// The mark of a reading that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// The notes cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read what was noted of an earlier scan")]
pub struct NotesError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Keeps notes of a scan, and knows those of an earlier one.
pub trait Notes: Send + Sync + fmt::Debug {
    /// Gives the facts of the wanted parts of a kind that were read whole, on the same ground and not
    /// too long ago, and names those parts.
    ///
    /// # Errors
    /// The notes cannot be read. Facts may have been given by then, so the scan has to end.
    fn recall(
        &self,
        kind: Kind,
        ground: u64,
        wanted: &dyn Fn(&str) -> bool,
        take: &mut dyn FnMut(&str, Fact<'_>),
    ) -> Result<BTreeSet<String>, NotesError>;

    /// Notes that a part is about to be read.
    fn begin(&self) -> Ticket;

    /// Notes a fact of a part that is being read.
    fn note(&self, ticket: Ticket, fact: Fact<'_>);

    /// Notes that a part was read whole.
    fn end(&self, ticket: Ticket, part: Part<'_>);
}

/// Keeps no notes.
#[derive(Clone, Copy, Debug)]
pub struct Unnoted;

impl Notes for Unnoted {
    fn recall(
        &self,
        _kind: Kind,
        _ground: u64,
        _wanted: &dyn Fn(&str) -> bool,
        _take: &mut dyn FnMut(&str, Fact<'_>),
    ) -> Result<BTreeSet<String>, NotesError> {
        Ok(BTreeSet::new())
    }

    fn begin(&self) -> Ticket {
        Ticket(0)
    }

    fn note(&self, _ticket: Ticket, _fact: Fact<'_>) {}

    fn end(&self, _ticket: Ticket, _part: Part<'_>) {}
}

/// One reading of a part; if it is dropped before its end, nothing of it counts.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    notes: &'a dyn Notes,
    ticket: Ticket,
    kind: Kind,
    ground: u64,
}

impl<'a> Reading<'a> {
    pub(super) fn begin(notes: &'a dyn Notes, kind: Kind, ground: u64) -> Self {
        Self {
            notes,
            ticket: notes.begin(),
            kind,
            ground,
        }
    }

    pub(super) fn note(&self, fact: Fact<'_>) {
        self.notes.note(self.ticket, fact);
    }

    pub(super) fn end(self, of: &str) {
        let part = Part {
            kind: self.kind,
            of,
            ground: self.ground,
        };
        self.notes.end(self.ticket, part);
    }
}
