//! The body of an answer: whole, or torn off on the way.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::ConnectionReset;

/// The bytes of an answer.
#[derive(Debug, Default)]
pub(crate) struct AnswerBody {
    bytes: Option<Bytes>,
    /// How many bytes the head promised and how many of them never arrive.
    missing: usize,
}

impl AnswerBody {
    /// Makes a body that arrives whole.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self {
            bytes: Some(bytes).filter(|bytes| !bytes.is_empty()),
            missing: 0,
        }
    }

    /// Makes a body of which only the first `length` bytes arrive; then the connection is closed.
    pub(crate) fn torn(bytes: &Bytes, length: usize) -> Self {
        let kept = bytes.slice(..length.min(bytes.len()));
        Self {
            missing: bytes.len() - kept.len(),
            bytes: Some(kept),
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = ConnectionReset;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ConnectionReset>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if self.missing > 0 {
            self.missing = 0;
            return Poll::Ready(Some(Err(ConnectionReset)));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.missing == 0
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.bytes.as_ref().map_or(0, Bytes::len) + self.missing;
        SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
    }
}
