//! Where the key of an account is published: declared for it, found by its tags, or by a rule for all.
//!
//! A secret that clients read already goes before a rule for all: a key that were published beside
//! it would leave them with the old one.

use azure::cloud::Cloud;
use azure::id::{SecretName, StorageAccountId, VaultUrl};
use clap::ValueEnum;
use engine::check::accounts::CheckedAccount;
use engine::direct::SecretPlace;

use super::args::{PlanArgs, SecretTemplate};
use crate::config::places::{PlaceRule, Places};
use crate::plan_file::Content;

/// The longest name of an account, to see that names made of it are not too long.
const SOME_ACCOUNT: &str = "anaccountoftwentyfourlet";

/// The places that are declared.
#[derive(Debug)]
pub(super) struct Declared {
    vault_uri: Option<String>,
    secret_name: Option<SecretTemplate>,
    content: Content,
    /// Whether that was said for this run.
    is_content_said: bool,
    places: Places,
}

/// A place, and what is kept there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Destination {
    pub(super) place: SecretPlace,
    pub(super) content: Content,
    /// Other secrets that say they hold a key of the account.
    pub(super) others: Vec<String>,
}

impl Declared {
    /// Puts together what the command line and the file say.
    pub(super) fn new(args: &PlanArgs, places: Places) -> Self {
        Self {
            vault_uri: args.vault_uri.clone(),
            secret_name: args.secret_name.clone(),
            content: args.content.unwrap_or_default(),
            is_content_said: args.content.is_some(),
            places,
        }
    }

    /// Finds the place of an account.
    ///
    /// # Errors
    /// Why it has none, in words.
    pub(super) fn of(
        &self,
        account: &CheckedAccount,
        cloud: &Cloud,
    ) -> Result<Destination, String> {
        let published = &account.observation.published;
        let (place, content) = self.place(&account.id, published, cloud)?;
        let here = format!("{}/{}", place.vault.name(), place.name);
        let others = published
            .iter()
            .filter(|one| !one.eq_ignore_ascii_case(&here));
        Ok(Destination {
            place,
            content,
            others: others.cloned().collect(),
        })
    }

    /// Tells whether keys are declared to be published in a vault.
    pub(super) fn names(&self, vault: &VaultUrl, cloud: &Cloud) -> bool {
        let own = self.places.account.iter();
        let own = own.filter_map(|rule| rule.vault_uri.as_ref());
        let mut all = own.chain(&self.vault_uri).chain(&self.places.vault_uri);
        all.any(|uri| VaultUrl::parse(uri, cloud).is_ok_and(|known| known == *vault))
    }

    /// Tells whether anything is said of what the secret of an account holds.
    pub(super) fn says_content(&self, id: &StorageAccountId) -> bool {
        let rule = self.rule(id).and_then(|rule| rule.content.as_ref());
        self.is_content_said || rule.is_some()
    }

    fn rule(&self, id: &StorageAccountId) -> Option<&PlaceRule> {
        let mut rules = self.places.account.iter();
        rules.find(|rule| rule.accounts.describes(id))
    }

    /// Finds the place of an account, of which these secrets say that they hold a key.
    pub(super) fn place(
        &self,
        id: &StorageAccountId,
        published: &[String],
        cloud: &Cloud,
    ) -> Result<(SecretPlace, Content), String> {
        let rule = self.rule(id);
        let said = rule.and_then(|rule| rule.content.as_deref());
        let content = match said.filter(|_| !self.is_content_said) {
            None => self.content,
            Some(text) => Content::from_str(text, false).map_err(|_| bad_content(text))?,
        };
        let own_name = rule.and_then(|rule| rule.secret_name.as_deref());
        let own_vault = rule.and_then(|rule| rule.vault_uri.as_deref());
        if own_name.is_none() && own_vault.is_none() {
            match published {
                [] => {}
                [one] => return Ok((found(one, cloud)?, content)),
                several => {
                    return Err(format!(
                        "several secrets say they hold its key: {}; declare one of them",
                        several.join(", ")
                    ));
                }
            }
        }
        let vault = own_vault
            .or(self.vault_uri.as_deref())
            .or(self.places.vault_uri.as_deref());
        let of_all = || self.name_for(id.name());
        let name = own_name.map(|name| put(name, id.name())).or_else(of_all);
        match (vault, name) {
            (Some(vault), Some(name)) => Ok((declared(vault, &name, cloud)?, content)),
            _ => Err("no place to publish its key is known".to_owned()),
        }
    }

    fn name_for(&self, account: &str) -> Option<String> {
        let said = self.secret_name.as_ref();
        let said = said.map(|template| template.name_for(account));
        // In a file for all accounts the name has to tell them apart as well.
        said.or_else(|| {
            let kept = self.places.secret_name.as_deref()?;
            let template: SecretTemplate = kept.parse().ok()?;
            Some(template.name_for(account))
        })
    }
}

/// Reads what a file declares for somebody who wants to mend it: gives the mistakes, by the number of
/// the rule, or without one for the section itself.
pub(in crate::command) fn faults(places: &Places, cloud: &Cloud) -> Vec<(Option<usize>, String)> {
    let vault = |uri: &Option<String>| {
        let parsed = uri.as_ref().map(|uri| VaultUrl::parse(uri, cloud));
        parsed.and_then(|parsed| Some(parsed.err()?.to_string()))
    };
    let template = places.secret_name.as_ref().map(|name| {
        let template: Result<SecretTemplate, _> = name.parse();
        let template = template.map_err(|error| error.to_string())?;
        parse(&template.name_for(SOME_ACCOUNT))
    });
    let template = template.and_then(Result::err);
    let general = vault(&places.vault_uri).into_iter().chain(template);
    let mut found: Vec<_> = general.map(|what| (None, what)).collect();
    for (number, rule) in places.account.iter().enumerate() {
        let name = rule
            .secret_name
            .as_ref()
            .map(|name| parse(&put(name, SOME_ACCOUNT)));
        let content = rule
            .content
            .as_ref()
            .filter(|text| Content::from_str(text, false).is_err());
        let has_place = rule.vault_uri.is_some() || places.vault_uri.is_some();
        let has_name = rule.secret_name.is_some() || places.secret_name.is_some();
        let own = vault(&rule.vault_uri).into_iter();
        let own = own.chain(name.and_then(Result::err));
        let own = own.chain(content.map(|text| bad_content(text)));
        let own = own.chain((!has_place).then(|| "it has no vault_uri".to_owned()));
        let own = own.chain((!has_name).then(|| "it has no secret_name".to_owned()));
        found.extend(own.map(|what| (Some(number + 1), what)));
    }
    found
}

fn bad_content(text: &str) -> String {
    format!("`{text}` is neither key nor connection_string")
}

fn put(name: &str, account: &str) -> String {
    let template = name.parse::<SecretTemplate>();
    template.map_or_else(|_| name.to_owned(), |template| template.name_for(account))
}

fn found(text: &str, cloud: &Cloud) -> Result<SecretPlace, String> {
    let (vault, name) = text.split_once('/').unwrap_or((text, ""));
    let vault = VaultUrl::of_name(vault, cloud).map_err(|error| error.to_string())?;
    Ok(SecretPlace {
        vault,
        name: parse(name)?,
    })
}

fn declared(vault: &str, name: &str, cloud: &Cloud) -> Result<SecretPlace, String> {
    let vault = VaultUrl::parse(vault, cloud).map_err(|error| error.to_string())?;
    Ok(SecretPlace {
        vault,
        name: parse(name)?,
    })
}

fn parse(name: &str) -> Result<SecretName, String> {
    name.parse()
        .map_err(|error: azure::id::IdError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/\
                      providers/Microsoft.Storage/storageAccounts/stlogs";

    /// Finds the place with one rule of the file and one template of the command line.
    fn check(rule: Option<(&str, &str)>, template: Option<&str>, tags: &[&str], expected: &str) {
        let rules = rule.map(|(accounts, name)| PlaceRule {
            accounts: accounts.parse().expect("a pattern"),
            vault_uri: None,
            secret_name: Some(name.to_owned()),
            content: Some("connection_string".to_owned()),
        });
        let declared = Declared {
            vault_uri: Some("https://kvs.vault.azure.net/".to_owned()),
            secret_name: template.map(|text| text.parse().expect("a template")),
            content: Content::Key,
            is_content_said: false,
            places: Places {
                account: rules.into_iter().collect(),
                ..Places::default()
            },
        };
        let tags: Vec<_> = tags.iter().map(|&tag| tag.to_owned()).collect();
        let id = ID.parse().expect("an id");
        let said = match declared.place(&id, &tags, &Cloud::Public) {
            Ok((place, content)) => format!("{place} {content:?}"),
            Err(reason) => reason,
        };
        assert!(said.contains(expected), "{said}");
    }

    #[test]
    fn a_rule_of_its_own_goes_before_tags_and_tags_before_a_rule_for_all() {
        let own = "https://kvs.vault.azure.net/secrets/own ConnectionString";
        check(Some(("st*", "own")), Some("st-{account}"), &["kvs/x"], own);
        let tagged = "https://other.vault.azure.net/secrets/x Key";
        check(
            Some(("sx*", "own")),
            Some("st-{account}"),
            &["other/x"],
            tagged,
        );
        let of_all = "https://kvs.vault.azure.net/secrets/st-stlogs Key";
        check(None, Some("st-{account}"), &[], of_all);
    }

    #[test]
    fn an_account_without_a_place_or_with_two_has_none() {
        check(None, None, &[], "no place to publish its key is known");
        check(
            None,
            Some("x-{account}"),
            &["a/x", "b/x"],
            "several secrets",
        );
        check(None, Some("no_{account}"), &[], "no_stlogs");
    }
}
