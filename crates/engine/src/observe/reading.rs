//! Reading a scope part by part: what cannot be read becomes a hole, the rest is kept.

use azure::client::ReadClient;
use azure::request::{List, Listed};
use futures::{StreamExt, stream};
use rotation::finding::FindingCode;

use super::{Hole, HoleCause};

/// How many parts are read at once. ARM throttles per subscription, Key Vault per vault.
const PARTS_AT_ONCE: usize = 8;

/// What was read of some parts, and what was not.
pub(super) struct Found<T> {
    pub(super) items: Vec<T>,
    pub(super) holes: Vec<Hole>,
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

/// Reads a list to its end.
pub(super) async fn read_list<T>(client: &ReadClient, list: List<T>, part: Part) -> Found<T> {
    let mut found = Found {
        items: Vec::new(),
        holes: Vec::new(),
    };
    match client.list(list).await {
        Err(error) => found
            .holes
            .push(failed(part.code, part.scope, part.act, error)),
        Ok(listed) => {
            for item in listed {
                match item {
                    Listed::Item(item) => found.items.push(item),
                    Listed::Odd { id, reason } => {
                        found
                            .holes
                            .push(odd_hole(part.item_code, id, &part.scope, reason));
                    }
                }
            }
        }
    }
    found
}

/// Reads many parts, a few at a time, and puts the results together in the order of the parts.
///
/// It takes the readings themselves: a future that held a closure which makes them could not be
/// proven to be `Send`.
pub(super) async fn read_all<T>(readings: Vec<impl Future<Output = Found<T>>>) -> Found<T> {
    let mut all = Found {
        items: Vec::new(),
        holes: Vec::new(),
    };
    let mut under_way = stream::iter(readings).buffered(PARTS_AT_ONCE);
    while let Some(found) = under_way.next().await {
        all.items.extend(found.items);
        all.holes.extend(found.holes);
    }
    all
}

/// Makes the hole of a read that failed.
pub(super) fn failed(
    code: FindingCode,
    scope: impl Into<String>,
    act: impl Into<String>,
    source: azure::error::Error,
) -> Hole {
    Hole {
        code,
        scope: scope.into(),
        cause: HoleCause::Failed {
            act: act.into(),
            source,
        },
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
