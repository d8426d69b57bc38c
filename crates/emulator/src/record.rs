//! The exchanges of an emulator, kept whole in a file, for those who hold them against a description of Azure.
//!
//! Unlike the journal, the file holds bodies and with them the emulator's own secrets. It is kept only where somebody
//! asks for it, and only its owner may read it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::routes::call::Call;
use crate::routes::reply::{JSON, Reply};

/// Answers with these codes are not Azure's: a fault that was asked for, and the emulator's own failure.
const NOT_AZURES: [&str; 2] = ["InjectedFault", "EmulatorBug"];

/// A file of exchanges, one JSON object a line.
pub(crate) struct Recorder(Mutex<File>);

impl Recorder {
    /// Opens the file anew.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(|file| Self(Mutex::new(file)))
    }

    /// Adds an exchange, unless its answer is not one of Azure's.
    pub(crate) fn add(&self, operation: &str, call: &Call, reply: &Reply) {
        let code = reply
            .body
            .as_ref()
            .and_then(|body| body.pointer("/error/code"));
        if code
            .and_then(Value::as_str)
            .is_some_and(|code| NOT_AZURES.contains(&code))
        {
            return;
        }
        let line = format!("{}\n", exchange(operation, call, reply));
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!(%error, "cannot record an exchange");
        }
    }
}

fn exchange(operation: &str, call: &Call, reply: &Reply) -> Value {
    let query = call
        .query
        .as_deref()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let body = reply.body.as_ref().map(|_| ("content-type", JSON));
    let more = reply
        .headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    let headers: serde_json::Map<String, Value> = body
        .into_iter()
        .chain(more)
        .map(|(name, value)| (name.to_ascii_lowercase(), json!(value)))
        .collect();
    json!({
        "operation": operation,
        "method": call.method.as_str(),
        "url": format!("https://{}{}{query}", call.host, call.path),
        "sent": sent(call),
        "status": reply.status,
        "headers": headers,
        "body": reply.body,
    })
}

/// Gives the body that was sent: the value of its JSON, or its text, or null.
fn sent(call: &Call) -> Value {
    if call.body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(&call.body)
        .unwrap_or_else(|_| json!(String::from_utf8_lossy(&call.body)))
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, Method};

    use super::*;
    use crate::refusal::Refusal;

    fn call(body: &'static str) -> Call {
        Call {
            id: "1".to_owned(),
            method: Method::PUT,
            host: "kv.vault.azure.net".to_owned(),
            path: "/storage/a".to_owned(),
            query: Some("api-version=7.4".to_owned()),
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    #[test]
    fn an_exchange_is_kept_as_it_was_and_an_injected_fault_is_not() {
        let path = std::env::temp_dir().join(format!("keyrotation-record-{}", std::process::id()));
        let recorder = Recorder::open(&path).expect("a file");
        let reply = Reply::ok(json!({"id": "x"})).with_header("X-One", "1");
        recorder.add("SetStorageAccount", &call(r#"{"a":1}"#), &reply);
        let fault = Reply::error(&Refusal::new(503, "InjectedFault", "asked for"));
        recorder.add("SetStorageAccount", &call(""), &fault);
        let text = std::fs::read_to_string(&path).expect("the file");
        std::fs::remove_file(&path).expect("removed");
        let lines: Vec<Value> = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let expected = json!({
            "operation": "SetStorageAccount",
            "method": "PUT",
            "url": "https://kv.vault.azure.net/storage/a?api-version=7.4",
            "sent": {"a": 1},
            "status": 200,
            "headers": {"content-type": JSON, "x-one": "1"},
            "body": {"id": "x"},
        });
        assert_eq!(lines, [expected]);
    }
}
