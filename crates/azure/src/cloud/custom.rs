//! Clouds of which only settings know: checked, and kept for the life of the process.
//!
//! A process meets one of them, or two with an alias, so what is kept is small; and a cloud stays a
//! value that is copied.

use std::sync::{PoisonError, RwLock};

use url::Url;
use uuid::Uuid;

use super::{CloudEndpoints, CloudError, Endpoints, PUBLIC};

static INTERNED: RwLock<Vec<&'static Endpoints>> = RwLock::new(Vec::new());

/// Gives all clouds that were made.
pub(super) fn interned() -> Vec<&'static Endpoints> {
    INTERNED
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Checks the endpoints of a cloud and keeps them, unless they are kept already.
pub(super) fn intern(given: &CloudEndpoints) -> Result<&'static Endpoints, CloudError> {
    let checked = Checked::of(given)?;
    let mut interned = INTERNED.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(same) = interned.iter().find(|known| checked.is(known)) {
        return Ok(same);
    }
    let endpoints: &'static Endpoints = Box::leak(Box::new(checked.leak()));
    interned.push(endpoints);
    Ok(endpoints)
}

struct Checked {
    authority: String,
    arm: String,
    arm_scope: String,
    vault_suffix: String,
    storage_suffix: String,
    graph: String,
    graph_scope: String,
    key_vault_application_id: String,
}

impl Checked {
    fn of(given: &CloudEndpoints) -> Result<Self, CloudError> {
        let arm = address("resource_manager", &given.resource_manager)?;
        let audience = match &given.resource_manager_audience {
            Some(audience) => audience_of(audience)?,
            None => arm.clone(),
        };
        let graph = address("graph", &given.graph)?;
        Ok(Self {
            authority: address("authority", &given.authority)?,
            arm,
            arm_scope: format!("{audience}/.default"),
            vault_suffix: suffix("vault_suffix", &given.vault_suffix)?,
            storage_suffix: suffix("storage_suffix", &given.storage_suffix)?,
            graph_scope: format!("{graph}/.default"),
            graph,
            key_vault_application_id: application(given.key_vault_application_id.as_deref())?,
        })
    }

    fn is(&self, known: &Endpoints) -> bool {
        self.authority == known.authority
            && self.arm == known.arm
            && self.arm_scope == known.arm_scope
            && self.vault_suffix == known.vault_suffix
            && self.storage_suffix == known.storage_suffix
            && self.graph == known.graph
            && self.key_vault_application_id == known.key_vault_application_id
    }

    fn leak(self) -> Endpoints {
        Endpoints {
            names: &["custom"],
            authority: self.authority.leak(),
            arm: self.arm.leak(),
            arm_scope: self.arm_scope.leak(),
            vault_suffix: self.vault_suffix.leak(),
            storage_suffix: self.storage_suffix.leak(),
            graph: self.graph.leak(),
            graph_scope: self.graph_scope.leak(),
            key_vault_application_id: self.key_vault_application_id.leak(),
            token_exchange_audience: PUBLIC.token_exchange_audience,
        }
    }
}

/// Takes an address of a host, and nothing on it.
fn address(field: &'static str, text: &str) -> Result<String, CloudError> {
    let rule = "it has the form https://{host}";
    let odd = || CloudError {
        field,
        text: text.to_owned(),
        rule,
    };
    let url = Url::parse(text).map_err(|_| odd())?;
    let is_bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if url.scheme() != "https" || !url.has_host() || !is_bare {
        return Err(odd());
    }
    Ok(url.origin().ascii_serialization())
}

/// Takes the audience of tokens, which may have a path, and keeps a slash at its end: Entra ID
/// compares texts.
fn audience_of(text: &str) -> Result<String, CloudError> {
    let is_plain = text.starts_with("https://")
        && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
        && Url::parse(text).is_ok_and(|url| url.query().is_none() && url.fragment().is_none());
    is_plain.then(|| text.to_owned()).ok_or_else(|| CloudError {
        field: "resource_manager_audience",
        text: text.to_owned(),
        rule: "it has the form https://{host}/{path}",
    })
}

/// Takes the end of host names: at least two words with a dot between them.
fn suffix(field: &'static str, text: &str) -> Result<String, CloudError> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word.len() < 64
            && !word.starts_with('-')
            && !word.ends_with('-')
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let text = text.to_ascii_lowercase();
    let is_suffix = text.split('.').count() > 1 && text.split('.').all(is_word);
    if is_suffix {
        return Ok(text);
    }
    let rule = "it is the end of a host name, without a dot before it";
    Err(CloudError { field, text, rule })
}

fn application(text: Option<&str>) -> Result<String, CloudError> {
    let Some(text) = text else {
        return Ok(PUBLIC.key_vault_application_id.to_owned());
    };
    let id = Uuid::try_parse(text).map_err(|_| CloudError {
        field: "key_vault_application_id",
        text: text.to_owned(),
        rule: "it has the form 00000000-0000-0000-0000-000000000000",
    })?;
    Ok(id.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::Cloud;
    use super::*;
    use crate::id::VaultUrl;

    fn stack() -> CloudEndpoints {
        CloudEndpoints {
            authority: "https://login.stack.example/".to_owned(),
            resource_manager: "https://Management.stack.example".to_owned(),
            resource_manager_audience: None,
            vault_suffix: "vault.stack.example".to_owned(),
            storage_suffix: "stack.example".to_owned(),
            graph: "https://graph.stack.example".to_owned(),
            key_vault_application_id: None,
        }
    }

    #[test]
    fn the_endpoints_of_settings_are_those_of_the_cloud() {
        let cloud = Cloud::custom(&stack()).expect("a cloud");
        assert_eq!(cloud.to_string(), "custom");
        assert_eq!(cloud.authority(), "https://login.stack.example");
        assert_eq!(cloud.arm_endpoint(), "https://management.stack.example");
        assert_eq!(
            cloud.arm_scope(),
            "https://management.stack.example/.default"
        );
        assert_eq!(cloud.vault_suffix(), "vault.stack.example");
        assert_eq!(cloud.storage_suffix(), "stack.example");
        assert_eq!(cloud.graph_scope(), "https://graph.stack.example/.default");
        let audience = Some("https://management.tenant.example/4c2f/".to_owned());
        let endpoints = CloudEndpoints {
            resource_manager_audience: audience,
            ..stack()
        };
        let other = Cloud::custom(&endpoints).expect("a cloud");
        assert_eq!(
            other.arm_scope(),
            "https://management.tenant.example/4c2f//.default"
        );
        assert_ne!(cloud, other);
    }

    #[test]
    fn a_cloud_is_known_once_it_was_made_and_made_once() {
        let endpoints = CloudEndpoints {
            vault_suffix: "vault.known.example".to_owned(),
            ..stack()
        };
        let cloud = Cloud::custom(&endpoints).expect("a cloud");
        assert_eq!(Cloud::custom(&endpoints), Ok(cloud));
        let known = Cloud::known();
        assert_eq!(known.iter().filter(|known| **known == cloud).count(), 1);
        let url = VaultUrl::parse_in_any_cloud("https://kv-logs.vault.known.example/");
        assert!(url.is_ok_and(|url| url.name() == "kv-logs"));
    }

    #[test]
    fn an_endpoint_that_could_lead_elsewhere_is_refused_by_its_name() {
        let check = |field: &str, change: fn(&mut CloudEndpoints, String), text: &str| {
            let mut endpoints = stack();
            change(&mut endpoints, text.to_owned());
            let error = Cloud::custom(&endpoints).expect_err(text);
            assert_eq!(error.field(), field, "{text}");
        };
        for text in [
            "",
            "login.example",
            "http://login.example",
            "https://",
            "https://user@login.example",
            "https://login.example/path",
            "https://login.example?x=y",
        ] {
            check("authority", |e, t| e.authority = t, text);
            check("resource_manager", |e, t| e.resource_manager = t, text);
            check("graph", |e, t| e.graph = t, text);
        }
        for text in [
            "",
            "net",
            ".vault.net",
            "vault.net.",
            "https://v.net",
            "v_a.net",
            "a b.c",
        ] {
            check("vault_suffix", |e, t| e.vault_suffix = t, text);
            check("storage_suffix", |e, t| e.storage_suffix = t, text);
        }
        for text in [
            "",
            "guid",
            "http://a.example",
            "https://a.example/?x",
            "https://a b",
        ] {
            check(
                "resource_manager_audience",
                |e, t| e.resource_manager_audience = Some(t),
                text,
            );
        }
        check(
            "key_vault_application_id",
            |e, t| e.key_vault_application_id = Some(t),
            "vault",
        );
    }
}
