//! The report as gauges in Prometheus's text form, for a textfile collector or a push gateway.

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use super::Report;
use super::text::inert;
use crate::report::entry::AccountEntry;

/// Writes the gauges, each metric in one block.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let summary = report.summary();
    write_sole(
        "keyrotation_report_timestamp_seconds",
        "The moment the report is about.",
        report.as_of().as_second(),
        out,
    )?;
    write_sole(
        "keyrotation_max_key_age_seconds",
        "The age that no key may outgrow.",
        report.demand().max_key_age_seconds,
        out,
    )?;
    write_sole(
        "keyrotation_unscanned",
        "Parts of the scope that were not examined.",
        summary.unscanned,
        out,
    )?;
    write_head("keyrotation_accounts", "Accounts by verdict.", out)?;
    for (verdict, count) in summary.by_verdict() {
        writeln!(out, "keyrotation_accounts{{verdict=\"{verdict}\"}} {count}")?;
    }
    write_head(
        "keyrotation_standing",
        "Accounts by what counts in the end; waived ones are among those that pass.",
        out,
    )?;
    let tally = report.tally();
    for (standing, count) in [
        ("breaks", tally.breaks),
        ("unproven", tally.unproven),
        ("passes", tally.passes),
        ("waived", tally.waived),
    ] {
        writeln!(
            out,
            "keyrotation_standing{{standing=\"{standing}\"}} {count}"
        )?;
    }
    write_head(
        "keyrotation_findings",
        "Findings, and parts that were not examined, by kind.",
        out,
    )?;
    for (code, count) in report.codes() {
        let severity = code.severity().as_str();
        writeln!(
            out,
            "keyrotation_findings{{code=\"{code}\",severity=\"{severity}\"}} {count}"
        )?;
    }
    write_accounts(report, out)
}

fn write_accounts(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_head(
        "keyrotation_account_verdict",
        "What is concluded about an account, as a label; always 1.",
        out,
    )?;
    for account in report.accounts() {
        let (labels, verdict) = (Labels(&account), account.verdict);
        writeln!(
            out,
            "keyrotation_account_verdict{{{labels},verdict=\"{verdict}\"}} 1"
        )?;
    }
    write_head(
        "keyrotation_key_age_seconds",
        "The age of a key; absent if Azure does not say when it was made.",
        out,
    )?;
    for account in report.accounts() {
        for (slot, key) in account.slots() {
            if let Some(age) = key.age_seconds {
                let labels = Labels(&account);
                writeln!(
                    out,
                    "keyrotation_key_age_seconds{{{labels},key=\"{slot}\"}} {age}"
                )?;
            }
        }
    }
    Ok(())
}

fn write_sole(
    name: &str,
    help: &str,
    value: impl fmt::Display,
    out: &mut dyn Write,
) -> io::Result<()> {
    write_head(name, help, out)?;
    writeln!(out, "{name} {value}")
}

fn write_head(name: &str, help: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")
}

/// What tells one account from all others.
struct Labels<'a, 'e>(&'a AccountEntry<'e>);

impl fmt::Display for Labels<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "account=\"{}\",resource_group=\"{}\",subscription_id=\"{}\"",
            Label(&self.0.name),
            Label(&self.0.resource_group),
            Label(&self.0.subscription_id)
        )
    }
}

/// The value of a label.
struct Label<'a>(&'a str);

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in inert(self.0).chars() {
            match letter {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}
