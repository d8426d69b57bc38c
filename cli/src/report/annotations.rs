//! The report as commands to the agent of a pipeline, which shows them beside the run.
//!
//! Agents keep only the first few of a step, so the most pressing come first, and of very many
//! only the first; the last line says how many there are.

use std::io::{self, Write};

use rotation::finding::{FindingCode, Severity};

use super::Report;
use super::text::{count, inert};

/// How many findings are written at most.
const MOST: usize = 100;

/// Whose commands are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agent {
    /// `::error title=…::…`
    Github,
    /// `##vso[task.logissue type=error;code=…]…`
    AzurePipelines,
}

/// Writes the commands.
pub(super) fn write(report: &Report<'_>, agent: Agent, out: &mut dyn Write) -> io::Result<()> {
    let mut left = MOST;
    for severity in [Severity::High, Severity::Medium, Severity::Low] {
        for account in report.accounts() {
            for finding in &account.findings {
                let counts = finding.severity == severity && finding.waiver.is_none();
                if counts && left > 0 {
                    left -= 1;
                    let text = format!("{}: {}", account.name, finding.message);
                    agent.write(finding.code, severity, &text, out)?;
                }
            }
        }
        for hole in report.unscanned() {
            if hole.severity == severity && left > 0 {
                left -= 1;
                let text = format!("{} was not examined: {}", hole.scope, hole.reason);
                agent.write(hole.code, severity, &text, out)?;
            }
        }
    }
    let codes = report.codes();
    let pressing = codes
        .iter()
        .filter(|(code, _)| code.severity() > Severity::Info);
    let all: usize = pressing.map(|(_, count)| count).sum();
    writeln!(out, "keyrotation: {}", sum(report, all, MOST - left))
}

fn sum(report: &Report<'_>, all: usize, shown: usize) -> String {
    let mut accounts = count(report.summary().examined(), "account", "accounts");
    if report.tally().waived > 0 {
        accounts.push_str(&format!(", {} waived", report.tally().waived));
    }
    let findings = count(all, "finding", "findings");
    if shown < all {
        format!("{accounts}, {findings}, the first {shown} shown")
    } else {
        format!("{accounts}, {findings}")
    }
}

impl Agent {
    fn write(
        self,
        code: FindingCode,
        severity: Severity,
        text: &str,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let text = inert(text);
        match self {
            Self::Github => {
                let level = match severity {
                    Severity::High => "error",
                    Severity::Medium => "warning",
                    Severity::Low | Severity::Info => "notice",
                };
                writeln!(out, "::{level} title={code}::{}", text.replace('%', "%25"))
            }
            Self::AzurePipelines => {
                // There is no milder kind than a warning.
                let level = match severity {
                    Severity::High => "error",
                    _ => "warning",
                };
                let text = text.replace('%', "%AZP25");
                writeln!(out, "##vso[task.logissue type={level};code={code}]{text}")
            }
        }
    }
}
