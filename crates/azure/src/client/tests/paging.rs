//! Lists: page after page, and not a step aside.

use crate::{
    arm::storage,
    error::Error,
    fixtures::{SUBSCRIPTION, scripted},
    request::Listed,
    transport::scripted::Step,
};

const PATH: &str = "/providers/Microsoft.Storage/storageAccounts";

fn item(name: &str) -> String {
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/logs");
    format!(r#"{{"id":"{group}{PATH}/{name}","name":"{name}","location":"westeurope"}}"#)
}

fn page(items: &[&str], next: Option<&str>) -> Step {
    let next = next.map_or("null".to_owned(), |next| format!(r#""{next}""#));
    let body = format!(r#"{{"value":[{}],"nextLink":{next}}}"#, items.join(","));
    Step::answer("GET", PATH, 200, body)
}

fn link(host: &str, token: &str) -> String {
    format!(
        "https://{host}/subscriptions/{SUBSCRIPTION}{PATH}?api-version=2023-05-01&$skiptoken={token}"
    )
}

async fn list(steps: Vec<Step>) -> (Result<Vec<String>, Error>, usize) {
    let (client, transport, _) = scripted(steps);
    let subscription = SUBSCRIPTION.parse().expect("a subscription");
    let listed = client.reader().list(storage::list(&subscription)).await;
    let shown = listed.map(|listed| listed.into_iter().map(show).collect());
    (shown, transport.sent().len())
}

fn show(listed: Listed<storage::StorageAccount>) -> String {
    match listed {
        Listed::Item(account) => account.name,
        Listed::Odd { id, reason } => format!("{}: {reason}", id.unwrap_or_default()),
    }
}

#[tokio::test]
async fn a_list_goes_on_over_empty_pages_until_no_link_is_left() {
    let (first, second) = (
        link("management.azure.com", "1"),
        link("management.azure.com:443", "2"),
    );
    let steps = vec![
        page(&[&item("aaa")], Some(&first)),
        page(&[], Some(&second)),
        page(&[&item("bbb")], None),
    ];
    let (names, sent) = list(steps).await;
    assert_eq!(
        (names.ok(), sent),
        (Some(vec!["aaa".to_owned(), "bbb".to_owned()]), 3)
    );
}

#[tokio::test]
async fn an_absent_list_and_an_empty_link_end_a_list() {
    for body in ["{}", r#"{"value":null}"#, r#"{"value":[],"nextLink":""}"#] {
        let (names, sent) = list(vec![Step::answer("GET", PATH, 200, body)]).await;
        assert_eq!((names.ok(), sent), (Some(Vec::new()), 1), "{body}");
    }
}

#[tokio::test]
async fn an_odd_element_costs_itself_only() {
    let odd = [r#"{"id":"/odd","name":"odd"}"#, "7", r#"{"name":"x"}"#];
    let items = [&item("aaa"), odd[0], odd[1], odd[2]];
    let (names, _) = list(vec![page(&items, None)]).await;
    let names = names.expect("a list");
    assert_eq!(names.len(), 4);
    assert_eq!(names.first().map(String::as_str), Some("aaa"));
    assert!(
        names
            .iter()
            .any(|name| name.starts_with("/odd: `/odd` is not the id")),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_link_that_leads_elsewhere_is_not_followed() {
    for host in [
        "example.com",
        "management.azure.com:8443",
        "management.azure.com.example.com",
    ] {
        let (names, sent) = list(vec![page(&[], Some(&link(host, "1")))]).await;
        let error = names.expect_err(host);
        assert_eq!(
            error.to_string(),
            "the link to a list's next page leaves management.azure.com"
        );
        assert_eq!(sent, 1);
    }
    for odd in ["http://management.azure.com/x", "/relative", "nonsense"] {
        assert!(list(vec![page(&[], Some(odd))]).await.0.is_err(), "{odd}");
    }
}

#[tokio::test]
async fn a_list_that_leads_in_a_circle_ends() {
    let again = link("management.azure.com", "1");
    let (names, sent) = list(vec![page(&[], Some(&again)).always()]).await;
    assert_eq!(
        names.expect_err("a circle").to_string(),
        "the pages of a list lead in a circle"
    );
    assert_eq!(sent, 2);
}
