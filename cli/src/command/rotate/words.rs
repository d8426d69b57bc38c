//! A plan and the end of a run, as people read them.

use std::fmt::Write as _;

use crate::journal_file::{Event, Traces};
use crate::plan_file::{Plan, Planned, Way};
use crate::report::text::{count, inert};

/// Writes a plan as a table, and under it who is affected and what is skipped.
pub(super) fn plan(plan: &Plan) -> String {
    let mut text = String::new();
    let rows: Vec<[String; 4]> = plan.accounts.iter().map(row).collect();
    table(&mut text, ["ACCOUNT", "WAY", "STEPS", "PLACE"], &rows);
    for planned in &plan.accounts {
        for line in &planned.affected {
            let _ = writeln!(text, "{}: {}", planned.id.0.name(), inert(line));
        }
    }
    let skipped = plan.skipped.iter();
    let skipped = skipped.map(|one| [one.id.0.name().to_owned(), one.reason.clone()]);
    let skipped: Vec<_> = skipped.collect();
    table(&mut text, ["SKIPPED", "WHY"], &skipped);
    for part in &plan.unexamined {
        let _ = writeln!(text, "not examined: {}", inert(part));
    }
    for app in &plan.unseen_apps {
        let _ = writeln!(text, "not known whether it holds a key: {}", inert(app));
    }
    let accounts = count(plan.accounts.len(), "account", "accounts");
    let (skipped, examined) = (plan.skipped.len(), plan.examined);
    let wait = plan.terms.wait.0;
    let _ = writeln!(
        text,
        "{accounts} to rotate and {skipped} skipped of {examined} examined; a key stays good for at \
         least {wait} after another one took its place"
    );
    text
}

fn row(planned: &Planned) -> [String; 4] {
    let mut steps = Vec::new();
    if planned.publish {
        steps.push(format!("publish {}", planned.in_use.0));
    }
    let turn = match planned.way {
        Way::Direct => "renew and publish",
        Way::Vault => "renew",
    };
    steps.extend(
        planned
            .renew
            .iter()
            .map(|slot| format!("{turn} {}", slot.0)),
    );
    [
        planned.id.0.name().to_owned(),
        planned.way.to_string(),
        steps.join(", "),
        planned.place(),
    ]
}

/// Writes how far each account of a journal is.
pub(super) fn status(plan: &Plan, traces: &Traces) -> String {
    let row = |planned: &Planned| {
        let last = traces.get(planned.id.0.as_str());
        let last = last.and_then(|trace| trace.last.as_ref());
        let (at, said) = last.map_or_else(
            || ("-".to_owned(), "not begun".to_owned()),
            |(at, event)| (format!("{at:.0}"), words(event)),
        );
        [planned.id.0.name().to_owned(), at, said]
    };
    let rows: Vec<_> = plan.accounts.iter().map(row).collect();
    let mut text = String::new();
    table(&mut text, ["ACCOUNT", "SINCE", "STATE"], &rows);
    let is_done = |planned: &&Planned| {
        let trace = traces.get(planned.id.0.as_str());
        trace.is_some_and(crate::journal_file::Trace::is_done)
    };
    let done = plan.accounts.iter().filter(is_done).count();
    let all = count(plan.accounts.len(), "account", "accounts");
    let skipped = plan.skipped.len();
    let _ = writeln!(text, "{done} of {all} done, {skipped} skipped by the plan");
    if plan.skipped.iter().any(|one| !one.is_waived) {
        text.push_str("what was skipped is looked at again by a new plan only\n");
    }
    if !plan.unexamined.is_empty() {
        let parts = count(plan.unexamined.len(), "part", "parts");
        let _ = writeln!(
            text,
            "{parts} of the scope could not be read when this was planned: plan again to have it examined"
        );
    }
    text
}

fn words(event: &Event) -> String {
    match event {
        Event::Begun => "begun".to_owned(),
        Event::Publishing { slot } => format!("publishing {}", slot.0),
        Event::Claiming { slot } => format!("about to renew {}", slot.0),
        Event::Regenerating { slot } => format!("regenerating {}", slot.0),
        Event::LookingBack { slot } => format!("looking whether {} is new", slot.0),
        Event::Regenerated { slot } => format!("{} is new", slot.0),
        Event::Verified { slot } => format!("{} is new and opens the account", slot.0),
        Event::Published { slot } => format!("{} is published", slot.0),
        Event::Moving { holder } => format!("about to put another key into {holder}"),
        Event::Moved { holder } => format!("{holder} got another key"),
        Event::Told { version } => format!("the command was told of version {version}"),
        Event::Waiting { until } => format!("clients have time until {:.0}", until.0),
        Event::Done => "done".to_owned(),
        Event::Refused { reason } => format!("refused: {reason}"),
        Event::Left { reason } => format!("left: {reason}"),
    }
}

/// Writes rows in columns; nothing if there is none.
fn table<const N: usize>(text: &mut String, head: [&str; N], rows: &[[String; N]]) {
    if rows.is_empty() {
        return;
    }
    let head = head.map(str::to_owned);
    let lines = || std::iter::once(&head).chain(rows);
    let width = |column: usize| {
        let cells = lines().filter_map(|line| line.get(column));
        cells.map(|cell| inert(cell).chars().count()).max()
    };
    for line in lines() {
        let mut written = String::new();
        for (column, cell) in line.iter().enumerate() {
            let width = width(column).unwrap_or_default();
            let _ = write!(written, "{:width$}  ", inert(cell));
        }
        let _ = writeln!(text, "{}", written.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan_file::tests::plan as plan_of;

    #[test]
    fn a_plan_is_a_table_with_every_step() {
        let mut made = plan_of(&["stlogs", "stlonger"]);
        made.examined = 3;
        let text = plan(&made);
        let mut lines = text.lines();
        assert!(
            lines
                .next()
                .is_some_and(|line| line.starts_with("ACCOUNT   WAY"))
        );
        let steps = "publish key1, renew and publish key2, renew and publish key1";
        assert!(
            lines.next().is_some_and(|line| line.contains(steps)),
            "{text}"
        );
        assert!(
            text.contains("2 accounts to rotate and 0 skipped of 3"),
            "{text}"
        );
    }

    #[test]
    fn an_account_without_a_line_in_the_journal_is_not_begun() {
        let text = status(&plan_of(&["stlogs"]), &Traces::new());
        assert!(text.contains("stlogs   -      not begun"), "{text}");
        assert!(text.contains("0 of 1 account done"), "{text}");
    }
}
