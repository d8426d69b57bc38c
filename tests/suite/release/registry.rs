//! The protocol of registries: a core asks who has the provider, downloads the archive, and looks at its sum
//! and at the signature over the sums.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::place::{self, Scratch};
use tests::signer::Signer;
use tests::site::Site;
use tests::{fleet, process};

use super::packed::{self, PROVIDER, VERSION};
use super::workplace::Workplace;

const ADDRESS: &str = "azure-keyrotation/keyrotation";
const SERVICE: &str = "/v1/providers/";

/// Publishes a folder with a signed release the way that a registry does, which knows the key.
fn publish(site: &Site, release: &Path, signer: &Signer) -> Result<()> {
    let put = |path: &str, document: &Value| site.put(path, document.to_string().into_bytes());
    put(
        "/.well-known/terraform.json",
        &json!({"providers.v1": SERVICE}),
    );
    let platform = place::terraform_platform();
    let (os, arch) = platform.split_once('_').context("no platform")?;
    let read = |end: &str| {
        let name = format!("{PROVIDER}_{VERSION}_{end}");
        let bytes = fs::read(release.join(&name)).with_context(|| format!("no {name}"))?;
        Ok::<_, anyhow::Error>((name, bytes))
    };
    // What the protocols are, a registry reads in the manifest.
    let (_, manifest) = read("manifest.json")?;
    let manifest: Value = serde_json::from_slice(&manifest).context("the manifest is not JSON")?;
    let protocols = manifest.pointer("/metadata/protocol_versions");
    let protocols = protocols.context("the manifest names no protocol")?;
    let version = json!({
        "version": VERSION, "protocols": protocols, "platforms": [{"os": os, "arch": arch}],
    });
    let versions = json!({ "versions": [version] });
    put(&format!("{SERVICE}{ADDRESS}/versions"), &versions);

    let (archive, bytes) = read(&format!("{platform}.zip"))?;
    site.put(&format!("/{archive}"), bytes);
    let (sums, bytes) = read("SHA256SUMS")?;
    let text = String::from_utf8(bytes.clone()).context("the sums are no text")?;
    let mut lines = text.lines().filter_map(|line| line.split_once("  "));
    let sum = lines
        .find(|(_, name)| *name == archive)
        .context("no sum")?
        .0;
    site.put(&format!("/{sums}"), bytes);
    let (signature, bytes) = read("SHA256SUMS.sig")?;
    site.put(&format!("/{signature}"), bytes);
    let download = json!({
        "protocols": protocols, "os": os, "arch": arch, "filename": archive,
        "download_url": site.url(&format!("/{archive}")),
        "shasums_url": site.url(&format!("/{sums}")),
        "shasums_signature_url": site.url(&format!("/{signature}")),
        "shasum": sum,
        "signing_keys": {"gpg_public_keys": [
            {"key_id": signer.id()?, "ascii_armor": signer.public_key()?},
        ]},
    });
    let path = format!("{SERVICE}{ADDRESS}/{VERSION}/download/{os}/{arch}");
    put(&path, &download);
    Ok(())
}

/// A registry with the release, signed, and a workplace that takes the provider from there.
struct Stage {
    // Dropped in this order: what uses the folder before the folder.
    signer: Signer,
    workplace: Workplace,
    site: Site,
    release: std::path::PathBuf,
    scratch: Scratch,
}

impl Stage {
    fn set() -> Result<Self> {
        let scratch = Scratch::new()?;
        let release = packed::copy(&scratch)?;
        let signer = Signer::new(scratch.path(), "publisher")?;
        packed::sign(&release, &signer)?;
        let site = Site::start(scratch.path())?;
        publish(&site, &release, &signer)?;
        let source = format!("{}/{ADDRESS}", site.host());
        let workplace = Workplace::open(&scratch, &source, "")?;
        Ok(Self {
            signer,
            workplace,
            site,
            release,
            scratch,
        })
    }

    /// Makes sure that the core installs nothing, and says why.
    fn expect_refusal(&self, why: &str) -> Result<()> {
        let said = self.workplace.init(Some(&self.site))?.expect_code(1)?;
        let words = said.stderr.split_whitespace().filter(|word| *word != "│");
        let words: Vec<&str> = words.collect();
        let talk = words.join(" ");
        ensure!(talk.contains(why), "no `{why}` in: {}", said.stderr);
        self.workplace.expect_nothing_installed()
    }
}

#[test]
fn a_core_installs_from_a_registry_and_checks_the_signature() -> Result<()> {
    let stage = Stage::set()?;
    let said = stage.workplace.init(Some(&stage.site))?.expect_code(0)?;
    let signed = format!("self-signed, key ID {}", stage.signer.id()?);
    ensure!(said.stdout.contains(&signed), "{}", said.stdout);
    assert_eq!(stage.site.missed(), Vec::<String>::new());
    let lock = stage.workplace.lock()?;
    ensure!(lock.contains("\"h1:") && lock.contains("\"zh:"), "{lock}");
    let emulator = Emulator::start(&fleet::one_account())?;
    stage.workplace.expect_plan(&emulator)
}

#[test]
fn an_archive_that_somebody_changed_is_refused() -> Result<()> {
    let stage = Stage::set()?;
    let name = format!("{PROVIDER}_{VERSION}_{}.zip", place::terraform_platform());
    let mut archive = fs::read(stage.release.join(&name))?;
    let middle = archive.len() / 2;
    let byte = archive.get_mut(middle).context("an empty archive")?;
    *byte ^= 1;
    stage.site.put(&format!("/{name}"), archive);
    stage.expect_refusal("checksum")
}

#[test]
fn sums_that_somebody_else_signed_are_refused() -> Result<()> {
    let stage = Stage::set()?;
    let stranger = Signer::new(stage.scratch.path(), "stranger")?;
    packed::sign(&stage.release, &stranger)?;
    // The registry still knows the key of the publisher alone.
    publish(&stage.site, &stage.release, &stage.signer)?;
    stage.expect_refusal("signature")?;

    // A gpg that was asked for a key it has not got says so, and leaves no signature of another one.
    let mut seal = packed::seal(&stage.release)?;
    seal.args(["--sign", "somebody@keyrotation.invalid"]);
    stage.signer.lend(&mut seal)?;
    let said = process::run(&mut seal)?.expect_code(1)?;
    ensure!(said.stderr.contains("cannot sign"), "{}", said.stderr);
    let signature = format!("{PROVIDER}_{VERSION}_SHA256SUMS.sig");
    ensure!(!stage.release.join(signature).exists());
    Ok(())
}
