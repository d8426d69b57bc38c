//! What stands in the way of an enrolment is found before anything is changed.

use emulator::{Fault, When};
use engine::managed;
use engine::precheck::{self, Deleted, Obstacle};
use engine::surroundings::Surroundings;

use crate::site::{Site, place};

async fn check(site: &Site, deleted: Deleted) -> Result<(), Obstacle> {
    let (run, around) = (site.run(), Surroundings::default());
    let (register, account) = (&site.register, &site.account);
    precheck::check(&run, &around, register, account, &site.place, deleted).await
}

fn nothing_was_changed(site: &Site) {
    let done = site.operations();
    let reads = ["Get", "List"];
    let changed: Vec<_> = done
        .iter()
        .filter(|name| !reads.iter().any(|read| name.contains(read)) && *name != "Token")
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
}

#[tokio::test]
async fn nothing_stands_in_the_way_of_an_owner() {
    let site = Site::start("free").await;
    check(&site, Deleted::Refuse).await.expect("free");
    nothing_was_changed(&site);
}

#[tokio::test]
async fn a_read_only_lock_is_named() {
    let site = Site::start_with("locked", |fleet| {
        fleet.replace(
            r#""vaults":["#,
            r#""locks":[{"name":"keep","scope":"resourceGroups/rg","level":"ReadOnly"}],"vaults":["#,
        )
    })
    .await;
    let refused = check(&site, Deleted::Recover).await.expect_err("locked");
    let Obstacle::Locked { lock, scope, .. } = refused else {
        unreachable!("{refused:?}")
    };
    assert_eq!(lock, "keep");
    assert!(scope.ends_with("/resourceGroups/rg"), "{scope}");
    nothing_was_changed(&site);
}

#[tokio::test]
async fn a_caller_who_may_not_list_keys_is_told_before_the_vault_says_so() {
    let mut site = Site::start("reader").await;
    site.become_a_reader();
    let refused = check(&site, Deleted::Recover).await.expect_err("a reader");
    assert!(
        matches!(refused, Obstacle::CallerCannotListKeys { .. }),
        "{refused:?}"
    );
    nothing_was_changed(&site);
}

#[tokio::test]
async fn rights_that_cannot_be_read_are_left_to_azure() {
    let mut site = Site::start("blind").await;
    site.become_a_reader();
    let refusal = Fault::Status {
        status: 403,
        retry_after: None,
        code: Some("AuthorizationFailed".to_owned()),
        when: When::Before,
    };
    site.fault("Permissions_ListForResourceGroup", refusal);
    check(&site, Deleted::Recover)
        .await
        .expect("nobody can tell");
}

#[tokio::test]
async fn a_vault_with_roles_wants_one_of_the_caller() {
    let mut site = Site::start("roles").await;
    site.place = place("kvroles", "stone");
    let refused = check(&site, Deleted::Recover).await.expect_err("no role");
    assert!(
        matches!(refused, Obstacle::NoVaultRole { .. }),
        "{refused:?}"
    );
    nothing_was_changed(&site);
}

#[tokio::test]
async fn a_vault_that_is_not_there_is_told_before_rights_are_granted() {
    let mut site = Site::start("no-vault").await;
    site.place = place("kvnone", "stone");
    let refused = check(&site, Deleted::Recover).await.expect_err("no vault");
    assert!(matches!(refused, Obstacle::NoVault { .. }), "{refused:?}");
    nothing_was_changed(&site);
}

#[tokio::test]
async fn an_account_that_another_vault_manages_is_not_enrolled_again() {
    let mut site = Site::start("elsewhere").await;
    site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    site.place = place("kvtwo", "stone");
    let refused = check(&site, Deleted::Recover).await.expect_err("elsewhere");
    let Obstacle::Elsewhere { others, .. } = refused else {
        unreachable!("{refused:?}")
    };
    assert_eq!(others, "https://kvone.vault.azure.net/storage/stone");
}

#[tokio::test]
async fn a_deleted_record_is_an_obstacle_only_if_it_is_not_to_be_recovered() {
    let site = Site::start("deleted-name").await;
    site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    site.remove().await.expect("removed");
    check(&site, Deleted::Recover)
        .await
        .expect("recovered later");
    let refused = check(&site, Deleted::Refuse).await.expect_err("held");
    assert!(matches!(refused, Obstacle::Deleted { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_removed_record_can_be_purged_and_purging_again_finds_nothing() {
    let mut site = Site::start("purge").await;
    site.grant_with_purge().await;
    site.enrol("P30D").await.expect("enrolled");
    site.remove().await.expect("removed");
    let run = site.run();
    managed::purge(&run, &site.place, &site.account)
        .await
        .expect("purged");
    managed::purge(&run, &site.place, &site.account)
        .await
        .expect("nothing is left");
    assert_eq!(site.count("PurgeDeletedStorageAccount"), 1);
    drop(run);
    site.account = site.another_account();
    check(&site, Deleted::Refuse)
        .await
        .expect("the name is free");
}
