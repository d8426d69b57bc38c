//! The reports of one run on their way to their places: stdout, and files that appear whole.

use std::io;

use super::Report;
use super::format::{self, Format};
use super::human::{Look, Paint};
use crate::args::Output;
use crate::files::{Draft, FileError};
use crate::output::Streams;

/// A report did not reach its place.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    #[error("cannot write the report")]
    Stdout(#[source] io::Error),
    #[error(transparent)]
    File(#[from] FileError),
}

/// Where one form of the report goes: a file that is ready to be written, or stdout.
struct Place {
    format: Format,
    draft: Option<Draft>,
}

/// All places of one run.
pub(crate) struct Delivery(Vec<Place>);

impl Delivery {
    /// Opens the files, before a long look is taken for nothing.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(crate) fn open(outputs: &[Output]) -> Result<Self, DeliveryError> {
        let place = |output: &Output| {
            let draft = output.file.as_deref().map(Draft::open).transpose()?;
            Ok(Place {
                format: output.format,
                draft,
            })
        };
        outputs
            .iter()
            .map(place)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Writes the report to all places.
    ///
    /// # Errors
    /// A report that could not be written; those before it are.
    pub(crate) fn send(
        self,
        report: &Report<'_>,
        look: &Look,
        streams: &mut Streams,
    ) -> Result<(), DeliveryError> {
        let in_a_file = Look {
            paint: Paint::Plain,
            width: None,
            ..*look
        };
        for Place { format, draft } in self.0 {
            match draft {
                Some(draft) => {
                    draft.finish(|out| format::write(report, format, &in_a_file, out))?;
                }
                None => streams
                    .results(|out| format::write(report, format, look, out))
                    .map_err(DeliveryError::Stdout)?,
            }
        }
        Ok(())
    }
}
