//! SAS templates: the recipe by which a vault mints account tokens, and what a token says. Pure.
//!
//! A vault signs only what storage knew in 2018: account tokens of a signed version from
//! [`OLDEST_VERSION`] to [`NEWEST_VERSION`]. It accepts newer ones when the definition is made, and
//! then mints tokens that storage refuses; so they are refused here.

pub mod text;
pub mod token;

use std::{collections::BTreeSet, fmt, str::FromStr};

use url::form_urlencoded;

use self::text::{PERMISSIONS, RESOURCE_TYPES, SERVICES, is_range, is_signable};

/// Is the oldest signed version that has account tokens.
pub const OLDEST_VERSION: &str = "2015-04-05";
/// Is the newest signed version a vault can sign.
pub const NEWEST_VERSION: &str = "2018-03-28";

/// Says why a SAS template cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SasTemplateError {
    /// The template describes a service token, which grants one container or blob.
    #[error(
        "the template is for a service token; a vault can be relied on for account tokens only"
    )]
    ServiceSas,
    /// A required part is absent.
    #[error("the template lacks `{parameter}`, the {what}")]
    Missing {
        /// The query parameter, such as `ss`.
        parameter: &'static str,
        /// What the parameter says.
        what: &'static str,
    },
    /// A letter that no signed version of the range knows.
    #[error("`{letter}` is not a {what}; `{parameter}` takes the letters `{allowed}`")]
    Letter {
        /// The query parameter, such as `sp`.
        parameter: &'static str,
        /// What one letter stands for.
        what: &'static str,
        /// The letter that was given.
        letter: char,
        /// The letters that exist.
        allowed: &'static str,
    },
    /// A signed version that a vault cannot sign.
    #[error("signed version `{version}` is not between {OLDEST_VERSION} and {NEWEST_VERSION}")]
    Version {
        /// The version that was given.
        version: String,
    },
    /// A protocol that does not exist.
    #[error("`{text}` is not a protocol: it is `https` or `https,http`")]
    Protocol {
        /// The text that was given.
        text: String,
    },
    /// An address range that cannot be read.
    #[error("`{text}` is neither an IPv4 address nor a range of two joined by a hyphen")]
    IpRange {
        /// The text that was given.
        text: String,
    },
    /// A parameter that a vault would ignore.
    #[error("a vault does not know the template parameter `{parameter}`")]
    Unknown {
        /// The query parameter.
        parameter: String,
    },
    /// A parameter that is given twice.
    #[error("the template parameter `{parameter}` is given twice")]
    Twice {
        /// The query parameter.
        parameter: String,
    },
}

/// Says over which protocols a token may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Encrypted connections only.
    Https,
    /// Encrypted and plain connections.
    HttpsAndHttp,
}

impl Protocol {
    /// Gives the protocols as a token spells them.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::HttpsAndHttp => "https,http",
        }
    }
}

impl FromStr for Protocol {
    type Err = SasTemplateError;

    fn from_str(text: &str) -> Result<Self, SasTemplateError> {
        match text.to_ascii_lowercase().as_str() {
            "https" => Ok(Self::Https),
            "https,http" | "http,https" => Ok(Self::HttpsAndHttp),
            _ => Err(SasTemplateError::Protocol {
                text: text.to_owned(),
            }),
        }
    }
}

/// Is the template of an account token that a vault can mint and storage will accept.
///
/// ```
/// use azure::sas::SasTemplate;
///
/// let template = SasTemplate::account("b", "sco", "rl").build()?;
/// assert_eq!(template.to_template_uri(), "sv=2018-03-28&ss=b&srt=sco&sp=rl&spr=https");
/// # Ok::<(), azure::sas::SasTemplateError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SasTemplate {
    services: String,
    resource_types: String,
    permissions: String,
    protocol: Option<Protocol>,
    ip_range: Option<String>,
    signed_version: String,
}

impl SasTemplate {
    /// Starts the template of an account token: newest version, encrypted connections only.
    #[must_use]
    pub fn account(services: &str, resource_types: &str, permissions: &str) -> SasTemplateBuilder {
        SasTemplateBuilder {
            template: Self {
                services: services.to_owned(),
                resource_types: resource_types.to_owned(),
                permissions: permissions.to_owned(),
                protocol: Some(Protocol::Https),
                ip_range: None,
                signed_version: NEWEST_VERSION.to_owned(),
            },
        }
    }

    /// Reads a template or a whole token, with or without `?` or an address before it.
    ///
    /// Lifetime and signature (`st`, `se`, `sig`) are dropped: a vault sets its own.
    ///
    /// # Errors
    /// A template that a vault could not turn into a token that works.
    pub fn parse(text: &str) -> Result<Self, SasTemplateError> {
        let query = text.split_once('?').map_or(text, |(_, query)| query);
        let mut found = Self::account("", "", "")
            .protocol(None)
            .signed_version("")
            .template;
        let mut seen = BTreeSet::new();
        for (parameter, value) in form_urlencoded::parse(query.trim().as_bytes()) {
            let value = value.into_owned();
            match parameter.as_ref() {
                "sv" => found.signed_version = value,
                "ss" => found.services = value,
                "srt" => found.resource_types = value,
                "sp" => found.permissions = value,
                "spr" => found.protocol = Some(value.parse()?),
                "sip" => found.ip_range = Some(value),
                "st" | "se" | "sig" => {}
                "sr" | "si" | "rscc" | "rscd" | "rsce" | "rscl" | "rsct" => {
                    return Err(SasTemplateError::ServiceSas);
                }
                other => {
                    return Err(SasTemplateError::Unknown {
                        parameter: text::shown(other),
                    });
                }
            }
            if !seen.insert(parameter.clone().into_owned()) {
                return Err(SasTemplateError::Twice {
                    parameter: text::shown(&parameter),
                });
            }
        }
        SasTemplateBuilder { template: found }.build()
    }

    /// Writes the template as a vault wants it: no lifetime and no signature.
    #[must_use]
    pub fn to_template_uri(&self) -> String {
        let mut uri = format!(
            "sv={}&ss={}&srt={}&sp={}",
            self.signed_version, self.services, self.resource_types, self.permissions
        );
        if let Some(protocol) = self.protocol {
            uri.push_str("&spr=");
            uri.push_str(protocol.as_str());
        }
        if let Some(range) = &self.ip_range {
            uri.push_str("&sip=");
            uri.push_str(range);
        }
        uri
    }

    /// Tells whether both templates mint tokens with the same rights; the order of letters is free.
    #[must_use]
    pub fn same_meaning(&self, other: &Self) -> bool {
        let letters = |text: &str| text.chars().collect::<BTreeSet<_>>();
        // A token without a protocol may be used over both.
        let protocol = |template: &Self| template.protocol.unwrap_or(Protocol::HttpsAndHttp);
        letters(&self.services) == letters(&other.services)
            && letters(&self.resource_types) == letters(&other.resource_types)
            && letters(&self.permissions) == letters(&other.permissions)
            && protocol(self) == protocol(other)
            && self.ip_range == other.ip_range
            && self.signed_version == other.signed_version
    }

    /// Borrows the letters of the services: `b`, `q`, `t`, `f`.
    #[must_use]
    pub fn services(&self) -> &str {
        &self.services
    }

    /// Borrows the letters of the resource types: `s`, `c`, `o`.
    #[must_use]
    pub fn resource_types(&self) -> &str {
        &self.resource_types
    }

    /// Borrows the letters of the permissions.
    #[must_use]
    pub fn permissions(&self) -> &str {
        &self.permissions
    }

    /// Gives the protocols, if the template restricts them.
    #[must_use]
    pub fn protocol(&self) -> Option<Protocol> {
        self.protocol
    }

    /// Borrows the address or range of addresses a token may be used from.
    #[must_use]
    pub fn ip_range(&self) -> Option<&str> {
        self.ip_range.as_deref()
    }

    /// Borrows the signed version.
    #[must_use]
    pub fn signed_version(&self) -> &str {
        &self.signed_version
    }
}

impl FromStr for SasTemplate {
    type Err = SasTemplateError;

    fn from_str(text: &str) -> Result<Self, SasTemplateError> {
        Self::parse(text)
    }
}

impl fmt::Display for SasTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_template_uri())
    }
}

/// Collects the parts of a [`SasTemplate`].
#[derive(Debug, Clone)]
pub struct SasTemplateBuilder {
    template: SasTemplate,
}

impl SasTemplateBuilder {
    /// Sets the protocols; `None` allows both without saying so.
    #[must_use]
    pub fn protocol(mut self, protocol: Option<Protocol>) -> Self {
        self.template.protocol = protocol;
        self
    }

    /// Restricts use to an IPv4 address or a range `first-last`.
    #[must_use]
    pub fn ip_range(mut self, range: Option<&str>) -> Self {
        self.template.ip_range = range.map(str::to_owned);
        self
    }

    /// Sets the signed version, such as `2018-03-28`.
    #[must_use]
    pub fn signed_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.template.signed_version);
        self
    }

    /// Checks the parts and gives the template.
    ///
    /// # Errors
    /// The first part that could not become a token that works.
    pub fn build(self) -> Result<SasTemplate, SasTemplateError> {
        let template = self.template;
        if template.signed_version.is_empty() {
            return Err(SasTemplateError::Missing {
                parameter: "sv",
                what: "signed version",
            });
        }
        SERVICES.check(&template.services)?;
        RESOURCE_TYPES.check(&template.resource_types)?;
        PERMISSIONS.check(&template.permissions)?;
        if !is_signable(&template.signed_version) {
            return Err(SasTemplateError::Version {
                version: template.signed_version,
            });
        }
        match &template.ip_range {
            Some(text) if !is_range(text) => Err(SasTemplateError::IpRange { text: text.clone() }),
            _ => Ok(template),
        }
    }
}

#[cfg(test)]
mod tests;
