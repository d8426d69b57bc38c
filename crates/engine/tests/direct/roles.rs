//! How Key Vault's roles are looked for: seldom, and once more before a key is regenerated.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use azure::Clock;
use engine::direct::error::DirectError;
use engine::direct::{self, DirectWish};
use engine::run::Run;
use engine::surroundings::Surroundings;
use jiff::Timestamp;

use super::site::Site;
use super::{published, start, start_with, wish};

const LIST: &str = "RoleAssignments_ListForScope";

async fn foresee(site: &Site, around: &Surroundings, wish: &DirectWish) -> Result<(), DirectError> {
    let seen = direct::foresee(&site.run(), around, &site.register, wish).await;
    seen.map(|_| ())
}

#[tokio::test]
async fn one_list_tells_of_all_accounts_of_a_subscription_for_a_moment() {
    let site = start("one-list").await;
    let (around, one) = (Surroundings::default(), wish(&site));
    let mut other = one.clone();
    other.account = site.another_account();
    other.place.name = "sttwo-key".parse().expect("a name");
    foresee(&site, &around, &one).await.expect("fit");
    foresee(&site, &around, &other).await.expect("fit");
    assert_eq!(site.count(LIST), 1);
    site.grant().await;
    let before = site.count(LIST);
    site.pass("PT11S", 11).await;
    let refused = foresee(&site, &around, &one).await.expect_err("a role");
    assert!(
        matches!(refused, DirectError::MayBeEnrolled { .. }),
        "{refused:?}"
    );
    foresee(&site, &around, &other).await.expect("no role here");
    assert_eq!(site.count(LIST), before + 1);
}

#[tokio::test]
async fn who_may_not_list_a_subscription_asks_for_the_account() {
    // Whoever may read one group only is refused a list of the subscription.
    let site = start_with("own-group", |fleet| {
        fleet.replace(
            r#"{"role":"Reader","scope":"/subscriptions/11111111-1111-4111-8111-111111111111"}"#,
            r#"{"role":"Reader","scope":"/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg"}"#,
        )
        .replace(
            r#""access_policies":[]"#,
            r#""access_policies":[{"object_id":"0b7ec700-0000-4000-8000-0000000000ee","storage":["all"],"secrets":["all"]}]"#,
        )
    });
    let mut site = site.await;
    site.become_a_reader();
    let (around, wish) = (Surroundings::default(), wish(&site));
    foresee(&site, &around, &wish).await.expect("fit");
    assert_eq!(site.count(LIST), 2, "the subscription, then the account");
    foresee(&site, &around, &wish).await.expect("fit");
    assert_eq!(site.count(LIST), 3, "the account alone");
}

/// A clock that lets Key Vault have its role while somebody sleeps.
struct Meanwhile<'a>(&'a Site);

impl fmt::Debug for Meanwhile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meanwhile")
    }
}

#[async_trait]
impl Clock for Meanwhile<'_> {
    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    async fn sleep(&self, wait: Duration) {
        self.0.grant().await;
        self.0.clock.sleep(wait).await;
    }
}

#[tokio::test]
async fn a_role_that_key_vault_gets_while_the_claim_is_waited_for_is_seen() {
    let (site, wish) = published("meanwhile").await;
    let (clock, around) = (Meanwhile(&site), Surroundings::default());
    let run = Run::new(&site.client, &clock, &site.stop, Duration::from_secs(600));
    let stepped = direct::step(&run, &around, &site.register, &wish, &mut |_| ()).await;
    let refused = stepped.expect_err("it may be enrolled");
    assert!(
        matches!(refused, DirectError::MayBeEnrolled { .. }),
        "{refused:?}"
    );
    assert_eq!(site.count("StorageAccounts_RegenerateKey"), 0);
}
