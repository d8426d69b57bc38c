//! The ways to sign in that the emulator can verify, with real programs: what they prove themselves
//! with opens the door, and is in nothing that they say.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, SUBSCRIPTION};
use tests::place;
use tests::process::{self, Said};
use tests::terraform::{REQUIRED, Terraform};

/// The application with a certificate.
const CLIENT: &str = "c11e4700-0000-4000-8000-0000000000aa";
/// The password of the key files.
const PASSWORD: &str = "canary-password";
/// Some of the private key, as it stands in a PEM file: nobody else has these letters.
const KEY_LETTERS: usize = 40;
/// The exit codes of `check`.
const NOTHING_SAID: i32 = 1;
const DRIFT: i32 = 2;

fn key_file(name: &str) -> PathBuf {
    place::root().join("tests/fixtures/throw-away").join(name)
}

/// Gives the certificate and the letters of the key, out of the PEM file.
fn certificate_and_key() -> Result<(String, String)> {
    let pem = std::fs::read_to_string(key_file("throw-away.pem"))?;
    let start = pem
        .rfind("-----BEGIN CERTIFICATE")
        .context("no certificate")?;
    let (_, own) = pem.split_at(start);
    let (certificate, key) = own
        .split_once("-----BEGIN PRIVATE KEY-----\n")
        .context("no key")?;
    let letters = key.get(..KEY_LETTERS).context("a short key")?;
    Ok((certificate.to_owned(), letters.to_owned()))
}

/// One old account, and an application that may read it and has a certificate.
fn fleet_with_application() -> Result<Value> {
    let (certificate, _) = certificate_and_key()?;
    let mut fleet = fleet::one_account();
    let application = json!({
        "client_id": CLIENT,
        "object_id": "0b7ec700-0000-4000-8000-0000000000aa",
        "certificates": [certificate],
        "roles": [{ "role": "Reader", "scope": format!("/subscriptions/{SUBSCRIPTION}") }],
    });
    let fields = fleet.as_object_mut().context("a fleet is an object")?;
    fields.insert("applications".to_owned(), json!([application]));
    Ok(fleet)
}

/// Makes the program forget the secret that the emulator offers, and sign in as the application.
fn as_application(command: &mut Command, variables: &[(&str, &str)]) {
    command
        .env_remove("ARM_CLIENT_SECRET")
        .env_remove("AZURE_CLIENT_SECRET")
        .env("ARM_CLIENT_ID", CLIENT)
        .envs(variables.iter().copied());
}

fn check(emulator: &Emulator, variables: &[(&str, &str)]) -> Result<Said> {
    let mut command = emulator.command(&place::keyrotation()?);
    command.args(["check", "--format", "json"]);
    command.env("RUST_LOG", "trace");
    as_application(&mut command, variables);
    process::run(&mut command)
}

/// Fails if one of the secrets is in what was said.
fn expect_silence(said: &Said, secrets: &[&str]) -> Result<()> {
    for secret in secrets {
        for text in [&said.stdout, &said.stderr] {
            ensure!(!text.contains(secret), "a secret was said: {secret}");
        }
    }
    Ok(())
}

#[test]
fn a_certificate_opens_the_door_in_every_form_and_is_never_said() -> Result<()> {
    let emulator = Emulator::start(&fleet_with_application()?)?;
    let (_, letters) = certificate_and_key()?;
    let text = STANDARD.encode(std::fs::read(key_file("throw-away-legacy.p12"))?);
    let files = [
        "throw-away.pem",
        "throw-away-encrypted.pem",
        "throw-away-modern.p12",
    ];
    let files = files.map(|name| key_file(name).display().to_string());
    let mut given: Vec<(&str, &str)> = files
        .iter()
        .map(|path| ("ARM_CLIENT_CERTIFICATE_PATH", path.as_str()))
        .collect();
    given.push(("ARM_CLIENT_CERTIFICATE", &text));
    for certificate in given {
        let password = ("ARM_CLIENT_CERTIFICATE_PASSWORD", PASSWORD);
        let said = check(&emulator, &[certificate, password])?.expect_code(DRIFT)?;
        ensure!(
            said.stderr.contains("a client certificate"),
            "{}",
            said.stderr
        );
        expect_silence(&said, &[PASSWORD, &letters, &text, "client_assertion"])?;
    }
    Ok(())
}

#[test]
fn a_certificate_that_is_not_registered_opens_nothing() -> Result<()> {
    let mut fleet = fleet_with_application()?;
    let certificates = fleet.pointer_mut("/applications/0/certificates");
    *certificates.context("no certificates")? = json!([]);
    let emulator = Emulator::start(&fleet)?;
    let path = key_file("throw-away.pem").display().to_string();
    let said = check(&emulator, &[("ARM_CLIENT_CERTIFICATE_PATH", &path)])?;
    let said = said.expect_code(NOTHING_SAID)?;
    ensure!(said.stderr.contains("AADSTS700027"), "{}", said.stderr);
    // No other way was tried: the emulator still has an application with a secret.
    assert_eq!(emulator.count("Subscriptions_List")?, 0);
    Ok(())
}

#[test]
fn a_token_of_another_issuer_opens_the_door_and_is_never_said() -> Result<()> {
    let emulator = Emulator::start(&fleet_with_application()?)?;
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims =
        json!({"iss": "https://issuer.example", "sub": "canary", "exp": 4_000_000_000_i64});
    let token = format!("{}.{}.canary", part(json!({"alg": "RS256"})), part(claims));
    let said = check(&emulator, &[("ARM_OIDC_TOKEN", &token)])?.expect_code(DRIFT)?;
    ensure!(said.stderr.contains("a federated token"), "{}", said.stderr);
    expect_silence(&said, &[&token])?;
    let file = emulator.scratch().path().join("token");
    std::fs::write(&file, &token)?;
    let file = file.display().to_string();
    let cluster = [
        ("ARM_USE_AKS_WORKLOAD_IDENTITY", "true"),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_FEDERATED_TOKEN_FILE", file.as_str()),
    ];
    let said = check(&emulator, &cluster)?.expect_code(DRIFT)?;
    expect_silence(&said, &[&token])
}

#[test]
fn the_provider_signs_in_with_the_certificate_of_its_block() -> Result<()> {
    let emulator = Emulator::start(&fleet_with_application()?)?;
    let (_, letters) = certificate_and_key()?;
    let path = key_file("throw-away-modern.p12").display().to_string();
    let account = fleet::account_id(ACCOUNT);
    let text = format!(
        r#"
{REQUIRED}
provider "keyrotation" {{
  client_id               = "{CLIENT}"
  client_certificate_path = "{path}"
}}

data "keyrotation_account" "logs" {{
  storage_account_id = "{account}"
}}
"#
    );
    let terraform = Terraform::open(&emulator, "certificate", &text)?;
    let mut command = terraform.command(&["apply", "-auto-approve", "-no-color"]);
    command.env("TF_LOG", "TRACE").env("RUST_LOG", "trace");
    as_application(
        &mut command,
        &[("ARM_CLIENT_CERTIFICATE_PASSWORD", PASSWORD)],
    );
    let said = process::run(&mut command)?.expect_code(0)?;
    ensure!(said.stderr.contains("[TRACE]"), "the core did not log");
    expect_silence(&said, &[PASSWORD, &letters])?;
    for (path, content) in terraform.files()? {
        let content = String::from_utf8_lossy(&content);
        ensure!(!content.contains(PASSWORD), "{} holds it", path.display());
    }
    Ok(())
}
