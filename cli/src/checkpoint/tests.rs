//! The file of a checkpoint, as a run leaves it and as the next one finds it.

use std::path::Path;
use std::process;

use azure::clock::ManualClock;
use azure::id::StorageAccountId;
use engine::check::scope::Scope;
use engine::check::{Evidence, Question};
use engine::observe::SeenAccount;
use jiff::SignedDuration;
use rotation::drift::Demand;
use rotation::observation::{
    AppPlace, DeletedEnrolment, Enrolment, HeldKey, HeldWhat, Observation, PerSlot, Regeneration,
    Renewal, RoleSeen, SasSeen, SeenPeriod, SharedKey,
};
use rotation::profile::Profile;
use rotation::slot::KeySlot;

use super::*;

/// A file in a folder that is removed when the test is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = format!("keyrotation-checkpoint-{}-{name}", process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).expect("a folder for scratch");
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("scan.checkpoint")
    }

    fn write(&self, bytes: &[u8]) {
        let _first = fs::remove_file(self.file());
        let mut file = open_private(&self.file());
        file.write_all(bytes).expect("it can be written");
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn open_private(path: &Path) -> File {
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut options = File::options();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path).expect("it can be opened")
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn begin() -> Timestamp {
    moment("2026-06-01T00:00:00Z")
}

fn scan(profile: Profile) -> Scan {
    let demand = Demand {
        max_key_age: Period::days(90),
        due_soon: Period::days(14),
        profile,
    };
    let mut question = Question::new(Scope::default(), demand);
    question.evidence = Evidence::Log;
    Scan::new(&question, false, "public")
}

fn open_at(
    path: &Path,
    scan: Scan,
    minutes: i64,
) -> Result<(Checkpoint, Arc<ManualClock>), CheckpointError> {
    let args = CheckpointArgs {
        checkpoint: Some(path.to_owned()),
        checkpoint_max_age: "PT1H".parse().expect("an hour"),
    };
    let now = begin()
        .checked_add(SignedDuration::from_mins(minutes))
        .expect("in range");
    let clock = Arc::new(ManualClock::new(now));
    let door: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
    let open = Checkpoint::open(&args, scan, Cloud::Public, &door)?;
    Ok((open.expect("a file is named"), clock))
}

fn open(path: &Path, minutes: i64) -> Result<Checkpoint, CheckpointError> {
    open_at(path, scan(Profile::Keys), minutes).map(|(checkpoint, _)| checkpoint)
}

fn id(name: &str) -> StorageAccountId {
    let id = format!(
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/\
         Microsoft.Storage/storageAccounts/{name}"
    );
    id.parse().expect("an id")
}

fn account(name: &str) -> SeenAccount {
    SeenAccount {
        id: id(name),
        location: "westeurope".into(),
        tags: Arc::new(std::iter::once(("env".to_owned(), "prod \n\"".to_owned())).collect()),
        observation: Observation {
            key_times: PerSlot {
                key1: Some(moment("2026-01-01T00:00:00.1234567Z")),
                key2: None,
            },
            shared_key: SharedKey::Refused,
            key_expiration_days: Some(60),
            made_at: Some(moment("2025-01-01T00:00:00Z")),
            ..Observation::default()
        },
    }
}

fn part(kind: Kind, of: &str, ground: u64) -> Part<'_> {
    Part { kind, of, ground }
}

/// Reads parts of one account each, as a scan would.
fn read_accounts(checkpoint: &Checkpoint, of: &[&str]) {
    for of in of {
        let ticket = checkpoint.begin();
        checkpoint.note(ticket, Fact::Account(&account(of)));
        checkpoint.note(ticket, Fact::LeftToOthers(2));
        checkpoint.end(ticket, part(Kind::Accounts, of, 0));
    }
}

/// Gives the parts that are known, and the facts of them.
fn recalled(checkpoint: &Checkpoint, kind: Kind, ground: u64) -> (Vec<String>, Vec<String>) {
    let mut facts = Vec::new();
    let mut take = |of: &str, fact: Fact<'_>| facts.push(format!("{of} {fact:?}"));
    let parts = checkpoint.recall(kind, ground, &|_| true, &mut take);
    let parts = parts.expect("it can be read").into_iter().collect();
    (parts, facts)
}

#[test]
fn a_file_that_ends_at_any_byte_gives_whole_parts_and_can_be_continued() {
    let scratch = Scratch::new("torn");
    let path = scratch.file();
    read_accounts(&open(&path, 0).expect("it is new"), &["sta", "stb", "stc"]);
    let bytes = fs::read(&path).expect("it was written");
    let mut most = 0;
    for length in 0..=bytes.len() {
        scratch.write(bytes.get(..length).unwrap_or_default());
        let checkpoint = open(&path, 1).expect("it can be continued");
        let (parts, facts) = recalled(&checkpoint, Kind::Accounts, 0);
        assert!(parts.len() >= most, "{length}: {parts:?}");
        assert_eq!(facts.len(), parts.len() * 2, "{length}: whole parts only");
        most = parts.len();
        read_accounts(&checkpoint, &["std"]);
        drop(checkpoint);
        let again = recalled(&open(&path, 2).expect("again"), Kind::Accounts, 0);
        assert_eq!(again.0.len(), most + 1, "{length}: {:?}", again.0);
    }
    assert_eq!(most, 3);
}

#[test]
fn what_stands_behind_a_damaged_line_does_not_count() {
    let scratch = Scratch::new("damaged");
    let path = scratch.file();
    read_accounts(&open(&path, 0).expect("it is new"), &["sta", "stb"]);
    let text = fs::read_to_string(&path).expect("it was written");
    scratch.write(text.replacen("stb", "\0\0\0", 1).as_bytes());
    let (parts, _) = recalled(&open(&path, 1).expect("a checkpoint"), Kind::Accounts, 0);
    assert_eq!(parts, ["sta"]);
}

#[test]
fn the_checkpoint_of_another_scan_is_refused_and_left_as_it_is() {
    let scratch = Scratch::new("foreign");
    let path = scratch.file();
    read_accounts(&open(&path, 0).expect("it is new"), &["sta"]);
    let before = fs::read(&path).expect("it was written");
    let refused = open_at(&path, scan(Profile::Cis), 1).expect_err("another profile");
    let text = refused.to_string();
    let expected = "is the checkpoint of another scan, begun at 2026-06-01T00:00:00Z: its profile is \
                    `keys`, not `cis`";
    assert!(text.ends_with(expected), "{text}");
    assert_eq!(fs::read(&path).expect("it is there"), before);
}

#[test]
fn a_file_of_something_else_is_refused_and_left_as_it_is() {
    let scratch = Scratch::new("other");
    let check = |text: &str, expected: &str| {
        scratch.write(text.as_bytes());
        let refused = open(&scratch.file(), 0).expect_err(text).to_string();
        assert!(refused.ends_with(expected), "{refused}");
        let left = fs::read_to_string(scratch.file()).expect("it is there");
        assert_eq!(left, text);
    };
    check("a letter", "is no checkpoint, and is left as it is");
    check(
        "{\"format\":\"other\"}\n",
        "is no checkpoint, and is left as it is",
    );
    check(
        "{\"format\":\"keyrotation-checkpoint\",\"x\":1}\n",
        "left as it is",
    );
}

#[test]
fn a_second_run_and_a_file_that_others_may_write_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let scratch = Scratch::new("locked");
    let path = scratch.file();
    let first = open(&path, 0).expect("it is new");
    let mode = fs::metadata(&path)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let refused = open(&path, 0).expect_err("it is locked").to_string();
    assert!(refused.starts_with("another run is at"), "{refused}");
    drop(first);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).expect("it is ours");
    let refused = open(&path, 0)
        .expect_err("it is open to others")
        .to_string();
    assert!(refused.ends_with("so it proves nothing"), "{refused}");
}

#[test]
fn what_is_too_old_or_of_another_ground_is_not_taken() {
    let scratch = Scratch::new("old");
    let path = scratch.file();
    let (checkpoint, clock) = open_at(&path, scan(Profile::Keys), 0).expect("it is new");
    read_accounts(&checkpoint, &["sta"]);
    drop((checkpoint, clock));
    let check = |minutes: i64, ground: u64, expected: &[&str]| {
        let bytes = fs::read(&path).expect("it is there");
        let open = open(&path, minutes).expect("a checkpoint");
        assert_eq!(recalled(&open, Kind::Accounts, ground).0, expected);
        drop(open);
        scratch.write(&bytes);
    };
    check(0, 0, &["sta"]);
    check(60, 0, &["sta"]);
    check(61, 0, &[]);
    check(-1, 0, &[]);
    check(1, 7, &[]);
}

#[test]
fn a_file_without_anything_fresh_is_begun_anew() {
    let scratch = Scratch::new("anew");
    let path = scratch.file();
    read_accounts(&open(&path, 0).expect("it is new"), &["sta", "stb"]);
    let before = fs::metadata(&path).expect("it is there").len();
    drop(open(&path, 61).expect("a checkpoint"));
    let after = fs::metadata(&path).expect("it is there").len();
    assert!(after < before, "{after} and {before}");
}

#[test]
fn a_part_without_an_end_does_not_count_and_one_read_twice_counts_once() {
    let scratch = Scratch::new("twice");
    let path = scratch.file();
    let checkpoint = open(&path, 0).expect("it is new");
    let torn = checkpoint.begin();
    checkpoint.note(torn, Fact::Account(&account("storn")));
    for ground in [1, 2] {
        let ticket = checkpoint.begin();
        checkpoint.note(ticket, Fact::Published(&id("sta"), "kv/secret"));
        checkpoint.end(ticket, part(Kind::Vault, "kv", ground));
    }
    drop(checkpoint);
    let checkpoint = open(&path, 1).expect("a checkpoint");
    assert_eq!(recalled(&checkpoint, Kind::Accounts, 0).0.len(), 0);
    assert_eq!(recalled(&checkpoint, Kind::Vault, 1).0.len(), 0);
    assert_eq!(recalled(&checkpoint, Kind::Vault, 2).1.len(), 1);
}

fn enrolment() -> Enrolment {
    Enrolment {
        vault: "kv".to_owned(),
        name: "logs".to_owned(),
        active: Some(KeySlot::Key2),
        renewal: Renewal::OnRequest,
        period: Some(SeenPeriod::new("P1M")),
        enrolled_at: Some(begin()),
        role: RoleSeen::Unknown,
        sas: vec![SasSeen {
            name: "read".to_owned(),
            validity: SeenPeriod::new("P1D"),
            signed_version: Some("2018-03-28".to_owned()),
        }],
    }
}

#[test]
fn every_fact_comes_back_as_it_was_noted() {
    let enrolment = enrolment();
    let deleted = DeletedEnrolment {
        vault: "kv".to_owned(),
        name: "old".to_owned(),
        purged_at: None,
    };
    let regeneration = Regeneration {
        at: begin(),
        by: "somebody".to_owned(),
    };
    let held = HeldKey {
        app: "/an/app".to_owned(),
        place: AppPlace::ConnectionString,
        name: "logs".to_owned(),
        what: HeldWhat::Token,
    };
    let vault = engine::observe::notes::SeenVault {
        id: "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/\
             Microsoft.KeyVault/vaults/kv-prod"
            .parse()
            .expect("an id"),
        url: azure::id::VaultUrl::of_name("kv-prod", &Cloud::Public).expect("a name"),
        keeps_deleted: true,
    };
    let (account, id) = (account("sta"), id("sta"));
    let facts = [
        Fact::Account(&account),
        Fact::LeftToOthers(3),
        Fact::Vault(&vault),
        Fact::Enrolment(&id, &enrolment),
        Fact::Deleted(&id, &deleted),
        Fact::Published(&id, "kv/secret"),
        Fact::Role(&id, RoleSeen::Held),
        Fact::Role(&id, RoleSeen::Missing),
        Fact::Role(&id, RoleSeen::Unknown),
        Fact::App("/an/app"),
        Fact::Held(&id, &held),
        Fact::LogSince(begin()),
        Fact::Regenerated(&id, &regeneration),
    ];
    let scratch = Scratch::new("facts");
    let checkpoint = open(&scratch.file(), 0).expect("it is new");
    let ticket = checkpoint.begin();
    facts.iter().for_each(|fact| checkpoint.note(ticket, *fact));
    checkpoint.end(ticket, part(Kind::Log, "x", 0));
    drop(checkpoint);
    let expected: Vec<_> = facts.iter().map(|fact| format!("x {fact:?}")).collect();
    let checkpoint = open(&scratch.file(), 1).expect("a checkpoint");
    assert_eq!(recalled(&checkpoint, Kind::Log, 0).1, expected);
}

#[test]
fn it_is_removed_when_nothing_is_missing_and_kept_otherwise() {
    let scratch = Scratch::new("finish");
    let path = scratch.file();
    read_accounts(&open(&path, 0).expect("it is new"), &["sta"]);
    let checkpoint = open(&path, 1).expect("a checkpoint");
    recalled(&checkpoint, Kind::Accounts, 0);
    let said = checkpoint.finish(false).join("\n");
    assert!(
        said.contains("1 list, the oldest as of 2026-06-01T00:00:00Z"),
        "{said}"
    );
    assert!(said.contains("is kept: within PT1H"), "{said}");
    let said = open(&path, 1).expect("a checkpoint").finish(true);
    assert_eq!((said, path.exists()), (Vec::new(), false));
}
