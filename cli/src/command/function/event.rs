//! Events of Event Grid, in its own schema and in that of CloudEvents. Pure.

use serde_json::{Map, Value};

use crate::command::rotate::unattended::Announced;

const VALIDATION: &str = "Microsoft.EventGrid.SubscriptionValidationEvent";
/// A secret that came to its end may have been overlooked before.
const NEAR_OR_AT_ITS_END: [&str; 2] = [
    "Microsoft.KeyVault.SecretNearExpiry",
    "Microsoft.KeyVault.SecretExpired",
];

/// What an event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Event Grid asks whether events are wanted, and wants this code back.
    Validation(String),
    /// A secret is near its end.
    Ending(Announced),
    /// Nothing that anything is done about, and why.
    Other(String),
}

/// Reads events out of a value: one, a list, or either as text. Nothing, if it is no event at all.
pub(super) fn all_in(value: &Value) -> Option<Vec<Event>> {
    match value {
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(|item| one(item.as_object()?)).collect()
        }
        Value::Object(fields) => Some(vec![one(fields)?]),
        Value::String(text) => {
            let inner: Value = serde_json::from_str(text).ok()?;
            // Text within text is none of anybody's shapes.
            (!inner.is_string()).then(|| all_in(&inner)).flatten()
        }
        _ => None,
    }
}

fn one(fields: &Map<String, Value>) -> Option<Event> {
    let kind = text(fields, "eventType").or_else(|| text(fields, "type"))?;
    let data = fields.get("data").and_then(Value::as_object);
    if kind == VALIDATION {
        let code = data.and_then(|data| text(data, "validationCode"));
        return code.map(|code| Event::Validation(code.to_owned()));
    }
    if !NEAR_OR_AT_ITS_END.contains(&kind) {
        let kind: String = kind.chars().take(100).collect();
        return Some(Event::Other(format!("nothing is done about `{kind}`")));
    }
    let announced = data.and_then(announced);
    let nameless = || Event::Other("the event names no version of a secret".to_owned());
    Some(announced.map_or_else(nameless, Event::Ending))
}

fn announced(data: &Map<String, Value>) -> Option<Announced> {
    let id = text(data, "Id").or_else(|| text(data, "id"))?;
    let (vault, rest) = id.split_once("/secrets/")?;
    let (name, version) = rest.split_once('/')?;
    (!version.is_empty() && version.bytes().all(|letter| letter.is_ascii_alphanumeric())).then(
        || Announced {
            vault: vault.to_owned(),
            name: name.to_owned(),
            version: version.to_owned(),
        },
    )
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn near(id: &str) -> Value {
        json!({"eventType": NEAR_OR_AT_ITS_END[0], "data": {"Id": id}})
    }

    fn ending() -> Event {
        Event::Ending(Announced {
            vault: "https://kv1.vault.azure.net".to_owned(),
            name: "st-key".to_owned(),
            version: "0a1b".to_owned(),
        })
    }

    const ID: &str = "https://kv1.vault.azure.net/secrets/st-key/0a1b";

    #[test]
    fn an_event_is_found_alone_in_a_list_and_as_text() {
        let cloud =
            json!({"specversion": "1.0", "type": NEAR_OR_AT_ITS_END[1], "data": {"Id": ID}});
        for value in [
            near(ID),
            json!([near(ID)]),
            json!(near(ID).to_string()),
            json!(json!([near(ID)]).to_string()),
            cloud,
        ] {
            assert_eq!(all_in(&value), Some(vec![ending()]), "{value}");
        }
        let question = json!({"eventType": VALIDATION, "data": {"validationCode": "abc"}});
        let asked = Event::Validation("abc".to_owned());
        assert_eq!(all_in(&question), Some(vec![asked]));
    }

    #[test]
    fn what_is_no_event_is_none_and_what_names_no_version_asks_for_nothing() {
        for value in [
            json!(null),
            json!(7),
            json!([]),
            json!([7]),
            json!({"IsPastDue": false}),
            json!("no json"),
            json!("\"\\\"text\\\"\""),
        ] {
            assert_eq!(all_in(&value), None, "{value}");
        }
        for id in [
            "",
            "https://kv1.vault.azure.net/secrets/st-key",
            "https://kv1.vault.azure.net/secrets/st-key/",
            "https://kv1.vault.azure.net/secrets/st-key/a/b",
            "https://kv1.vault.azure.net/keys/st-key/a",
        ] {
            let found = all_in(&near(id));
            let is_other = |events: &Vec<Event>| matches!(events.as_slice(), [Event::Other(_)]);
            assert!(found.as_ref().is_some_and(is_other), "{id}: {found:?}");
        }
    }
}
