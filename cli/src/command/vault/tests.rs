//! Wrong usage of commands over a vault, found without a request.

use std::io;
use std::sync::Arc;

use azure::clock::ManualClock;
use azure::env::Env;
use jiff::Timestamp;

use crate::Doors;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::output::tests::Captured;

const ACCOUNT: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg\
                       /providers/Microsoft.Storage/storageAccounts/stlogs";
const TEMPLATE: &str = "sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https";

/// Runs a command line that comes to no request: code and stderr.
fn run(words: &[&str]) -> (ExitCode, String) {
    let err = Captured::default();
    let doors = Doors {
        env: Env::from_pairs([
            ("ARM_TENANT_ID", "00000000-0000-0000-0000-000000000009"),
            ("ARM_CLIENT_ID", "00000000-0000-0000-0000-000000000008"),
            ("ARM_CLIENT_SECRET", "not a real one"),
        ]),
        clock: Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)),
        stop: Box::pin(std::future::pending()),
    };
    let out = Captured::default();
    let mut streams = Streams::captured(out.clone(), err.clone());
    let words = ["keyrotation", "vault"].iter().chain(words).copied();
    let code = crate::run(words, doors, &mut streams);
    assert_eq!(out.text(), "", "nothing is a result");
    (code, err.text())
}

#[track_caller]
fn check(line: &str, expected: &str) {
    let words: Vec<_> = line
        .split(' ')
        .map(|word| match word {
            "ACCOUNT" => ACCOUNT,
            "TEMPLATE" => TEMPLATE,
            word => word,
        })
        .collect();
    let (code, said) = run(&words);
    assert_eq!(code, ExitCode::Failed, "{line}");
    assert!(said.contains(expected), "{line}: {said}");
}

#[test]
fn what_is_needed_is_named() {
    check("list", "--vault-name <NAME>");
    check("show --vault-name kv1", "--name <NAME>");
    check("show -n logs", "--vault-name <NAME>");
    check("token --vault-name kv1 -n read", "--account-name <NAME>");
    check("backup --vault-name kv1 -n logs", "--file <FILE>");
    check("restore --vault-name kv1", "--file <FILE>");
    let add = "add --vault-name kv1 -n logs";
    check(&format!("{add} --resource-id ACCOUNT"), "--active-key-name");
    check(&format!("{add} --active-key-name key1"), "--resource-id");
    let create = "sas-definition create --vault-name kv1 --account-name logs -n read";
    check(create, "--validity-period");
    check(
        &format!("{create} --validity-period PT1H"),
        "--template-uri",
    );
    check(
        "regenerate-key --vault-name kv1 -n logs --force",
        "--key-name",
    );
}

#[test]
fn names_and_identifiers_are_checked() {
    check(
        "list --vault-name a.b/c",
        "is not the address of a key vault",
    );
    check(
        "show --vault-name kv1 -n not-a-name",
        "1 to 127 letters and digits",
    );
    check(
        "show --id https://kv1.vault.azure.net",
        "https://VAULT/storage/NAME",
    );
    check(
        "show --id https://kv1.example.com/storage/logs",
        "is not the address of a key vault",
    );
    check(
        "token --id https://kv1.vault.azure.net/storage/logs",
        "https://VAULT/storage/ACCOUNT/sas/NAME",
    );
    check(
        "show --id a --vault-name kv1 -n logs",
        "cannot be used with",
    );
    check("list --vault-name kv1 --cloud moon", "moon");
}

#[test]
fn values_are_checked() {
    let add = "add --vault-name kv1 -n logs --active-key-name key1 --resource-id ACCOUNT";
    check(&format!("{add} --regeneration-period P1M"), "P1M");
    check(&format!("{add} --regeneration-period PT12H"), "PT12H");
    check(&format!("{add} --auto-regenerate-key maybe"), "maybe");
    check(&format!("{add} --tags =x"), "NAME=VALUE");
    check(
        "add --vault-name kv1 -n logs --active-key-name primary --resource-id ACCOUNT",
        "primary",
    );
    check(
        "add --vault-name kv1 -n logs --active-key-name key1 --resource-id stlogs",
        "stlogs",
    );
    let create = "sas-definition create --vault-name kv1 --account-name logs -n read";
    check(
        &format!("{create} --validity-period PT1H --template-uri sv=2020-01-01&ss=b&srt=o&sp=r"),
        "2020-01-01",
    );
    check(
        &format!("{create} --validity-period soon --template-uri TEMPLATE"),
        "soon",
    );
    check(
        &format!("{create} --validity-period PT1H --template-uri TEMPLATE --sas-type service"),
        "service",
    );
    check("list --vault-name kv1 --format yaml", "yaml");
    check("list --vault-name kv1 --as-of yesterday", "yesterday");
}

#[test]
fn a_file_that_cannot_be_kept_or_used_is_found_out_before_any_request() {
    check(
        "backup --vault-name kv1 -n logs --file /nowhere/at/all",
        "cannot write `/nowhere/at/all`",
    );
    check(
        "restore --vault-name kv1 --yes --file /nowhere/at/all",
        "cannot read `/nowhere/at/all`",
    );
    check(
        "restore --vault-name kv1 --yes --file /dev/null",
        "`/dev/null` holds no backup",
    );
}

#[test]
fn a_refusal_is_not_hidden_by_a_stream_that_is_gone() {
    let doors = Doors {
        env: Env::from_pairs([("ARM_TENANT_ID", "t")]),
        clock: Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)),
        stop: Box::pin(std::future::pending()),
    };
    let mut streams = Streams::captured(io::sink(), io::sink());
    let words = ["keyrotation", "vault", "show", "--id", "x"];
    assert_eq!(crate::run(words, doors, &mut streams), ExitCode::Failed);
}
