//! What is above the subscriptions of a fleet document: management groups.

use super::check::wrong;
use super::{Builder, IDENTITY_OBJECT};
use crate::fleet::{DEFAULT_OBJECT, Document, FleetError};
use crate::world::management_group::{ManagementGroup, group_id};
use crate::world::role::GROUP_READER;

impl Builder {
    /// Builds the tree of management groups and puts the subscriptions into it.
    pub(super) fn management_groups(&mut self, document: &Document) -> Result<(), FleetError> {
        let groups = &document.management_groups;
        for (index, entry) in groups.iter().enumerate() {
            let at = format!("management_groups[{index}]");
            let tree = &mut self.world.management_groups;
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.()".contains(letter);
            if entry.name.is_empty() || entry.name.len() > 90 || !entry.name.chars().all(allowed) {
                return Err(wrong(
                    &format!("{at}.name"),
                    "not the name of a management group",
                ));
            }
            if tree.find(&entry.name).is_some() {
                return Err(wrong(&format!("{at}.name"), "the group is listed twice"));
            }
            let parent = match &entry.parent {
                None => tree.root().to_owned(),
                Some(name) => tree
                    .find(name)
                    .map(|group| group.name.clone())
                    .ok_or_else(|| {
                        wrong(&format!("{at}.parent"), "no group that is listed before")
                    })?,
            };
            tree.add(ManagementGroup {
                name: entry.name.clone(),
                display_name: entry
                    .display_name
                    .clone()
                    .unwrap_or_else(|| entry.name.clone()),
                parent: Some(parent),
            });
            for (inner, id) in entry.subscriptions.iter().enumerate() {
                if !self
                    .world
                    .subscriptions
                    .contains_key(&id.to_ascii_lowercase())
                {
                    let at = format!("{at}.subscriptions[{inner}]");
                    return Err(wrong(&at, "no subscription of this document"));
                }
                self.world.management_groups.place(id, &entry.name);
            }
        }
        let root = group_id(self.world.management_groups.root());
        for object_id in [DEFAULT_OBJECT, IDENTITY_OBJECT] {
            self.assign(GROUP_READER, object_id, &root);
        }
        self.world.apply_management_groups();
        Ok(())
    }
}
