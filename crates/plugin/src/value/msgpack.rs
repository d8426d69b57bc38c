//! Values in MessagePack, the form in which a core and a provider exchange them.
//!
//! Both directions are led by a type: what arrives fits it, and what does not fit it is not sent. The input
//! is not trusted: every length is checked against the bytes that are left before anything is allocated.

mod decode;
mod encode;
#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::path::Path;
use crate::types::Type;
use crate::value::Value;

/// How deep values may nest.
const DEPTH: usize = 128;

/// Extension code of an unknown value of which nothing is known.
const UNKNOWN: i8 = 0;

/// Extension code of an unknown value with refinements.
const REFINED_UNKNOWN: i8 = 12;

/// Refinement: whether the value is null.
const NULLNESS: u64 = 1;

/// Refinement: what a text begins with.
const STRING_PREFIX: u64 = 2;

/// The bytes are no value of the type.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("cannot read {}: {reason}", place(.path))]
pub struct DecodeError {
    path: Path,
    reason: &'static str,
}

/// The value is none of the type.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("cannot write {}: {reason}", place(.path))]
pub struct EncodeError {
    path: Path,
    reason: String,
}

impl EncodeError {
    /// Returns where in the value the fault is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads a value of a type.
///
/// # Errors
/// [`DecodeError`] if the bytes are not exactly one value of the type.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    decode::decode(bytes, ty)
}

/// Writes a value of a type.
///
/// # Errors
/// [`EncodeError`] if the value is none of the type; an object must have exactly its attributes.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    encode::encode(value, ty)
}

fn place(path: &Path) -> String {
    if path.steps().is_empty() {
        "the value".to_owned()
    } else {
        format!("`{path}`")
    }
}
