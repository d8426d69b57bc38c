//! A vault in the hands of a person: what it holds and kept, and the changes that no declaration makes.
//!
//! Making, changing and ending an enrolment are operations of [`crate::managed`]. Here is what stands
//! around them: looking at all records at once, at what was deleted, at tokens and backups, and the
//! regeneration that somebody insists on.

pub mod amend;
pub mod backup;
pub mod deleted;
pub mod entries;
pub mod inventory;
mod neighbours;
pub mod regenerate;
pub mod sas;
pub mod token;

use azure::request::Listed;

/// How many objects of a vault are read at a time: a vault throttles by itself.
const AT_A_TIME: usize = 8;

/// An element of a list that could not be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// Its id, or that of the list.
    pub id: String,
    /// What is odd about it.
    pub reason: String,
}

/// Parts a list into what can be understood and what cannot.
fn parted<T>(listed: Vec<Listed<T>>, list: &str) -> (Vec<T>, Vec<Odd>) {
    let (mut items, mut odd) = (Vec::new(), Vec::new());
    for element in listed {
        match element {
            Listed::Item(item) => items.push(item),
            Listed::Odd { id, reason } => odd.push(Odd {
                id: id.unwrap_or_else(|| list.to_owned()),
                reason,
            }),
        }
    }
    (items, odd)
}
