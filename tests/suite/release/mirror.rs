//! Mirrors, as machines without a way out use them: one folder, read from the disk or over TLS.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::emulator::Emulator;
use tests::place::{self, Scratch};
use tests::site::Site;
use tests::{fleet, process};

use super::packed::{self, VERSION};
use super::workplace::{Workplace, files_below};

const ADDRESS: &str = "azure-keyrotation/keyrotation";
const REGISTRY: &str = "registry.terraform.io";

fn make(scratch: &Scratch) -> Result<PathBuf> {
    let folder = scratch.path().join("mirror");
    let mut mirror = Command::new(place::xtask()?);
    mirror.arg("mirror").arg(&folder);
    mirror.arg("--from").arg(packed::folder()?);
    process::run(&mut mirror)?.expect_code(0)?;
    Ok(folder)
}

/// Returns the hash of the contents that the mirror tells.
fn told_hash(mirror: &Path) -> Result<String> {
    let document = mirror
        .join(REGISTRY)
        .join(ADDRESS)
        .join(format!("{VERSION}.json"));
    let document: Value = serde_json::from_slice(&fs::read(document)?)?;
    let hash = format!("/archives/{}/hashes/0", place::terraform_platform());
    let hash = document.pointer(&hash).and_then(Value::as_str);
    Ok(hash.context("the mirror tells no hash")?.to_owned())
}

/// Installs, plans, and installs again by a note that was made beforehand, with `lock`'s arguments.
fn check(workplace: &Workplace, site: Option<&Site>, mirror: &Path, lock: &[&str]) -> Result<()> {
    workplace.init(site)?.expect_code(0)?;
    let hash = told_hash(mirror)?;
    ensure!(hash.starts_with("h1:"), "{hash}");
    let noted = workplace.lock()?;
    ensure!(
        noted.contains(&hash),
        "the core hashes otherwise: {hash}\n{noted}"
    );
    workplace.expect_plan(&Emulator::start(&fleet::one_account())?)?;
    workplace.forget()?;
    workplace.run(site, lock)?.expect_code(0)?;
    let noted = workplace.lock()?;
    ensure!(noted.contains(&hash), "{noted}");
    workplace.init(site)?.expect_code(0)?;
    assert_eq!(
        workplace.lock()?,
        noted,
        "a note that was made beforehand stays"
    );
    Ok(())
}

#[test]
fn a_core_installs_from_a_mirror_on_disk() -> Result<()> {
    let scratch = Scratch::new()?;
    let mirror = make(&scratch)?;
    let place = mirror.display();
    let settings = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = \"{place}\"\n  }}\n}}"
    );
    let workplace = Workplace::open(&scratch, ADDRESS, &settings)?;
    let from = format!("-fs-mirror={place}");
    let platform = format!("-platform={}", place::terraform_platform());
    check(
        &workplace,
        None,
        &mirror,
        &["providers", "lock", &from, &platform],
    )
}

#[test]
fn a_core_installs_from_a_mirror_over_tls() -> Result<()> {
    let scratch = Scratch::new()?;
    let mirror = make(&scratch)?;
    let site = Site::start(scratch.path())?;
    for file in files_below(&mirror)? {
        let path = file.strip_prefix(&mirror)?;
        site.put(&format!("/mirror/{}", path.display()), fs::read(&file)?);
    }
    let url = site.url("/mirror/");
    let settings =
        format!("provider_installation {{\n  network_mirror {{\n    url = \"{url}\"\n  }}\n}}");
    let workplace = Workplace::open(&scratch, ADDRESS, &settings)?;
    let from = format!("-net-mirror={url}");
    let platform = format!("-platform={}", place::terraform_platform());
    let lock = ["providers", "lock", &from, &platform];
    check(&workplace, Some(&site), &mirror, &lock)?;
    assert_eq!(site.missed(), Vec::<String>::new());
    Ok(())
}

#[test]
fn both_registries_are_mirrored_and_other_versions_stay() -> Result<()> {
    let scratch = Scratch::new()?;
    let mirror = make(&scratch)?;
    let index = mirror.join(REGISTRY).join(ADDRESS).join("index.json");
    fs::write(&index, r#"{"versions": {"0.0.9": {}}}"#)?;
    make(&scratch)?;
    let index: Value = serde_json::from_slice(&fs::read(index)?)?;
    for version in ["0.0.9", VERSION] {
        let found = index.pointer(&format!("/versions/{version}"));
        ensure!(found.is_some(), "no {version} in {index}");
    }
    let below = |registry: &str| -> Result<Vec<PathBuf>> {
        let folder = mirror.join(registry);
        let files = files_below(&folder)?.into_iter();
        files
            .map(|file| Ok(file.strip_prefix(&folder)?.to_path_buf()))
            .collect()
    };
    let terraforms = below(REGISTRY)?;
    assert_eq!(terraforms.len(), 3);
    assert_eq!(terraforms, below("registry.opentofu.org")?);
    Ok(())
}
