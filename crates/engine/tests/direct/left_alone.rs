//! Accounts that are left alone: a vault manages them, or may, or a lock is on them.

use emulator::{Fault, When};
use engine::direct::Outcome;
use engine::direct::error::DirectError;

use super::site::Site;
use super::{published, start_with, step, wish};

/// Refuses the next question who Key Vault is.
fn hide_the_directory(site: &Site) {
    let refusal = Fault::Status {
        status: 403,
        retry_after: None,
        code: Some("Authorization_RequestDenied".to_owned()),
        when: When::Before,
    };
    site.fault("ServicePrincipals_List", refusal);
}

#[tokio::test]
async fn an_account_that_a_vault_manages_is_not_touched() {
    let (site, wish) = published("enrolled").await;
    site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    let refused = step(&site, &wish).await.0.expect_err("enrolled");
    assert!(
        matches!(refused, DirectError::Enrolled { .. }),
        "{refused:?}"
    );
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 0);
}

#[tokio::test]
async fn an_account_on_which_key_vault_holds_a_role_is_not_touched_unless_somebody_vouches_for_it()
{
    let (site, mut wish) = published("role").await;
    site.grant().await;
    let refused = step(&site, &wish).await.0.expect_err("it may be enrolled");
    assert!(
        matches!(refused, DirectError::MayBeEnrolled { .. }),
        "{refused:?}"
    );
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 0);
    wish.assume_unmanaged = true;
    let turned = step(&site, &wish).await.0.expect("a turn");
    assert!(matches!(turned, Outcome::Turned { .. }), "{turned:?}");
}

#[tokio::test]
async fn without_the_directory_a_key_operator_on_the_account_may_be_key_vault() {
    let (site, wish) = published("no-directory").await;
    site.grant().await;
    hide_the_directory(&site);
    let refused = step(&site, &wish).await.0.expect_err("it may be enrolled");
    assert!(
        matches!(refused, DirectError::MayBeEnrolled { .. }),
        "{refused:?}"
    );
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 0);
}

#[tokio::test]
async fn without_the_directory_an_account_that_nobody_else_operates_is_rotated() {
    let (site, wish) = published("nobody-else").await;
    hide_the_directory(&site);
    let turned = step(&site, &wish).await.0.expect("a turn");
    assert!(matches!(turned, Outcome::Turned { .. }), "{turned:?}");
}

#[tokio::test]
async fn an_account_under_a_read_only_lock_is_not_touched() {
    let site = start_with("locked-direct", |fleet| {
        fleet.replace(
            r#""vaults":["#,
            r#""locks":[{"name":"keep","scope":"resourceGroups/rg","level":"ReadOnly"}],"vaults":["#,
        )
    })
    .await;
    let refused = step(&site, &wish(&site)).await.0.expect_err("locked");
    assert!(
        matches!(&refused, DirectError::Locked { lock, .. } if lock == "keep"),
        "{refused:?}"
    );
    assert_eq!(site.count("SetSecret"), 0);
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 0);
}
