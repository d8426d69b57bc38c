//! Azure's error envelopes, in all the spellings that were seen.

use serde_json::{Map, Value};

/// Bounds a message: some answers carry a whole policy document in it.
const LONGEST_MESSAGE: usize = 800;
/// Bounds the walk through nested errors.
const DEEPEST_NESTING: usize = 8;

/// Is what an error body says, in any of Azure's forms.
#[derive(Default)]
pub(super) struct Envelope {
    pub(super) code: Option<String>,
    pub(super) inner_codes: Vec<String>,
    pub(super) message: Option<String>,
}

impl Envelope {
    /// Reads what it can and never fails: a body that is no envelope says nothing.
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(Value::Object(outer)) = serde_json::from_slice(body) else {
            return Self::default();
        };
        match member(&outer, "error") {
            Some(Value::Object(error)) => Self::of(error),
            // The sign-in service: {"error":"invalid_grant","error_description":"AADSTS..."}.
            Some(Value::String(code)) => Self {
                code: Some(one_line(code)),
                inner_codes: Vec::new(),
                message: text(&outer, "error_description"),
            },
            _ => Self::of(&outer),
        }
    }

    fn of(error: &Map<String, Value>) -> Self {
        let mut inner_codes = Vec::new();
        let mut inner = member(error, "innererror");
        for _ in 0..DEEPEST_NESTING {
            let Some(Value::Object(nested)) = inner else {
                break;
            };
            inner_codes.extend(text(nested, "code"));
            inner = member(nested, "innererror");
        }
        Self {
            code: text(error, "code"),
            inner_codes,
            message: text(error, "message"),
        }
    }

    /// Tells whether one of the codes is this one.
    pub(super) fn has_code(&self, code: &str) -> bool {
        self.code
            .iter()
            .chain(&self.inner_codes)
            .any(|found| found.eq_ignore_ascii_case(code))
    }
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    match member(object, name) {
        // Graph nests its messages: {"message":{"lang":"en","value":".."}} in older versions.
        Some(Value::Object(nested)) => text(nested, "value"),
        Some(Value::String(text)) if !text.trim().is_empty() => Some(one_line(text)),
        _ => None,
    }
}

fn one_line(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let line = words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    match line.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
