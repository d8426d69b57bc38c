//! Web and function apps, as far as a storage key can be in them: their settings and connection strings. They run
//! nothing.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::World;
use super::directory::Caller;
use super::group;

/// The resource type.
pub(crate) const KIND: &str = "Microsoft.Web/sites";

/// The resource type of a deployment slot.
const SLOT_KIND: &str = "Microsoft.Web/sites/slots";

/// One connection string of an app.
#[derive(Clone, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connection {
    pub(crate) value: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// One app, or a deployment slot of one: it has a configuration of its own.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Site {
    pub(crate) subscription: String,
    pub(crate) resource_group: String,
    pub(crate) name: String,
    /// The name of the slot; `None` for the app itself.
    #[serde(default)]
    pub(crate) slot: Option<String>,
    pub(crate) location: String,
    /// `app`, `functionapp,linux` and the like.
    pub(crate) kind: String,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) connections: BTreeMap<String, Connection>,
}

// Settings and connection strings hold secrets.
impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connection(redacted)")
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Site")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Site {
    /// Gives the resource id.
    pub(crate) fn id(&self) -> String {
        let app = group::resource_id(&self.subscription, &self.resource_group, KIND, &self.name);
        match &self.slot {
            Some(slot) => format!("{app}/slots/{slot}"),
            None => app,
        }
    }

    /// Gives the resource type.
    pub(crate) fn kind(&self) -> &'static str {
        match self.slot {
            Some(_) => SLOT_KIND,
            None => KIND,
        }
    }

    /// Gives the name as Azure writes it, with that of the app before that of a slot.
    pub(crate) fn whole_name(&self) -> String {
        match &self.slot {
            Some(slot) => format!("{}/{slot}", self.name),
            None => self.name.clone(),
        }
    }
}

impl World {
    /// Finds an app by its resource id, in any case of letters.
    pub(crate) fn site(&self, id: &str) -> Option<&Site> {
        self.sites.get(&id.to_ascii_lowercase())
    }

    /// Adds an app, or puts it in the place of the one there is.
    pub(crate) fn add_site(&mut self, site: Site) {
        self.ensure_group(&site.subscription, &site.resource_group, &site.location);
        self.sites.insert(site.id().to_ascii_lowercase(), site);
    }

    /// Changes an app, for which the log names `action`.
    pub(crate) fn change_site(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Site),
        action: &'static str,
        caller: &Caller,
        now: Timestamp,
    ) {
        if let Some(site) = self.sites.get_mut(&id.to_ascii_lowercase()) {
            change(site);
            let id = site.id();
            self.activity.record(action, &id, &caller.client_id, now);
        }
    }

    /// Takes an app away, with its slots. Says whether there was one.
    pub(crate) fn delete_site(&mut self, id: &str, caller: &Caller, now: Timestamp) -> bool {
        let Some(site) = self.sites.remove(&id.to_ascii_lowercase()) else {
            return false;
        };
        let id = site.id();
        let below = format!("{}/", id.to_ascii_lowercase());
        self.sites.retain(|other, _| !other.starts_with(&below));
        self.roles.remove_below(&id);
        self.locks.remove_below(&id);
        let action = "Microsoft.Web/sites/delete";
        self.activity.record(action, &id, &caller.client_id, now);
        true
    }
}
