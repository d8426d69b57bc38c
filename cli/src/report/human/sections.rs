//! What stands below the table: the findings, what was not examined, and what to do.

use std::io::{self, Write};

use rotation::finding::Severity;

use super::{Look, wrap};
use crate::report::Report;
use crate::report::entry::AccountEntry;
use crate::report::text::inert;

/// Where the words of a finding begin: after its severity and its code.
const MESSAGE_AT: usize = 14;

/// Writes the sections that have something to say.
pub(super) fn write(report: &Report<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    write_findings(report, look, out)?;
    write_holes(report, look, out)?;
    write_remedies(report, look, out)
}

fn write_findings(report: &Report<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut is_first = true;
    for account in report.accounts() {
        if account.pressing().next().is_none() {
            continue;
        }
        if is_first {
            writeln!(out, "Findings")?;
            is_first = false;
        }
        write_account(&account, look, out)?;
    }
    if is_first { Ok(()) } else { writeln!(out) }
}

/// What is only worth knowing is left to the other reports.
fn write_account(account: &AccountEntry<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {}", inert(&account.id))?;
    for finding in account.pressing() {
        let (severity, code) = (finding.severity.as_str(), finding.code);
        write!(out, "    {severity:6}  ")?;
        match look.width {
            None => write!(out, "{code}  ")?,
            Some(_) => write!(out, "{code}\n{:MESSAGE_AT$}", "")?,
        }
        let message = match &finding.waiver {
            Some(waiver) => format!("{} ({waiver})", finding.message),
            None => finding.message.to_string(),
        };
        wrap::write(&message, MESSAGE_AT, look.width, out)?;
    }
    Ok(())
}

fn write_holes(report: &Report<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    if report.is_complete() {
        return Ok(());
    }
    writeln!(out, "Not examined")?;
    for hole in report.unscanned() {
        write!(out, "  {}\n    ", inert(hole.scope))?;
        wrap::write(&hole.reason, 4, look.width, out)?;
    }
    writeln!(out)
}

fn write_remedies(report: &Report<'_>, look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let codes = report.codes();
    let pressing: Vec<_> = codes
        .keys()
        .map(|code| code.explanation())
        .filter(|row| row.severity > Severity::Info)
        .collect();
    if pressing.is_empty() {
        return Ok(());
    }
    writeln!(out, "What to do")?;
    for row in pressing {
        write!(out, "  {}\n    ", row.name)?;
        wrap::write(row.remediation, 4, look.width, out)?;
    }
    writeln!(out)
}
