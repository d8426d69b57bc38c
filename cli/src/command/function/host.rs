//! The shape in which the host of Azure Functions asks its custom handler, and the shape of the
//! answer. Pure.
//!
//! The host posts to the name of a function: under `Data` what the bindings brought, each by its
//! name. The names are those that somebody gave in `function.json`, so what a trigger is shows by
//! what it looks like.

use serde_json::{Map, Value, json};

use super::event::{self, Event};
use crate::told::Told;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Whether the handler is there, by a plain request.
    Health,
    /// The same, by the host.
    HealthOfFunction,
    /// A round of `sync`.
    Sync,
    /// The rotation of what is due.
    Due,
    /// A look at what events are about.
    Events(Vec<Event>),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// Understands a request.
///
/// # Errors
/// The answer to one that cannot be understood.
pub(super) fn read(method: &str, path: &str, body: &[u8]) -> Result<Asked, Answer> {
    match (method, path) {
        ("GET" | "HEAD", "/health" | "/api/health") => Ok(Asked::Health),
        ("POST", "/health" | "/sync" | "/rotate" | "/rotate-timer") => function(path, body),
        ("POST", "/api/events") => {
            let posted = serde_json::from_slice(body).ok();
            let events = posted.as_ref().and_then(event::all_in);
            let events = events.map(Asked::Events);
            events.ok_or_else(|| refused(400, "the body holds no events of Event Grid"))
        }
        (_, "/health" | "/api/health" | "/sync" | "/rotate" | "/rotate-timer" | "/api/events") => {
            Err(refused(405, "this path is not asked this way"))
        }
        _ => Err(refused(404, "there is no such function")),
    }
}

fn function(path: &str, body: &[u8]) -> Result<Asked, Answer> {
    let posted: Option<Value> = serde_json::from_slice(body).ok();
    let data = posted.as_ref().and_then(|posted| posted.get("Data"));
    let Some(data) = data.and_then(Value::as_object) else {
        let said = "the body is no JSON object with an object `Data`, as the host sends it";
        return Err(refused(400, said));
    };
    if path == "/health" {
        return Ok(Asked::HealthOfFunction);
    }
    if path == "/sync" {
        return Ok(Asked::Sync);
    }
    if let Some(events) = data.values().find_map(event::all_in) {
        return Ok(Asked::Events(events));
    }
    if data.values().any(is_reason) {
        return Ok(Asked::Due);
    }
    let said = "`Data` holds neither a timer, a request nor an event of Event Grid";
    Err(refused(400, said))
}

/// Tells whether a value is a timer or a request, as an object or as its text.
fn is_reason(value: &Value) -> bool {
    match value {
        Value::Object(fields) => has_a_timer_s_or_a_request_s(fields),
        Value::String(text) => serde_json::from_str::<Map<String, Value>>(text)
            .is_ok_and(|fields| has_a_timer_s_or_a_request_s(&fields)),
        _ => false,
    }
}

fn has_a_timer_s_or_a_request_s(fields: &Map<String, Value>) -> bool {
    const NAMES: [&str; 4] = ["Schedule", "ScheduleStatus", "IsPastDue", "Method"];
    let is_known = |name: &String| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
    fields.keys().any(is_known)
}

/// Answers a question that needs nobody's work.
pub(super) fn at_once(asked: &Asked) -> Option<Answer> {
    match asked {
        Asked::Health => Some(Answer {
            status: 200,
            body: health(),
        }),
        Asked::HealthOfFunction => {
            let answer = json!({
                "statusCode": 200,
                "headers": {"content-type": "application/json"},
                "body": health().to_string(),
            });
            Some(said(200, &json!({ "res": answer }), &[]))
        }
        // Event Grid asks alone, before it posts anything else.
        Asked::Events(events) => match events.first() {
            Some(Event::Validation(code)) => Some(Answer {
                status: 200,
                body: json!({ "validationResponse": code }),
            }),
            _ => None,
        },
        Asked::Sync | Asked::Due => None,
    }
}

fn health() -> Value {
    json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })
}

/// Answers with what was told. The host runs a function again, by its rules, that is not answered
/// with 200.
pub(super) fn told(told: &Told) -> Answer {
    let status = if told.is_unfinished() { 500 } else { 200 };
    said(status, &json!({}), told.lines())
}

/// Answers one line that says why nothing is done.
pub(super) fn refused(status: u16, line: &str) -> Answer {
    said(status, &json!({}), &[line.to_owned()])
}

fn said(status: u16, outputs: &Value, lines: &[String]) -> Answer {
    Answer {
        status,
        body: json!({ "Outputs": outputs, "Logs": lines, "ReturnValue": null }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, path: &str, body: &Value, expected: &Result<Asked, u16>) {
        let found = read(method, path, body.to_string().as_bytes());
        let found = found.map_err(|answer| answer.status);
        assert_eq!(found, *expected, "{method} {path} {body}");
    }

    #[test]
    fn a_trigger_shows_by_what_it_looks_like_and_not_by_its_name() {
        let timer = json!({"Schedule": {}, "IsPastDue": false});
        let of = |data: Value| json!({"Data": {"anything": data}, "Metadata": {}});
        for data in [
            timer.clone(),
            json!(timer.to_string()),
            json!({"isPastDue": true}),
        ] {
            check("POST", "/rotate", &of(data.clone()), &Ok(Asked::Due));
            check("POST", "/rotate-timer", &of(data.clone()), &Ok(Asked::Due));
            check("POST", "/sync", &of(data), &Ok(Asked::Sync));
        }
        let other = json!({"eventType": "Microsoft.Storage.BlobCreated", "data": {}});
        let said = "nothing is done about `Microsoft.Storage.BlobCreated`".to_owned();
        let events = Asked::Events(vec![Event::Other(said)]);
        check("POST", "/rotate", &of(other.clone()), &Ok(events.clone()));
        check("POST", "/api/events", &json!([other]), &Ok(events));
        check("POST", "/rotate", &of(json!({"x": 1})), &Err(400));
        check("POST", "/rotate", &json!({"Data": {}}), &Err(400));
    }

    #[test]
    fn paths_methods_and_bodies_that_are_not_known_are_refused() {
        let empty = json!({"Data": {}});
        check("POST", "/health", &empty, &Ok(Asked::HealthOfFunction));
        check("GET", "/api/health", &json!(null), &Ok(Asked::Health));
        check("GET", "/sync", &empty, &Err(405));
        check("POST", "/", &empty, &Err(404));
        check("POST", "/sync/x", &empty, &Err(404));
        check("POST", "/sync", &json!([]), &Err(400));
        check("POST", "/sync", &json!({"Data": "x"}), &Err(400));
        check("POST", "/api/events", &json!([]), &Err(400));
        let broken = read("POST", "/sync", b"{\"Data\"");
        assert_eq!(broken.err().map(|answer| answer.status), Some(400));
    }
}
