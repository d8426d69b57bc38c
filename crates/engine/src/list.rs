//! Lists of Azure, read to their end.

use azure::request::{List, Listed};

use crate::run::{Run, StepError};

/// Reads all items of a list that could be understood.
///
/// An item in a shape that cannot be read is passed over: what is sought here is sought by its
/// contents, which such an item does not show.
pub(crate) async fn every<T>(
    run: &Run<'_>,
    act: &'static str,
    object: impl std::fmt::Display,
    list: List<T>,
) -> Result<Vec<T>, StepError> {
    let listed = run
        .client()
        .list(list)
        .await
        .map_err(|source| StepError::new(act, object, source))?;
    Ok(listed.into_iter().filter_map(Listed::item).collect())
}

/// Tells whether a list has any item, understood or not.
pub(crate) async fn any<T>(
    run: &Run<'_>,
    act: &'static str,
    object: impl std::fmt::Display,
    list: List<T>,
) -> Result<bool, StepError> {
    let listed = run
        .client()
        .list(list)
        .await
        .map_err(|source| StepError::new(act, object, source))?;
    Ok(!listed.is_empty())
}
