//! The door of the handler: what it understands, refuses, and answers without asking Azure; and the
//! timer that delivers tokens.

use std::fs;
use std::net::TcpListener;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT, record};
use tests::handler::Handler;
use tests::place;

use super::{expect, rotating, settings};
use crate::sync;

#[test]
fn what_is_not_understood_is_refused_and_health_asks_nobody() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let handler = Handler::start(&emulator, &rotating(&emulator)?, &[])?;
    let check = |method: &str, path: &str, body: &str, status: u16| -> Result<()> {
        let answer = handler.send(method, path, body)?;
        ensure!(answer.status == status, "{method} {path}: {answer:?}");
        ensure!(!answer.logs().is_empty(), "it says why: {answer:?}");
        Ok(())
    };
    check("POST", "/nothing", "{\"Data\":{}}", 404)?;
    check("POST", "/sync", "{\"Data\"", 400)?;
    check("POST", "/rotate", "{\"Data\":{\"x\":1}}", 400)?;
    check("POST", "/api/events", "{}", 400)?;
    check("GET", "/rotate", "", 405)?;
    check("POST", "/sync", &" ".repeat(3 << 20), 413)?;

    let plain = handler.send("GET", "/api/health", "")?;
    let version = Value::from(env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (plain.status, plain.body.get("version")),
        (200, Some(&version))
    );
    let request = json!({ "Method": "GET", "Url": "http://localhost/api/health", "Headers": {} });
    let asked = handler.invoke("health", "req", &request)?;
    let of_host = asked.body.pointer("/Outputs/res/statusCode");
    assert_eq!((asked.status, of_host), (200, Some(&json!(200))));
    let body = asked
        .body
        .pointer("/Outputs/res/body")
        .and_then(Value::as_str);
    assert_eq!(
        serde_json::from_str::<Value>(body.context("no body")?)?,
        plain.body
    );

    let question = json!([{
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": { "validationCode": "512d38b6" },
    }]);
    let answer = handler.send("POST", "/api/events", &question.to_string())?;
    assert_eq!(answer.body, json!({ "validationResponse": "512d38b6" }));
    assert_eq!(emulator.journal()?, [], "none of this asks Azure");
    Ok(())
}

#[test]
fn the_timer_puts_fresh_tokens_in_place_and_leaves_good_ones() -> Result<()> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[record("logs", ACCOUNT, true)]);
    let fleet = fleet::with_vaults(&accounts, &[vault]);
    let emulator = Emulator::start(&fleet::with_cluster(fleet, "the-token-of-the-pod"))?;
    sync::define(&emulator)?;
    let file = emulator.scratch().path().join("token");
    let from = sync::source();
    let (cluster, place) = (fleet::cluster_id(), file.display());
    let places = format!(
        "[[sync]]\nfrom = \"{from}\"\nsecret = \"team/storage\"\ncluster = \"{cluster}\"\n\
         restart = [\"deployment/web\"]\n\n[[sync]]\nfrom = \"{from}\"\nfile = \"{place}\"\n"
    );
    let path = settings(&emulator, &places)?;
    let handler = Handler::start(&emulator, &path, &[])?;
    for outcome in ["replaced: ", "kept"] {
        let answer = handler.timer("sync")?;
        expect(
            &answer,
            200,
            &format!("team/storage, entry token: {outcome}"),
        )?;
        expect(&answer, 200, &format!("{place}: {outcome}"))?;
    }
    let token = fs::read_to_string(&file)?;
    ensure!(token.starts_with("sv=2018-03-28&"), "no token");
    assert_eq!(emulator.count("patchAppsV1NamespacedDeployment")?, 1);

    fs::write(&path, places.replace("team/storage", "nowhere/storage"))?;
    let answer = handler.timer("sync")?;
    expect(&answer, 500, "namespaces \"nowhere\" not found")?;
    expect(&answer, 500, &format!("{place}: kept"))?;
    fs::write(&path, "[[sync]\n")?;
    expect(&handler.timer("sync")?, 500, "cannot understand")
}

#[test]
fn the_host_says_by_a_variable_where_to_listen() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let start = |port: &str| -> Result<Handler> {
        let mut command = emulator.command(&place::keyrotation()?);
        command
            .arg("function")
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", port);
        Handler::run(&mut command)
    };
    for port in ["", "http", "70000"] {
        let refused = start(port).err().context("it has started")?.to_string();
        ensure!(
            refused.contains("FUNCTIONS_CUSTOMHANDLER_PORT"),
            "{refused}"
        );
    }
    // Somebody else may take the free port first: then another one is tried.
    let handler = (0..5).find_map(|_| {
        let free = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?;
        let handler = start(&free.port().to_string()).ok()?;
        Some((free, handler))
    });
    let (free, handler) = handler.context("no free port")?;
    assert_eq!(handler.url("/"), format!("http://{free}/"));
    assert_eq!(handler.send("GET", "/health", "")?.status, 200);
    Ok(())
}
