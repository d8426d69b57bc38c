//! Links between pages lead to files that are there, and to headings that are in them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tests::place;

use super::written_pages;

/// Takes the targets of the links and pictures of a page, outside of its blocks.
fn targets(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_text = true;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_text = !is_text;
        } else if is_text {
            let after = line.split("](").skip(1);
            found.extend(after.filter_map(|rest| rest.split(')').next()));
        }
    }
    found
}

/// Writes the anchors of a page's headings as GitHub does.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let headings = headings.map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
        kept.map(|letter| if letter == ' ' { '-' } else { letter })
            .collect()
    });
    let named = page.split("<a id=\"").skip(1);
    let named = named.filter_map(|rest| rest.split('"').next().map(str::to_owned));
    headings.chain(named).collect()
}

fn judge(page: &Path, text: &str, target: &str) -> Result<()> {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = page.parent().context("a folder")?;
    let place = if file.is_empty() {
        page.to_owned()
    } else {
        folder.join(file)
    };
    ensure!(place.exists(), "there is no such file");
    if anchor.is_empty() || place.extension().is_none_or(|ending| ending != "md") {
        return Ok(());
    }
    let aimed = if file.is_empty() {
        text.to_owned()
    } else {
        fs::read_to_string(&place)?
    };
    ensure!(
        anchors(&aimed).iter().any(|known| known == anchor),
        "there is no such heading"
    );
    Ok(())
}

#[test]
fn every_link_between_pages_leads_somewhere() -> Result<()> {
    let mut seen = 0;
    let mut broken = Vec::new();
    for page in written_pages()? {
        let text = fs::read_to_string(&page)?;
        let name = page.strip_prefix(place::root())?.display().to_string();
        for target in targets(&text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            seen += 1;
            if let Err(error) = judge(&page, &text, target) {
                broken.push(format!("{name}: {target}: {error:#}"));
            }
        }
    }
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    ensure!(seen > 50, "only {seen} links were found");
    Ok(())
}
