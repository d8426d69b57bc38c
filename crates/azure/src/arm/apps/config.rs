//! A part of an app's configuration, read to be written again with one key in the place of another.
//!
//! Azure takes such a part as a whole, without a condition. So what is written can only be made of
//! what was read: every other entry goes back as it came.

use std::{collections::BTreeMap, fmt};

use azure_core::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    API_VERSION, App,
    held::{Held, What, held_in},
    rewrite::{self, Form},
};
use crate::{
    request::{Change, Disclose, Idempotency, Request, decode_as},
    secret::KeyMaterial,
    wire,
};

/// Says which part of the configuration is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The application settings.
    Settings,
    /// The connection strings.
    ConnectionStrings,
}

/// Is a part of the configuration with all its values, which cannot be printed or serialised.
#[derive(Clone, PartialEq)]
pub struct Config(BTreeMap<String, Value>);

impl Part {
    fn segment(self) -> &'static str {
        match self {
            Self::Settings => "appsettings",
            Self::ConnectionStrings => "connectionstrings",
        }
    }
}

impl Config {
    /// Names the entries that hold a key, and how each does.
    #[must_use]
    pub fn holders(&self, key: &KeyMaterial) -> Vec<(String, Form)> {
        let found = |(name, value): (&String, &Value)| {
            let form = rewrite::find(text(value)?, key.expose())?;
            Some((name.clone(), form))
        };
        self.0.iter().filter_map(found).collect()
    }

    /// Names the entries that hold a token which a key of the account may have signed.
    #[must_use]
    pub fn tokens(&self, account: &str) -> Vec<String> {
        let may_be = |held: &Held| {
            let named = held.account.as_deref();
            held.what == What::Token && named.is_none_or(|name| name.eq_ignore_ascii_case(account))
        };
        let holds =
            |value: &Value| text(value).is_some_and(|text| held_in(text).iter().any(may_be));
        let found = self.0.iter().filter(|(_, value)| holds(value));
        found.map(|(name, _)| name.clone()).collect()
    }

    /// Makes the configuration in which another key stands wherever `old` stood.
    #[must_use]
    pub fn with_key_replaced(&self, old: &KeyMaterial, new: &KeyMaterial) -> Self {
        let mut made = self.clone();
        for value in made.0.values_mut() {
            if let Some(text) = text_mut(value) {
                *text = rewrite::replace(text, old.expose(), new.expose());
            }
        }
        made
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Config(redacted)")
    }
}

/// Discloses a part of the configuration.
pub fn read(app: &App, part: Part) -> Request<Config, Disclose> {
    // A POST that changes nothing.
    let target = crate::arm::target(&app.id, &["config", part.segment(), "list"], API_VERSION);
    Request::new(Method::Post, target, Idempotency::Repeatable, decode)
}

/// Writes a part of the configuration in the place of the present one, which restarts the app.
///
/// It is never repeated by machinery, because somebody may have changed the configuration meanwhile.
/// After an unclear answer read it.
pub fn write(app: &App, part: Part, config: &Config) -> Request<Config, Change> {
    let target = crate::arm::target(&app.id, &["config", part.segment()], API_VERSION);
    let body = json!({ "properties": config.0 });
    Request::new(Method::Put, target, Idempotency::Never, decode).with_body(&body)
}

fn decode(body: &[u8]) -> Result<Config, crate::request::Odd> {
    decode_as(body, |wire: Wire| Ok(Config(wire.properties)))
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "wire::null_as_default")]
    properties: BTreeMap<String, Value>,
}

/// A setting is a text, a connection string an object with one.
fn text(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("value")?.as_str())
}

fn text_mut(value: &mut Value) -> Option<&mut String> {
    match value {
        Value::String(text) => Some(text),
        Value::Object(members) => match members.get_mut("value") {
            Some(Value::String(text)) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{answered, outgoing};

    const OLD: &str = "oldoldoldoldoldoldold+a/b==";
    const NEW: &str = "newnewnewnewnewnewnew/c+d==";

    fn app() -> App {
        let id = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/\
                  providers/Microsoft.Web/sites/func/slots/blue";
        App { id: id.to_owned() }
    }

    async fn check(part: Part, properties: &str, holder: &str, expected: &str) {
        let body = format!(r#"{{"properties":{properties}}}"#);
        let config = answered(read(&app(), part), &body).await;
        let [old, new] = [OLD, NEW].map(|text| KeyMaterial::new(text.to_owned()));
        assert_eq!(config.holders(&old), [(holder.to_owned(), Form::Clear)]);
        assert_eq!(config.holders(&new), []);
        assert_eq!(format!("{config:?}"), "Config(redacted)");
        let made = config.with_key_replaced(&old, &new);
        let (sent, body) = outgoing(write(&app(), part, &made)).await;
        let address = format!("{}/config/{}?api-version", app().id, part.segment());
        assert!(
            sent.starts_with("PUT ") && sent.contains(&address),
            "{sent}"
        );
        assert_eq!(body, format!(r#"{{"properties":{expected}}}"#));
        assert!(made != config && made.holders(&old).is_empty());
    }

    #[tokio::test]
    async fn every_other_entry_goes_back_as_it_came() {
        check(
            Part::Settings,
            &format!(r#"{{"EMPTY":null,"KEY":"a={OLD}","MODE":"fast"}}"#),
            "KEY",
            &format!(r#"{{"EMPTY":null,"KEY":"a={NEW}","MODE":"fast"}}"#),
        )
        .await;
        check(
            Part::ConnectionStrings,
            &format!(
                r#"{{"logs":{{"type":"Custom","value":"{OLD}"}},"sql":{{"type":"SQLAzure","value":"x"}}}}"#
            ),
            "logs",
            &format!(
                r#"{{"logs":{{"type":"Custom","value":"{NEW}"}},"sql":{{"type":"SQLAzure","value":"x"}}}}"#
            ),
        )
        .await;
    }

    #[tokio::test]
    async fn a_token_is_told_from_those_of_other_accounts() {
        let token = "SharedAccessSignature=sv=1&sig=x";
        let address = "https://st1.blob.core.windows.net/c?sv=1&sig=x";
        let body = format!(
            r#"{{"properties":{{"A":"{address}","B":"BlobEndpoint=https://st2.blob.core.windows.net;{token}","C":"{token}","D":"{OLD}"}}}}"#
        );
        let config = answered(read(&app(), Part::Settings), &body).await;
        assert_eq!(config.tokens("st1"), ["A", "C"]);
        assert_eq!(config.tokens("ST2"), ["B", "C"]);
    }

    #[test]
    fn a_write_is_never_repeated_by_machinery() {
        let request = write(&app(), Part::Settings, &Config(BTreeMap::new()));
        assert_eq!(request.idempotency(), Idempotency::Never);
    }
}
