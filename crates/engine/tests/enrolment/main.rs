//! The life of an enrolment against the emulator, with lost answers, missing rights and stops.

mod groups;
mod parties;
mod prechecks;
mod site;
mod turns;

use std::time::Duration;

use azure::vault::managed_storage;
use emulator::{Fault, When};
use engine::managed::enrol::{self, EnrolError, How};
use engine::managed::{self, Removal, UpdateError};
use engine::run::Halt;
use site::{Site, place};

#[tokio::test]
async fn enrolling_sends_one_request_and_a_second_run_none() {
    let site = Site::start("once").await;
    site.grant().await;
    let first = site.enrol("P30D").await.expect("enrolled");
    assert_eq!(first.how, How::Made);
    assert_eq!(first.enrolment.account, site.account.to_string());
    let second = site.enrol("P30D").await.expect("taken over");
    assert_eq!(second.how, How::Adopted);
    assert_eq!(site.count("SetStorageAccount"), 1);
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_never_repeated_blindly() {
    let site = Site::start("lost").await;
    site.grant().await;
    site.fault("SetStorageAccount", Fault::Reset { reset: When::After });
    let enrolled = site.enrol("P30D").await.expect("enrolled all the same");
    assert_eq!(enrolled.how, How::Made);
    assert_eq!(site.count("SetStorageAccount"), 1);
}

#[tokio::test]
async fn a_request_that_never_took_effect_is_sent_again_after_a_look() {
    let site = Site::start("again").await;
    site.grant().await;
    site.fault(
        "SetStorageAccount",
        Fault::Reset {
            reset: When::Before,
        },
    );
    let enrolled = site
        .enrol("P30D")
        .await
        .expect("enrolled at the second try");
    assert_eq!(enrolled.how, How::Made);
    let ours = |name: &String| name.ends_with("etStorageAccount");
    let vault: Vec<_> = site.operations().into_iter().filter(ours).collect();
    assert_eq!(
        vault,
        [
            "GetStorageAccount",
            "SetStorageAccount",
            "GetStorageAccount",
            "SetStorageAccount"
        ]
    );
}

#[tokio::test]
async fn an_error_of_the_server_leaves_it_open_and_is_looked_up_too() {
    let site = Site::start("unclear").await;
    site.grant().await;
    let unclear = Fault::Status {
        status: 500,
        retry_after: None,
        code: None,
        when: When::After,
    };
    site.fault("SetStorageAccount", unclear);
    assert_eq!(site.enrol("P30D").await.expect("found").how, How::Made);
    assert_eq!(site.count("SetStorageAccount"), 1);
}

#[tokio::test]
async fn a_record_with_other_settings_is_not_overwritten() {
    let site = Site::start("other").await;
    site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    let refused = site.enrol("P15D").await.expect_err("another's settings");
    assert!(matches!(refused, EnrolError::Exists { .. }), "{refused:?}");
    assert_eq!(site.count("SetStorageAccount"), 1);
}

#[tokio::test]
async fn the_record_of_another_account_is_neither_overwritten_nor_removed() {
    let mut site = Site::start("foreign").await;
    site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    site.account = site.another_account();
    let refused = site.enrol("P30D").await.expect_err("another account's");
    assert!(matches!(refused, EnrolError::Foreign { .. }), "{refused:?}");
    assert_eq!(site.remove().await.expect("looked"), Removal::LeftForeign);
    let refused = site.update("P15D").await.expect_err("another account's");
    assert!(
        matches!(refused, UpdateError::Foreign { .. }),
        "{refused:?}"
    );
    assert_eq!(site.count("UpdateStorageAccount"), 0);
    assert_eq!(site.count("DeleteStorageAccount"), 0);
}

#[tokio::test]
async fn a_deleted_record_is_recovered_and_brought_up_to_date() {
    let site = Site::start("deleted").await;
    site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    assert_eq!(site.remove().await.expect("removed"), Removal::Removed);
    assert_eq!(site.remove().await.expect("looked"), Removal::WasGone);
    let back = site.enrol("P15D").await.expect("recovered");
    assert_eq!(back.how, How::Recovered);
    assert_eq!(back.enrolment.terms, Site::terms("P15D"));
    assert!(back.unfinished.is_none(), "{:?}", back.unfinished);
}

#[tokio::test]
async fn a_record_that_was_recovered_is_kept_even_if_its_update_fails() {
    let site = Site::start("half").await;
    site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    site.remove().await.expect("removed");
    let refusal = Fault::Status {
        status: 400,
        retry_after: None,
        code: None,
        when: When::Before,
    };
    site.fault("UpdateStorageAccount", refusal);
    let back = site.enrol("P15D").await.expect("recovered");
    assert_eq!(back.how, How::Recovered);
    assert!(back.unfinished.is_some());
    assert_eq!(
        back.enrolment.terms,
        Site::terms("P30D"),
        "what still holds"
    );
}

#[tokio::test]
async fn an_account_is_not_enrolled_under_a_second_name() {
    let mut site = Site::start("twice").await;
    site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    site.place = place("kvone", "second");
    let refused = site.enrol("P30D").await.expect_err("a second name");
    assert!(matches!(&refused, EnrolError::Twice { others } if others.contains("/stone")));
    assert_eq!(site.count("SetStorageAccount"), 1);
}

#[tokio::test]
async fn the_role_stays_while_another_vault_needs_it() {
    let mut site = Site::start("shared").await;
    let made = site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    site.place = place("kvtwo", "stone");
    let moved = site.grant().await;
    site.enrol("P30D")
        .await
        .expect("enrolled in the other vault too");
    site.place = place("kvone", "stone");
    site.remove().await.expect("removed");
    site.take_back(&made).await;
    assert_eq!(site.roles_of_key_vault().await.len(), 1);
    site.place = place("kvtwo", "stone");
    site.remove().await.expect("removed");
    site.take_back(&moved).await;
    assert_eq!(site.roles_of_key_vault().await.len(), 0);
}

#[tokio::test]
async fn an_operation_that_ends_after_an_unclear_answer_looks_before_it_goes() {
    let site = Site::start("last-look").await;
    site.grant().await;
    site.fault("SetStorageAccount", Fault::Reset { reset: When::After });
    let wish = site.wish("P30D", true);
    let enrolled = enrol::enrol(&site.short_run(), &site.register, &site.place, &wish).await;
    assert_eq!(enrolled.expect("seen by the last look").how, How::Made);
}

#[tokio::test]
async fn rights_that_are_on_their_way_are_waited_for() {
    let site = Site::start("fresh").await;
    site.emulator.control().set_role_propagation(3);
    let made = site.grant().await;
    assert!(made.role_assignment.is_some());
    site.enrol("P30D")
        .await
        .expect("enrolled once the role has arrived");
    assert_eq!(site.count("SetStorageAccount"), 4);
}

#[tokio::test]
async fn rights_that_this_run_did_not_grant_are_waited_for_a_minute() {
    let site = Site::start("stale").await;
    let refused = site
        .enrol_without_fresh_rights()
        .await
        .expect_err("no role");
    assert!(matches!(refused, EnrolError::Step(_)), "{refused:?}");
    assert_eq!(site.count("SetStorageAccount"), 0);
    let waited: Duration = site.clock.sleeps().iter().sum();
    assert!((60..90).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test]
async fn only_what_was_granted_is_taken_back() {
    let site = Site::start("grants").await;
    let made = site.grant().await;
    assert!(made.role_assignment.is_some(), "{made:?}");
    let again = site.grant().await;
    assert_eq!(
        again.role_assignment, made.role_assignment,
        "an earlier run's own is known again"
    );
    assert_eq!(again.vault_access, [], "nothing is missing any more");
    site.take_back(&made).await;
    // What is gone is not missed.
    site.take_back(&made).await;
    let roles = site.roles_of_key_vault().await;
    assert!(roles.is_empty(), "{roles:?}");
}

#[tokio::test]
async fn a_stop_ends_the_work_between_two_requests() {
    let site = Site::start("stop").await;
    site.grant().await;
    site.stop.cancel();
    let stopped = site.enrol("P30D").await.expect_err("stopped");
    assert!(
        matches!(
            stopped,
            EnrolError::Halted {
                halt: Halt::Stopped,
                ..
            }
        ),
        "{stopped:?}"
    );
    assert_eq!(site.count("SetStorageAccount"), 0);
}

#[tokio::test]
async fn a_change_is_sent_as_a_change_and_only_if_there_is_one() {
    let site = Site::start("change").await;
    site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    site.update("P30D").await.expect("nothing to send");
    let changed = site.update("P20D").await.expect("changed");
    assert_eq!(changed.period_text.as_deref(), Some("P20D"));
    assert_eq!(site.count("UpdateStorageAccount"), 1);
    assert_eq!(site.count("SetStorageAccount"), 1);
}

#[tokio::test]
async fn the_key_expiration_policy_is_set_once() {
    let site = Site::start("expiration").await;
    let run = site.run();
    let account = managed::look_at_account(&run, &site.account)
        .await
        .expect("read");
    let account = account.expect("there");
    let set = managed::set_key_expiration(&run, account, 90)
        .await
        .expect("set");
    assert_eq!(set.key_expiration_days, Some(90));
    managed::set_key_expiration(&run, set, 90)
        .await
        .expect("nothing to do");
    assert_eq!(site.count("StorageAccounts_Update"), 1);
}

#[tokio::test]
async fn the_vault_swaps_the_active_key_and_the_record_says_so() {
    let site = Site::start("swap").await;
    site.grant().await;
    site.enrol("P15D").await.expect("enrolled");
    site.emulator.control().advance("P16D").expect("time moves");
    let request = managed_storage::get(&site.place.vault, &site.place.name);
    let managed = site.client.send(request).await.expect("read");
    assert_eq!(managed.active_key, "key2");
}
