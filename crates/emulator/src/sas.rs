//! Shared access signatures: what a SAS definition's template says, and the token that Key Vault makes of it. Pure; the
//! key and the time come in, and who may have a token is decided elsewhere.
//!
//! Key Vault signs by the layouts of service version 2018-03-28. It takes a template of a newer version all the same and
//! mints a token that Storage refuses; so does this module.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::canary::KeyMaterial;

/// Everything except what RFC 3986 leaves unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The oldest service version that Key Vault signs for.
const OLDEST_VERSION: &str = "2015-04-05";

/// Whether a token opens the whole account or one resource.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum SasType {
    Account,
    Service,
}

impl SasType {
    /// Reads the wire form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "account" => Some(Self::Account),
            "service" => Some(Self::Service),
            _ => None,
        }
    }

    /// Gives the wire form.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Service => "service",
        }
    }
}

/// A template that Key Vault accepts.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    kind: SasType,
    parameters: Vec<(String, String)>,
    /// What a service token opens, as it stands in the text to sign: `blob/container/name` with the account left out.
    resource: Option<(String, String)>,
}

impl Template {
    /// Reads a template: a query string for an account token, a full address with a query for a service token.
    pub(crate) fn parse(kind: SasType, text: &str) -> Result<Self, String> {
        let query = text.split_once('?').map_or(text, |(_, query)| query);
        let parameters = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let mut template = Self {
            kind,
            parameters,
            resource: None,
        };
        template.check()?;
        if kind == SasType::Service {
            template.resource = Some(template.signed_resource(text)?);
        }
        Ok(template)
    }

    /// Mints the token of `account` that ends at `end`; it starts with a question mark.
    pub(crate) fn mint(&self, account: &str, key: &KeyMaterial, end: Timestamp) -> String {
        let end = end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let signature = sign(key.bytes(), &self.text_to_sign(account, &end));
        let mut token = String::from("?");
        let (first, last): (&[&str], &[&str]) = match self.kind {
            SasType::Account => (&["sv", "ss", "srt", "sp"], &["sip", "spr"]),
            SasType::Service => (
                &["sv", "sr", "sp"],
                &["sip", "spr", "rscc", "rscd", "rsce", "rscl", "rsct"],
            ),
        };
        self.append(&mut token, first);
        match self.kind {
            // Key Vault leaves the colons of an account token as they are and encodes those of a service token.
            SasType::Account => token.push_str(&format!("se={end}&")),
            SasType::Service => token.push_str(&format!("se={}&", encode(&end))),
        }
        self.append(&mut token, last);
        token.push_str(&format!("sig={}", encode(&signature)));
        token
    }

    fn append(&self, token: &mut String, names: &[&str]) {
        for name in names {
            let value = self.value(name);
            if !value.is_empty() {
                token.push_str(&format!("{name}={}&", encode(value)));
            }
        }
    }

    fn text_to_sign(&self, account: &str, end: &str) -> String {
        let of = |name| self.value(name);
        match &self.resource {
            None => {
                let lines = [
                    account,
                    of("sp"),
                    of("ss"),
                    of("srt"),
                    "",
                    end,
                    of("sip"),
                    of("spr"),
                    of("sv"),
                    "",
                ];
                lines.join("\n")
            }
            Some((service, path)) => {
                let resource = format!("/{service}/{account}/{path}");
                let head = [
                    of("sp"),
                    "",
                    end,
                    &resource,
                    "",
                    of("sip"),
                    of("spr"),
                    of("sv"),
                ];
                let tail = [of("rscc"), of("rscd"), of("rsce"), of("rscl"), of("rsct")];
                head.into_iter().chain(tail).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn value(&self, name: &str) -> &str {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    fn check(&self) -> Result<(), String> {
        let required: &[&str] = match self.kind {
            SasType::Account => &["sv", "ss", "srt", "sp"],
            SasType::Service => &["sv", "sr", "sp"],
        };
        if let Some(missing) = required.iter().find(|name| self.value(name).is_empty()) {
            return Err(format!("The templateUri has no parameter {missing}"));
        }
        if self.value("sv") < OLDEST_VERSION {
            return Err(format!(
                "The signed version of the templateUri is older than {OLDEST_VERSION}"
            ));
        }
        Ok(())
    }

    fn signed_resource(&self, text: &str) -> Result<(String, String), String> {
        let address = url::Url::parse(text)
            .map_err(|_| "The templateUri of a service SAS must be a full address".to_owned())?;
        let host = address.host_str().unwrap_or_default();
        let service = host.split('.').nth(1).unwrap_or_default();
        if service != "blob" && service != "file" {
            return Err("The emulator signs service SAS of blob and file services only".to_owned());
        }
        let path = percent_encoding::percent_decode_str(address.path()).decode_utf8_lossy();
        let path = path.trim_matches('/');
        let container = path.split('/').next().unwrap_or_default();
        let signed = if matches!(self.value("sr"), "c" | "s") {
            container
        } else {
            path
        };
        if signed.is_empty() {
            return Err("The templateUri of a service SAS names no container".to_owned());
        }
        Ok((service.to_owned(), signed.to_owned()))
    }
}

fn sign(key: &[u8], text: &str) -> String {
    STANDARD.encode(hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, key),
        text.as_bytes(),
    ))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str =
        "sv=2018-03-28&ss=bqtf&srt=sco&sp=rwdlacup&spr=https&se=2001-01-01&sig=ignored";

    fn end() -> Timestamp {
        "2026-01-01T04:00:01Z".parse().expect("a valid time")
    }

    #[test]
    fn the_published_vector_of_an_account_token_is_met() {
        let key = STANDARD.decode("00000000").expect("valid Base64");
        let text = "clitestkvsa0000002\nrwdlacup\nbqtf\nsco\n\n2020-01-01\n\nhttps\n2018-03-28\n";
        assert_eq!(
            sign(&key, text),
            "vAqVNGEF20vtk4N+yoRgJONMmzWu39asaLu7qaSs8Pw="
        );
        let template = Template::parse(SasType::Account, ACCOUNT).expect("a valid template");
        assert_eq!(
            template.text_to_sign("clitestkvsa0000002", "2020-01-01"),
            text
        );
    }

    #[test]
    fn an_account_token_has_the_order_of_key_vault_and_plain_colons() {
        let template = Template::parse(SasType::Account, ACCOUNT).expect("a valid template");
        let token = template.mint("stlogs", &KeyMaterial::from_bytes(vec![0; 64]), end());
        let signed =
            "?sv=2018-03-28&ss=bqtf&srt=sco&sp=rwdlacup&se=2026-01-01T04:00:01Z&spr=https&sig=";
        assert!(token.starts_with(signed), "{token}");
    }

    #[test]
    fn a_service_token_signs_the_old_layout_and_encodes_its_end() {
        let text =
            "https://stlogs.blob.core.windows.net/cont1/a%20b?sp=r&sv=2018-03-28&sr=b&sig=ignored";
        let template = Template::parse(SasType::Service, text).expect("a valid template");
        let token = template.mint("stlogs", &KeyMaterial::from_bytes(vec![0; 64]), end());
        assert!(
            token.starts_with("?sv=2018-03-28&sr=b&sp=r&se=2026-01-01T04%3A00%3A01Z&sig="),
            "{token}"
        );
        let lines = "r\n\nEND\n/blob/stlogs/cont1/a b\n\n\n\n2018-03-28\n\n\n\n\n";
        assert_eq!(template.text_to_sign("stlogs", "END"), lines);
    }

    #[test]
    fn a_container_token_signs_the_container_alone() {
        let text = "https://stlogs.blob.core.windows.net/cont1/deep/er?sp=rl&sv=2018-03-28&sr=c";
        let template = Template::parse(SasType::Service, text).expect("a valid template");
        assert_eq!(
            template.resource,
            Some(("blob".to_owned(), "cont1".to_owned()))
        );
    }

    #[test]
    fn a_template_that_lacks_what_must_be_signed_is_refused() {
        let refused = |kind, text| Template::parse(kind, text).is_err();
        assert!(refused(SasType::Account, "sv=2018-03-28&ss=b&srt=o"));
        assert!(refused(SasType::Account, "sv=2014-02-14&ss=b&srt=o&sp=r"));
        assert!(refused(SasType::Service, "sv=2018-03-28&sr=b&sp=r"));
        assert!(refused(
            SasType::Service,
            "https://stlogs.queue.core.windows.net/q?sv=2018-03-28&sr=b&sp=r"
        ));
        assert!(refused(
            SasType::Service,
            "https://stlogs.blob.core.windows.net/?sv=2018-03-28&sr=c&sp=r"
        ));
    }
}
