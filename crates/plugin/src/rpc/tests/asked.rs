//! What a core is answered by data sources, ephemeral resources and lists.

use std::sync::atomic::Ordering;

use super::toy::asked::{ASKED, at};
use super::toy::{TYPE, Toy};
use super::{Arc, BUG, config, summaries};
use crate::list::Listed;
use crate::testing::Harness;
use crate::testing::reading::Search;
use crate::value::Value;

/// Checks what is said about a reading, and whether there is an answer.
async fn check_read(name: &str, behaviour: &str, said: &[&str], answered: bool) {
    let harness = Harness::new(Toy::default());
    let (state, found) = harness.read_data(ASKED, config(name, behaviour)).await;
    assert_eq!(summaries(&found), said, "{behaviour}");
    assert_eq!(state.is_known(), answered, "{behaviour}");
    assert!(state.is_wholly_known(), "{behaviour}");
}

#[tokio::test]
async fn a_data_source_answers_or_says_why_not() {
    check_read("a", "good", &[], true).await;
    check_read("", "good", &["Invalid name"], false).await;
    check_read("a", "refuse", &["Refused"], false).await;
    check_read("a", "panic", &[BUG], false).await;
    check_read("a", "nothing", &[BUG], false).await;
    check_read("a", "misfit", &[BUG], false).await;
    check_read("a", "unknown", &[BUG], true).await;
}

/// Checks what is said about an opening.
async fn check_open(name: &str, behaviour: &str, said: &[&str]) {
    let harness = Harness::new(Toy::default());
    let held = harness.open(ASKED, config(name, behaviour)).await;
    assert_eq!(summaries(&held.diagnostics), said, "{behaviour}");
    assert!(held.result.is_wholly_known(), "{behaviour}");
}

#[tokio::test]
async fn an_ephemeral_resource_opens_as_configured_or_says_why_not() {
    check_open("a", "good", &[]).await;
    check_open("", "good", &["Invalid name"]).await;
    check_open("a", "refuse", &["Refused"]).await;
    check_open("a", "panic", &[BUG]).await;
    check_open("a", "nothing", &[BUG]).await;
    check_open("a", "misfit", &[BUG]).await;
    check_open("a", "unknown", &[BUG]).await;
    check_open("a", "renamed", &[BUG]).await;
}

#[tokio::test]
async fn an_ephemeral_resource_is_renewed_and_closed_with_its_private_data() {
    let harness = Harness::new(Toy::default());
    let opened = harness.open(ASKED, config("a", "good")).await;
    assert_eq!(opened.result.get("value").as_str(), Some("v"));
    assert_eq!(
        (opened.renew_at, opened.private.as_slice()),
        (Some(at(1)), &b"good"[..])
    );
    let renewed = harness.renew(ASKED, &opened.private).await;
    assert_eq!(
        (renewed.renew_at, renewed.private.as_slice()),
        (Some(at(2)), &b"good!"[..])
    );
    let closed = harness.close(ASKED, &renewed.private).await;
    let details: Vec<&str> = closed.iter().map(|said| said.detail.as_str()).collect();
    assert_eq!(details, ["good!"]);
}

#[tokio::test]
async fn a_renewal_that_breaks_leaves_what_closing_needs() {
    let harness = Harness::new(Toy::default());
    let broken = harness.renew(ASKED, b"panic later").await;
    assert_eq!(summaries(&broken.diagnostics), [BUG]);
    assert_eq!(
        (broken.renew_at, broken.private.as_slice()),
        (None, &b"panic later"[..])
    );
}

async fn list(behaviour: &str, search: Search) -> Vec<Listed> {
    let config = Value::object([("behaviour", behaviour.into())]);
    Harness::new(Toy::default())
        .list(TYPE, config, search)
        .await
}

/// Checks what each event names and says.
async fn check_list(behaviour: &str, expected: &[(&str, &[&str])]) {
    let listed = list(behaviour, Search::default()).await;
    let shown: Vec<(&str, Vec<&str>)> = listed
        .iter()
        .map(|listed| {
            let name = listed.identity.get("name").as_str().unwrap_or_default();
            (name, summaries(&listed.diagnostics))
        })
        .collect();
    let expected: Vec<(&str, Vec<&str>)> = expected
        .iter()
        .map(|(name, said)| (*name, said.to_vec()))
        .collect();
    assert_eq!(shown, expected, "{behaviour}");
}

#[tokio::test]
async fn every_event_of_a_list_has_an_identity_or_something_to_tell() {
    let first: (&str, &[&str]) = ("thing-0", &[]);
    check_list("good", &[first, ("thing-1", &[]), ("thing-2", &[])]).await;
    check_list("refuse", &[first, ("", &["Refused"])]).await;
    check_list("warn", &[first, ("", &["Partial"])]).await;
    check_list("panic", &[first, ("", &[BUG])]).await;
    check_list("nameless", &[first, ("", &[BUG]), ("thing-2", &[])]).await;
    check_list("misfit", &[first, ("", &[BUG]), ("thing-2", &[])]).await;
}

#[tokio::test]
async fn objects_are_listed_only_if_they_are_wanted() {
    let bare = list("good", Search::default()).await;
    assert!(bare.iter().all(|listed| listed.resource.is_none()));
    let search = Search {
        include_resource: true,
        limit: None,
    };
    let whole = list("good", search).await;
    let states: Vec<&Value> = whole
        .iter()
        .filter_map(|listed| listed.resource.as_ref())
        .collect();
    assert_eq!(states.len(), 3);
    assert!(states.iter().all(|state| state.get("secret").is_null()));
    assert!(
        whole
            .iter()
            .all(|listed| listed.display_name.starts_with("THING"))
    );
}

#[tokio::test]
async fn a_search_ends_at_its_limit() {
    let toy = Toy::default();
    let handed = Arc::clone(&toy.handed);
    let config = Value::object([("behaviour", "endless".into())]);
    let search = Search {
        include_resource: false,
        limit: Some(40),
    };
    let listed = Harness::new(toy).list(TYPE, config, search).await;
    assert_eq!((listed.len(), handed.load(Ordering::Relaxed)), (40, 40));
}
