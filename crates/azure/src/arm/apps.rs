//! Web and function apps: which there are, and which of their settings hold what a storage key has made.
//!
//! Azure discloses all settings of an app at once. Each value is looked at while the answer is read,
//! and is not kept: what comes out is where something is held, and never what. Only [`config`] keeps
//! values, to write them back.

pub mod config;
pub mod held;
pub mod rewrite;

use std::{borrow::Cow, collections::BTreeMap, fmt};

use azure_core::http::Method;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};

use self::held::Held;
use crate::{
    id::SubscriptionId,
    request::{Disclose, Idempotency, List, Odd, Request, decode_as},
};

const API_VERSION: &str = "2023-12-01";

/// Is an app, or a deployment slot of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its resource id.
    pub id: String,
}

/// Is a setting or a connection string of an app that holds what a storage key has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub held: Vec<Held>,
}

/// Lists the apps of a subscription.
pub fn list(subscription: &SubscriptionId) -> List<App> {
    let provider = ["Microsoft.Web", "sites"];
    let target = super::in_subscription(subscription, provider, API_VERSION);
    List::new(target, |value| {
        serde_json::from_value::<Wire>(value)?.into_app()
    })
}

/// Lists the deployment slots of an app beside the one that it runs in.
pub fn list_slots(app: &App) -> List<App> {
    let target = super::target(&app.id, &["slots"], API_VERSION);
    List::new(target, |value| {
        serde_json::from_value::<Wire>(value)?.into_app()
    })
}

/// Finds the application settings that hold what a storage key has made.
pub fn held_in_settings(app: &App) -> Request<Vec<Setting>, Disclose> {
    held_in(app, "appsettings")
}

/// Finds the connection strings that hold what a storage key has made.
pub fn held_in_connection_strings(app: &App) -> Request<Vec<Setting>, Disclose> {
    held_in(app, "connectionstrings")
}

fn held_in(app: &App, config: &str) -> Request<Vec<Setting>, Disclose> {
    // A POST that changes nothing.
    let target = super::target(&app.id, &["config", config, "list"], API_VERSION);
    Request::new(Method::Post, target, Idempotency::Repeatable, |body| {
        decode_as(body, |config: WireConfig| Ok(config.into_settings()))
    })
}

#[derive(Deserialize)]
struct Wire {
    id: String,
}

impl Wire {
    fn into_app(self) -> Result<App, Odd> {
        let parts: Vec<&str> = self.id.split('/').collect();
        let is = |found: &str, word: &str| found.eq_ignore_ascii_case(word);
        let is_app = match parts.as_slice() {
            [
                "",
                subscriptions,
                _,
                groups,
                _,
                providers,
                web,
                sites,
                _,
                slot @ ..,
            ] => {
                let words = is(subscriptions, "subscriptions") && is(groups, "resourceGroups");
                let kind =
                    is(providers, "providers") && is(web, "Microsoft.Web") && is(sites, "sites");
                let is_slot =
                    matches!(slot, [] | [_, _]) && slot.first().is_none_or(|one| is(one, "slots"));
                words && kind && is_slot
            }
            _ => false,
        };
        if !is_app {
            return Err(Odd::new(format!("`{}` is not the id of an app", self.id)));
        }
        Ok(App { id: self.id })
    }
}

#[derive(Deserialize)]
struct WireConfig {
    #[serde(default, deserialize_with = "crate::wire::null_as_default")]
    properties: BTreeMap<String, WireValue>,
}

impl WireConfig {
    fn into_settings(self) -> Vec<Setting> {
        let all = self.properties.into_iter();
        let settings = all.map(|(name, value)| Setting {
            name,
            held: value.0,
        });
        settings.filter(|one| !one.held.is_empty()).collect()
    }
}

/// A value, of which only what it holds is kept: a text, or an object with a `value`.
#[derive(Default)]
struct WireValue(Vec<Held>);

impl<'de> Deserialize<'de> for WireValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = WireValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or an object with a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<WireValue, E> {
        Ok(WireValue(held::held_in(text)))
    }

    fn visit_unit<E>(self) -> Result<WireValue, E> {
        Ok(WireValue::default())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<WireValue, M::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            if name == "value" {
                found = Some(map.next_value::<WireValue>()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        found.ok_or_else(|| M::Error::custom("a connection string without a value"))
    }
}

#[cfg(test)]
mod tests;
