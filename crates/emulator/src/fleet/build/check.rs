//! The values of a fleet document: each is read or refused with its place.

use std::fmt::Display;

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use uuid::Uuid;
use webpki::EndEntityCert;

use crate::fleet::FleetError;

/// Refuses what cannot be the name of a resource group.
pub(super) fn group(at: &str, name: &str) -> Result<(), FleetError> {
    let allowed = |letter: char| letter.is_alphanumeric() || "-_.()".contains(letter);
    if name.is_empty() || name.len() > 90 || name.ends_with('.') || !name.chars().all(allowed) {
        return Err(wrong(
            &format!("{at}.resource_group"),
            "not the name of a resource group",
        ));
    }
    Ok(())
}

/// Reads a point in time.
pub(super) fn time(at: &str, text: Option<&str>) -> Result<Option<Timestamp>, FleetError> {
    text.map(|text| text.parse().map_err(|error: jiff::Error| wrong(at, error)))
        .transpose()
}

/// Reads a GUID and gives it in its usual form.
pub(super) fn guid(at: &str, text: &str) -> Result<String, FleetError> {
    Uuid::parse_str(text)
        .map(|id| id.to_string())
        .map_err(|error| wrong(at, error))
}

/// Complains about a value at a place in the document.
pub(super) fn wrong(path: &str, problem: impl Display) -> FleetError {
    FleetError::Value {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}

/// Reads certificates as DER.
pub(super) fn certificates(at: &str, texts: &[String]) -> Result<Vec<Vec<u8>>, FleetError> {
    let read = |(index, text): (usize, &String)| {
        let der = CertificateDer::from_pem_slice(text.as_bytes()).ok();
        der.filter(|der| EndEntityCert::try_from(der).is_ok())
            .map(|der| der.to_vec())
            .ok_or_else(|| {
                let place = format!("{at}.certificates[{index}]");
                wrong(&place, "it is no certificate in PEM form")
            })
    };
    texts.iter().enumerate().map(read).collect()
}
