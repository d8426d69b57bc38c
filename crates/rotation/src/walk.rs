//! Which keys a walk over an account renews, and in which order.
//!
//! The key in use is never regenerated: the idle one is, and becomes the one in use. So a key in
//! use that is due takes two turns, of which the first renews the other key.

use crate::observation::PerSlot;
use crate::slot::KeySlot;

/// How far a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One step.
    OneStep,
    /// As many turns as it takes until no key is due.
    BothKeys,
}

/// Lists the slots in the order of their turns.
pub fn slots_to_renew(in_use: KeySlot, due: PerSlot<bool>, reach: Reach) -> Vec<KeySlot> {
    let idle = in_use.other();
    match (*due.of(in_use), *due.of(idle), reach) {
        (false, false, _) => Vec::new(),
        (true, _, Reach::BothKeys) => vec![idle, in_use],
        _ => vec![idle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeySlot::{Key1, Key2};

    fn check(due: [bool; 2], reach: Reach, expected: &[KeySlot]) {
        let [key1, key2] = due;
        let found = slots_to_renew(Key1, PerSlot { key1, key2 }, reach);
        assert_eq!(found, expected, "{due:?} {reach:?}");
    }

    #[test]
    fn the_key_in_use_is_renewed_only_after_the_other_one_took_its_place() {
        for reach in [Reach::OneStep, Reach::BothKeys] {
            check([false, false], reach, &[]);
            check([false, true], reach, &[Key2]);
        }
        check([true, false], Reach::OneStep, &[Key2]);
        check([true, true], Reach::OneStep, &[Key2]);
        check([true, false], Reach::BothKeys, &[Key2, Key1]);
        check([true, true], Reach::BothKeys, &[Key2, Key1]);
    }
}
