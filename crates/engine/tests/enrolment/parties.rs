//! Letting somebody into a vault, and taking that back.

use azure::arm::authorization::PrincipalType;
use azure::id::VaultId;
use engine::grant::Made;
use engine::grant::party::{self, LetIn, Party, Rights};
use engine::grant::permissions::{Permissions, Purpose};
use engine::surroundings::Surroundings;

use crate::site::Site;

fn party(purpose: Purpose) -> Party {
    let principal = "0b7ec700-0000-4000-8000-0000000000bb";
    Party {
        principal: principal.parse().expect("an object id"),
        principal_type: PrincipalType::ServicePrincipal,
        purpose,
        role: None,
    }
}

fn vault(name: &str) -> VaultId {
    let id = format!(
        "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/\
         Microsoft.KeyVault/vaults/{name}"
    );
    id.parse().expect("a vault")
}

async fn let_in(site: &Site, name: &str, purpose: Purpose, before: &Made) -> LetIn {
    let (run, around) = (site.run(), Surroundings::default());
    let done = party::let_in(&run, &around, &vault(name), &party(purpose), before).await;
    done.expect("the default caller may").expect("a vault")
}

async fn held(site: &Site, name: &str, purpose: Purpose) -> Rights {
    let found = party::look(&site.run(), &vault(name), &party(purpose)).await;
    found.expect("read").expect("a vault").held
}

#[tokio::test]
async fn exactly_what_the_purpose_needs_is_given_and_taken_back() {
    let site = Site::start("party").await;
    let none = Rights::Policy(Permissions::default());
    for purpose in Purpose::ALL {
        assert_eq!(held(&site, "kvone", purpose).await, none, "{purpose}");
        let LetIn { made, .. } = let_in(&site, "kvone", purpose, &Made::default()).await;
        let all = Rights::Policy(purpose.permissions());
        assert_eq!(held(&site, "kvone", purpose).await, all, "{purpose}");
        party::put_out(&site.run(), &made)
            .await
            .expect("taken back");
        party::put_out(&site.run(), &made)
            .await
            .expect("not missed");
        assert_eq!(held(&site, "kvone", purpose).await, none, "{purpose}");
    }
}

#[tokio::test]
async fn what_was_there_before_stays() {
    let site = Site::start("party-before").await;
    let theirs = let_in(&site, "kvone", Purpose::ReadSas, &Made::default()).await;
    let ours = let_in(&site, "kvone", Purpose::IssueSas, &Made::default()).await;
    let given = &ours
        .made
        .vault_access
        .first()
        .expect("something")
        .permissions;
    assert!(given.secrets.is_empty(), "the secret permission was there");
    party::put_out(&site.run(), &ours.made)
        .await
        .expect("taken back");
    let all = Rights::Policy(Purpose::ReadSas.permissions());
    assert_eq!(held(&site, "kvone", Purpose::ReadSas).await, all);
    drop(theirs);
}

#[tokio::test]
async fn another_purpose_takes_back_what_it_does_not_need() {
    let site = Site::start("party-change").await;
    let first = let_in(&site, "kvone", Purpose::Enrol, &Made::default()).await;
    let second = let_in(&site, "kvone", Purpose::Rotate, &first.made).await;
    assert!(second.left.is_none());
    let all = Rights::Policy(Purpose::Rotate.permissions());
    assert_eq!(held(&site, "kvone", Purpose::Rotate).await, all);
    let kept = Rights::Policy(Permissions::new(&["get", "list"], &[]));
    assert_eq!(held(&site, "kvone", Purpose::Enrol).await, kept);
    party::put_out(&site.run(), &second.made)
        .await
        .expect("taken back");
    let none = Rights::Policy(Permissions::default());
    assert_eq!(held(&site, "kvone", Purpose::Rotate).await, none);
}

#[tokio::test]
async fn a_vault_with_roles_gets_a_role_which_a_second_run_recognises() {
    let site = Site::start("party-roles").await;
    assert_eq!(
        held(&site, "kvroles", Purpose::ReadSas).await,
        Rights::Role(false)
    );
    let first = let_in(&site, "kvroles", Purpose::ReadSas, &Made::default()).await;
    assert!(first.made.role_assignment.is_some());
    let again = let_in(&site, "kvroles", Purpose::ReadSas, &Made::default()).await;
    assert_eq!(
        again.made, first.made,
        "an earlier run's own is known again"
    );
    assert_eq!(
        held(&site, "kvroles", Purpose::ReadSas).await,
        Rights::Role(true)
    );
    let wider = let_in(&site, "kvroles", Purpose::Enrol, &first.made).await;
    assert_ne!(wider.made.role_assignment, first.made.role_assignment);
    assert_eq!(
        held(&site, "kvroles", Purpose::ReadSas).await,
        Rights::Role(false)
    );
    party::put_out(&site.run(), &wider.made)
        .await
        .expect("taken back");
    assert_eq!(
        held(&site, "kvroles", Purpose::Enrol).await,
        Rights::Role(false)
    );
}

#[tokio::test]
async fn a_caller_without_the_right_to_grant_changes_nothing() {
    let mut site = Site::start("party-reader").await;
    site.become_a_reader();
    for name in ["kvone", "kvroles"] {
        let (run, around) = (site.run(), Surroundings::default());
        let party = party(Purpose::ReadSas);
        let refused = party::let_in(&run, &around, &vault(name), &party, &Made::default()).await;
        let refused = refused.expect_err("a reader may not");
        assert!(refused.to_string().contains("may not perform"), "{refused}");
    }
    assert_eq!(site.count("Vaults_UpdateAccessPolicy"), 0);
    assert_eq!(site.count("RoleAssignments_Create"), 0);
}

#[tokio::test]
async fn a_vault_that_is_gone_is_no_error() {
    let site = Site::start("party-gone").await;
    let found = party::look(&site.run(), &vault("kvnone"), &party(Purpose::Enrol)).await;
    assert!(found.expect("answered").is_none());
}
