//! The activity log: who did what and when, for the last ninety days.

use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    id::{StorageAccountId, SubscriptionId},
    request::{List, Odd},
    wire,
};

const API_VERSION: &str = "2015-04-01";
const REGENERATE_KEY: &str = "Microsoft.Storage/storageAccounts/regenerateKey/action";

/// Is one entry of the log about storage accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A key of an account was regenerated.
    Regenerated {
        /// The account.
        account: StorageAccountId,
        /// When.
        at: Timestamp,
        /// Who asked for it: a name, an address or an application's id.
        by: Option<String>,
    },
    /// Something else happened, or nothing: the entry is of a beginning or of a failure.
    Other,
}

/// Lists what happened to the storage accounts of a subscription between two moments.
///
/// Azure refuses a beginning of more than ninety days ago.
pub fn list(subscription: &SubscriptionId, since: Timestamp, until: Timestamp) -> List<Event> {
    let scope = format!("/subscriptions/{subscription}");
    let below = [
        "providers",
        "Microsoft.Insights",
        "eventtypes",
        "management",
        "values",
    ];
    let filter = format!(
        "eventTimestamp ge '{}' and eventTimestamp le '{}' and resourceProvider eq \
         'Microsoft.Storage'",
        whole_seconds(since),
        whole_seconds(until)
    );
    let target = super::target(&scope, &below, API_VERSION)
        .with_query("$filter", filter)
        .with_query(
            "$select",
            "eventTimestamp,operationName,resourceId,status,caller,authorization",
        );
    List::new(target, |value| {
        serde_json::from_value::<Wire>(value)?.into_event()
    })
}

/// Some services read no fractions of a second in a filter.
fn whole_seconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(default, deserialize_with = "wire::moment")]
    event_timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    operation_name: WireText,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    status: WireText,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    authorization: WireAuthorization,
    resource_id: Option<String>,
    caller: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireText {
    #[serde(deserialize_with = "wire::null_as_default")]
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireAuthorization {
    #[serde(deserialize_with = "wire::null_as_default")]
    action: String,
}

impl Wire {
    fn into_event(self) -> Result<Event, Odd> {
        let is = |text: &str| text.eq_ignore_ascii_case(REGENERATE_KEY);
        let is_regeneration = is(&self.operation_name.value) || is(&self.authorization.action);
        if !is_regeneration || !self.status.value.eq_ignore_ascii_case("Succeeded") {
            return Ok(Event::Other);
        }
        let account = self.resource_id.ok_or_else(|| Odd::new("no resource id"))?;
        Ok(Event::Regenerated {
            account: account.parse()?,
            at: self
                .event_timestamp
                .ok_or_else(|| Odd::new("a regeneration without a moment"))?,
            by: self.caller.filter(|caller| !caller.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{SUBSCRIPTION, account, answered_list};

    async fn check(operation: &str, status: &str, is_regeneration: Option<bool>) {
        let moment = |text: &str| text.parse().expect("a moment");
        let subscription = SUBSCRIPTION.parse().expect("an id");
        let (since, until) = (
            moment("2026-01-01T00:00:00.5Z"),
            moment("2026-03-01T00:00:00Z"),
        );
        let body = format!(
            r#"{{"value":[{{"eventTimestamp":"2026-02-01T00:00:00.1234567Z","caller":"ops",
            "operationName":{{"value":"{operation}"}},"status":{{"value":"{status}"}},
            "resourceId":"{}"}}]}}"#,
            account()
        );
        let listed = answered_list(list(&subscription, since, until), &body).await;
        let read = listed
            .into_iter()
            .next()
            .and_then(crate::request::Listed::item);
        let found = read.map(|event| event != Event::Other);
        assert_eq!(found, is_regeneration, "{operation} {status}");
    }

    #[tokio::test]
    async fn only_a_regeneration_that_succeeded_is_one() {
        let regenerate = "MICROSOFT.STORAGE/STORAGEACCOUNTS/REGENERATEKEY/ACTION";
        check(regenerate, "Succeeded", Some(true)).await;
        check(regenerate, "Failed", Some(false)).await;
        check(regenerate, "Started", Some(false)).await;
        let list_keys = "Microsoft.Storage/storageAccounts/listKeys/action";
        check(list_keys, "Succeeded", Some(false)).await;
    }
}
