//! Why an emulator does not start.

use thiserror::Error;

use crate::azurite::AzuriteError;
use crate::fleet::FleetError;
use crate::snapshot::SnapshotError;
use crate::state_dir::StateError;
use crate::tls::TlsError;

/// An emulator cannot be started.
#[derive(Debug, Error)]
#[error("cannot start the emulator: {act}")]
pub struct StartError {
    act: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StartError {
    pub(super) fn new(act: impl Into<String>) -> Self {
        Self {
            act: act.into(),
            source: None,
        }
    }

    pub(super) fn because(
        act: impl Into<String>,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            act: act.into(),
            source: Some(Box::new(source)),
        }
    }

    pub(super) fn fleet(source: FleetError) -> Self {
        Self::because("the fleet cannot be built", source)
    }

    pub(super) fn tls(source: TlsError) -> Self {
        Self::because("no certificate authority", source)
    }

    pub(super) fn state(source: StateError) -> Self {
        Self::because("no state folder", source)
    }

    pub(super) fn azurite(source: AzuriteError) -> Self {
        Self::because("no storage server beside", source)
    }

    pub(super) fn snapshot(source: SnapshotError) -> Self {
        Self::because("the snapshot in the state folder cannot be used", source)
    }
}
