//! Apps give up a key before it is regenerated, and have the overlap to start anew with the other one.
//!
//! When apps were moved last is kept in the tags of the published version, so that another run, on
//! another machine, gives them their time as well.

use azure::vault::secret;
use jiff::Timestamp;
use rotation::slot::KeySlot;

use super::error::DirectError;
use super::publish::Version;
use super::{DirectWish, Progress};
use crate::holders;
use crate::run::Run;
use crate::surroundings::Surroundings;

const TAG: &str = "KeyRotationAppsMoved";

/// Puts the published key wherever an app holds that of a slot, and gives until when apps have time
/// that did so; `None` if that is over, or none ever did.
///
/// # Cancellation
/// The time is noted before an app is touched; the next run moves the rest.
pub(super) async fn leave(
    run: &Run<'_>,
    around: &Surroundings,
    wish: &DirectWish,
    published: &Version,
    slot: KeySlot,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Option<Timestamp>, DirectError> {
    let Some(reach) = &wish.apps else {
        return Ok(None);
    };
    let found = holders::find(run, reach, &wish.account, slot).await?;
    if found.is_empty() {
        let until = moved_at(published).map(|at| wish.terms.overlap.after(at));
        return Ok(until.filter(|until| *until > run.now()));
    }
    let now = run.now();
    let mut tags = published.tags.clone();
    tags.insert(TAG.to_owned(), now.to_string());
    let place = &wish.place;
    let request = secret::retag(&place.vault, &place.name, &published.version, &tags);
    run.send("note in the tags that apps are moved, of", place, request)
        .await?;
    let mut tell = |progress| tell(Progress::Apps(progress));
    holders::free(found, around, &mut tell).await?;
    Ok(Some(wish.terms.overlap.after(run.now().max(now))))
}

fn moved_at(published: &Version) -> Option<Timestamp> {
    published.tags.get(TAG)?.parse().ok()
}
