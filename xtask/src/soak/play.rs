//! The days of a soak, one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::cast::{Account, Care, Cast, subscription};
use super::checks::Checks;
use super::figures::{Day, Figures};
use super::fleet;
use super::keeper::Keeper;
use super::readers::Readers;
use super::rotation::{Due, all_teams};
use super::runner::{Ended, Fate, Runner};
use super::terms::{MAX_AGE_DAYS, STEP_HOURS, STEPS, Terms};
use super::traffic::{Traffic, rules};
use super::verdict::{Verdicts, Wrong};
use super::world::Control;
use crate::bench::measure::now;
use crate::emulator::Emulator;
use crate::process::Supervisor;
use crate::screen;

/// The step of a day in which the teams rotate, and those in which somebody runs `check`.
const ROTATES: u32 = 1;
const CHECKS: [u32; 2] = [2, 5];
/// How much more memory the last third of the days may take than the first: a quarter, and 16 MiB.
const GROWTH_OF_RUNS: (u64, u64) = (4, 16 << 20);
/// The emulator keeps all versions of all secrets, and a log: a half, and 64 MiB.
const GROWTH_OF_EMULATOR: (u64, u64) = (2, 64 << 20);

/// A soak that runs.
pub(super) struct Play<'a> {
    terms: Terms,
    cast: Cast,
    emulator: &'a Emulator,
    control: Control,
    runner: Runner<'a>,
    readers: Readers,
    keeper: Keeper,
    checks: Checks,
    traffic: Traffic,
    verdicts: Verdicts,
    days: Vec<Day>,
    begin: Instant,
}

impl<'a> Play<'a> {
    /// Sets the stage.
    pub(super) fn new(
        supervisor: &'a Supervisor,
        emulator: &'a Emulator,
        keyrotation: &Path,
        terms: Terms,
        cast: Cast,
    ) -> Result<Self> {
        let places = emulator.folder().join("places");
        fs::create_dir(&places).context("cannot create the folder of the tokens")?;
        let settings = fleet::places(&cast, &places);
        fs::write(emulator.folder().join("tokens.toml"), settings)
            .context("cannot write the settings of `sync`")?;
        Ok(Self {
            control: Control::at(emulator.address("control")),
            runner: Runner::new(supervisor, emulator, keyrotation, terms.seed),
            readers: Readers::of(places),
            keeper: Keeper::default(),
            checks: Checks::default(),
            traffic: Traffic::default(),
            verdicts: Verdicts::default(),
            days: Vec::new(),
            begin: now(),
            emulator,
            terms,
            cast,
        })
    }

    /// Lets all days pass.
    pub(super) fn all_days(&mut self) -> Result<Figures> {
        self.begin()?;
        for rule in rules(self.terms.faults, self.terms.seed) {
            self.control.add_fault(&rule)?;
        }
        for day in 1..=self.terms.days {
            for step in 0..STEPS {
                self.step(day, step)?;
            }
            self.end_day(day);
        }
        self.end()?;
        self.judge_memory();
        Ok(self.figures())
    }

    /// Publishes every key in use and delivers everything for the first time; nothing goes wrong yet.
    fn begin(&mut self) -> Result<()> {
        self.verdicts.begin("before the first day".to_owned());
        all_teams(
            &self.runner,
            &self.control,
            self.cast.teams,
            Due::Publication,
            Fate::Spared,
        )?;
        let ended = self.sync_once(Fate::Spared)?;
        ensure!(
            ended.code == Some(0),
            "the first `sync` ended with {:?}: {}",
            ended.code,
            ended.stdout.trim()
        );
        self.look()?;
        self.traffic
            .count(&self.control.take_journal()?, &mut self.verdicts);
        Ok(())
    }

    fn step(&mut self, day: u32, step: u32) -> Result<()> {
        let hour = step * STEP_HOURS;
        self.verdicts.begin(format!("day {day}, from {hour:02}:00"));
        for _ in 0..STEP_HOURS {
            self.control.advance("PT1H")?;
            self.look()?;
        }
        if step == ROTATES {
            all_teams(
                &self.runner,
                &self.control,
                self.cast.teams,
                Due::ByAge,
                Fate::Mortal,
            )?;
            self.look()?;
        }
        self.sync(Fate::Mortal)?;
        self.look()?;
        if CHECKS.contains(&step) {
            self.check_all(Fate::Mortal)?;
            self.check_cared_for(Fate::Mortal)?;
        }
        self.traffic
            .count(&self.control.take_journal()?, &mut self.verdicts);
        for (wrong, text) in self.runner.take_found() {
            self.verdicts.find(wrong, &text);
        }
        Ok(())
    }

    /// Sees that one more day, on which nothing goes wrong, leaves everything in order.
    fn end(&mut self) -> Result<()> {
        self.verdicts.begin("after the last day".to_owned());
        self.control.clear_faults()?;
        all_teams(
            &self.runner,
            &self.control,
            self.cast.teams,
            Due::ByAge,
            Fate::Spared,
        )?;
        let code = self.sync(Fate::Spared)?;
        self.look()?;
        let cared_for = self.check_cared_for(Fate::Spared)?;
        let all = self.check_all(Fate::Spared)?;
        for (name, code, expected) in [
            ("sync", code, 0),
            ("check", cared_for, 0),
            ("check", all, 2),
        ] {
            if code != Some(expected) {
                let text = format!("without faults `{name}` ended with {code:?}, not {expected}");
                self.verdicts.find(Wrong::Broken, &text);
            }
        }
        self.traffic
            .count(&self.control.take_journal()?, &mut self.verdicts);
        Ok(())
    }

    /// Has the judges look.
    fn look(&mut self) -> Result<()> {
        let world = self.control.look()?;
        self.keeper.look(&self.cast, &world, &mut self.verdicts);
        self.readers
            .read(&self.cast.targets, &world, &mut self.verdicts);
        Ok(())
    }

    fn sync(&mut self, fate: Fate) -> Result<Option<i32>> {
        self.sync_once(fate).map(|ended| ended.code)
    }

    fn sync_once(&mut self, fate: Fate) -> Result<Ended> {
        let now = self.control.now()?.to_string();
        let words = ["--config", "tokens.toml", "--as-of", &now];
        self.runner.run("sync", &words, fate)
    }

    fn check_all(&mut self, fate: Fate) -> Result<Option<i32>> {
        let scope: Vec<Account> = self.cast.accounts.clone();
        self.check(&[], &scope, fate)
    }

    fn check_cared_for(&mut self, fate: Fate) -> Result<Option<i32>> {
        let is_cared_for = |account: &&Account| !matches!(account.care, Care::Nobody(_));
        let scope: Vec<Account> = self
            .cast
            .accounts
            .iter()
            .filter(is_cared_for)
            .cloned()
            .collect();
        let subscriptions: Vec<String> = (0..self.cast.teams)
            .flat_map(|team| ["--subscription".to_owned(), subscription(team)])
            .collect();
        self.check(&subscriptions, &scope, fate)
    }

    fn check(&mut self, area: &[String], scope: &[Account], fate: Fate) -> Result<Option<i32>> {
        let (now, max_age) = (self.control.now()?.to_string(), format!("P{MAX_AGE_DAYS}D"));
        let mut words = vec!["--format", "json", "--as-of", &now, "--max-age", &max_age];
        words.extend(area.iter().map(String::as_str));
        let ended = self.runner.run("check", &words, fate)?;
        // Whoever was killed has said nothing, and exit code 1 says that nothing can be said.
        let Some(code) = ended.code.filter(|code| *code != 1) else {
            return Ok(ended.code);
        };
        let report: Value = serde_json::from_str(&ended.stdout)
            .with_context(|| format!("`check` ended with {code} and left no report"))?;
        let world = self.control.look()?;
        let scope: Vec<&Account> = scope.iter().collect();
        self.checks
            .compare((&report, code), &scope, &world, &mut self.verdicts);
        Ok(ended.code)
    }

    fn end_day(&mut self, day: u32) {
        let peaks = self.runner.take_peaks();
        let emulator = self.emulator.peak();
        screen::say(&format!(
            "day {day} of {}: {} requests, {} of them struck; {} reads, {} failed; {} s",
            self.terms.days,
            self.traffic.requests,
            self.traffic.struck(),
            self.readers.reads,
            self.readers.failed,
            self.begin.elapsed().as_secs()
        ));
        self.days.push(Day {
            day,
            peaks,
            emulator,
        });
    }

    /// Compares the first third of the days with the last.
    fn judge_memory(&mut self) {
        let third = self.days.len() / 3;
        if third == 0 {
            return;
        }
        let highest = |days: &[Day]| {
            let mut highest = BTreeMap::new();
            for (name, peak) in days.iter().flat_map(|day| &day.peaks) {
                let known = highest.entry(*name).or_insert(0);
                *known = (*known).max(*peak);
            }
            highest
        };
        let (first, last) = (
            self.days.get(..third),
            self.days.get(self.days.len() - third..),
        );
        let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
        let (before, after) = (highest(first), highest(last));
        let mut grown = Vec::new();
        for (name, peak) in after {
            // What did not run in the first days cannot be compared with them.
            if let Some(start) = before.get(name) {
                grown.push((name, *start, peak, GROWTH_OF_RUNS));
            }
        }
        let emulator = |days: &[Day]| days.last().map_or(0, |day| day.emulator);
        grown.push((
            "emulator",
            emulator(first),
            emulator(last),
            GROWTH_OF_EMULATOR,
        ));
        for (name, before, after, (share, more)) in grown {
            if after > before + before / share + more {
                let text = format!("{name}: from {before} to {after} bytes");
                self.verdicts.find(Wrong::Memory, &text);
            }
        }
    }

    fn figures(&mut self) -> Figures {
        let count = |wrong: Wrong| (wrong.as_str(), self.verdicts.count(wrong));
        Figures {
            command: self.terms.command(),
            seconds: self.begin.elapsed().as_secs(),
            counts: vec![
                ("virtual days", u64::from(self.terms.days)),
                ("steps", u64::from(self.terms.days * STEPS)),
                ("accounts", self.cast.accounts.len() as u64),
                (
                    "subscriptions, vaults and clusters",
                    u64::from(self.cast.teams) + 1,
                ),
                ("places of `sync`", self.cast.targets.len() as u64),
                ("requests", self.traffic.requests),
                ("requests struck by a fault", self.traffic.struck()),
                ("regenerations by vaults", self.keeper.by_vaults),
                ("regenerations by `rotate`", self.keeper.by_rotate),
                ("versions of published keys", self.keeper.versions),
                ("tokens delivered", self.readers.tokens),
                ("reads", self.readers.reads),
                ("reads that failed", self.readers.failed),
                ("uses of earlier tokens", self.readers.reuses),
                ("verdicts on keys compared", self.checks.keys),
                ("reports that were incomplete", self.checks.incomplete),
            ],
            faults: self.traffic.faults.clone(),
            endings: self.runner.endings(),
            wrong: Wrong::ALL.map(count).to_vec(),
            told: self.verdicts.told().to_vec(),
            days: std::mem::take(&mut self.days),
            is_clean: self.verdicts.is_clean(),
        }
    }
}
