//! Many accounts of a group are read by a list, and what a list does not show is asked for itself.

use azure::StorageAccountId;
use azure::arm::storage;
use emulator::{Fault, When};
use engine::surroundings::Surroundings;

use super::site::Site;

const ONE: &str = "StorageAccounts_GetProperties";
const LIST: &str = "StorageAccounts_ListByResourceGroup";

/// Starts a site with twenty accounts more.
async fn start(name: &str) -> (Site, Vec<StorageAccountId>) {
    let more = |number| {
        format!(
            r#"{{"resource_group":"rg","name":"stmore{number:02}","key1_created":"2026-02-{:02}T00:00:00Z","key2_created":null}},"#,
            number + 1
        )
    };
    let site = Site::start_with(name, |fleet| {
        let more: String = (0..20).map(more).collect();
        fleet.replace(r#""accounts":["#, &format!(r#""accounts":[{more}"#))
    });
    let ids = (0..20).map(|number| {
        let id = format!(
            "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/RG/providers/\
             Microsoft.Storage/storageAccounts/stmore{number:02}"
        );
        id.parse().expect("an id")
    });
    let ids = ids.collect();
    (site.await, ids)
}

#[tokio::test]
async fn many_accounts_of_a_group_are_read_by_one_list() {
    let (site, ids) = start("group-list").await;
    let (run, around) = (site.run(), Surroundings::default());
    for id in &ids {
        let found = around.account(&run, id).await.expect("an answer");
        let itself = site.client.send(storage::get(id)).await.expect("it");
        assert_eq!(found, Some(itself));
    }
    // Each was asked for itself once, by this test.
    assert_eq!((site.count(ONE), site.count(LIST)), (8 + 20, 1));
    site.pass("PT11S", 11).await;
    let again = ids.first().expect("an account");
    around.account(&run, again).await.expect("an answer");
    assert_eq!(site.count(LIST), 2, "the first one is old by now");
}

#[tokio::test]
async fn an_account_that_the_list_does_not_show_is_asked_for_itself() {
    let (site, ids) = start("group-gap").await;
    let (run, around) = (site.run(), Surroundings::default());
    for id in &ids {
        around.account(&run, id).await.expect("an answer");
    }
    let gone = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/\
                Microsoft.Storage/storageAccounts/stgone";
    let gone = gone.parse().expect("an id");
    let found = around.account(&run, &gone).await.expect("an answer");
    assert_eq!(found, None);
    assert_eq!((site.count(ONE), site.count(LIST)), (8 + 1, 1));
}

#[tokio::test]
async fn where_a_group_cannot_be_listed_each_account_is_read() {
    let (site, ids) = start("group-closed").await;
    let refusal = Fault::Status {
        status: 403,
        retry_after: None,
        code: Some("AuthorizationFailed".to_owned()),
        when: When::Before,
    };
    site.fault(LIST, refusal);
    let (run, around) = (site.run(), Surroundings::default());
    for id in &ids {
        let found = around.account(&run, id).await.expect("an answer");
        assert!(found.is_some_and(|found| found.name == id.name()));
    }
    assert_eq!((site.count(ONE), site.count(LIST)), (20, 1));
}
