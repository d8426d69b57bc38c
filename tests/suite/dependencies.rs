//! What the product is built from: licences, sources, and what must not be among it.
//!
//! `deny.toml` says the same to people who have cargo-deny; this needs nothing but cargo.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use tests::metadata::{self, Package};
use tests::place;

/// Licences that allow what we do with a dependency.
const LICENSES: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Other implementations of TLS and cryptography than rustls on ring. The first one costs every
/// start of the provider a tenth of a second, the others need a C library on the user's system.
const BANNED: [&str; 7] = [
    "aws-lc-fips-sys",
    "aws-lc-rs",
    "aws-lc-sys",
    "native-tls",
    "openssl",
    "openssl-src",
    "openssl-sys",
];

/// Packages whose older lines are abandoned, with the oldest version that we take.
const OLDEST: [(&str, (u64, u64)); 3] = [
    ("azure_core", (1, 0)),
    ("azure_identity", (1, 0)),
    ("reqwest", (0, 13)),
];

/// Features that would undo a decision: redaction off, another TLS, a client of their own.
const BANNED_FEATURES: [(&str, &str); 7] = [
    ("azure_core", "debug"),
    ("azure_core", "reqwest_native_tls"),
    ("azure_core", "reqwest_rustls"),
    ("azure_identity", "client_certificate"),
    ("reqwest", "default-tls"),
    ("reqwest", "native-tls"),
    ("rustls", "aws_lc_rs"),
];

fn expect_none(what: &str, found: &[String]) -> Result<()> {
    ensure!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
    Ok(())
}

#[test]
fn every_dependency_comes_from_the_public_registry() -> Result<()> {
    let foreign: Vec<String> = metadata::locked()?
        .into_iter()
        .filter(|entry| {
            entry
                .source
                .as_ref()
                .is_some_and(|source| source != CRATES_IO)
        })
        .map(|entry| format!("{} {}", entry.name, entry.version))
        .collect();
    expect_none("dependencies from elsewhere", &foreign)
}

#[test]
fn no_second_implementation_of_tls_is_in_the_lock_file() -> Result<()> {
    let banned: Vec<String> = metadata::locked()?
        .into_iter()
        .filter(|entry| BANNED.contains(&entry.name.as_str()))
        .map(|entry| format!("{} {}", entry.name, entry.version))
        .collect();
    expect_none("banned dependencies", &banned)
}

#[test]
fn no_abandoned_line_of_a_package_is_in_the_lock_file() -> Result<()> {
    let mut old = Vec::new();
    for entry in metadata::locked()? {
        let oldest = OLDEST.iter().find(|(name, _)| *name == entry.name);
        if let Some((_, oldest)) = oldest
            && major_minor(&entry.version)? < *oldest
        {
            old.push(format!("{} {}", entry.name, entry.version));
        }
    }
    expect_none("abandoned versions", &old)
}

#[test]
fn no_banned_feature_is_switched_on() -> Result<()> {
    let found: Vec<String> = metadata::packages()?
        .iter()
        .flat_map(|package| {
            let banned = BANNED_FEATURES
                .iter()
                .filter(|(name, _)| *name == package.name);
            let on = banned.filter(|(_, feature)| package.features.contains(*feature));
            on.map(|(name, feature)| format!("{name}/{feature}"))
        })
        .collect();
    expect_none("banned features", &found)
}

#[test]
fn every_licence_is_one_that_we_may_use() -> Result<()> {
    let refused: Vec<String> = metadata::packages()?
        .iter()
        .filter(|package| !package.license.as_deref().is_some_and(is_allowed))
        .map(describe)
        .collect();
    expect_none("licences", &refused)
}

#[test]
fn a_licence_expression_is_read_as_its_operators_say() {
    for (expression, allowed) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("MIT/GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception OR Apache-2.0", true),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression), allowed, "{expression}");
    }
}

/// Returns what stands in quotes between two marks of `deny.toml`, comments left out.
fn quoted<'a>(text: &'a str, from: &str, to: &str) -> BTreeSet<&'a str> {
    let rest = text.split_once(from).map_or("", |(_, rest)| rest);
    let block = rest.split_once(to).map_or(rest, |(block, _)| block);
    let lines = block.lines().filter(|line| !line.trim().starts_with('#'));
    lines
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .collect()
}

#[test]
fn cargo_deny_is_told_the_same() -> Result<()> {
    let text = std::fs::read_to_string(place::root().join("deny.toml"))?;
    assert_eq!(quoted(&text, "[licenses]", "]\n\n"), LICENSES.into());
    let old = OLDEST.map(|(name, (major, minor))| format!("{name}@<{major}.{minor}"));
    let banned = BANNED.into_iter().chain(old.iter().map(String::as_str));
    assert_eq!(quoted(&text, "deny = [\n    #", "]\n\n"), banned.collect());
    let mut features = BTreeSet::new();
    for block in text.split("[[bans.features]]").skip(1) {
        let name = quoted(block, "crate = ", "\n").into_iter().next();
        let name = name.context("a ban of features without a package")?;
        let denied = quoted(block, "deny = [", "]");
        features.extend(denied.into_iter().map(|feature| (name, feature)));
    }
    assert_eq!(features, BANNED_FEATURES.into());
    Ok(())
}

fn describe(package: &Package) -> String {
    let license = package.license.as_deref().unwrap_or("none stated");
    format!("{} {}: {license}", package.name, package.version)
}

fn major_minor(version: &str) -> Result<(u64, u64)> {
    let mut numbers = version.split('.').map(str::parse);
    let mut next = || numbers.next().context("a version with too few numbers");
    Ok((next()??, next()??))
}

/// Says whether the licence expression leaves us a choice among [`LICENSES`].
fn is_allowed(expression: &str) -> bool {
    let allowed = BTreeSet::from(LICENSES);
    let expression = expression.replace('/', " OR ");
    // AND binds closer than OR, and the few brackets there are hold alternatives: reading
    // `(A OR B) AND C` part by part is enough.
    split_outside_brackets(&expression, " OR ")
        .iter()
        .any(|choice| {
            split_outside_brackets(choice, " AND ").iter().all(|part| {
                let part = part.trim();
                match part
                    .strip_prefix('(')
                    .and_then(|inner| inner.strip_suffix(')'))
                {
                    Some(inner) => is_allowed(inner),
                    None => allowed.contains(part),
                }
            })
        })
}

fn split_outside_brackets<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (position, _) in text.match_indices(separator) {
        let part = text.get(start..position).unwrap_or_default();
        if part.matches('(').count() == part.matches(')').count() {
            parts.push(part);
            start = position + separator.len();
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}
