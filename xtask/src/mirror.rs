//! `cargo xtask mirror`: the provider of a release, laid out for machines that reach no registry.
//!
//! One folder is both kinds of mirror: packed archives where a core looks for them on a disk, and beside
//! them the two documents that it asks a server for. It is what `terraform providers mirror` makes, without
//! a network.

pub mod built;

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use zip::ZipArchive;

use crate::dist::digest::{self, Digest};
use crate::dist::{self, PROVIDER, VERSION};
use crate::screen;

/// Terraform and OpenTofu look for a source without a host under different ones.
const REGISTRIES: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];
const ADDRESS: &str = "azure-keyrotation/keyrotation";
/// Lists the versions of a provider.
const INDEX: &str = "index.json";

/// Lays the archives of a release, which are in the usual folder if none is named, out in `folder`. What is
/// there of other versions stays.
pub fn run(folder: &str, from: Option<&str>) -> Result<()> {
    let from = match from {
        Some(from) => PathBuf::from(from),
        None => dist::folder()?,
    };
    let archives = archives(&from)?;
    let mut entries = Map::new();
    for (system, archive) in &archives {
        let bytes = fs::read(archive).with_context(|| archive.display().to_string())?;
        let hashes = json!([contents_hash(&bytes)?, format!("zh:{}", Digest::of(&bytes))]);
        let entry = json!({"url": name(archive), "hashes": hashes});
        entries.insert(system.clone(), entry);
    }
    for registry in REGISTRIES {
        let place = Path::new(folder).join(registry).join(ADDRESS);
        fs::create_dir_all(&place).with_context(|| place.display().to_string())?;
        for archive in archives.values() {
            fs::copy(archive, place.join(name(archive))).context("cannot copy an archive")?;
        }
        let document = json!({"archives": entries});
        write(&place.join(format!("{VERSION}.json")), &document)?;
        write(&place.join(INDEX), &index(&place.join(INDEX))?)?;
    }
    let systems: Vec<&str> = archives.keys().map(String::as_str).collect();
    let systems = systems.join(", ");
    screen::say(&format!("{folder}: a mirror of {VERSION} for {systems}"));
    Ok(())
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Finds the provider's archives by the system that each is for.
fn archives(from: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let begin = format!("{PROVIDER}_{VERSION}_");
    let mut archives = BTreeMap::new();
    let missing = "`cargo xtask dist` makes the archives of a mirror";
    for entry in fs::read_dir(from).with_context(|| format!("{}: {missing}", from.display()))? {
        let path = entry?.path();
        let name = name(&path);
        let system = name
            .strip_prefix(&begin)
            .and_then(|rest| rest.strip_suffix(".zip"));
        if let Some(system) = system {
            archives.insert(system.to_owned(), path);
        }
    }
    ensure!(
        !archives.is_empty(),
        "{} holds no {begin}*.zip: {missing}",
        from.display()
    );
    Ok(archives)
}

/// Hashes what is in an archive the way that lock files do (`h1:`): the same for a provider that a core has
/// unpacked.
fn contents_hash(archive: &[u8]) -> Result<String> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).context("not a zip")?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).context("a zip cannot be read")?;
        let mut bytes = Vec::new();
        std::io::copy(&mut file, &mut bytes).context("a zip cannot be read")?;
        let name = file.name().context("a file without a name")?.into_owned();
        files.push((name, Digest::of(&bytes)));
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    let digest = Digest::of(digest::lines(&files).as_bytes());
    Ok(format!("h1:{}", STANDARD.encode(digest.bytes())))
}

/// Adds this version to those that an index lists already.
fn index(path: &Path) -> Result<Value> {
    let mut index = match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is no JSON", path.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => json!({"versions": {}}),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let versions = index.get_mut("versions").and_then(Value::as_object_mut);
    let versions = versions.with_context(|| format!("{} lists no versions", path.display()))?;
    versions.insert(VERSION.to_owned(), json!({}));
    Ok(index)
}

fn write(path: &Path, document: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(document)? + "\n";
    fs::write(path, text).with_context(|| path.display().to_string())
}
