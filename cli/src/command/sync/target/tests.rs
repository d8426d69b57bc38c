//! Tests of how places are understood, from a file and from flags.

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Sync {
    #[command(flatten)]
    args: SyncArgs,
}

const DEFINITION: &str = "https://kv1.vault.azure.net/storage/stlogs/sas/read";
const SECRET: &str = "https://kv1.vault.azure.net/secrets/stlogs-key";

fn args(words: &[&str]) -> SyncArgs {
    let words = std::iter::once(&"sync").chain(words);
    Sync::try_parse_from(words).expect("good usage").args
}

fn understood(rule: TargetRule) -> Result<Target, String> {
    let targets = all(&args(&[]), vec![rule], &Cloud::Public);
    let first = targets.map(|mut all| all.remove(0));
    first.map_err(|error| crate::error::chain(&error))
}

fn rule(from: &str, secret: &str) -> TargetRule {
    TargetRule {
        from: from.to_owned(),
        secret: Some(secret.to_owned()),
        ..TargetRule::default()
    }
}

#[test]
fn a_definition_and_a_secret_are_told_apart() {
    let check = |from: &str| {
        let target = understood(rule(from, "team/storage")).expect("a target");
        assert_eq!(target.source.to_string(), from);
        assert_eq!(target.to_string(), "secret team/storage, entry token");
    };
    check(DEFINITION);
    check(SECRET);
}

#[test]
fn what_cannot_be_understood_says_how_it_should_be() {
    let check = check_refused;
    check(
        rule("", "team/storage"),
        "`[[sync]]` number 1 has no `from`",
    );
    check(
        rule("https://kv1.vault.azure.net/keys/x", "s"),
        "is neither https://VAULT",
    );
    check(rule("https://evil.example/secrets/x", "s"), "evil.example");
    check(
        rule(DEFINITION, "Team/storage"),
        "`Team` is no name of a namespace",
    );
    check(
        with(|rule| rule.entry = Some("a b".into())),
        "`a b` is no name of an entry",
    );
    check(
        with(|rule| rule.file = Some("x".into())),
        "names no place, or two",
    );
    check(with(|rule| rule.secret = None), "names no place, or two");
    check(
        with(|rule| rule.restart = vec!["pod/web".into()]),
        "`pod/web`",
    );
    check(with(|rule| rule.cluster = Some("aks".into())), "`aks`");
}

fn check_refused(rule: TargetRule, expected: &str) {
    let said = understood(rule).map(|target| target.to_string());
    assert!(
        said.as_ref().is_err_and(|said| said.contains(expected)),
        "{said:?}"
    );
}

fn with(change: fn(&mut TargetRule)) -> TargetRule {
    let mut rule = rule(DEFINITION, "team/storage");
    change(&mut rule);
    rule
}

#[test]
fn two_ways_and_two_places_are_told_apart() {
    let two = with(|rule| {
        rule.context = Some("dev".into());
        rule.ssh = Some(SshRule::default());
    });
    check_refused(two, "names two ways to one cluster");
    check_refused(
        with(|rule| rule.ssh = Some(SshRule::default())),
        "no user is named",
    );
    let unpinned = with(|rule| {
        rule.ssh = Some(SshRule {
            user: "ops".into(),
            host: "master".into(),
            key: SECRET.into(),
            ..SshRule::default()
        });
    });
    check_refused(unpinned, "is no SHA-256 fingerprint");
    let bare = with(|rule| {
        rule.secret = Some("storage".into());
        rule.ssh = Some(SshRule::default());
    });
    check_refused(bare, "needs its namespace");
    let twice = vec![
        rule(DEFINITION, "team/storage"),
        rule(SECRET, "team/storage"),
    ];
    let said = all(&args(&[]), twice, &Cloud::Public).map_err(|error| error.to_string());
    assert!(
        said.as_ref()
            .is_err_and(|said| said.contains("named twice")),
        "{said:?}"
    );
    let nothing = all(&args(&[]), Vec::new(), &Cloud::Public);
    assert!(matches!(nothing, Err(TargetError::NoTarget)));
}

#[test]
fn the_flags_name_one_place_in_the_words_of_the_file() {
    let words = [
        "--from",
        DEFINITION,
        "--secret",
        "team/storage",
        "--entry",
        "SAS",
        "--restart",
        "deployment/web",
        "--force-conflicts",
        "--ssh",
        "ops@master:2222",
        "--ssh-fingerprint",
        "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "--ssh-key",
        SECRET,
    ];
    let targets = all(&args(&words), vec![TargetRule::default()], &Cloud::Public);
    let targets = targets.expect("a target");
    assert_eq!(targets.len(), 1, "{targets:?}");
    let target = targets.first().expect("a target");
    assert_eq!(target.to_string(), "secret team/storage, entry SAS");
    let to = match &target.to {
        To::Cluster(to) => Some(to),
        To::Stdout | To::File(_) => None,
    };
    let to = to.expect("a cluster");
    assert!(
        to.takes_over && matches!(to.access, Access::Ssh { .. }),
        "{to:?}"
    );
    assert_eq!(to.restart.len(), 1);
}

#[test]
fn a_check_asks_only_for_the_time_until_the_next_run() {
    let lead = |words: &[&str]| {
        let words = [&["--from", DEFINITION, "--file", "-"], words].concat();
        let targets = all(&args(&words), Vec::new(), &Cloud::Public);
        let targets = targets.expect("a target");
        targets.first().expect("a target").terms.lead
    };
    assert!(lead(&[]).at_half);
    let check = lead(&["--check", "--refresh-before", "PT6H"]);
    assert!(!check.at_half);
    assert_eq!(check.ahead, jiff::SignedDuration::from_hours(6));
}
