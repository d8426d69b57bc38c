//! One account on the page: its row in the table, and the section that opens below it.

use std::io::{self, Write};

use rotation::drift::Verdict;

use super::{is_pressing, rank};
use crate::report::entry::{AccountEntry, EnrolmentEntry, KeyEntry};
use crate::report::standing::AccountStanding;
use crate::report::text::{Markup, count, words};

/// Writes row and section; without the script the link of the row opens the section.
pub(super) fn write(
    account: &AccountEntry<'_>,
    place: usize,
    limit: i64,
    out: &mut dyn Write,
) -> io::Result<()> {
    let verdict = account.verdict;
    let fails = match account.standing {
        AccountStanding::Passes => "",
        AccountStanding::Unproven | AccountStanding::Breaks => " fails",
    };
    let waived = if account.is_waived {
        " <small>waived</small>"
    } else {
        ""
    };
    write!(
        out,
        "<tbody role=\"rowgroup\" id=\"a{place}\" class=\"{verdict}{fails}\"><tr role=\"row\">\
         <td role=\"cell\"><a href=\"#a{place}\">{}</a><small>{}</small></td>\
         <td role=\"cell\" data-sort=\"{}\"><span class=\"pill {verdict}\">{}</span>{waived}</td>",
        Markup(&account.name),
        Markup(&account.resource_group),
        rank(verdict),
        words(verdict),
    )?;
    for (_, key) in account.slots() {
        write_age(key, limit, out)?;
    }
    let vault = account.enrolment.as_ref().map_or("", |one| &*one.vault);
    let pressing = account.findings.iter();
    let pressing = pressing.filter(|finding| is_pressing(finding.severity));
    let pressing = pressing.count();
    writeln!(
        out,
        "<td role=\"cell\">{}</td><td role=\"cell\" data-sort=\"{pressing}\">{}</td></tr>",
        Markup(vault),
        if pressing == 0 {
            String::new()
        } else {
            pressing.to_string()
        },
    )?;
    write_section(account, out)?;
    writeln!(out, "</tbody>")
}

fn write_age(key: &KeyEntry, limit: i64, out: &mut dyn Write) -> io::Result<()> {
    let Some(seconds) = key
        .age_seconds
        .filter(|_| key.verdict != Verdict::NotApplicable)
    else {
        let words = match key.verdict {
            Verdict::NotApplicable => "not accepted",
            _ => "age ?",
        };
        return write!(
            out,
            "<td role=\"cell\" data-sort=\"-1\" class=\"none\">{words}</td>"
        );
    };
    // The bar is full at twice the limit: a mark in its middle is the limit itself.
    let width = (seconds * 50 / limit.max(1)).clamp(1, 100);
    write!(
        out,
        "<td role=\"cell\" data-sort=\"{seconds}\">{}<svg class=\"bar {}\" viewBox=\"0 0 100 4\" \
         preserveAspectRatio=\"none\" aria-hidden=\"true\"><path d=\"M0 2H100\"/>\
         <path d=\"M0 2H{width}\"/><path d=\"M50 0V4\"/></svg></td>",
        days(key),
        key.verdict
    )
}

fn days(key: &KeyEntry) -> String {
    let days = key.age_days.and_then(|days| usize::try_from(days).ok());
    days.map_or_else(|| "age ?".to_owned(), |days| count(days, "day", "days"))
}

fn write_section(account: &AccountEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "<tr role=\"row\" class=\"more\"><td role=\"cell\"><code class=\"id\">{}</code><dl>",
        Markup(&account.id)
    )?;
    for (slot, key) in account.slots() {
        let made = key.created_at.map_or_else(
            || "Azure does not say when it was made".to_owned(),
            |made| format!("made {made}, {}", days(key)),
        );
        let verdict = words(key.verdict);
        write!(out, "<dt>{slot}</dt><dd>{made}: {verdict}</dd>")?;
    }
    if let Some(latest) = &account.last_regeneration {
        let by = Markup(&latest.by);
        write!(
            out,
            "<dt>log</dt><dd>regenerated {} by {by}</dd>",
            latest.at
        )?;
    }
    for enrolment in &account.enrolments {
        write_enrolment(enrolment, out)?;
    }
    write!(out, "<dt>region</dt><dd>{}</dd>", Markup(&account.location))?;
    write_tags(account, out)?;
    write!(out, "</dl>")?;
    write_findings(account, out)?;
    writeln!(out, "</td></tr>")
}

fn write_tags(account: &AccountEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
    if account.tags.is_empty() {
        return Ok(());
    }
    let pair = |(name, value): (&String, &String)| format!("{name} = {value}");
    let tags: Vec<_> = account.tags.iter().map(pair).collect();
    write!(out, "<dt>tags</dt><dd>{}</dd>", Markup(&tags.join(", ")))
}

fn write_enrolment(enrolment: &EnrolmentEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
    let renewal = match (enrolment.auto_regenerate, &enrolment.rotation_period) {
        (Some(true), Some(period)) => format!("renews a key every {period}"),
        (Some(true), None) => "renews keys, period not known".to_owned(),
        (Some(false), _) => "renews keys on request only".to_owned(),
        (None, _) => "could not be read".to_owned(),
    };
    let active = enrolment.active_key.unwrap_or("not known");
    write!(
        out,
        "<dt>vault</dt><dd>{}, record {}: {}; active key {active}</dd>",
        Markup(&enrolment.vault),
        Markup(&enrolment.name),
        Markup(&renewal),
    )
}

fn write_findings(account: &AccountEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
    if account.findings.is_empty() {
        return Ok(());
    }
    write!(out, "<ul>")?;
    for finding in &account.findings {
        let waiver = finding.waiver.as_ref();
        let waiver = waiver.map_or_else(String::new, |waiver| format!(" ({waiver})"));
        write!(
            out,
            "<li><span class=\"severity {severity}\">{severity}</span>\
             <span><a href=\"#{code}\">{code}</a> {}{}</span></li>",
            Markup(&finding.message),
            Markup(&waiver),
            severity = finding.severity.as_str(),
            code = finding.code,
        )?;
    }
    write!(out, "</ul>")
}
