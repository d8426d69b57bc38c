//! The letters, versions and addresses that SAS templates are made of.

use std::net::Ipv4Addr;

use url::form_urlencoded;

use super::{NEWEST_VERSION, OLDEST_VERSION, SasTemplateError};

pub(super) const SERVICES: Letters = Letters {
    parameter: "ss",
    what: "service",
    allowed: "bqtf",
};
pub(super) const RESOURCE_TYPES: Letters = Letters {
    parameter: "srt",
    what: "resource type",
    allowed: "sco",
};
pub(super) const PERMISSIONS: Letters = Letters {
    parameter: "sp",
    what: "permission",
    allowed: "rwdlacup",
};

/// Is a parameter whose value is a set of letters.
pub(super) struct Letters {
    parameter: &'static str,
    what: &'static str,
    allowed: &'static str,
}

impl Letters {
    pub(super) fn check(&self, text: &str) -> Result<(), SasTemplateError> {
        let &Self {
            parameter,
            what,
            allowed,
        } = self;
        if text.is_empty() {
            return Err(SasTemplateError::Missing { parameter, what });
        }
        match text.chars().find(|letter| !allowed.contains(*letter)) {
            Some(letter) => Err(SasTemplateError::Letter {
                parameter,
                what,
                letter,
                allowed,
            }),
            None => Ok(()),
        }
    }
}

/// Versions are dates, so text order is time order once the form is right.
pub(super) fn is_signable(version: &str) -> bool {
    version.parse::<jiff::civil::Date>().is_ok()
        && version.len() == NEWEST_VERSION.len()
        && (OLDEST_VERSION..=NEWEST_VERSION).contains(&version)
}

pub(super) fn is_range(text: &str) -> bool {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse::<Ipv4Addr>(), last.parse::<Ipv4Addr>()) {
        (Ok(first), Ok(last)) => first <= last,
        _ => false,
    }
}

/// Tells whether a template is in truth a token: one of its parameters, however it is encoded and
/// wherever a `?` stands, is a signature.
#[must_use]
pub fn holds_signature(text: &str) -> bool {
    text.split('?')
        .flat_map(|part| form_urlencoded::parse(part.as_bytes()))
        .any(|(name, _)| name.trim().eq_ignore_ascii_case("sig"))
}

/// Gives the name of a parameter, unless it is too long for one: then it may be a secret that was
/// put into the wrong place.
pub(super) fn shown(parameter: &str) -> String {
    const LONGEST_NAME: usize = 8;
    if parameter.chars().count() > LONGEST_NAME {
        "(too long for a name, so not shown)".to_owned()
    } else {
        parameter.to_owned()
    }
}

/// Reads which signed version a template says, in whatever form it is.
#[must_use]
pub fn signed_version(template: &str) -> Option<String> {
    let query = template
        .split_once('?')
        .map_or(template, |(_, query)| query);
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let version = pairs.find(|(name, _)| name.eq_ignore_ascii_case("sv"))?.1;
    Some(version.into_owned())
}

/// Drops the signature from a template or token as a vault may give it back.
pub(crate) fn without_signature(uri: &str) -> String {
    let (address, query) = match uri.split_once('?') {
        Some((address, query)) => (Some(address), query),
        None => (None, uri),
    };
    let is_signature = |pair: &&str| holds_signature(pair);
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !is_signature(pair))
        .collect();
    match address {
        Some(address) => format!("{address}?{}", kept.join("&")),
        None => kept.join("&"),
    }
}
