//! SAS definitions as api-version 2016-10-01 writes them: parameters by name instead of a template. The same definition
//! is kept either way.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::refusal::Refusal;

/// The names of the parameters and what they are called in a template.
const NAMES: &[(&str, &str)] = &[
    ("signedVersion", "sv"),
    ("signedServices", "ss"),
    ("signedResourceTypes", "srt"),
    ("signedPermissions", "sp"),
    ("signedIp", "sip"),
    ("signedProtocols", "spr"),
];

/// What the parameters say in today's form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Understood {
    pub(super) template_uri: String,
    pub(super) sas_type: String,
    pub(super) validity_period: String,
}

/// Reads the parameters of a definition.
pub(super) fn understood(parameters: &BTreeMap<String, String>) -> Result<Understood, Refusal> {
    let of = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    if !of("sasType").eq_ignore_ascii_case("account") {
        let message = "The emulator reads the parameters of account SAS only; use a newer api-version and templateUri";
        return Err(Refusal::bad_parameter(message));
    }
    let known = NAMES
        .iter()
        .filter(|(name, _)| parameters.contains_key(*name));
    let query: Vec<String> = known
        .map(|(name, short)| format!("{short}={}", of(name)))
        .collect();
    Ok(Understood {
        template_uri: query.join("&"),
        sas_type: "account".to_owned(),
        validity_period: of("validityPeriod"),
    })
}

/// Writes a definition in the old form.
pub(super) fn rewritten(body: Value) -> Value {
    let Value::Object(mut members) = body else {
        return body;
    };
    let mut parameters = Map::new();
    for name in ["sasType", "validityPeriod"] {
        if let Some(value) = members.remove(name) {
            parameters.insert(name.to_owned(), value);
        }
    }
    let template = members.remove("templateUri").unwrap_or_default();
    let template = template.as_str().unwrap_or_default();
    let query = template
        .split_once('?')
        .map_or(template, |(_, query)| query);
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if let Some((name, _)) = NAMES.iter().find(|(_, short)| *short == key) {
            parameters.insert((*name).to_owned(), json!(value));
        }
    }
    members.insert("parameters".to_owned(), Value::Object(parameters));
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_become_a_template_and_come_back() {
        let sent = [
            ("sasType", "account"),
            ("signedProtocols", "https"),
            ("signedServices", "bq"),
            ("signedResourceTypes", "sco"),
            ("signedPermissions", "rw"),
            ("signedVersion", "2016-05-31"),
            ("validityPeriod", "PT10H"),
        ];
        let sent: BTreeMap<String, String> = sent
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let read = understood(&sent).expect("parameters that are understood");
        assert_eq!(
            read.template_uri,
            "sv=2016-05-31&ss=bq&srt=sco&sp=rw&spr=https"
        );
        let body = json!({
            "id": "i",
            "templateUri": read.template_uri,
            "sasType": read.sas_type,
            "validityPeriod": read.validity_period,
        });
        assert_eq!(rewritten(body), json!({"id": "i", "parameters": sent}));
    }
}
