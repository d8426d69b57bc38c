//! The report as one page that needs nothing else: no network, no other file.
//!
//! Everything is in the markup, so the page can be read, printed and searched where scripts are
//! forbidden; the script only sorts, filters and opens. All text from outside is escaped, and the
//! page's own policy lets nothing run but the script and the style it was made with.

mod account;
mod histogram;

use std::io::{self, Write};

use rotation::drift::Verdict;
use rotation::finding::Severity;

use super::Report;
use super::text::{Markup, count, words};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The SHA-256 of the style and the script, as a content security policy writes them.
const STYLE_HASH: &str = "sha256-XnnXPwOIXhvPsDoQBJ4pG7384gBjFkFQThR8Bn99lnE=";
const SCRIPT_HASH: &str = "sha256-yp76HcHP7+8wgsXb+3ynkvbfbYmWDuB3J8FCZ8oViPQ=";

const COLUMNS: [&str; 6] = ["Account", "Verdict", "key1", "key2", "Vault", "Findings"];

/// Writes the page.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_head(report, out)?;
    write_title(report, out)?;
    write_totals(report, out)?;
    write_holes(report, out)?;
    histogram::write(report, out)?;
    write_accounts(report, out)?;
    write_remedies(report, out)?;
    writeln!(
        out,
        "<footer>Made by keyrotation {}. What is not known is never counted as a pass.</footer>\n\
         </main>\n<script>{SCRIPT}</script>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION")
    )
}

fn write_head(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src '{STYLE_HASH}'; script-src '{SCRIPT_HASH}'; base-uri 'none'; \
         form-action 'none'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Keys of storage accounts, {}</title>\n<style>{STYLE}</style>\n</head>",
        report.as_of()
    )
}

fn write_title(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (state, headline) = headline(report);
    let rule = report.rule(&period(report.demand().max_key_age_seconds));
    let waived = match report.tally().waived {
        0 => String::new(),
        some => format!(" Waivers let {} pass.", count(some, "account", "accounts")),
    };
    let scope = report.scope().join(", ");
    writeln!(
        out,
        "<body>\n<main>\n<header class=\"{state}\">\n<p class=\"eyebrow\">Keys of storage \
         accounts</p>\n<h1>{headline}</h1>\n<p class=\"lead\">As of <time \
         datetime=\"{moment}\">{shown}</time>: {rule}.{waived}</p>\n\
         <p class=\"lead\">Looked at: {scope}.</p>\n</header>",
        moment = report.as_of(),
        shown = report.as_of().strftime("%-d %B %Y, %H:%M UTC"),
        rule = Markup(&rule),
        scope = Markup(&scope),
    )
}

/// Says what the whole report comes to, and which state that is.
fn headline(report: &Report<'_>) -> (&'static str, String) {
    let summary = report.summary();
    let (examined, broken) = (summary.examined(), report.tally().breaks);
    let missing = report.tally().unproven;
    let accounts = count(examined, "account", "accounts");
    if examined == 0 {
        return ("unknown", "No account was examined".to_owned());
    }
    if broken > 0 {
        let are = if broken == 1 { "is" } else { "are" };
        return (
            "broken",
            format!("{broken} of {accounts} {are} out of policy"),
        );
    }
    if missing > 0 {
        return (
            "unknown",
            format!("{missing} of {accounts} cannot be judged"),
        );
    }
    if summary.unscanned > 0 {
        let parts = count(summary.unscanned, "part", "parts");
        return (
            "unknown",
            format!("{parts} of the scope could not be examined"),
        );
    }
    let all = if examined == 1 {
        "The one account is"
    } else {
        "All accounts are"
    };
    ("kept", format!("{all} within the rule"))
}

/// Says a length of time as people do, in days if it has whole ones.
fn period(seconds: i64) -> String {
    const DAY: i64 = 86_400;
    match (seconds / DAY, seconds % DAY) {
        (1, 0) => "1 day".to_owned(),
        (days, 0) => format!("{days} days"),
        _ => format!(
            "{:.1} hours",
            jiff::SignedDuration::from_secs(seconds).as_secs_f64() / 3600.0
        ),
    }
}

/// Writes the counts; with the script each of them is a filter.
fn write_totals(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section class=\"totals\" aria-label=\"Totals\">")?;
    for (verdict, count) in report.summary().by_verdict() {
        let none = if count == 0 { " none" } else { "" };
        writeln!(
            out,
            "<button type=\"button\" class=\"total {verdict}{none}\" data-verdict=\"{verdict}\" \
             aria-pressed=\"false\"><b>{count}</b><span>{}</span></button>",
            words(verdict)
        )?;
    }
    writeln!(out, "</section>")
}

fn write_holes(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let holes = report.summary().unscanned;
    if holes == 0 {
        return Ok(());
    }
    let parts = count(holes, "part of the scope was", "parts of the scope were");
    let open = if holes <= 2 { " open" } else { "" };
    writeln!(
        out,
        "<details class=\"holes\"{open}>\n<summary>{parts} not examined</summary>\n<ul>"
    )?;
    for hole in report.unscanned() {
        writeln!(
            out,
            "<li><code>{}</code> {} <a href=\"#{code}\">{code}</a></li>",
            Markup(hole.scope),
            Markup(&hole.reason),
            code = hole.code
        )?;
    }
    writeln!(out, "</ul>\n</details>")
}

fn write_accounts(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let accounts = report.summary().examined();
    if accounts == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "<section id=\"accounts\">\n<h2>Accounts</h2>\n<div class=\"tools\">\n\
         <input type=\"search\" id=\"filter\" placeholder=\"Filter by any word\" \
         aria-label=\"Filter the accounts\" autocomplete=\"off\" spellcheck=\"false\">\n\
         <button type=\"button\" id=\"expand\" aria-pressed=\"false\">Show details</button>\n\
         <output id=\"shown\">{}</output>\n</div>\n<table role=\"table\">\n\
         <thead role=\"rowgroup\"><tr role=\"row\">",
        count(accounts, "account", "accounts")
    )?;
    for (number, column) in COLUMNS.iter().enumerate() {
        writeln!(
            out,
            "<th role=\"columnheader\" scope=\"col\"><button type=\"button\" \
             data-column=\"{number}\">{column}</button></th>"
        )?;
    }
    writeln!(out, "</tr></thead>")?;
    let limit = report.demand().max_key_age_seconds;
    for place in worst_first(report) {
        if let Some(account) = report.account(place) {
            account::write(&account, place, limit, out)?;
        }
    }
    writeln!(out, "</table>\n</section>")
}

/// Orders the places of the accounts: whoever only reads the beginning reads what matters most.
fn worst_first(report: &Report<'_>) -> Vec<usize> {
    let accounts = report.accounts().enumerate();
    let mut places: Vec<_> = accounts
        .map(|(place, account)| (account.is_waived, rank(account.verdict), place))
        .collect();
    places.sort_unstable();
    places.into_iter().map(|(_, _, place)| place).collect()
}

fn write_remedies(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let codes = report.codes();
    if codes.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<section class=\"remedies\">\n<h2>What to do</h2>\n<dl>"
    )?;
    for (code, number) in codes {
        let row = code.explanation();
        writeln!(
            out,
            "<dt id=\"{name}\"><code>{name}</code> <span class=\"severity {severity}\">\
             {severity}</span> <span class=\"times\">{}</span></dt>\n<dd><p>{}</p><p>{}</p></dd>",
            count(number, "time", "times"),
            Markup(row.risk),
            Markup(row.remediation),
            name = row.name,
            severity = row.severity.as_str(),
        )?;
    }
    writeln!(out, "</dl>\n</section>")
}

/// Ranks a verdict for sorting, the worst first.
fn rank(verdict: Verdict) -> usize {
    let place = Verdict::ALL.iter().rev().position(|one| *one == verdict);
    place.unwrap_or(Verdict::ALL.len())
}

/// Tells whether a finding is worth a mark in the table.
fn is_pressing(severity: Severity) -> bool {
    severity > Severity::Info
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_style_and_the_script_of_the_page() {
        use base64::Engine as _;
        let check = |text: &str, expected: &str| {
            let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
            let digest = base64::engine::general_purpose::STANDARD.encode(digest);
            assert_eq!(format!("sha256-{digest}"), expected);
        };
        check(STYLE, STYLE_HASH);
        check(SCRIPT, SCRIPT_HASH);
    }

    #[test]
    fn the_page_asks_nobody_for_anything() {
        for outside in [
            "http:", "https:", "//", "url(", "@import", "fetch(", "import(",
        ] {
            assert!(!STYLE.contains(outside), "{outside} in the style");
            let code = SCRIPT.lines().filter(|line| !line.trim().starts_with("//"));
            assert!(
                code.into_iter().all(|line| !line.contains(outside)),
                "{outside} in the script"
            );
        }
        for forbidden in ["innerHTML", "document.write", "eval(", "</script"] {
            assert!(!SCRIPT.contains(forbidden), "{forbidden}");
        }
    }
}
