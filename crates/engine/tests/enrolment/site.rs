//! A subscription of the emulator with one account and one vault, and a client signed in to it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use azure::arm::authorization::{self, RoleAssignment};
use azure::{
    Client, Clock, Cloud, Env, Listed, ManualClock, Settings, SignIn, SignInSettings,
    StorageAccountId, VaultUrl,
};
use emulator::{Emulator, Fault, FaultRule, Fleet, Options};
use engine::grant::{self, GrantWish, Made};
use engine::managed::enrol::{self, EnrolError, Enrolled, Wish};
use engine::managed::{self, Enrolment, Place, Removal, UpdateError};
use engine::register::Register;
use engine::run::{Run, StepError};
use engine::surroundings::Surroundings;
use rotation::enrolment::Terms;
use rotation::slot::KeySlot;
use tokio_util::sync::CancellationToken;

const FLEET: &str = r#"{"now":"2026-06-01T00:00:00Z",
    "applications":[{
        "client_id":"c11e4700-0000-4000-8000-0000000000ee","object_id":"0b7ec700-0000-4000-8000-0000000000ee",
        "client_secret":"of a reader","roles":[
            {"role":"Reader","scope":"/subscriptions/11111111-1111-4111-8111-111111111111"}]}],
    "principals":["0b7ec700-0000-4000-8000-0000000000bb"],
    "subscriptions":[{
    "id":"11111111-1111-4111-8111-111111111111",
    "accounts":[
        {"resource_group":"rg","name":"stone","key1_created":"2026-01-01T00:00:00Z","key2_created":"2026-01-01T00:00:00Z"},
        {"resource_group":"rg","name":"sttwo","key1_created":"2026-01-01T00:00:00Z","key2_created":"2026-01-01T00:00:00Z"}],
    "vaults":[{"resource_group":"rg","name":"kvone","soft_delete_days":90,"access_policies":[]},
        {"resource_group":"rg","name":"kvtwo","soft_delete_days":90,"access_policies":[]},
        {"resource_group":"rg","name":"kvroles","soft_delete_days":90,"rbac":true}]}]}"#;

/// The emulator, the client, and what the tests act on.
pub struct Site {
    pub emulator: Emulator,
    pub client: Client,
    pub clock: Arc<ManualClock>,
    pub stop: CancellationToken,
    pub account: StorageAccountId,
    pub place: Place,
    pub register: Register,
}

impl Site {
    pub async fn start(name: &str) -> Self {
        Self::start_with(name, str::to_owned).await
    }

    /// Starts with another fleet, made of the usual one.
    pub async fn start_with(name: &str, fleet: impl Fn(&str) -> String) -> Self {
        // A second installation in the same process is refused, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut options = Options::ephemeral(fleet(FLEET).parse::<Fleet>().expect("a fleet"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // What an earlier run left would be taken up again.
        let _ = std::fs::remove_dir_all(&folder);
        options.state_dir = Some(folder);
        // `cargo xtask openapi` reads all exchanges of the tests.
        let exchanges = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../exchanges");
        options.record = Some(exchanges.join(format!("engine-{name}.jsonl")));
        let emulator = emulator::start(options).await.expect("an emulator");
        let now = "2026-06-01T00:00:00Z".parse().expect("a time");
        let clock = Arc::new(ManualClock::new(now));
        let client = client(&emulator, &[], &clock);
        let place = place("kvone", "stone");
        let account = account("stone");
        Self {
            emulator,
            client,
            clock,
            stop: CancellationToken::new(),
            account,
            place,
            register: Register::default(),
        }
    }

    /// Signs in as somebody who may read the subscription and nothing else.
    pub fn become_a_reader(&mut self) {
        let reader = [
            ("ARM_CLIENT_ID", "c11e4700-0000-4000-8000-0000000000ee"),
            ("ARM_CLIENT_SECRET", "of a reader"),
        ];
        self.client = client(&self.emulator, &reader, &self.clock);
    }

    /// Lets time pass, for Azure and for the client.
    pub async fn pass(&self, period: &str, seconds: u64) {
        self.emulator.control().advance(period).expect("time moves");
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    pub fn run(&self) -> Run<'_> {
        Run::new(
            &self.client,
            self.clock.as_ref(),
            &self.stop,
            Duration::from_secs(600),
        )
    }

    /// Gives an operation that is out of time after its first wait.
    pub fn short_run(&self) -> Run<'_> {
        Run::new(
            &self.client,
            self.clock.as_ref(),
            &self.stop,
            Duration::from_millis(500),
        )
    }

    pub fn terms(period: &str) -> Terms {
        Terms {
            auto_regenerate: true,
            enabled: true,
            period: period.parse().ok(),
            tags: [].into(),
        }
    }

    pub fn another_account(&self) -> StorageAccountId {
        account("sttwo")
    }

    pub async fn grant(&self) -> Made {
        self.grant_for(false).await
    }

    pub async fn grant_with_purge(&self) -> Made {
        self.grant_for(true).await
    }

    async fn grant_for(&self, purge: bool) -> Made {
        let (run, around) = (self.run(), Surroundings::default());
        let wish = GrantWish {
            account: &self.account,
            place: &self.place,
            key_vault_principal: None,
            purge,
        };
        grant::grant_for_enrolment(&run, &around, wish)
            .await
            .expect("the default caller may grant")
    }

    pub async fn enrol(&self, period: &str) -> Result<Enrolled, EnrolError> {
        enrol::enrol(
            &self.run(),
            &self.register,
            &self.place,
            &self.wish(period, true),
        )
        .await
    }

    pub async fn enrol_without_fresh_rights(&self) -> Result<Enrolled, EnrolError> {
        enrol::enrol(
            &self.run(),
            &self.register,
            &self.place,
            &self.wish("P30D", false),
        )
        .await
    }

    pub fn wish(&self, period: &str, rights_are_fresh: bool) -> Wish {
        Wish {
            account: self.account.clone(),
            active: KeySlot::Key1,
            terms: Self::terms(period),
            rights_are_fresh,
        }
    }

    pub async fn take_back(&self, made: &Made) {
        grant::take_back(
            &self.run(),
            &self.register,
            &self.place,
            &self.account,
            made,
        )
        .await
        .expect("taken back");
    }

    pub async fn update(&self, period: &str) -> Result<Enrolment, UpdateError> {
        managed::update(
            &self.run(),
            &self.place,
            &self.account,
            &Self::terms(period),
        )
        .await
    }

    pub async fn remove(&self) -> Result<Removal, StepError> {
        managed::remove(&self.run(), &self.register, &self.place, &self.account).await
    }

    pub fn fault(&self, operation: &str, fault: Fault) {
        let rule = FaultRule {
            operation: operation.to_owned(),
            nth: 1,
            count: 1,
            fault,
        };
        self.emulator.control().set_fault(rule);
    }

    pub fn operations(&self) -> Vec<String> {
        let journal = self.emulator.control().journal();
        // The vault's challenge is answered before the operation is looked at.
        let done = journal
            .into_iter()
            .filter(|entry| entry.status != Some(401));
        done.map(|entry| entry.operation).collect()
    }

    pub fn count(&self, operation: &str) -> usize {
        self.operations()
            .iter()
            .filter(|name| *name == operation)
            .count()
    }

    pub async fn roles_of_key_vault(&self) -> Vec<RoleAssignment> {
        let principal = self.emulator.control().key_vault_principal();
        let principal = principal.parse().expect("an object id");
        let scope = self.account.to_string();
        let list = authorization::role_assignments(&scope, &principal);
        let listed = self.client.list(list).await.expect("listed");
        listed.into_iter().filter_map(Listed::item).collect()
    }
}

fn client(emulator: &Emulator, instead: &[(&str, &str)], clock: &Arc<ManualClock>) -> Client {
    let own = emulator.environment().iter().cloned();
    let instead = instead
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let env = Env::from_pairs(own.chain(instead));
    let sign_in = SignIn::choose(&SignInSettings::default(), &env).expect("a way to sign in");
    let settings = Settings::from_env(sign_in, Cloud::Public, &env);
    Client::new(settings, env, Arc::<ManualClock>::clone(clock)).expect("a client of the emulator")
}

/// Names a record in a vault.
pub fn place(vault: &str, name: &str) -> Place {
    let vault = VaultUrl::of_name(vault, &Cloud::Public);
    Place {
        vault: vault.expect("a vault"),
        name: name.parse().expect("a name"),
    }
}

fn account(name: &str) -> StorageAccountId {
    let id = format!(
        "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/\
         Microsoft.Storage/storageAccounts/{name}"
    );
    id.parse().expect("an account")
}
