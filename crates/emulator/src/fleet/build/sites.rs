//! The web and function apps of a fleet document.

use super::check::group;
use super::{Builder, DEFAULT_LOCATION};
use crate::fleet::FleetError;
use crate::fleet::beside::SiteEntry;
use crate::world::site::Site;

impl Builder {
    /// Adds an app.
    pub(super) fn site(
        &mut self,
        at: &str,
        subscription: &str,
        entry: &SiteEntry,
    ) -> Result<(), FleetError> {
        self.claim(at, "app", &entry.name)?;
        group(at, &entry.resource_group)?;
        let location = entry.location.as_deref().unwrap_or(DEFAULT_LOCATION);
        let site = Site {
            subscription: subscription.to_owned(),
            resource_group: entry.resource_group.clone(),
            name: entry.name.clone(),
            slot: None,
            location: location.to_owned(),
            kind: entry.kind.clone().unwrap_or_else(|| "app".to_owned()),
            settings: entry.app_settings.clone(),
            connections: entry.connection_strings.clone(),
        };
        for slot in &entry.slots {
            self.claim(at, "slot", &format!("{}/{}", entry.name, slot.name))?;
            self.world.add_site(Site {
                slot: Some(slot.name.clone()),
                settings: slot.app_settings.clone(),
                connections: slot.connection_strings.clone(),
                ..site.clone()
            });
        }
        self.world.add_site(site);
        Ok(())
    }
}
