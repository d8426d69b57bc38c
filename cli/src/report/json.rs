//! The report as one JSON document, indented, with a newline at its end; and what all formats that
//! are made of JSON share.

use std::io::{self, Write};

use serde::Serialize;
use serde::Serializer;

use super::{FORMAT_VERSION, Report};
use crate::report::entry::{DemandEntry, Summary};
use crate::report::standing::Tally;

#[derive(Serialize)]
struct Document<'r, Accounts, Unscanned> {
    format_version: u32,
    as_of: String,
    complete: bool,
    demand: DemandEntry,
    scope: &'r [String],
    summary: &'r Summary,
    standing: &'r Tally,
    accounts: Accounts,
    unscanned: Unscanned,
}

/// Writes the report.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        format_version: FORMAT_VERSION,
        as_of: report.as_of().to_string(),
        complete: report.is_complete(),
        demand: report.demand(),
        scope: report.scope(),
        summary: report.summary(),
        standing: report.tally(),
        accounts: Each(|| report.accounts()),
        unscanned: Each(|| report.unscanned()),
    };
    write_indented(&document, out)
}

/// Serialises what a function gives as a list, one element at a time.
pub(super) struct Each<F>(pub(super) F);

impl<F, Elements> Serialize for Each<F>
where
    F: Fn() -> Elements,
    Elements: IntoIterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// Writes a value over many lines.
pub(super) fn write_indented(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(Discreet::new(out), value)?;
    out.write_all(b"\n")
}

/// Writes a value on one line.
pub(super) fn write_line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(Discreet::new(out), value)?;
    out.write_all(b"\n")
}

/// Writes the second of two `#` in a row as an escape, which every reader of JSON undoes.
///
/// An agent that shows the document takes `##vso[` for a command wherever it stands. Outside of
/// strings JSON has no such character, so the bytes can be changed without looking at their place.
struct Discreet<'a> {
    out: &'a mut dyn Write,
    after_hash: bool,
}

impl<'a> Discreet<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            after_hash: false,
        }
    }
}

impl Write for Discreet<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'#') {
            match piece.strip_prefix(b"#") {
                Some(rest) if self.after_hash => {
                    self.out.write_all(br"\u0023")?;
                    self.out.write_all(rest)?;
                }
                _ => self.out.write_all(piece)?,
            }
            self.after_hash = piece.ends_with(b"#");
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
