//! Every interleaving of two rotators and a client, with a crash at every step: the client always
//! finds a key that works, no key is lost, and no step is done twice.
//!
//! The model holds what Azure holds: a generation of the key in each slot, the newest version of the
//! secret, and the claim in its tags. Time stands still: one turn is due, and once it is made none is.
//! The one assumption about time is that of the claim: a run that waits, waits until every other run
//! that has seen the account free has written its own claim.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use rotation::direct::{Published, Standing, Step, Terms, decide_step};
use rotation::observation::PerSlot;
use rotation::slot::KeySlot;

/// A key: its slot, and how often that was regenerated before.
type Key = (KeySlot, u8);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    generations: [u8; 2],
    /// When each key was made; the turn happens at the moment 100.
    made: [i64; 2],
    published: Key,
    published_at: i64,
    /// The rotator whose claim stands in the tags.
    claim: Option<u8>,
    rotators: [Rotator; 2],
    client: Key,
    crashes: u8,
    /// How often a key was regenerated.
    turns: u8,
}

/// Where a rotator is. What it remembers goes with a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rotator {
    Idle,
    SawFree(KeySlot),
    Claimed(KeySlot),
    Waited(KeySlot),
    Sure(KeySlot),
    Holds(Key),
    Done,
}

const NOW: i64 = 100;

impl World {
    fn start() -> Self {
        Self {
            generations: [0, 0],
            made: [0, 0],
            published: (KeySlot::Key1, 0),
            published_at: 1,
            claim: None,
            rotators: [Rotator::Idle; 2],
            client: (KeySlot::Key1, 0),
            crashes: 0,
            turns: 0,
        }
    }

    fn is_alive(&self, (slot, generation): Key) -> bool {
        self.generations.get(index(slot)) == Some(&generation)
    }

    fn decide(&self) -> Step {
        let [key1, key2] = self.made.map(|day| Some(day_of(day)));
        let standing = Standing {
            key_times: PerSlot { key1, key2 },
            published: Some(Published {
                slot: self.published.0,
                at: day_of(self.published_at),
                key_created_at: self
                    .made
                    .get(index(self.published.0))
                    .map(|day| day_of(*day)),
            }),
        };
        let terms = Terms {
            period: "P30D".parse().expect("a period"),
            overlap: "P10D".parse().expect("a period"),
            first: KeySlot::Key1,
        };
        decide_step(&standing, &terms, day_of(NOW))
    }

    /// Gives every world that one step of somebody leads to.
    fn next(&self) -> Vec<Self> {
        let mut worlds = Vec::new();
        for who in [0, 1] {
            worlds.extend(self.moved(who));
            if self.crashes < 2
                && !matches!(self.rotators.get(who), Some(Rotator::Idle | Rotator::Done))
            {
                let mut crashed = self.clone();
                crashed.crashes += 1;
                // Its claim lapses before the next run looks.
                if crashed.claim == u8::try_from(who).ok() {
                    crashed.claim = None;
                }
                crashed.put(who, Rotator::Idle);
                worlds.push(crashed);
            }
        }
        let mut refreshed = self.clone();
        refreshed.client = self.published;
        worlds.push(refreshed);
        worlds
    }

    fn put(&mut self, who: usize, state: Rotator) {
        if let Some(rotator) = self.rotators.get_mut(who) {
            *rotator = state;
        }
    }

    fn moved(&self, who: usize) -> Option<Self> {
        let mut world = self.clone();
        let me = u8::try_from(who).ok();
        let state = match *self.rotators.get(who)? {
            Rotator::Idle => match self.decide() {
                Step::Turn { slot } if self.claim.is_none() => Rotator::SawFree(slot),
                Step::Turn { .. } => return None,
                // What is in the slot is read from the account, whoever regenerated it.
                Step::Publish { slot, .. } => Rotator::Holds(self.key_in(slot)),
                Step::Wait { .. } | Step::Rest { .. } => Rotator::Done,
            },
            Rotator::SawFree(slot) => {
                world.claim = me;
                Rotator::Claimed(slot)
            }
            Rotator::Claimed(slot) => {
                let other = self.rotators.get(1 - who);
                if matches!(other, Some(Rotator::SawFree(_))) {
                    // The wait is longer than it takes the other one to write its claim.
                    return None;
                }
                Rotator::Waited(slot)
            }
            Rotator::Waited(slot) => {
                if self.claim == me && self.decide() == (Step::Turn { slot }) {
                    Rotator::Sure(slot)
                } else {
                    Rotator::Idle
                }
            }
            Rotator::Sure(slot) => {
                world.regenerate(slot);
                Rotator::Holds(world.key_in(slot))
            }
            Rotator::Holds(key) => {
                world.published = key;
                world.published_at = NOW + 1;
                world.claim = None;
                Rotator::Done
            }
            Rotator::Done => return None,
        };
        world.put(who, state);
        Some(world)
    }

    fn key_in(&self, slot: KeySlot) -> Key {
        let generation = self.generations.get(index(slot)).copied();
        (slot, generation.unwrap_or_default())
    }

    fn regenerate(&mut self, slot: KeySlot) {
        self.turns += 1;
        if let Some(generation) = self.generations.get_mut(index(slot)) {
            *generation += 1;
        }
        if let Some(made) = self.made.get_mut(index(slot)) {
            *made = NOW;
        }
    }
}

fn index(slot: KeySlot) -> usize {
    match slot {
        KeySlot::Key1 => 0,
        KeySlot::Key2 => 1,
    }
}

fn day_of(day: i64) -> Timestamp {
    Timestamp::from_second(day * 86_400).expect("within the calendar")
}

#[test]
fn in_every_order_of_steps_clients_have_a_key_that_works_and_one_turn_is_made() {
    let mut seen = BTreeSet::from([World::start()]);
    let mut open = VecDeque::from([World::start()]);
    let mut ends = 0_usize;
    while let Some(world) = open.pop_front() {
        assert!(
            world.is_alive(world.published),
            "what is published is dead: {world:?}"
        );
        assert!(
            world.is_alive(world.client),
            "a client holds a dead key: {world:?}"
        );
        assert!(world.turns <= 1, "a key was regenerated twice: {world:?}");
        if world.rotators == [Rotator::Done; 2] {
            ends += 1;
            assert_eq!(world.turns, 1, "{world:?}");
            assert_eq!(
                world.published,
                (KeySlot::Key2, 1),
                "a key was lost: {world:?}"
            );
        }
        for next in world.next() {
            if seen.insert(next.clone()) {
                open.push_back(next);
            }
        }
    }
    assert!(
        seen.len() > 100 && ends > 1,
        "{} worlds, {ends} ends",
        seen.len()
    );
}

/// The model can fail: without the wait, two rotators regenerate one key after another, and a client
/// can be told to use one that is dead.
#[test]
fn without_the_claim_the_model_finds_the_dead_key() {
    let mut world = World::start();
    for who in [0, 1] {
        world.put(who, Rotator::Sure(KeySlot::Key2));
    }
    let first = world.moved(0).expect("regenerated");
    let second = first.moved(1).expect("regenerated again");
    let published = second.moved(0).expect("published what it held");
    assert!(!published.is_alive(published.published));
}
