//! The activity log: one entry for each change made through Resource Manager. When an entry can be
//! read, filtering and paging are the route's.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The log forgets its oldest entries beyond this number, so that a long run stays small.
const KEPT: usize = 50_000;

/// One entry.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Activity {
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) action: Cow<'static, str>,
    pub(crate) resource_id: String,
    pub(crate) caller: String,
}

/// All entries, oldest first.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct ActivityLog {
    entries: std::collections::VecDeque<Activity>,
    next: u64,
}

impl ActivityLog {
    /// Adds an entry.
    pub(crate) fn record(
        &mut self,
        action: &'static str,
        resource_id: &str,
        caller: &str,
        at: Timestamp,
    ) {
        self.next += 1;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        let (resource_id, caller) = (resource_id.to_owned(), caller.to_owned());
        self.entries.push_back(Activity {
            number: self.next,
            at,
            action: Cow::Borrowed(action),
            resource_id,
            caller,
        });
    }

    /// Gives the entries, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Activity> {
        self.entries.iter().rev()
    }
}
