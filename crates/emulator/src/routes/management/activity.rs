//! Reading the activity log by a filter.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use super::page::page;
use super::{permit, scope};
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context};
use crate::wire::activity::{correlation_id, event, selected};
use crate::world::activity::Activity;
use crate::world::role::covers;

pub(super) const ROUTES: &[Route] = &[Route::new(
    "GET",
    "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values",
    "ActivityLogs_List",
    list,
)];

/// Clients reckon ninety days back by a clock of their own, and the request takes its time.
const GRACE: SignedDuration = SignedDuration::from_mins(15);

/// How far the log reaches back.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

const VERSIONS: &str = "2014-04-01, 2014-11-01, 2015-04-01, 2016-09-01-preview, 2017-03-01-preview";

/// One part of a filter.
enum Condition {
    From(Timestamp),
    Until(Timestamp),
    Group(String),
    Resource(String),
    Provider(String),
    Caller(String),
    Correlation(String),
    Operation(String),
    Nothing,
}

fn list(context: &mut Context<'_>) -> Answer {
    let read = "Microsoft.Insights/eventtypes/management/values/read";
    let scope = scope(context);
    permit(context, read, &scope)?;
    let conditions = match conditions(
        context
            .call
            .parameter("$filter")
            .as_deref()
            .unwrap_or_default(),
    ) {
        Ok(conditions) => conditions,
        Err(problem) => return Ok(bad_request(&problem)),
    };
    let oldest = context.now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
    let refused_before = oldest.checked_sub(GRACE).unwrap_or(Timestamp::MIN);
    if conditions
        .iter()
        .any(|condition| matches!(condition, Condition::From(from) if *from < refused_before))
    {
        return Ok(bad_request(
            "The start time cannot be more than 90 days in the past.",
        ));
    }
    let delay = i64::from(context.world.settings.activity_log_delay_seconds);
    let newest = context.now.checked_sub(SignedDuration::from_secs(delay));
    let newest = newest.unwrap_or(Timestamp::MIN);
    let select = context.call.parameter("$select");
    let log = context.world.activity.newest_first();
    let chosen = log.filter(|entry| {
        let inside = entry.at >= oldest && entry.at <= newest && covers(&scope, &entry.resource_id);
        inside && conditions.iter().all(|condition| holds(condition, entry))
    });
    let reply = page(context, chosen, |entry| {
        selected(event(context.world, entry), select.as_deref())
    })?;
    Ok(reply.with_header("api-supported-versions", VERSIONS))
}

/// The log complains in a shape of its own.
fn bad_request(problem: &str) -> Reply {
    Reply::new(
        400,
        serde_json::json!({"Code": "BadRequest", "Message": problem}),
    )
}

fn holds(condition: &Condition, entry: &Activity) -> bool {
    let id = entry.resource_id.to_ascii_lowercase();
    match condition {
        Condition::From(from) => *from <= entry.at,
        Condition::Until(until) => entry.at <= *until,
        Condition::Group(group) => {
            let part = format!("/resourcegroups/{}", group.to_ascii_lowercase());
            id.ends_with(&part) || id.contains(&format!("{part}/"))
        }
        Condition::Resource(resource) => covers(resource, &id),
        Condition::Provider(provider) => entry
            .action
            .to_ascii_lowercase()
            .starts_with(&provider.to_ascii_lowercase()),
        Condition::Correlation(id) => correlation_id(entry).eq_ignore_ascii_case(id),
        Condition::Operation(action) => entry.action.eq_ignore_ascii_case(action),
        Condition::Nothing => false,
        Condition::Caller(caller) => entry.caller.eq_ignore_ascii_case(caller),
    }
}

fn conditions(filter: &str) -> Result<Vec<Condition>, String> {
    let parts: Vec<&str> = filter
        .split(" and ")
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() {
        return Err("The filter is required.".to_owned());
    }
    parts
        .into_iter()
        .filter_map(|part| condition(part).transpose())
        .collect()
}

/// Reads one comparison; nothing for one that every entry of this log meets.
fn condition(part: &str) -> Result<Option<Condition>, String> {
    let mut words = part.splitn(3, ' ');
    let (field, operator) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let value = words.next().unwrap_or_default().trim().trim_matches('\'');
    let known = match (field.to_ascii_lowercase().as_str(), operator) {
        ("eventtimestamp", "ge") => Condition::From(time(value)?),
        ("eventtimestamp", "le") => Condition::Until(time(value)?),
        ("resourcegroupname", "eq") => Condition::Group(value.to_owned()),
        ("resourceuri" | "resourceid", "eq") => Condition::Resource(value.to_owned()),
        ("resourceprovider" | "resourcetype", "eq") => Condition::Provider(value.to_owned()),
        ("caller", "eq") => Condition::Caller(value.to_owned()),
        ("correlationid", "eq") => Condition::Correlation(value.to_owned()),
        ("operations" | "operationname", "eq") => Condition::Operation(value.to_owned()),
        // Every entry of this log is of an operation that succeeded.
        ("status", "eq") if value.eq_ignore_ascii_case("Succeeded") => return Ok(None),
        ("status" | "levels", "eq") => Condition::Nothing,
        ("eventchannels", "eq") => return Ok(None),
        _ => return Err(format!("The filter '{part}' is not supported.")),
    };
    Ok(Some(known))
}

/// Reads a time with or without an offset; clients send both.
fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let local: civil::DateTime = text
        .parse()
        .map_err(|_| format!("'{text}' is not a date and time."))?;
    local
        .to_zoned(TimeZone::UTC)
        .map(|time| time.timestamp())
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_clients_send_them() {
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T05:04:05+02:00",
            "2026-01-02 03:04:05",
            "2026-01-02T03:04:05",
        ] {
            assert_eq!(
                time(text).expect(text).to_string(),
                "2026-01-02T03:04:05Z",
                "{text}"
            );
        }
        assert!(time("yesterday").is_err());
    }

    #[test]
    fn a_log_without_a_filter_is_refused() {
        assert!(conditions("").is_err());
        assert!(conditions("colour eq 'red'").is_err());
    }
}
