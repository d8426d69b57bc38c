//! The recipe of the image against the archives that it unpacks. No container is built: that takes a
//! registry of images.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tests::place;

use super::packed::{self, VERSION};

const RECIPE: &str = "Containerfile";
/// Where the recipe puts the folder of the archive.
const UNPACKED: &str = "/parts/release/";

/// Reads the recipe as it is followed on this machine.
fn recipe() -> Result<String> {
    let text = fs::read_to_string(place::root().join(RECIPE)).context("there is no recipe")?;
    let platform = place::terraform_platform();
    let (_, processor) = platform.split_once('_').context("no platform")?;
    Ok(text
        .replace("${VERSION}", VERSION)
        .replace("${TARGETARCH}", processor))
}

fn lines<'a>(recipe: &'a str, instruction: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = recipe.lines();
    lines.filter_map(move |line| line.strip_prefix(instruction)?.strip_prefix(' '))
}

#[test]
fn the_image_takes_what_an_archive_holds() -> Result<()> {
    let recipe = recipe()?;
    let added = lines(&recipe, "ADD").next().context("nothing is added")?;
    let added = added.split(' ').next().unwrap_or_default();
    let archive = Path::new(added).file_name().context("no name")?;
    let archive = packed::folder()?.join(archive);
    let folder = archive.to_string_lossy().into_owned();
    let folder = folder.rsplit('/').next().unwrap_or_default();
    let folder = folder.trim_end_matches(".tar.gz");
    let entries = packed::entries(&archive)?.to_string();
    let mut seen = 0;
    for copy in lines(&recipe, "COPY") {
        for file in copy
            .split(' ')
            .filter_map(|word| word.strip_prefix(UNPACKED))
        {
            let name = format!("\"{folder}/{file}\"");
            ensure!(
                entries.contains(&name),
                "the archive holds no {name}: {entries}"
            );
            seen += 1;
        }
    }
    ensure!(seen > 1, "the recipe takes nothing from the archive");
    Ok(())
}

#[test]
fn the_image_has_authorities_and_no_administrator() -> Result<()> {
    let recipe = recipe()?;
    let bases: Vec<&str> = lines(&recipe, "FROM").collect();
    assert_eq!(bases.last(), Some(&"scratch"));
    let users: Vec<&str> = lines(&recipe, "USER").collect();
    assert_eq!(users, ["65532:65532"]);
    let authorities = "/etc/ssl/certs/ca-certificates.crt";
    let mut copies = lines(&recipe, "COPY");
    ensure!(
        copies.any(|copy| copy.ends_with(authorities)),
        "without authorities no connection can be made"
    );
    Ok(())
}

#[test]
fn there_is_one_recipe() -> Result<()> {
    let mut found = Vec::new();
    find(place::root(), &mut found)?;
    assert_eq!(found, [RECIPE]);
    Ok(())
}

fn find(folder: &Path, found: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            if name != "target" && name != ".git" && name != ".terraform" {
                find(&entry.path(), found)?;
            }
        } else if name.contains("Dockerfile") || name.contains("Containerfile") {
            found.push(name);
        }
    }
    Ok(())
}
