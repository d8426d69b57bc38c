//! Those who hear of events: addresses on this machine, each of which has to prove first that it wants them.

use std::collections::BTreeMap;

use thiserror::Error;
use url::{Host, Url};

/// An address that events cannot be posted to.
#[derive(Debug, Error)]
#[error("events are posted to http addresses on loopback only, not to `{url}`")]
pub struct SubscriberError {
    url: String,
}

/// How far the handshake with a subscriber is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    /// It was asked, or will be, and has to answer with the code or to open the address with it.
    Waiting {
        /// What proves that it is the one that was asked.
        code: String,
    },
    /// It hears of events.
    Validated,
}

/// Those who hear of events.
#[derive(Debug, Default)]
pub(crate) struct Subscribers(BTreeMap<Url, Handshake>);

impl Subscribers {
    /// Adds an address that has to prove itself with a code. One that is known has to do so again.
    pub(crate) fn add(&mut self, url: &str, code: String) -> Result<Url, SubscriberError> {
        let url = on_loopback(url)?;
        self.0.insert(url.clone(), Handshake::Waiting { code });
        Ok(url)
    }

    /// Takes up an address that has proven itself in an earlier run.
    pub(crate) fn take_up(&mut self, url: &str) -> Result<(), SubscriberError> {
        self.0.insert(on_loopback(url)?, Handshake::Validated);
        Ok(())
    }

    /// Gives the code that an address has to prove itself with; nothing if it need not.
    pub(crate) fn code(&self, url: &Url) -> Option<String> {
        match self.0.get(url) {
            Some(Handshake::Waiting { code }) => Some(code.clone()),
            _ => None,
        }
    }

    /// Notes that somebody has proven to be the one that was asked with this code. Says whether there was one.
    pub(crate) fn validate(&mut self, proof: &str) -> bool {
        let waits =
            |state: &Handshake| matches!(state, Handshake::Waiting { code } if code == proof);
        let found = self.0.values_mut().find(|state| waits(state));
        found.map(|state| *state = Handshake::Validated).is_some()
    }

    /// Forgets all addresses.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Gives all addresses with the state of their handshake.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Url, &Handshake)> {
        self.0.iter()
    }

    /// Gives the addresses that hear of events.
    pub(crate) fn validated(&self) -> Vec<Url> {
        let all = self.0.iter();
        let heard = all.filter(|(_, state)| **state == Handshake::Validated);
        heard.map(|(url, _)| url.clone()).collect()
    }
}

/// Reads an address that events may be posted to.
fn on_loopback(url: &str) -> Result<Url, SubscriberError> {
    let refused = || SubscriberError {
        url: url.to_owned(),
    };
    let parsed = Url::parse(url).map_err(|_| refused())?;
    let is_loopback = match parsed.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if parsed.scheme() == "http" && is_loopback {
        Ok(parsed)
    } else {
        Err(refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_stay_on_this_machine() {
        let mut subscribers = Subscribers::default();
        for url in [
            "http://127.0.0.1:7071/hook?code=x",
            "http://localhost/",
            "http://[::1]:80/",
        ] {
            assert!(subscribers.add(url, String::new()).is_ok(), "{url}");
        }
        for url in [
            "https://127.0.0.1/",
            "http://example.com/",
            "http://10.0.0.1/",
            "soon",
        ] {
            assert!(subscribers.add(url, String::new()).is_err(), "{url}");
        }
    }

    #[test]
    fn nobody_hears_of_events_before_the_code_comes_back() {
        let mut subscribers = Subscribers::default();
        let added = subscribers.add("http://localhost/", "code".to_owned());
        let url = added.expect("an address on loopback");
        assert!(!subscribers.validate("another"));
        assert_eq!(subscribers.validated(), []);
        assert!(subscribers.validate("code"));
        assert_eq!(subscribers.validated(), std::slice::from_ref(&url));
        assert_eq!(subscribers.code(&url), None);
        let again = subscribers.add("http://localhost/", "new".to_owned());
        assert_eq!(again.ok(), Some(url));
        assert_eq!(subscribers.validated(), []);
    }
}
