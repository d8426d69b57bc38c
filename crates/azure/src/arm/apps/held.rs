//! What a text holds that a storage account's key is or has made: the forms that Azure's libraries read.
//!
//! A text that cannot be told apart from a key is said to be one, of an account that is not known.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The length of a storage key, in bytes.
const KEY_LENGTH: usize = 64;

/// The services of an account, as they stand behind its name in an address.
const SERVICES: [&str; 5] = ["blob", "queue", "table", "file", "dfs"];

/// Is something that a storage key is or has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it is.
    pub what: What,
    /// The name of the account, if the text says it.
    pub account: Option<String>,
}

/// Says what a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A key.
    Key,
    /// A token that a key has signed.
    Token,
}

/// Finds what a text holds.
pub(super) fn held_in(text: &str) -> Vec<Held> {
    let text = text.trim();
    // Such a text names where a secret is, and holds none.
    if text.starts_with("@Microsoft.") {
        return Vec::new();
    }
    let parts = Parts::of(text);
    let found = [parts.key(), parts.token(), signed_address(text)];
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    found.dedup();
    if found.is_empty() && is_bare_key(text) {
        found.push(held(What::Key, None));
    }
    found
}

fn held(what: What, account: Option<String>) -> Held {
    let account = account.map(|name| name.to_ascii_lowercase());
    Held { what, account }
}

/// The parts of a connection string, which may stand inside of another form, such as JSON.
struct Parts<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let parts = text.split([';', '"', '\'', ',', ' ', '\n']);
        let parts = parts.filter_map(|part| part.split_once('='));
        Self(
            parts
                .map(|(name, value)| (name.trim(), value.trim()))
                .collect(),
        )
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        let mut parts = self.0.iter();
        let found = parts.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found
            .map(|(_, value)| *value)
            .filter(|value| !value.is_empty())
    }

    fn account(&self) -> Option<String> {
        let named = self.value("AccountName").map(str::to_owned);
        let endpoints = [
            "BlobEndpoint",
            "QueueEndpoint",
            "TableEndpoint",
            "FileEndpoint",
        ];
        let mut endpoints = endpoints.into_iter().filter_map(|name| self.value(name));
        named.or_else(|| endpoints.find_map(account_of_address))
    }

    fn key(&self) -> Option<Held> {
        self.value("AccountKey")?;
        // Azure Cosmos DB has keys by the same name.
        let is_other = self.value("AccountEndpoint").is_some();
        (!is_other).then(|| held(What::Key, self.account()))
    }

    fn token(&self) -> Option<Held> {
        let token = self.value("SharedAccessSignature")?;
        is_signed_with_a_key(token).then(|| held(What::Token, self.account()))
    }
}

/// Finds a token in the address of something in an account.
fn signed_address(text: &str) -> Option<Held> {
    let (address, query) = text.split_once('?')?;
    let account = account_of_address(address)?;
    is_signed_with_a_key(query).then(|| held(What::Token, Some(account)))
}

fn account_of_address(address: &str) -> Option<String> {
    let (_, host) = address.rsplit_once("://")?;
    let host = host.split('/').next()?;
    let (account, rest) = host.split_once('.')?;
    let service = rest.split('.').next()?;
    SERVICES.contains(&service).then(|| account.to_owned())
}

/// A token that a user's own key has signed names that user, and lives on without the account's keys.
fn is_signed_with_a_key(query: &str) -> bool {
    let has = |name: &str| {
        let mut fields = query.trim_start_matches('?').split('&');
        fields.any(|field| field.to_ascii_lowercase().starts_with(name))
    };
    has("sig=") && !has("skoid=")
}

fn is_bare_key(text: &str) -> bool {
    STANDARD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == KEY_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMw==";
    const SAS: &str = "sv=2018-03-28&ss=b&srt=o&sp=r&se=2026-01-01&sig=abc%3D";

    fn check(text: &str, expected: &[&str]) {
        let text = text.replace("KEY", KEY).replace("SAS", SAS);
        let said = |one: &Held| {
            format!(
                "{:?} of {}",
                one.what,
                one.account.as_deref().unwrap_or("?")
            )
        };
        let found: Vec<_> = held_in(&text).iter().map(said).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_key_is_found_in_every_form_that_clients_read() {
        let whole = "DefaultEndpointsProtocol=https;AccountName=stlogs;AccountKey=KEY;\
                     EndpointSuffix=core.windows.net";
        check(whole, &["Key of stlogs"]);
        check("accountkey=KEY; accountname=STLOGS ;", &["Key of stlogs"]);
        check(
            "BlobEndpoint=https://stlogs.blob.core.windows.net/;AccountKey=KEY",
            &["Key of stlogs"],
        );
        check(
            "{\"c\":\"AccountName=stlogs;AccountKey=KEY\"}",
            &["Key of stlogs"],
        );
        check("AccountKey=KEY", &["Key of ?"]);
        check("KEY", &["Key of ?"]);
        check("  KEY\n", &["Key of ?"]);
    }

    #[test]
    fn a_token_is_found_if_a_key_has_signed_it() {
        let address = "https://stlogs.blob.core.windows.net/c/b";
        check(&format!("{address}?SAS"), &["Token of stlogs"]);
        check(&format!("{address}?SAS&skoid=1&sktid=2"), &[]);
        check(
            "BlobEndpoint=https://stlogs.blob.core.windows.net;SharedAccessSignature=SAS",
            &["Token of stlogs"],
        );
        check("SharedAccessSignature=SAS", &["Token of ?"]);
        check("https://elsewhere.example/c?SAS", &[]);
    }

    #[test]
    fn what_only_names_an_account_or_a_secret_holds_nothing() {
        check(
            "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/s)",
            &[],
        );
        check("https://stlogs.blob.core.windows.net/", &[]);
        check(
            "DefaultEndpointsProtocol=https;AccountName=stlogs;AccountKey=",
            &[],
        );
        check(
            "AccountEndpoint=https://c.documents.azure.com;AccountKey=KEY",
            &[],
        );
        check("UseDevelopmentStorage=true", &[]);
        check("", &[]);
        check("MDEy", &[]);
    }
}
