//! Direct rotation against the emulator, with lost answers, other runs, and runs that end anywhere.

mod left_alone;
mod roles;
#[path = "../enrolment/site.rs"]
#[expect(dead_code, reason = "the enrolments use more of it")]
mod site;

use azure::arm::storage;
use azure::vault::secret;
use azure::{Clock, StorageAccountId};
use emulator::{Fault, FaultRule, When};
use engine::direct::error::DirectError;
use engine::direct::publish::Content;
use engine::direct::{self, DirectWish, Outcome, Progress, SecretPlace};
use engine::surroundings::Surroundings;
use jiff::Timestamp;
use rotation::direct::{Reason, Terms};
use rotation::slot::KeySlot;
use site::Site;

const DAY: u64 = 24 * 60 * 60;

fn wish(site: &Site) -> DirectWish {
    DirectWish {
        account: site.account.clone(),
        place: SecretPlace {
            vault: site.place.vault.clone(),
            name: "stone-key".parse().expect("a name"),
        },
        terms: Terms {
            period: "P30D".parse().expect("a period"),
            overlap: "P1D".parse().expect("a period"),
            first: KeySlot::Key1,
        },
        content: Content::Key,
        verify: false,
        assume_unmanaged: false,
        owner: None,
        apps: None,
    }
}

async fn step(site: &Site, wish: &DirectWish) -> (Result<Outcome, DirectError>, Vec<Progress>) {
    let mut told = Vec::new();
    let (run, around) = (site.run(), Surroundings::default());
    let mut tell = |progress| told.push(progress);
    let outcome = direct::step(&run, &around, &site.register, wish, &mut tell).await;
    (outcome, told)
}

/// Starts a site whose caller may do everything with secrets.
async fn start(name: &str) -> Site {
    start_with(name, str::to_owned).await
}

/// Starts such a site with another fleet, made of the usual one.
async fn start_with(name: &str, change: impl Fn(&str) -> String) -> Site {
    Site::start_with(name, |fleet| {
        change(fleet).replace(r#""access_policies":[]"#, r#""access_policies":[{"object_id":"0b7ec700-0000-4000-8000-000000000001","storage":["all"],"secrets":["all"]}]"#)
    })
    .await
}

/// Starts a site whose key1 is published, and lets the first period go by.
async fn published(name: &str) -> (Site, DirectWish) {
    let site = start(name).await;
    let wish = wish(&site);
    let first = step(&site, &wish).await.0.expect("published");
    assert!(matches!(
        first,
        Outcome::Published {
            slot: KeySlot::Key1,
            reason: Reason::First,
            ..
        }
    ));
    site.pass("P31D", 31 * DAY).await;
    (site, wish)
}

/// What clients read, what is in the slots, and when each key was made.
struct There {
    published: String,
    keys: [String; 2],
    made: [Option<Timestamp>; 2],
}

async fn there(site: &Site, wish: &DirectWish) -> There {
    let request = secret::get(&wish.place.vault, &wish.place.name);
    let value = site.client.send(request).await.expect("a secret").value;
    let account: &StorageAccountId = &site.account;
    let keys = site.client.send(storage::list_keys(account)).await;
    let keys = keys.expect("keys");
    let key = |name: &str| {
        let key = keys.iter().find(|key| key.name == name).expect("a key");
        key.value.expose().to_owned()
    };
    let account = site.client.send(storage::get(account)).await.expect("it");
    There {
        published: azure::KeyMaterial::from(value).expose().to_owned(),
        keys: [key("key1"), key("key2")],
        made: [account.key1_created_at, account.key2_created_at],
    }
}

#[tokio::test]
async fn the_key_that_clients_use_is_published_and_nothing_is_regenerated() {
    let site = start("first").await;
    let wish = wish(&site);
    step(&site, &wish).await.0.expect("published");
    let there = there(&site, &wish).await;
    assert_eq!(there.keys.first(), Some(&there.published));
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 0);
    let waiting = step(&site, &wish).await.0.expect("looked");
    assert!(
        matches!(
            waiting,
            Outcome::Waiting {
                slot: KeySlot::Key2,
                ..
            }
        ),
        "{waiting:?}"
    );
    assert_eq!(site.count("SetSecret"), 1);
}

#[tokio::test]
async fn a_turn_regenerates_the_idle_key_publishes_it_and_leaves_the_other_alone() {
    let (site, wish) = published("turned").await;
    let before = there(&site, &wish).await;
    let (turned, told) = step(&site, &wish).await;
    let turned = turned.expect("a turn");
    assert!(
        matches!(
            turned,
            Outcome::Turned {
                slot: KeySlot::Key2,
                ..
            }
        ),
        "{turned:?}"
    );
    let after = there(&site, &wish).await;
    let [old, new] = &after.keys;
    assert_eq!(
        before.keys.first(),
        Some(old),
        "clients that have not looked go on"
    );
    assert_eq!(&after.published, new);
    assert_ne!(before.keys.last(), Some(new));
    assert!(told.contains(&Progress::Published(KeySlot::Key2)));
    let rested = step(&site, &wish).await.0.expect("looked");
    assert!(
        matches!(rested, Outcome::Waiting { .. } | Outcome::Rested { .. }),
        "{rested:?}"
    );
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 1);
}

#[tokio::test]
async fn the_tags_are_those_of_microsofts_convention() {
    let (site, wish) = published("tags").await;
    step(&site, &wish).await.0.expect("a turn");
    let request = secret::get(&wish.place.vault, &wish.place.name);
    let secret = site.client.send(request).await.expect("a secret");
    let tag = |name: &str| secret.tags.get(name).map(String::as_str);
    assert_eq!(tag("CredentialId"), Some("key2"));
    assert_eq!(tag("ProviderAddress"), Some(site.account.as_str()));
    assert_eq!(tag("ValidityPeriodDays"), Some("60"));
    assert_eq!(tag("KeyRotationClaim"), None);
    let life = secret
        .expires
        .expect("an end")
        .duration_since(site.clock.now());
    assert!((59..=60).contains(&(life.as_hours() / 24)), "{life:?}");
}

#[tokio::test]
async fn a_lost_answer_to_a_regeneration_is_looked_up_and_never_repeated() {
    let (site, wish) = published("lost-regeneration").await;
    site.fault(
        "StorageAccounts_RegenerateKey",
        Fault::Reset { reset: When::After },
    );
    let (turned, told) = step(&site, &wish).await;
    assert!(matches!(turned, Ok(Outcome::Turned { .. })), "{turned:?}");
    assert!(told.contains(&Progress::LookingBack(KeySlot::Key2)));
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 1);
    let there = there(&site, &wish).await;
    assert_eq!(there.keys.last(), Some(&there.published));
}

#[tokio::test]
async fn a_regeneration_that_did_not_happen_is_unclear_and_the_next_run_makes_it() {
    let (site, wish) = published("no-regeneration").await;
    site.fault(
        "StorageAccounts_RegenerateKey",
        Fault::Reset {
            reset: When::Before,
        },
    );
    let unclear = step(&site, &wish).await.0.expect_err("nobody can tell");
    assert!(
        matches!(unclear, DirectError::Unclear { .. }),
        "{unclear:?}"
    );
    // The claim of the run that ended lapses.
    site.pass("PT6M", 6 * 60).await;
    let turned = step(&site, &wish).await.0.expect("a turn");
    assert!(matches!(turned, Outcome::Turned { .. }), "{turned:?}");
}

#[tokio::test]
async fn a_key_that_was_not_published_is_published_by_the_next_run_and_not_made_again() {
    let (site, wish) = published("unpublished").await;
    let refusal = Fault::Status {
        status: 403,
        retry_after: None,
        code: Some("Forbidden".to_owned()),
        when: When::Before,
    };
    site.fault("SetSecret", refusal);
    let failed = step(&site, &wish).await.0.expect_err("not published");
    assert!(
        matches!(failed, DirectError::NotPublished { .. }),
        "{failed:?}"
    );
    let between = there(&site, &wish).await;
    assert_eq!(
        between.keys.first(),
        Some(&between.published),
        "clients go on"
    );
    let finished = step(&site, &wish).await.0.expect("published");
    assert!(
        matches!(
            finished,
            Outcome::Published {
                slot: KeySlot::Key2,
                reason: Reason::Unfinished,
                ..
            }
        ),
        "{finished:?}"
    );
    let after = there(&site, &wish).await;
    assert_eq!(after.keys.last(), Some(&after.published));
    assert_eq!(after.made, between.made);
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 1);
}

#[tokio::test]
async fn a_lost_answer_to_a_publication_is_looked_up() {
    let (site, wish) = published("lost-publication").await;
    site.fault("SetSecret", Fault::Reset { reset: When::After });
    let turned = step(&site, &wish).await.0.expect("a turn");
    assert!(matches!(turned, Outcome::Turned { .. }), "{turned:?}");
    assert_eq!(
        site.count("SetSecret"),
        2,
        "the first publication and this one"
    );
}

#[tokio::test]
async fn nothing_is_regenerated_unless_the_secret_can_be_written() {
    let (site, wish) = published("read-only").await;
    let refusal = Fault::Status {
        status: 403,
        retry_after: None,
        code: Some("Forbidden".to_owned()),
        when: When::Before,
    };
    site.fault("UpdateSecret", refusal);
    step(&site, &wish)
        .await
        .0
        .expect_err("it cannot be written");
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 0);
}

#[tokio::test]
async fn a_published_key_that_somebody_regenerated_is_published_anew() {
    let (site, wish) = published("replaced").await;
    let request = storage::regenerate_key(&site.account, azure::KeyName::Key1);
    site.client.send(request).await.expect("regenerated");
    let repaired = step(&site, &wish).await.0.expect("published");
    assert!(
        matches!(
            repaired,
            Outcome::Published {
                slot: KeySlot::Key1,
                reason: Reason::Replaced,
                ..
            }
        ),
        "{repaired:?}"
    );
    let there = there(&site, &wish).await;
    assert_eq!(there.keys.first(), Some(&there.published));
}

#[tokio::test]
async fn two_runs_at_the_same_time_make_one_turn() {
    let (site, wish) = published("two").await;
    let (first, second) = tokio::join!(step(&site, &wish), step(&site, &wish));
    let outcomes = [first.0.expect("one"), second.0.expect("two")];
    let turned = |outcome: &&Outcome| matches!(outcome, Outcome::Turned { .. });
    assert_eq!(outcomes.iter().filter(turned).count(), 1, "{outcomes:?}");
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 1);
    let there = there(&site, &wish).await;
    assert_eq!(there.keys.last(), Some(&there.published));
}

/// A claim lapses after five minutes: a request that has to wait for longer would meet another run.
#[tokio::test]
async fn a_regeneration_is_not_sent_under_a_claim_that_may_have_lapsed() {
    let (site, wish) = published("late").await;
    let (claims, sent) = ("UpdateSecret", "StorageAccounts_RegenerateKey");
    let throttled = Fault::Status {
        status: 429,
        retry_after: Some(60),
        code: None,
        when: When::Before,
    };
    site.emulator.control().set_fault(FaultRule {
        operation: sent.to_owned(),
        nth: 1,
        count: 4,
        fault: throttled,
    });
    let turned = step(&site, &wish).await.0.expect("a turn");
    assert!(matches!(turned, Outcome::Turned { .. }), "{turned:?}");
    let mut order = site.operations();
    order.retain(|name| [claims, sent].contains(&name.as_str()));
    // Four tries, a minute apart, are all that four minutes have room for.
    assert_eq!(order, [claims, sent, sent, sent, sent, claims, sent]);
}

#[tokio::test]
async fn a_secret_of_somebody_else_is_not_overwritten() {
    let site = start("foreign").await;
    let wish = wish(&site);
    let other = secret::NewSecret {
        value: "a password".to_owned().into(),
        content_type: "text/plain",
        expires: None,
        tags: [].into(),
    };
    let request = secret::set(&wish.place.vault, &wish.place.name, &other);
    site.client.send(request).await.expect("stored");
    let refused = step(&site, &wish).await.0.expect_err("another secret");
    assert!(
        matches!(refused, DirectError::Foreign { .. }),
        "{refused:?}"
    );
    assert_eq!(site.count("SetSecret"), 1);
}

#[tokio::test]
async fn a_key_that_cannot_be_seen_to_work_is_not_published() {
    let (site, mut wish) = published("unverified").await;
    wish.verify = true;
    // No storage server stands beside the emulator here, so nothing lets the key in.
    let refused = step(&site, &wish).await.0.expect_err("not verified");
    assert!(
        matches!(refused, DirectError::NotVerified { .. }),
        "{refused:?}"
    );
    let there = there(&site, &wish).await;
    assert_eq!(there.keys.first(), Some(&there.published), "clients go on");
}
