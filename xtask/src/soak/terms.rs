//! What a soak is asked for, and the numbers that are the same in every one.

use anyhow::{Context, Result, bail, ensure};

/// Hours between two rounds of `sync`.
pub(super) const STEP_HOURS: u32 = 4;
/// Rounds in a day.
pub(super) const STEPS: u32 = 24 / STEP_HOURS;
/// The age that no key may outgrow.
pub(super) const MAX_AGE_DAYS: u32 = 30;
/// How long before that a key is due for `rotate`.
pub(super) const DUE_SOON_DAYS: u32 = 6;
/// How old a key is at the least when its turn comes: half of what is left, in whole days.
pub(super) const PERIOD_DAYS: u32 = (MAX_AGE_DAYS - DUE_SOON_DAYS) / 2;
/// How long clients of a published key have to take up the next one.
pub(super) const WAIT_HOURS: u32 = 12;
/// How many runs in a hundred are killed.
pub(super) const KILLED_PERCENT: u64 = 4;

/// What a soak is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Terms {
    /// Days of virtual time.
    pub(super) days: u32,
    /// Accounts of the fleet.
    pub(super) accounts: u32,
    /// How many requests in a hundred go wrong.
    pub(super) faults: f64,
    /// What all chances are drawn from.
    pub(super) seed: u64,
    /// Whether the programs are built as for the tests, and not as for a release.
    pub(super) debug: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            days: 30,
            accounts: 1000,
            faults: 1.0,
            seed: 1,
            debug: false,
        }
    }
}

impl Terms {
    /// Reads the words of a command line.
    pub(super) fn read(words: &[&str]) -> Result<Self> {
        let mut terms = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if *word == "--debug" {
                terms.debug = true;
                continue;
            }
            let value = words
                .next()
                .with_context(|| format!("`{word}` lacks its value"))?;
            let wrong = || format!("`{word}` cannot be `{value}`");
            match *word {
                "--days" => terms.days = value.parse().with_context(wrong)?,
                "--accounts" => terms.accounts = value.parse().with_context(wrong)?,
                "--faults" => terms.faults = value.parse().with_context(wrong)?,
                "--seed" => terms.seed = value.parse().with_context(wrong)?,
                _ => bail!("soak has no option `{word}`"),
            }
        }
        ensure!((1..=365).contains(&terms.days), "--days is 1 to 365");
        ensure!(
            (20..=20_000).contains(&terms.accounts),
            "--accounts is 20 to 20000"
        );
        ensure!(
            (0.0..=20.0).contains(&terms.faults),
            "--faults is 0 to 20, in percent"
        );
        Ok(terms)
    }

    /// Writes the command that does the same again.
    pub(super) fn command(&self) -> String {
        let Self {
            days,
            accounts,
            faults,
            seed,
            debug,
        } = self;
        let debug = if *debug { " --debug" } else { "" };
        format!(
            "cargo xtask soak --days {days} --accounts {accounts} --faults {faults} --seed {seed}{debug}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_read_and_written_the_same() -> Result<()> {
        assert_eq!(Terms::read(&[])?, Terms::default());
        let words = [
            "--days",
            "2",
            "--accounts",
            "40",
            "--faults",
            "0.5",
            "--seed",
            "9",
            "--debug",
        ];
        let terms = Terms::read(&words)?;
        let expected = format!("cargo xtask soak {}", words.join(" "));
        assert_eq!(terms.command(), expected);
        for wrong in [
            &["--days"][..],
            &["--days", "0"],
            &["--faults", "50"],
            &["--colour", "red"],
        ] {
            assert!(Terms::read(wrong).is_err(), "{wrong:?}");
        }
        Ok(())
    }
}
