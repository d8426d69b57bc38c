//! A cluster whose API is closed: tokens go to it by `kubectl` on a machine behind SSH, which is a
//! real OpenSSH server here.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use tests::arm;
use tests::emulator::{Emulator, Request};
use tests::fleet::VAULT;
use tests::process;
use tests::ssh::{HOST_KEYS, PASSPHRASE, SshServer};

use super::places::{TOKEN, emulator};
use super::{row, source, text};

/// A machine, and an emulator whose vault holds the keys to it.
pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) server: SshServer,
}

pub(crate) fn secret(name: &str) -> String {
    format!("https://{VAULT}.vault.azure.net/secrets/{name}")
}

/// Puts a value into a secret of the vault.
fn keep(emulator: &Emulator, name: &str, value: &str) -> Result<()> {
    let path = format!("/secrets/{name}?api-version=7.4");
    let body = json!({ "value": value });
    arm::ask_vault(emulator, VAULT, "PUT", &path, &body).map(drop)
}

impl Stage {
    pub(crate) fn open() -> Result<Self> {
        let emulator = emulator()?;
        let server = SshServer::start(&emulator, TOKEN)?;
        keep(&emulator, "privatekey", &server.key("plain")?)?;
        keep(&emulator, "sealedkey", &server.key("sealed")?)?;
        keep(&emulator, "passphrase", PASSPHRASE)?;
        keep(&emulator, "wrongphrase", "something else")?;
        keep(&emulator, "nokey", "this is no key")?;
        Ok(Self { emulator, server })
    }

    /// Delivers a token, by a key and with whatever else is said; returns the code and the row.
    fn deliver(&self, address: &str, print: &str, more: &[&str]) -> Result<(Option<i32>, Value)> {
        let (source, kubectl) = (source(), self.server.kubectl());
        let place = ["--from", &source, "--secret", "team/storage"];
        let way = [
            "--ssh",
            address,
            "--ssh-fingerprint",
            print,
            "--ssh-kubectl",
            &kubectl,
        ];
        row(&self.emulator, &[&place[..], &way, more].concat())
    }

    /// Runs the machine's own `kubectl`.
    fn kubectl(&self, words: &[&str]) -> Result<String> {
        let mut command = self.emulator.command(Path::new(&self.server.kubectl()));
        Ok(process::run(command.args(words))?.expect_code(0)?.stdout)
    }

    /// Fails unless the only place fails, and says so in these words.
    fn expect_refused(
        &self,
        address: &str,
        print: &str,
        more: &[&str],
        expected: &[&str],
    ) -> Result<()> {
        let (code, row) = self.deliver(address, print, more)?;
        let said = text(&row, "reason");
        ensure!(code == Some(1), "{more:?}: {code:?} {said}");
        for expected in expected {
            ensure!(said.contains(expected), "{more:?}: {said}");
        }
        Ok(())
    }

    fn expect_nothing_sent(&self) -> Result<()> {
        assert_eq!(self.server.words(), "", "kubectl was never started");
        assert_eq!(self.emulator.count("patchCoreV1NamespacedSecret")?, 0);
        Ok(())
    }
}

#[test]
fn a_token_goes_to_a_closed_cluster_through_the_pinned_machine() -> Result<()> {
    let stage = Stage::open()?;
    let (address, print) = (stage.server.address(), stage.server.fingerprint()?);
    let (plain, sealed) = (secret("privatekey"), secret("sealedkey"));
    let passphrase = secret("passphrase");
    let by_key = ["--ssh-key", plain.as_str(), "--restart", "deployment/web"];
    for outcome in ["replaced", "kept"] {
        let (code, row) = stage.deliver(&address, &print, &by_key)?;
        assert_eq!((code, text(&row, "outcome")), (Some(0), outcome), "{row}");
        ensure!(
            text(&row, "key") == "key1",
            "the notes are read back: {row}"
        );
    }
    let by_sealed = [
        "--ssh-key",
        &sealed,
        "--ssh-passphrase",
        &passphrase,
        "--always",
    ];
    let (code, row) = stage.deliver(&address, &print, &by_sealed)?;
    assert_eq!(
        (code, text(&row, "outcome")),
        (Some(0), "replaced"),
        "{row}"
    );

    let shown = stage.kubectl(&["get", "secret", "storage", "--namespace=team", "-o", "json"])?;
    ensure!(
        shown.contains("azure-keyrotation.github.io/token.expires"),
        "kubectl reads it"
    );

    let words = stage.server.words();
    ensure!(
        words.contains("--field-manager=keyrotation/token"),
        "{words}"
    );
    ensure!(!words.contains("sig="), "the token is on no command line");
    ensure!(!words.contains("delete"), "nothing is deleted: {words}");
    let restarts = stage.emulator.count("patchAppsV1NamespacedDeployment")?;
    assert_eq!(restarts, 1, "one restart for one token");
    let journal = stage.emulator.journal()?;
    let unknown = journal.iter().filter(|one| one.operation == "unmodelled");
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&Request>::new());
    Ok(())
}

#[test]
fn the_fingerprint_of_any_host_key_of_the_machine_will_do() -> Result<()> {
    let stage = Stage::open()?;
    let (address, key) = (stage.server.address(), secret("privatekey"));
    for kind in HOST_KEYS {
        let print = stage.server.fingerprint_of(kind)?;
        let more = ["--ssh-key", key.as_str(), "--always"];
        let (code, row) = stage.deliver(&address, &print, &more)?;
        let found = (code, text(&row, "outcome"));
        assert_eq!(found, (Some(0), "replaced"), "{kind}: {row}");
    }
    Ok(())
}

#[test]
fn another_machine_gets_nothing() -> Result<()> {
    let mut stage = Stage::open()?;
    let (address, print) = (stage.server.address(), stage.server.fingerprint()?);
    let wrong = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    let key = secret("privatekey");
    let key = ["--ssh-key", key.as_str()];
    let (ecdsa, rsa) = (
        stage.server.fingerprint_of("ecdsa")?,
        stage.server.fingerprint_of("rsa")?,
    );
    let refused = [
        "its host key is",
        "nothing was sent",
        print.as_str(),
        ecdsa.as_str(),
        rsa.as_str(),
        wrong,
    ];
    stage.expect_refused(&address, wrong, &key, &refused)?;
    ensure!(!stage.server.log().contains("Accepted"), "nobody signed in");

    let former = print;
    stage.server.set_up_anew()?;
    let address = stage.server.address();
    let refused = ["its host key is", "set up anew"];
    stage.expect_refused(&address, &former, &key, &refused)?;
    ensure!(!stage.server.log().contains("Accepted"), "nobody signed in");
    stage.expect_nothing_sent()
}

#[test]
fn a_user_and_a_key_that_are_no_good_are_told_apart() -> Result<()> {
    let stage = Stage::open()?;
    let (address, print) = (stage.server.address(), stage.server.fingerprint()?);
    let plain = secret("privatekey");
    let stranger = address.replace("ops@", "nobody@");
    let refused = ["refuses the key of the user `nobody`"];
    stage.expect_refused(&stranger, &print, &["--ssh-key", &plain], &refused)?;
    let (sealed, wrong) = (secret("sealedkey"), secret("wrongphrase"));
    let check =
        |more: &[&str], expected: &str| stage.expect_refused(&address, &print, more, &[expected]);
    check(&["--ssh-key", &sealed], "passphrase, and none is given")?;
    let opened = ["--ssh-key", &sealed, "--ssh-passphrase", &wrong];
    check(&opened, "the private key cannot be read")?;
    check(
        &["--ssh-key", &secret("nokey")],
        "the private key cannot be read",
    )?;
    check(&["--ssh-key", &secret("absent")], "/secrets/absent")?;
    stage.expect_nothing_sent()
}
