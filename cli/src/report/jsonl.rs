//! The report as a stream of JSON records, one per line: what was asked, each account, each part
//! that was not examined, and the sum.
//!
//! A reader that has seen no sum has not seen the whole report.

use std::io::{self, Write};

use serde::Serialize;

use super::json::write_line;
use super::{FORMAT_VERSION, Report};
use crate::report::entry::{AccountEntry, DemandEntry, Summary, UnscannedEntry};
use crate::report::standing::Tally;

#[derive(Serialize)]
#[serde(tag = "record", rename_all = "snake_case")]
enum Record<'r> {
    Run {
        format_version: u32,
        as_of: String,
        demand: DemandEntry,
        scope: &'r [String],
    },
    Account(&'r AccountEntry<'r>),
    Unscanned(UnscannedEntry<'r>),
    Summary {
        complete: bool,
        standing: &'r Tally,
        #[serde(flatten)]
        summary: &'r Summary,
    },
}

/// Writes the records.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let run = Record::Run {
        format_version: FORMAT_VERSION,
        as_of: report.as_of().to_string(),
        demand: report.demand(),
        scope: report.scope(),
    };
    write_line(&run, out)?;
    for account in report.accounts() {
        write_line(&Record::Account(&account), out)?;
    }
    for hole in report.unscanned() {
        write_line(&Record::Unscanned(hole), out)?;
    }
    let sum = Record::Summary {
        complete: report.is_complete(),
        standing: report.tally(),
        summary: report.summary(),
    };
    write_line(&sum, out)
}
