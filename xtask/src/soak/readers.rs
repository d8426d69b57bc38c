//! Those who read what `sync` has put in place, and what they find.
//!
//! At every look a reader takes what lies there and uses it. One who took a token earlier goes on using it until its own
//! end, so every token that was ever seen has to be good until then.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;

use super::cast::{Care, Place, Target};
use super::fleet::{ENTRY, file};
use super::sas;
use super::verdict::{Verdicts, Wrong};
use super::world::{Keys, World};

/// All readers.
pub(super) struct Readers {
    folder: PathBuf,
    /// Tokens that somebody may still use, with their ends, by the names of the targets.
    held: BTreeMap<String, Vec<(String, Timestamp)>>,
    pub(super) reads: u64,
    pub(super) failed: u64,
    /// How often an earlier token was used again.
    pub(super) reuses: u64,
    pub(super) tokens: u64,
}

impl Readers {
    /// Reads files in a folder.
    pub(super) fn of(folder: PathBuf) -> Self {
        Self {
            folder,
            held: BTreeMap::new(),
            reads: 0,
            failed: 0,
            reuses: 0,
            tokens: 0,
        }
    }

    /// Has everybody read once.
    pub(super) fn read(&mut self, targets: &[Target], world: &World, verdicts: &mut Verdicts) {
        for target in targets {
            self.reads += 1;
            if let Err(why) = self.use_of(target, world) {
                self.failed += 1;
                verdicts.find(Wrong::LapsedToken, &format!("{}: {why}", target.name()));
            }
        }
    }

    fn use_of(&mut self, target: &Target, world: &World) -> Result<(), String> {
        let name = target.name();
        let keys = world.keys.get(name).ok_or("the account is gone")?;
        let value = self.value(target, world);
        let value = value.ok_or("nothing lies there")?;
        if target.account.care == Care::Direct {
            return is_present(&value, keys);
        }
        sas::verify(&value, name, &keys.values, world.now)
            .map_err(|why| format!("the token that lies there: {why:?}"))?;
        self.hold(name, value);
        self.use_again(name, keys, world.now)
    }

    fn value(&self, target: &Target, world: &World) -> Option<String> {
        let name = target.name();
        match target.place {
            Place::File => fs::read_to_string(file(&self.folder, name)).ok(),
            Place::Cluster => world.delivered.get(name)?.get(ENTRY).cloned(),
        }
    }

    fn hold(&mut self, name: &str, token: String) {
        let held = self.held.entry(name.to_owned()).or_default();
        if let Some(end) = sas::end(&token)
            && held.iter().all(|(known, _)| *known != token)
        {
            self.tokens += 1;
            held.push((token, end));
        }
    }

    /// Uses the earlier tokens whose end has not come.
    fn use_again(&mut self, name: &str, keys: &Keys, now: Timestamp) -> Result<(), String> {
        let held = self.held.entry(name.to_owned()).or_default();
        held.retain(|(_, end)| *end > now);
        for (token, end) in held.iter() {
            self.reuses += 1;
            sas::verify(token, name, &keys.values, now)
                .map_err(|why| format!("an earlier token, good until {end}: {why:?}"))?;
        }
        Ok(())
    }
}

fn is_present(key: &str, keys: &Keys) -> Result<(), String> {
    if keys.values.iter().any(|present| present == key) {
        Ok(())
    } else {
        Err("the key that lies there is none of the account's".to_owned())
    }
}
