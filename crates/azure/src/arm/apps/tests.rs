//! What goes out for an app, and that no value is kept of the answer.

use crate::{
    arm::apps::{
        self, App, Setting,
        held::{Held, What},
    },
    client::search::SettingsSearch,
    fixtures::{SUBSCRIPTION, answered_list, outgoing, outgoing_list, scripted},
    request::Listed,
    transport::scripted::Step,
};

const KEY: &str =
    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMw==";

fn id(rest: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Web/sites/func{rest}"
    )
}

fn slot() -> App {
    App {
        id: id("/slots/blue"),
    }
}

#[tokio::test]
async fn each_operation_goes_to_its_place() {
    const ARM: &str = "https://management.azure.com";
    let version = "api-version=2023-12-01";
    let subscription = SUBSCRIPTION.parse().expect("a subscription");
    let list = outgoing_list(apps::list(&subscription)).await.0;
    let all = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Web/sites");
    assert_eq!(list, format!("GET {ARM}{all}?{version}"));
    let slots = outgoing_list(apps::list_slots(&App { id: id("") })).await.0;
    assert_eq!(slots, format!("GET {ARM}{}/slots?{version}", id("")));
    let check = |(sent, body): (String, String), config: &str| {
        let expected = format!("POST {ARM}{}/config/{config}/list?{version}", slot().id);
        assert_eq!((sent, body), (expected, String::new()));
    };
    check(
        outgoing(apps::held_in_settings(&slot())).await,
        "appsettings",
    );
    let strings = outgoing(apps::held_in_connection_strings(&slot())).await;
    check(strings, "connectionstrings");
}

#[tokio::test]
async fn what_is_no_app_is_told_from_one() {
    let ids = [
        id(""),
        id("/slots/blue"),
        id("/functions/f"),
        "/odd".to_owned(),
    ];
    let items: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
    let body = format!(r#"{{"value":[{}]}}"#, items.join(","));
    let subscription = SUBSCRIPTION.parse().expect("a subscription");
    let listed = answered_list(apps::list(&subscription), &body).await;
    let are_apps: Vec<_> = listed
        .iter()
        .map(|one| matches!(one, Listed::Item(_)))
        .collect();
    assert_eq!(are_apps, [true, true, false, false]);
}

#[tokio::test]
async fn of_an_answer_only_the_place_and_the_account_are_kept() {
    let whole = format!("DefaultEndpointsProtocol=https;AccountName=stlogs;AccountKey={KEY}");
    let settings = format!(
        r#"{{"properties":{{"AzureWebJobsStorage":"{whole}","MODE":"fast","EMPTY":null,"BARE":"{KEY}"}}}}"#
    );
    let strings = format!(r#"{{"properties":{{"logs":{{"value":"{whole}","type":"Custom"}}}}}}"#);
    let (client, _, _) = scripted([
        Step::answer("POST", "/appsettings/list", 200, settings),
        Step::answer("POST", "/connectionstrings/list", 200, strings),
    ]);
    let search = SettingsSearch::over(client);
    let found = search.settings(&slot()).await.expect("an answer");
    let setting = |name: &str, account: Option<&str>| Setting {
        name: name.to_owned(),
        held: vec![Held {
            what: What::Key,
            account: account.map(str::to_owned),
        }],
    };
    let expected = [
        setting("AzureWebJobsStorage", Some("stlogs")),
        setting("BARE", None),
    ];
    assert_eq!(found, expected);
    assert!(!format!("{found:?}").contains(KEY));
    let found = search.connection_strings(&slot()).await.expect("an answer");
    assert_eq!(found, [setting("logs", Some("stlogs"))]);
}

#[tokio::test]
async fn a_value_in_another_form_is_an_error_that_does_not_quote_it() {
    for properties in [format!(r#"["{KEY}"]"#), format!(r#"{{"a":["{KEY}"]}}"#)] {
        let body = format!(r#"{{"properties":{properties}}}"#);
        let (client, _, _) = scripted([Step::answer("POST", "/list", 200, body)]);
        let refused = SettingsSearch::over(client).settings(&slot()).await;
        let text = format!("{:?}", refused.expect_err("another form"));
        assert!(!text.contains(KEY), "{text}");
    }
}
