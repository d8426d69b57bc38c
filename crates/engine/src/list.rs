//! Lists of Azure, as far as their elements can be read.

use azure::request::{List, Listed};

use crate::run::{Run, StepError};

/// Reads all elements of a list that can be understood.
///
/// An element in a shape that cannot be read is passed over: what is sought here is sought by its
/// contents, which such an element does not show.
pub(crate) async fn every<T>(
    run: &Run<'_>,
    act: &'static str,
    object: impl std::fmt::Display,
    list: List<T>,
) -> Result<Vec<T>, StepError> {
    let listed = run.list(act, object, list).await?;
    Ok(listed.into_iter().filter_map(Listed::item).collect())
}
