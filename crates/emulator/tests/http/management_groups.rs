//! Management groups: the tree above the subscriptions.

use emulator::Fleet;
use serde_json::{Value, json};

use crate::client::{Answer, Bench, Failure, MANAGEMENT};

const READER: &str = "c11e4700-0000-4000-8000-0000000000aa";
const GROUPS: &str = "/providers/Microsoft.Management/managementGroups";

fn id(number: u32) -> String {
    format!("50b5c000-0000-4000-8000-00000000000{number}")
}

/// Platform above production with the second subscription; the first is in platform, the third in no group.
fn fleet() -> Result<Fleet, Failure> {
    let text = json!({
        "management_groups": [
            {"name": "platform", "display_name": "Platform", "subscriptions": [id(1)]},
            {"name": "production", "parent": "platform", "subscriptions": [id(2)]},
        ],
        "applications": [{
            "client_id": READER, "object_id": "0b7ec700-0000-4000-8000-0000000000aa", "client_secret": "known",
            "roles": [{"role": "Reader", "scope": format!("{GROUPS}/platform")}],
        }],
        "subscriptions": [{"id": id(1)}, {"id": id(2)}, {"id": id(3)}],
    });
    Ok(text.to_string().parse()?)
}

async fn ask(bench: &Bench, path: &str) -> Result<Answer, Failure> {
    let token = bench
        .token_of(READER, "known", "https://management.azure.com")
        .await?;
    bench.send("GET", MANAGEMENT, path, Some(&token), "").await
}

fn names(answer: &Answer) -> Vec<String> {
    let values = answer.body.pointer("/value").and_then(Value::as_array);
    let names = values.into_iter().flatten().filter_map(|one| {
        let name = one.get("name").or_else(|| one.get("subscriptionId"))?;
        name.as_str().map(str::to_owned)
    });
    names.collect()
}

#[tokio::test]
async fn a_role_on_a_group_counts_in_all_that_is_below() -> Result<(), Failure> {
    let bench = Bench::with(fleet()?).await?;
    let listed = ask(&bench, &format!("{GROUPS}?api-version=2020-05-01")).await?;
    assert_eq!(names(&listed), ["platform", "production"]);
    let below = ask(
        &bench,
        &format!("{GROUPS}/platform/descendants?api-version=2020-05-01"),
    )
    .await?;
    assert_eq!(names(&below), ["production".to_owned(), id(1), id(2)]);
    assert_eq!(
        below.text("/value/2/properties/parent/id"),
        format!("{GROUPS}/production")
    );
    let below = ask(
        &bench,
        &format!("{GROUPS}/production/descendants?api-version=2020-05-01"),
    )
    .await?;
    assert_eq!(names(&below), [id(2)]);
    let seen = ask(&bench, "/subscriptions?api-version=2022-12-01").await?;
    assert_eq!(names(&seen), [id(1), id(2)]);
    let one = ask(
        &bench,
        &format!("{GROUPS}/production?api-version=2020-05-01"),
    )
    .await?;
    assert_eq!(
        one.text("/properties/details/parent/displayName"),
        "Platform"
    );
    let refused = ask(
        &bench,
        &format!(
            "{GROUPS}/{}?api-version=2020-05-01",
            emulator::DEFAULT_TENANT
        ),
    )
    .await?;
    assert_eq!(refused.refusal(), (403, "AuthorizationFailed".to_owned()));
    Ok(())
}

#[test]
fn a_tree_that_does_not_hold_together_is_refused() {
    for (groups, place) in [
        (
            json!([{"name": "a", "parent": "b"}, {"name": "b"}]),
            "management_groups[0].parent",
        ),
        (
            json!([{"name": "a"}, {"name": "A"}]),
            "management_groups[1].name",
        ),
        (json!([{"name": "a/b"}]), "management_groups[0].name"),
        (
            json!([{"name": "a", "subscriptions": [id(9)]}]),
            "management_groups[0].subscriptions[0]",
        ),
    ] {
        let text = json!({"management_groups": groups, "subscriptions": []}).to_string();
        let refused = text.parse::<Fleet>().err().map(|error| error.to_string());
        let expected = format!("`{place}`");
        assert!(
            refused.is_some_and(|error| error.contains(&expected)),
            "{groups}"
        );
    }
}
