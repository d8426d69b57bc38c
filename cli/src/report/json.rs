//! The report as one JSON document, indented, with a newline at its end.

use crate::report::Report;

/// Writes the report.
///
/// # Errors
/// Never for a report as it is; the signature is that of the serialiser.
pub fn text(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
