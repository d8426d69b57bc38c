//! What rows are made of: moments without slack, and values that are kept once each.

use std::collections::HashMap;
use std::hash::Hash;

use jiff::Timestamp;

/// A moment in steps of a hundred nanoseconds, which are Azure's own; or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Moment(i64);

impl Moment {
    pub(super) const NONE: Self = Self(i64::MIN);

    pub(super) fn new(moment: Option<Timestamp>) -> Self {
        let steps = moment.and_then(|one| i64::try_from(one.as_nanosecond() / 100).ok());
        steps.map_or(Self::NONE, Self)
    }

    pub(super) fn get(self) -> Option<Timestamp> {
        if self == Self::NONE {
            return None;
        }
        Timestamp::from_nanosecond(i128::from(self.0) * 100).ok()
    }
}

/// Values that are kept once each.
#[derive(Debug)]
pub(super) struct Pool<T> {
    pub(super) values: Vec<T>,
    places: HashMap<T, u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            places: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Pool<T> {
    pub(super) fn place(&mut self, value: T) -> u32 {
        if let Some(place) = self.places.get(&value) {
            return *place;
        }
        let place = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.values.push(value.clone());
        self.places.insert(value, place);
        place
    }

    pub(super) fn at(&self, place: u32) -> &T {
        usize::try_from(place)
            .ok()
            .and_then(|place| self.values.get(place))
            .expect("a row has places of its own pools only")
    }
}
