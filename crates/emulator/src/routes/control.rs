//! The control interface: the clock, the journal, the keys, faults and settings. Plain HTTP on loopback, for tests and
//! for tools beside the emulator; it has no sign-in.

mod held;

use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::Call;
use super::reply::Reply;
use crate::events::subscribers::Handshake;
use crate::fault::Rule;
use crate::period::Period;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::world::settings::Settings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscriber {
    url: String,
}

/// Answers a request to the control interface; nothing if it is for the managed identity endpoint behind it.
pub(crate) fn answer(shared: &Shared, call: &Call) -> Option<Reply> {
    // A web page that rebinds its name to loopback would come with that name.
    let is_loopback = matches!(
        call.host.as_str(),
        "127.0.0.1" | "localhost" | "[::1]" | "169.254.169.254"
    );
    if !is_loopback {
        let message = format!(
            "The control interface is for loopback, not for {}.",
            call.host
        );
        return Some(Reply::error(&Refusal::new(403, "NotLoopback", message)));
    }
    let segments = call.segments();
    if let [place, "validate"] = segments
        .iter()
        .map(AsRef::as_ref)
        .collect::<Vec<_>>()
        .as_slice()
        && *place == "subscribers"
    {
        return Some(validate(shared, call));
    }
    let [place] = segments.as_slice() else {
        return identity_or_unknown(call);
    };
    let answer = match (call.method.clone(), place.as_ref()) {
        (Method::GET, "clock") => Ok(clock(shared)),
        (Method::POST, "clock") => advance(shared, call),
        (Method::GET, "journal") => Ok(Reply::ok(json!({"requests": shared.journal().entries()}))),
        (Method::DELETE, "journal") => Ok(clear(|| shared.journal().clear())),
        (Method::GET, "accounts") => Ok(held::accounts(shared)),
        (Method::GET, "secrets") => Ok(held::secrets(shared)),
        (Method::GET, "world") => Ok(held::world(shared)),
        (Method::GET, "faults") => Ok(faults(shared)),
        (Method::POST, "faults") => add_fault(shared, call),
        (Method::DELETE, "faults") => Ok(clear(|| shared.clear_faults())),
        (Method::GET, "subscribers") => Ok(subscribers(shared)),
        (Method::POST, "subscribers") => subscribe(shared, call),
        (Method::DELETE, "subscribers") => Ok(clear(|| shared.subscribers().clear())),
        (Method::GET, "settings") => Ok(settings(shared)),
        (Method::POST, "settings") => change_settings(shared, call),
        _ => return identity_or_unknown(call),
    };
    Some(answer.unwrap_or_else(|refusal| Reply::error(&refusal)))
}

fn identity_or_unknown(call: &Call) -> Option<Reply> {
    if call.path.starts_with("/metadata/") || call.path.starts_with("/msi/") {
        return None;
    }
    let message = format!(
        "The control interface has no {} {}.",
        call.method, call.path
    );
    Some(Reply::error(&Refusal::new(404, "NotFound", message)))
}

fn clock(shared: &Shared) -> Reply {
    Reply::ok(json!({"now": shared.world().1.to_string()}))
}

fn advance(shared: &Shared, call: &Call) -> Result<Reply, Refusal> {
    let sent: Advance = read(call)?;
    let refused = |problem: String| Refusal::new(400, "InvalidAdvance", problem);
    let period: Period = sent
        .advance
        .parse()
        .map_err(|error: crate::period::PeriodError| refused(error.to_string()))?;
    shared
        .clock
        .advance(&period)
        .map_err(|error| refused(error.to_string()))?;
    // The storage server beside has to be told.
    shared.world().0.key_revision += 1;
    Ok(clock(shared))
}

fn faults(shared: &Shared) -> Reply {
    let faults = shared.faults();
    let written = faults.counted().map(|(rule, seen)| {
        let mut written = json!(rule);
        if let Some(fields) = written.as_object_mut() {
            fields.insert("seen".to_owned(), json!(seen));
        }
        written
    });
    Reply::ok(json!({"faults": written.collect::<Vec<Value>>()}))
}

fn add_fault(shared: &Shared, call: &Call) -> Result<Reply, Refusal> {
    // Two kinds of rules; each is read as what it is, so that a complaint says what is wrong with it.
    let sent: Value = read(call)?;
    let rule = match sent.get("chance") {
        Some(_) => Rule::Chance(read(call)?),
        None => Rule::Counted(read(call)?),
    };
    if let Some(problem) = rule.problem() {
        return Err(Refusal::new(400, "InvalidFault", problem));
    }
    shared.add_fault(rule);
    Ok(faults(shared))
}

fn settings(shared: &Shared) -> Reply {
    Reply::ok(json!(shared.world().0.settings))
}

fn change_settings(shared: &Shared, call: &Call) -> Result<Reply, Refusal> {
    let sent: serde_json::Map<String, Value> = read(call)?;
    let (mut world, _) = shared.world();
    let refused = |error: serde_json::Error| Refusal::new(400, "InvalidBody", error.to_string());
    let mut whole = serde_json::to_value(&world.settings).map_err(refused)?;
    if let Some(whole) = whole.as_object_mut() {
        whole.extend(sent);
    }
    let changed: Settings = serde_json::from_value(whole).map_err(refused)?;
    world.settings = changed
        .checked()
        .map_err(|problem| Refusal::new(400, "InvalidBody", problem))?;
    drop(world);
    shared.note_change();
    Ok(settings(shared))
}

fn subscribers(shared: &Shared) -> Reply {
    let subscribers = shared.subscribers();
    let written = subscribers.all().map(|(url, state)| {
        let state = match state {
            Handshake::Waiting { .. } => "waiting",
            Handshake::Validated => "validated",
        };
        json!({"url": url.as_str(), "state": state})
    });
    Reply::ok(json!({"subscribers": written.collect::<Vec<Value>>()}))
}

fn subscribe(shared: &Shared, call: &Call) -> Result<Reply, Refusal> {
    let sent: Subscriber = read(call)?;
    let added = shared.subscribe(&sent.url);
    added.map_err(|error| Refusal::new(400, "InvalidSubscriber", error.to_string()))?;
    Ok(subscribers(shared))
}

/// Takes the proof of a subscriber that opens the address it was sent, instead of answering with the code.
fn validate(shared: &Shared, call: &Call) -> Reply {
    let code = call.parameter("id").unwrap_or_default();
    if shared.subscribers().validate(&code) {
        shared.note_change();
        return subscribers(shared);
    }
    let message = "No subscriber waits for this code.";
    Reply::error(&Refusal::new(404, "NotFound", message))
}

fn clear(forget: impl FnOnce()) -> Reply {
    forget();
    Reply::empty(204)
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    serde_json::from_slice(&call.body)
        .map_err(|error| Refusal::new(400, "InvalidBody", error.to_string()))
}
