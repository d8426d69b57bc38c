//! What is read out of states, and which words lead to no request.

use std::io;
use std::sync::Arc;

use azure::clock::ManualClock;
use azure::env::Env;
use jiff::Timestamp;

use super::state::{Owner, State, StateError};
use crate::Doors;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::output::tests::Captured;

const ID: &str = "https://kv1.vault.azure.net/storage/logs";

fn state(resources: &str) -> State {
    let mut state = State::default();
    let text = format!(
        r#"{{"format_version":"1.0","values":{{"root_module":{{"resources":[],
        "child_modules":[{{"resources":[{resources}]}}]}}}}}}"#
    );
    state.take_in(&text).expect("a state");
    state
}

fn resource(kind: &str, id: &str) -> String {
    format!(r#"{{"address":"module.a.{kind}.b[0]","type":"{kind}","values":{{"id":{id}}}}}"#)
}

#[test]
fn a_state_says_whose_an_object_is() {
    let check = |kind: &str, expected: Option<Owner>| {
        let id = format!("\"{}/\"", ID.to_uppercase());
        let state = state(&resource(kind, &id));
        assert_eq!(state.owner(ID), expected.as_ref(), "{kind}");
    };
    check("keyrotation_policy", Some(Owner::Ours));
    check("keyrotation_sas_definition", Some(Owner::Ours));
    let azurerm = "azurerm_key_vault_managed_storage_account";
    let address = format!("module.a.{azurerm}.b[0]");
    check(azurerm, Some(Owner::Azurerm(address)));
    check("azurerm_storage_account", None);
    let odd = resource("keyrotation_policy", "7");
    assert_eq!(state(&odd).owner(ID), None);
}

#[test]
fn what_is_no_state_is_refused_without_being_quoted() {
    let refusal = |text: &str| State::default().take_in(text).expect_err(text);
    assert_eq!(refusal(r#"{"values":{}}"#), StateError::Other);
    let secret = refusal(r#"{"format_version":"1.0","values":"canary"}"#).to_string();
    assert!(!secret.contains("canary"), "{secret}");
}

#[test]
fn wrong_usage_comes_to_no_request() {
    let check = |line: &str, expected: &str| {
        let nothing: [(&str, &str); 0] = [];
        let doors = Doors {
            env: Env::from_pairs(nothing),
            clock: Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)),
            stop: Box::pin(std::future::pending()),
        };
        let err = Captured::default();
        let mut streams = Streams::captured(io::sink(), err.clone());
        let words = ["keyrotation", "generate"]
            .into_iter()
            .chain(line.split(' '));
        let code = crate::run(words, doors, &mut streams);
        assert_eq!(code, ExitCode::Failed, "{line}");
        assert!(err.text().contains(expected), "{line}: {}", err.text());
    };
    check("--form module", "--folder <FOLDER>");
    check("--rotation-period P1M", "P1M");
    check("--subscription prod", "prod");
    check("--state /nowhere/at/all", "cannot read `/nowhere/at/all`");
    check(
        "--state Cargo.toml",
        "cannot understand `Cargo.toml`: it is no JSON",
    );
    check("--cloud moon", "moon");
}
