//! How old the keys are: a bar for each sixth of the limit, up to twice the limit, and one each for
//! older keys and for those of unknown age. What is in a bar is told apart by verdict.

use std::io::{self, Write};

use rotation::drift::{Proof, Verdict};

use crate::report::Report;
use crate::report::entry::KeyEntry;
use crate::report::text::count;

const PARTS_OF_LIMIT: i64 = 6;
const BARS: usize = 14;
const OLDER: usize = 12;
const UNKNOWN: usize = 13;

/// The drawing in units of its own: the room for a bar, the bar, and the heights.
const STEP: usize = 50;
const BAR: usize = 38;
const LEFT: usize = 6;
const BASE: usize = 150;
const TALLEST: usize = 120;

/// How many keys of a bar are of which kind, drawn from the bottom up.
#[derive(Clone, Copy, Default)]
struct Bar {
    kept: usize,
    due_soon: usize,
    unknown: usize,
    broken: usize,
}

impl Bar {
    fn kinds(self) -> [(&'static str, usize); 4] {
        [
            ("compliant", self.kept),
            ("due_soon", self.due_soon),
            ("unknown", self.unknown),
            ("overdue", self.broken),
        ]
    }

    fn all(self) -> usize {
        self.kept + self.due_soon + self.unknown + self.broken
    }

    fn add(&mut self, verdict: Verdict) {
        *match (verdict, verdict.proof()) {
            (Verdict::DueSoon, _) => &mut self.due_soon,
            (_, Proof::Kept) => &mut self.kept,
            (_, Proof::Missing) => &mut self.unknown,
            (_, Proof::Broken) => &mut self.broken,
        } += 1;
    }
}

/// Writes the drawing, unless there is no key whose age matters.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let limit = report.demand().max_key_age_seconds;
    let bars = bars(report, limit);
    let keys: usize = bars.iter().map(|bar| bar.all()).sum();
    let tallest = bars.iter().map(|bar| bar.all()).max().unwrap_or_default();
    if keys == 0 {
        return Ok(());
    }
    let (width, height) = (LEFT * 2 + STEP * BARS, BASE + 24);
    writeln!(
        out,
        "<figure>\n<figcaption>Age of {}, in days</figcaption>\n\
         <svg class=\"ages\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"How many keys are how old\">",
        count(keys, "key", "keys")
    )?;
    for (place, bar) in bars.iter().enumerate() {
        write_bar(place, *bar, tallest, out)?;
    }
    write_axis(limit, out)?;
    writeln!(out, "</svg>\n</figure>")
}

fn bars(report: &Report<'_>, limit: i64) -> [Bar; BARS] {
    let mut bars = [Bar::default(); BARS];
    let accounts = report.accounts();
    for account in accounts.filter(|one| one.verdict != Verdict::NotApplicable) {
        for (_, key) in account.slots() {
            if let Some(bar) = bars.get_mut(place(key, limit)) {
                bar.add(key.verdict);
            }
        }
    }
    bars
}

/// Finds the bar of a key; an age on the line between two belongs to the younger one.
fn place(key: &KeyEntry, limit: i64) -> usize {
    let Some(age) = key.age_seconds else {
        return UNKNOWN;
    };
    let sixths = (age * PARTS_OF_LIMIT - 1).max(0) / limit.max(1);
    usize::try_from(sixths).map_or(OLDER, |sixths| sixths.min(OLDER))
}

fn write_bar(place: usize, bar: Bar, tallest: usize, out: &mut dyn Write) -> io::Result<()> {
    let x = left_of(place) + (STEP - BAR) / 2;
    let mut top = BASE;
    for (kind, number) in bar.kinds() {
        // A single key among thousands is still seen.
        let height = match number {
            0 => continue,
            some => (some * TALLEST / tallest.max(1)).max(2),
        };
        top = top.saturating_sub(height);
        writeln!(
            out,
            "<rect class=\"{kind}\" x=\"{x}\" y=\"{top}\" width=\"{BAR}\" height=\"{height}\"/>"
        )?;
    }
    match bar.all() {
        0 => Ok(()),
        all => write_text(
            "number",
            x + BAR / 2,
            top.saturating_sub(5),
            &all.to_string(),
            out,
        ),
    }
}

fn write_axis(limit: i64, out: &mut dyn Write) -> io::Result<()> {
    let right = left_of(BARS);
    writeln!(out, "<path class=\"axis\" d=\"M{LEFT} {BASE}H{right}\"/>")?;
    for sixth in [0, 2, 4, 6, 8, 10, 12] {
        let at = i64::try_from(sixth).unwrap_or_default() * limit / PARTS_OF_LIMIT;
        write_text("tick", left_of(sixth), BASE + 16, &days(at), out)?;
    }
    let middle = STEP / 2;
    write_text("tick", left_of(OLDER) + middle + 8, BASE + 16, "older", out)?;
    write_text("tick", left_of(UNKNOWN) + middle, BASE + 16, "age ?", out)?;
    let x = left_of(6);
    writeln!(out, "<path class=\"limit\" d=\"M{x} 8V{BASE}\"/>")?;
    write_text("limit", x + 6, 16, "limit", out)
}

fn left_of(place: usize) -> usize {
    LEFT + place * STEP
}

fn days(seconds: i64) -> String {
    let days = jiff::SignedDuration::from_secs(seconds).as_secs_f64() / 86_400.0;
    let rounded = format!("{days:.1}");
    rounded.trim_end_matches(".0").to_owned()
}

fn write_text(class: &str, x: usize, y: usize, text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{text}</text>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_on_the_line_between_two_bars_belongs_to_the_younger_one() {
        const DAY: i64 = 86_400;
        let check = |age_seconds: Option<i64>, expected: usize| {
            let key = KeyEntry {
                created_at: None,
                age_days: None,
                verdict: Verdict::Compliant,
                age_seconds,
            };
            assert_eq!(place(&key, 90 * DAY), expected, "{age_seconds:?}");
        };
        check(Some(0), 0);
        check(Some(15 * DAY), 0);
        check(Some(15 * DAY + 1), 1);
        check(Some(90 * DAY), 5);
        check(Some(90 * DAY + 1), 6);
        check(Some(180 * DAY), 11);
        check(Some(180 * DAY + 1), OLDER);
        check(Some(4000 * DAY), OLDER);
        check(None, UNKNOWN);
    }
}
