//! Events as Event Grid posts them: to subscribers on this machine, at least once, with a few tries. What there is to tell
//! comes from the world.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::{Host, Url};

use crate::clock::pause;
use crate::journal::{JournalEntry, shown_url};
use crate::shared::Shared;
use crate::world::World;
use crate::world::expiry::NearExpiry;

/// How often a delivery is tried.
const TRIES: u32 = 3;
/// How long a subscriber may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the next try waits.
const BETWEEN: Duration = Duration::from_secs(1);

/// An address that events cannot be posted to.
#[derive(Debug, Error)]
#[error("events are posted to http addresses on loopback only, not to `{url}`")]
pub struct SubscriberError {
    url: String,
}

/// Those who hear of events.
#[derive(Debug, Default)]
pub(crate) struct Subscribers(BTreeSet<Url>);

impl Subscribers {
    /// Adds an address.
    pub(crate) fn add(&mut self, url: &str) -> Result<(), SubscriberError> {
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
        if parsed.scheme() != "http" || !is_loopback {
            return Err(refused());
        }
        self.0.insert(parsed);
        Ok(())
    }

    /// Forgets all addresses.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Gives all addresses.
    pub(crate) fn urls(&self) -> Vec<Url> {
        self.0.iter().cloned().collect()
    }
}

/// Posts events as they come, until the emulator stops.
pub(crate) async fn deliver(
    shared: Arc<Shared>,
    mut events: mpsc::UnboundedReceiver<Vec<NearExpiry>>,
) {
    while let Some(events) = events.recv().await {
        let body = {
            let (world, _) = shared.world();
            let written: Vec<Value> = events.iter().map(|event| written(&world, event)).collect();
            json!(written).to_string()
        };
        let urls = shared.subscribers().urls();
        for url in urls {
            post_with_patience(&shared, &url, &body).await;
        }
    }
}

async fn post_with_patience(shared: &Shared, url: &Url, body: &str) {
    for attempt in 1..=TRIES {
        let status = timeout(PATIENCE, post(url, body)).await.ok().flatten();
        shared.record(JournalEntry {
            at: shared.clock.now(),
            method: "POST".to_owned(),
            // A subscriber's address often has a key in its query.
            url: shown_url("http", url.authority(), url.path(), url.query()),
            status,
            operation: "EventGrid_Publish".to_owned(),
            caller: None,
            bug: false,
        });
        if status.is_some_and(|status| status < 300) || attempt == TRIES {
            return;
        }
        pause(BETWEEN).await;
    }
}

/// Posts a body and gives the status, or nothing if nobody answers.
async fn post(url: &Url, body: &str) -> Option<u16> {
    let address = url.socket_addrs(|| Some(80)).ok()?;
    let stream = TcpStream::connect(address.as_slice()).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .ok()?;
    // It ends with the sender.
    tokio::spawn(connection);
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let request = Request::post(path)
        .header("host", url.authority())
        .header("content-type", "application/json; charset=utf-8")
        .header("aeg-event-type", "Notification")
        .body(Full::new(Bytes::from(body.to_owned())))
        .ok()?;
    let answer = sender.send_request(request).await.ok()?;
    Some(answer.status().as_u16())
}

fn written(world: &World, event: &NearExpiry) -> Value {
    let NearExpiry {
        vault,
        name,
        version,
        ..
    } = event;
    let url = world.cloud.vault_url(vault);
    let topic = world.vault(vault).map(crate::world::vault::Vault::id);
    json!({
        "id": format!("{version}-near-expiry"),
        "topic": topic.unwrap_or_default(),
        "subject": name,
        "eventType": "Microsoft.KeyVault.SecretNearExpiry",
        "eventTime": event.at.to_string(),
        "data": {
            "Id": format!("{url}/secrets/{name}/{version}"),
            "VaultName": vault,
            "ObjectType": "Secret",
            "ObjectName": name,
            "Version": version,
            "NBF": event.not_before,
            "EXP": event.expires,
        },
        "dataVersion": "1",
        "metadataVersion": "1",
    })
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
            assert!(subscribers.add(url).is_ok(), "{url}");
        }
        for url in [
            "https://127.0.0.1/",
            "http://example.com/",
            "http://10.0.0.1/",
            "soon",
        ] {
            assert!(subscribers.add(url).is_err(), "{url}");
        }
    }
}
