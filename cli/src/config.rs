//! The settings that a repository keeps: `keyrotation.toml`, with defaults for `check`, waivers, where
//! keys are published, and where tokens are put.
//!
//! A word that is not known is refused: a waiver with a mistake in it must not look like one that
//! holds.

pub(crate) mod fault;
pub(crate) mod places;
pub(crate) mod targets;

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use azure::env::Env;
use engine::check::scope::Pattern;
use engine::check::waivers::{Rule, TagWaivers, Waivers};
use rotation::finding::Severity;
use rotation::period::Period;
use rotation::profile::Profile;
use rotation::waiver::{Waiver, WaiverError};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use self::fault::Fault;
use self::places::Places;
use self::targets::TargetRule;

/// The file that is read if none is named.
pub(crate) const DEFAULT: &str = "keyrotation.toml";

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) profile: Option<Profile>,
    pub(crate) max_age: Option<Period>,
    pub(crate) due_soon: Option<Period>,
    pub(crate) fail_on: Option<Severity>,
    pub(crate) include: Vec<Pattern>,
    pub(crate) exclude: Vec<Pattern>,
    pub(crate) waivers: Waivers,
    pub(crate) places: Places,
    pub(crate) targets: Vec<TargetRule>,
}

/// The file says nothing that could be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read `{path}`")]
    Read {
        path: String,
        source: std::io::Error,
    },
    #[error("cannot understand `{path}`: {reason}")]
    Form { path: String, reason: String },
    #[error("waiver {number} of `{path}` cannot be used")]
    Waiver {
        path: String,
        number: usize,
        source: WaiverError,
    },
}

/// Reads the file that is named, or the one in the current folder if there is one.
///
/// # Errors
/// A named file that is not there, and any file with something in it that is not understood.
pub(crate) fn read(env: &Env, named: Option<&Path>) -> Result<Config, ConfigError> {
    let path = named.unwrap_or(Path::new(DEFAULT));
    match env.read_file(path) {
        Ok(text) => parse(&text, &path.display().to_string()),
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
            Ok(Config::default())
        }
        Err(source) => Err(ConfigError::Read {
            path: path.display().to_string(),
            source,
        }),
    }
}

fn parse(text: &str, path: &str) -> Result<Config, ConfigError> {
    let wire: Wire = toml::from_str(text).map_err(|error| ConfigError::Form {
        path: path.to_owned(),
        reason: error.to_string().trim_end().to_owned(),
    })?;
    let (config, refused) = wire.settle();
    match refused.into_iter().next() {
        None => Ok(config),
        Some((number, source)) => Err(ConfigError::Waiver {
            path: path.to_owned(),
            number,
            source,
        }),
    }
}

/// Reads a text for somebody who wants to mend it: gives what it says, and the mistakes in it.
pub(crate) fn examine(text: &str) -> (Config, Vec<Fault>) {
    let wire: Wire = match toml::from_str(text) {
        Ok(wire) => wire,
        Err(error) => {
            let begin = error.span().map(|span| span.start);
            let fault = Fault::at_byte(text, begin, error.message());
            return (Config::default(), vec![fault]);
        }
    };
    let (config, refused) = wire.settle();
    let refused = refused.iter();
    let faults = refused.map(|(number, error)| Fault::in_table(text, "[[waiver]]", *number, error));
    (config, faults.collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    check: WireCheck,
    #[serde(default)]
    rotate: Places,
    #[serde(default)]
    sync: Vec<TargetRule>,
    #[serde(default)]
    waiver: Vec<WireWaiver>,
}

impl Wire {
    /// Gives what is said, and the waivers that cannot be used, by their number.
    fn settle(self) -> (Config, Vec<(usize, WaiverError)>) {
        let (mut rules, mut refused) = (Vec::new(), Vec::new());
        for (number, waiver) in self.waiver.into_iter().enumerate() {
            match waiver.into_rule() {
                Ok(rule) => rules.push(rule),
                Err(error) => refused.push((number + 1, error)),
            }
        }
        let config = Config {
            profile: self.check.profile,
            max_age: self.check.max_age,
            due_soon: self.check.due_soon,
            fail_on: self.check.fail_on,
            include: self.check.include,
            exclude: self.check.exclude,
            waivers: Waivers {
                rules,
                tags: match self.check.tag_waivers {
                    Some(false) => TagWaivers::Ignored,
                    Some(true) | None => TagWaivers::Obeyed,
                },
            },
            places: self.rotate,
            targets: self.sync,
        };
        (config, refused)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WireCheck {
    #[serde(deserialize_with = "word")]
    profile: Option<Profile>,
    #[serde(deserialize_with = "word")]
    max_age: Option<Period>,
    #[serde(deserialize_with = "word")]
    due_soon: Option<Period>,
    #[serde(deserialize_with = "word")]
    fail_on: Option<Severity>,
    #[serde(deserialize_with = "words")]
    include: Vec<Pattern>,
    #[serde(deserialize_with = "words")]
    exclude: Vec<Pattern>,
    tag_waivers: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireWaiver {
    #[serde(deserialize_with = "one")]
    accounts: Pattern,
    #[serde(default)]
    findings: Vec<String>,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    reason: String,
    expires: Option<Day>,
}

/// A day, with or without quotes around it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Day {
    Text(String),
    Date(toml::value::Datetime),
}

impl WireWaiver {
    fn into_rule(self) -> Result<Rule, WaiverError> {
        let findings: Vec<_> = self.findings.iter().map(String::as_str).collect();
        let expires = match self.expires {
            None => String::new(),
            Some(Day::Text(text)) => text,
            Some(Day::Date(date)) => date.to_string(),
        };
        let waiver = Waiver::new(&findings, &self.owner, &self.reason, &expires)?;
        Ok(Rule {
            accounts: self.accounts,
            waiver: Arc::new(waiver),
        })
    }
}

fn one<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

fn word<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    one(deserializer).map(Some)
}

fn words<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    let parsed = texts.iter().map(|text| text.parse());
    parsed.collect::<Result<_, _>>().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIVER: &str = r#"
        [[waiver]]
        accounts = "stlegacy*"
        findings = ["key-overdue"]
        owner = "ops@example.com"
        reason = "moves to Entra ID in autumn"
    "#;

    #[test]
    fn defaults_and_waivers_are_read() {
        let text = format!(
            r#"[check]
            profile = "cis"
            max_age = "P60D"
            fail_on = "high"
            exclude = ["stdev*"]
            tag_waivers = false
            {WAIVER}expires = 2026-12-31"#
        );
        let config = parse(&text, "t").expect("settings");
        assert_eq!(config.profile, Some(Profile::Cis));
        assert_eq!(config.max_age, Some(Period::days(60)));
        assert_eq!(
            (config.due_soon, config.fail_on),
            (None, Some(Severity::High))
        );
        assert_eq!(config.exclude.len(), 1);
        assert_eq!(config.waivers.tags, TagWaivers::Ignored);
        let owners: Vec<_> = config
            .waivers
            .rules
            .iter()
            .map(|r| r.waiver.owner.as_str())
            .collect();
        assert_eq!(owners, ["ops@example.com"]);
    }

    #[test]
    fn whatever_is_not_understood_is_refused() {
        let check = |text: &str, expected: &str| {
            let refused = parse(text, "t").map(|config| config.waivers.rules.len());
            let said = refused.map_err(|error| crate::error::chain(&error));
            assert!(
                said.as_ref().is_err_and(|said| said.contains(expected)),
                "{said:?}"
            );
        };
        check("[chek]", "unknown field `chek`");
        check("[check]\nmax_age = \"P3M\"", "P3M");
        check("[check]\nprofile = \"strict\"", "`strict` is no profile");
        check(
            WAIVER,
            "waiver 1 of `t` cannot be used: the waiver lacks its expires",
        );
        check(&format!("{WAIVER}expires = \"soon\""), "`soon` is no day");
        check("[[waiver]]\naccounts = \"\"", "an empty pattern");
    }

    #[test]
    fn only_a_file_that_was_named_has_to_be_there() {
        let nothing: [(&str, &str); 0] = [];
        let named = read(
            &Env::from_pairs(nothing),
            Some(Path::new("/nowhere/x.toml")),
        );
        assert!(named.is_err());
    }
}
