//! Turns on request, with lost answers and living tokens.

use std::collections::BTreeMap;

use azure::arm::storage;
use azure::sas::SasTemplate;
use emulator::{Fault, When};
use engine::managed::sas::{self, DefinitionPlace, DefinitionWish};
use engine::managed::turn::{Stage, TurnError, Turned, turn};
use engine::precheck::Deleted;
use jiff::Timestamp;
use rotation::slot::KeySlot;

use crate::site::Site;

async fn turn_at(site: &Site) -> (Result<Turned, TurnError>, Vec<Stage>) {
    let mut stages = Vec::new();
    let turned = turn(&site.run(), &site.place, None, &mut |stage| {
        stages.push(stage);
    })
    .await;
    (turned, stages)
}

async fn enrolled(name: &str) -> Site {
    let site = Site::start(name).await;
    site.grant().await;
    site.enrol("P30D").await.expect("enrolled");
    site
}

async fn define(site: &Site, name: &str, validity: &str) {
    let place = DefinitionPlace {
        enrolment: site.place.clone(),
        name: name.parse().expect("a name"),
    };
    let template = SasTemplate::parse("sv=2018-03-28&ss=b&srt=sco&sp=r&spr=https");
    let wish = DefinitionWish {
        template: template.expect("a template"),
        validity: validity.parse().expect("a period"),
        enabled: true,
        tags: BTreeMap::new(),
    };
    sas::define(&site.run(), &place, &wish, Deleted::Recover)
        .await
        .expect("defined");
}

async fn key_times(site: &Site) -> [Option<Timestamp>; 2] {
    let request = storage::get(&site.account);
    let account = site.client.send(request).await.expect("read");
    [account.key1_created_at, account.key2_created_at]
}

#[tokio::test]
async fn the_idle_key_is_regenerated_and_becomes_the_active_one() {
    let site = enrolled("turn").await;
    let [key1, key2] = key_times(&site).await;
    let (turned, stages) = turn_at(&site).await;
    let turned = turned.expect("a turn");
    assert_eq!(turned.slot, KeySlot::Key2);
    let after = key_times(&site).await;
    assert_eq!(after, [key1, turned.created_at], "the active key stays");
    assert!(after.last() > Some(&key2));
    assert_eq!(stages.len(), 1, "{stages:?}");
    let second = turn_at(&site).await.0.expect("nothing mints tokens");
    assert_eq!(second.slot, KeySlot::Key1);
    assert_eq!(site.count("RegenerateStorageAccountKey"), 2);
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 0);
}

#[tokio::test]
async fn a_key_whose_tokens_may_live_is_left_until_the_last_of_them_has_expired() {
    let site = enrolled("early").await;
    define(&site, "short", "PT1H").await;
    define(&site, "long", "PT4H").await;
    let refused = turn_at(&site).await.0.expect_err("tokens of key2 may live");
    let TurnError::TooEarly { slot, until, .. } = refused else {
        unreachable!("{refused:?}")
    };
    assert_eq!(slot, KeySlot::Key2);
    assert!(until.to_string().starts_with("2026-06-01T04:0"), "{until}");
    assert_eq!(site.count("RegenerateStorageAccountKey"), 0);
    site.pass("PT5H", 5 * 3600).await;
    turn_at(&site).await.0.expect("they have expired");
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_the_request_is_never_repeated() {
    for reset in [When::After, When::Before] {
        let site = enrolled(&format!("lost-turn-{reset:?}")).await;
        site.fault("RegenerateStorageAccountKey", Fault::Reset { reset });
        let (turned, stages) = turn_at(&site).await;
        assert!(stages.contains(&Stage::LookingBack(KeySlot::Key2)));
        match (reset, turned) {
            (When::After, Ok(turned)) => assert_eq!(turned.slot, KeySlot::Key2),
            (When::Before, Err(TurnError::Unclear { .. })) => {}
            (_, other) => unreachable!("{reset:?}: {other:?}"),
        }
        let sent = usize::from(reset == When::After);
        assert_eq!(site.count("RegenerateStorageAccountKey"), sent.max(1));
    }
}

#[tokio::test]
async fn a_late_key_time_is_no_reason_to_doubt_an_answer() {
    let site = enrolled("late").await;
    let mut settings = site.emulator.control().settings();
    settings.stale_key_time_requests = 3;
    site.emulator.control().set_settings(settings);
    site.fault(
        "RegenerateStorageAccountKey",
        Fault::Reset { reset: When::After },
    );
    let turned = turn_at(&site).await.0.expect("the record shows it");
    assert_eq!(turned.slot, KeySlot::Key2);
    assert_eq!(site.count("RegenerateStorageAccountKey"), 1);
}

#[tokio::test]
async fn an_account_that_is_not_enrolled_is_not_touched() {
    let site = Site::start("not-enrolled").await;
    site.grant().await;
    let refused = turn_at(&site).await.0.expect_err("no record");
    assert!(
        matches!(refused, TurnError::NotEnrolled { .. }),
        "{refused:?}"
    );
    assert_eq!(site.count("RegenerateStorageAccountKey"), 0);
}
