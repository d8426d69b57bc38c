//! The report as JUnit XML: a suite per subscription, a test case per account.
//!
//! What is proven wrong is a failure, what is not known an error, an account that refuses its keys
//! or passes by a waiver a skipped case; so a reader that counts failures and errors comes to the
//! exit code of the report.

use std::io::{self, Write};

use rotation::drift::Verdict;

use super::Report;
use super::text::{Markup, words};
use crate::report::entry::{AccountEntry, UnscannedEntry};
use crate::report::standing::AccountStanding;

#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn add(&mut self, account: &AccountEntry<'_>) {
        self.tests += 1;
        match account.standing {
            AccountStanding::Breaks => self.failures += 1,
            AccountStanding::Unproven => self.errors += 1,
            AccountStanding::Passes if is_skipped(account) => self.skipped += 1,
            AccountStanding::Passes => {}
        }
    }

    fn attributes(&self) -> String {
        let Self {
            tests,
            failures,
            errors,
            skipped,
        } = self;
        format!(
            "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\""
        )
    }
}

fn is_skipped(account: &AccountEntry<'_>) -> bool {
    account.is_waived || account.verdict == Verdict::NotApplicable
}

/// Writes the document.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (mut all, mut suites) = (Counts::default(), Vec::<(String, Counts)>::new());
    for account in report.accounts() {
        all.add(&account);
        if suites
            .last()
            .is_none_or(|(id, _)| *id != account.subscription_id)
        {
            suites.push((account.subscription_id.to_string(), Counts::default()));
        }
        if let Some((_, suite)) = suites.last_mut() {
            suite.add(&account);
        }
    }
    all.tests += report.summary().unscanned;
    all.errors += report.summary().unscanned;
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"keyrotation\" {}>",
        all.attributes()
    )?;
    let mut accounts = report.accounts();
    for (id, counts) in &suites {
        open_suite(report, id, counts, out)?;
        for account in accounts.by_ref().take(counts.tests) {
            write_account(&account, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    write_holes(report, out)?;
    writeln!(out, "</testsuites>")
}

fn open_suite(
    report: &Report<'_>,
    name: &str,
    counts: &Counts,
    out: &mut dyn Write,
) -> io::Result<()> {
    // The form has no room for a zone; its readers take the time for UTC.
    let moment = report.as_of().strftime("%Y-%m-%dT%H:%M:%S");
    writeln!(
        out,
        "  <testsuite name=\"{}\" {} timestamp=\"{moment}\">",
        Markup(name),
        counts.attributes()
    )
}

fn write_account(account: &AccountEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (group, name) = (Markup(&account.resource_group), Markup(&account.name));
    write!(out, "    <testcase classname=\"{group}\" name=\"{name}\">")?;
    let word = words(account.verdict);
    let element = match account.standing {
        AccountStanding::Passes if is_skipped(account) => {
            let waived = if account.is_waived { ", waived" } else { "" };
            write!(out, "<skipped message=\"{word}{waived}\"/>")?;
            None
        }
        AccountStanding::Passes => None,
        AccountStanding::Unproven => Some("error"),
        AccountStanding::Breaks => Some("failure"),
    };
    if let Some(element) = element {
        let first = account.pressing().find(|one| one.waiver.is_none());
        let message = first.map_or(word, |finding| &*finding.message);
        writeln!(
            out,
            "<{element} type=\"{}\" message=\"{word}: {}\">",
            account.verdict,
            Markup(message)
        )?;
        write_findings(account, out)?;
        write!(out, "</{element}>")?;
    } else if !account.findings.is_empty() {
        writeln!(out, "<system-out>")?;
        write_findings(account, out)?;
        write!(out, "</system-out>")?;
    }
    writeln!(out, "</testcase>")
}

fn write_findings(account: &AccountEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", Markup(&account.id))?;
    for finding in &account.findings {
        writeln!(
            out,
            "{} {}: {}\n  {}",
            finding.severity.as_str(),
            finding.code,
            Markup(&finding.message),
            Markup(finding.remediation)
        )?;
        if let Some(waiver) = &finding.waiver {
            writeln!(out, "  {}", Markup(&waiver.to_string()))?;
        }
    }
    Ok(())
}

fn write_holes(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let holes = report.summary().unscanned;
    if holes == 0 {
        return Ok(());
    }
    let counts = Counts {
        tests: holes,
        errors: holes,
        ..Counts::default()
    };
    open_suite(report, "not examined", &counts, out)?;
    for hole in report.unscanned() {
        write_hole(&hole, out)?;
    }
    writeln!(out, "  </testsuite>")
}

fn write_hole(hole: &UnscannedEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "    <testcase classname=\"{code}\" name=\"{}\"><error type=\"{code}\" message=\"{}\">\n\
         {}</error></testcase>",
        Markup(hole.scope),
        Markup(&hole.reason),
        Markup(hole.remediation),
        code = hole.code,
    )
}
