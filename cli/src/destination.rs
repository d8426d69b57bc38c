//! Where tokens are put: an entry of a secret in a cluster, or a file.

pub(crate) mod cluster;
pub(crate) mod file;

use engine::deliver::{Destination, Fresh, Held};

use self::cluster::{ClusterEntry, ClusterError};
use self::file::{TokenFile, TokenFileError};

/// A place for one token.
#[derive(Debug)]
pub(crate) enum Place {
    /// An entry of a secret in a cluster.
    Cluster(ClusterEntry),
    /// A file.
    File(TokenFile),
}

/// A place could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    File(#[from] TokenFileError),
}

impl Destination for Place {
    type Error = PlaceError;

    async fn held(&self) -> Result<Option<Held>, PlaceError> {
        match self {
            Self::Cluster(entry) => Ok(entry.held().await?),
            Self::File(file) => Ok(file.held()?),
        }
    }

    async fn publish(&self, fresh: &Fresh) -> Result<(), PlaceError> {
        match self {
            Self::Cluster(entry) => Ok(entry.publish(fresh).await?),
            Self::File(file) => Ok(file.publish(fresh)?),
        }
    }
}
