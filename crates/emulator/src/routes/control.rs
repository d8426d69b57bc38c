//! The control interface: the clock, the journal, the keys, faults and settings. Plain HTTP on loopback, for tests and
//! for tools beside the emulator; it has no sign-in.

use hyper::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Call;
use super::reply::Reply;
use crate::fault::FaultRule;
use crate::period::Period;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::world::account::KeySlot;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance: String,
}

/// What can be set while the emulator runs.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SettingsBody {
    role_propagation_requests: Option<u32>,
    page_size: Option<usize>,
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
    let [place] = segments.as_slice() else {
        return identity_or_unknown(call);
    };
    let answer = match (call.method.clone(), place.as_ref()) {
        (Method::GET, "clock") => Ok(clock(shared)),
        (Method::POST, "clock") => advance(shared, call),
        (Method::GET, "journal") => Ok(Reply::ok(json!({"requests": shared.journal().entries()}))),
        (Method::DELETE, "journal") => Ok(clear(|| shared.journal().clear())),
        (Method::GET, "accounts") => Ok(accounts(shared)),
        (Method::GET, "faults") => Ok(faults(shared)),
        (Method::POST, "faults") => add_fault(shared, call),
        (Method::DELETE, "faults") => Ok(clear(|| shared.faults().clear())),
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
    Ok(clock(shared))
}

fn accounts(shared: &Shared) -> Reply {
    let (world, _) = shared.world();
    let account = |entry: &crate::world::account::Account| {
        let key = |slot| entry.key(&world.mint, slot).expose();
        json!({
            "id": entry.id(),
            "name": entry.name,
            "key1": key(KeySlot::Key1),
            "key2": key(KeySlot::Key2),
        })
    };
    let accounts: Vec<Value> = world.accounts.values().map(account).collect();
    Reply::ok(json!({"accounts": accounts}))
}

fn faults(shared: &Shared) -> Reply {
    let faults: Vec<FaultRule> = shared.faults().rules().cloned().collect();
    Reply::ok(json!({"faults": faults}))
}

fn add_fault(shared: &Shared, call: &Call) -> Result<Reply, Refusal> {
    let rule: FaultRule = read(call)?;
    if rule.nth == 0 {
        return Err(Refusal::new(
            400,
            "InvalidFault",
            "Requests are counted from one.",
        ));
    }
    if let crate::fault::Fault::Status { status, .. } = &rule.fault
        && !(200..=599).contains(status)
    {
        return Err(Refusal::new(
            400,
            "InvalidFault",
            "A status lies between 200 and 599.",
        ));
    }
    shared.faults().add(rule);
    Ok(faults(shared))
}

fn settings(shared: &Shared) -> Reply {
    let settings = shared.world().0.settings;
    Reply::ok(json!(SettingsBody {
        role_propagation_requests: Some(settings.role_propagation_requests),
        page_size: Some(settings.page_size),
    }))
}

fn change_settings(shared: &Shared, call: &Call) -> Result<Reply, Refusal> {
    let sent: SettingsBody = read(call)?;
    let (mut world, _) = shared.world();
    let old = world.settings;
    world.settings.role_propagation_requests = sent
        .role_propagation_requests
        .unwrap_or(old.role_propagation_requests);
    world.settings.page_size = sent.page_size.unwrap_or(old.page_size).max(1);
    drop(world);
    Ok(settings(shared))
}

fn clear(forget: impl FnOnce()) -> Reply {
    forget();
    Reply::empty(204)
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    serde_json::from_slice(&call.body)
        .map_err(|error| Refusal::new(400, "InvalidBody", error.to_string()))
}
