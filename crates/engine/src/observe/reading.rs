//! Reading a scope part by part: what cannot be read becomes a hole, the rest is kept.

use std::sync::{Mutex, PoisonError};
use std::vec::IntoIter;

use azure::client::ReadClient;
use azure::client::search::SettingsSearch;
use azure::request::{List, Listed};
use rotation::finding::FindingCode;

use super::notes::Notes;
use super::{Hole, HoleCause};

/// How many subscriptions or vaults are read at once. What Azure allows is kept by the client; this
/// bounds the connections that are open, and the answers that are in memory.
pub(super) const PLACES_AT_ONCE: usize = 32;

/// How many records of one vault are read at once, over one connection.
pub(super) const RECORDS_AT_ONCE: usize = 4;

/// What every reading of a scan goes by.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    pub(super) client: &'a ReadClient,
    pub(super) search: Option<&'a SettingsSearch>,
    pub(super) notes: &'a dyn Notes,
    pub(super) holes: &'a Holes,
}

/// One list of the scope, as a hole would describe it.
pub(super) struct Part {
    pub(super) scope: String,
    pub(super) act: &'static str,
    /// The kind of hole if the whole list cannot be read.
    pub(super) code: FindingCode,
    /// The kind of hole if one item of it cannot be understood.
    pub(super) item_code: FindingCode,
}

/// The holes, each with the place of what was read in the order of the scope.
#[derive(Debug, Default)]
pub(super) struct Holes(Mutex<Vec<Hole>>);

impl Holes {
    pub(super) fn push(&self, hole: Hole) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(hole);
    }

    /// Hands them over to where all are kept; tells whether there was none.
    pub(super) fn pass_to(self, all: &Self) -> bool {
        let own = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let is_whole = own.is_empty();
        let mut all = all.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(own);
        is_whole
    }

    /// Gives them in an order that does not depend on which answer came first.
    pub(super) fn in_order(self) -> Vec<Hole> {
        let mut holes = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        holes.sort_by(|a, b| (a.code, &a.scope).cmp(&(b.code, &b.scope)));
        holes
    }
}

/// Work that many do together: each takes the next piece when it is done with one.
///
/// Futures are made only for pieces that are under way, so a long list of work stays small.
#[derive(Debug)]
pub(super) struct Queue<T>(Mutex<IntoIter<T>>);

impl<T> Queue<T> {
    pub(super) fn new(work: Vec<T>) -> Self {
        Self(Mutex::new(work.into_iter()))
    }

    pub(super) fn next(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    /// Says how many hands are of use, and no more than so many.
    pub(super) fn hands(&self, most: usize) -> usize {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        waiting.min(most)
    }
}

/// Reads a list to its end and hands over what can be understood; tells whether it could be read.
pub(super) async fn read_list<T>(
    client: &ReadClient,
    list: List<T>,
    part: Part,
    holes: &Holes,
    mut keep: impl FnMut(T),
) -> bool {
    let read = client.visit(list, |listed| match listed {
        Listed::Item(item) => keep(item),
        Listed::Odd { id, reason } => {
            holes.push(odd_hole(part.item_code, id, &part.scope, reason));
        }
    });
    match read.await {
        Ok(()) => true,
        Err(error) => {
            holes.push(Hole::failed(part.code, &part.scope, part.act, error));
            false
        }
    }
}

/// Makes the hole of one item of a list that could not be understood.
pub(crate) fn odd_hole(code: FindingCode, id: Option<String>, list: &str, reason: String) -> Hole {
    let scope = id.unwrap_or_else(|| list.to_owned());
    Hole {
        code,
        scope,
        cause: HoleCause::Odd { reason },
    }
}
