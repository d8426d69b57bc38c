//! Every mistake is found by its line, and what commands take is no mistake.

use super::*;

fn check(text: &str, expected: &[&str]) {
    let found: Vec<_> = settings_of(text, &Cloud::Public)
        .iter()
        .map(|fault| fault.show("a.toml"))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn what_commands_take_is_no_mistake() {
    check("", &[]);
    check(
        r#"
[check]
max_age = "P60D"
[[waiver]]
accounts = "stold*"
findings = ["key-overdue"]
owner = "ops@example.com"
reason = "moves in autumn"
expires = 2026-12-31
[rotate]
vault_uri = "https://kvteam.vault.azure.net"
secret_name = "st-{account}"
[[rotate.account]]
accounts = "stodd"
secret_name = "odd"
content = "connection_string"
[[sync]]
from = "https://kvteam.vault.azure.net/storage/stlogs/sas/read"
secret = "team/token"
[[sync]]
from = "https://kvteam.vault.azure.net/secrets/st-odd"
file = "key"
"#,
        &[],
    );
}

#[test]
fn a_mistake_in_the_form_is_found_by_its_line() {
    check(
        "[check]\nmax_age = \"P3M\"\n",
        &[
            "a.toml:2: `P3M` counts in months or years, which have no fixed length; write days, such as P30D",
        ],
    );
}

#[test]
fn each_table_that_cannot_be_used_is_found_by_its_line() {
    check(
        r#"
[[waiver]]
accounts = "stold*"
findings = ["key-overdu"]
owner = "ops"
reason = "x"
expires = 2026-12-31
[rotate]
vault_uri = "http://kv"
secret_name = "one-for-all"
[[rotate.account]]
accounts = "stodd"
content = "password"
[[sync]]
from = "https://kvteam.vault.azure.net/secrets/a"
file = "key"
[[sync]]
from = "https://kvteam.vault.azure.net/secrets/b"
file = "key"
[[sync]]
file = "other"
"#,
        &[
            "a.toml:2: `key-overdu` is no finding that can be waived",
            "a.toml:8: `http://kv` is not the address of a key vault: it has the form \
             https://{name}.{vault suffix of the cloud}",
            "a.toml:8: `one-for-all` has no {account} in it",
            "a.toml:11: `password` is neither key nor connection_string",
            "a.toml:17: key is named twice: each place has one token",
            "a.toml:20: `[[sync]]` number 3 has no `from`: give the identifier of a SAS definition or \
             of a secret",
        ],
    );
}

#[test]
fn tables_in_an_array_are_named_by_their_number() {
    check(
        "sync = [{ from = \"x\", file = \"y\" }]\n",
        &[
            "a.toml: [[sync]] number 1: `x` is neither https://VAULT/storage/ACCOUNT/sas/NAME nor https://VAULT/secrets/NAME",
        ],
    );
}

#[test]
fn a_list_is_read_line_by_line() {
    let found = |text: &str| -> Vec<String> {
        scope::faults(text)
            .iter()
            .map(|fault| fault.show("fleet"))
            .collect()
    };
    assert_eq!(
        found("# ours\n00000000-0000-0000-0000-000000000001\n"),
        Vec::<String>::new()
    );
    assert_eq!(found("# nothing\n"), ["fleet: it names nothing to look at"]);
    let nothing =
        "is neither a subscription, a resource group, a storage account nor a management group";
    assert_eq!(
        found("# ours\n\n/subscriptions/x\n-\n"),
        [
            format!("fleet:3: `/subscriptions/x` {nothing}"),
            format!("fleet:4: `-` {nothing}"),
        ]
    );
}
