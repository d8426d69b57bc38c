//! Events as Event Grid posts them: to subscribers on this machine that have proven to want them, at least once, with a
//! few tries. What there is to tell comes from the world.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use crate::clock::pause;
use crate::journal::{JournalEntry, shown_url};
use crate::shared::Shared;
use crate::world::World;
use crate::world::expiry::NearExpiry;

mod post;
pub(crate) mod subscribers;

use post::{Answer, post};

/// How often a delivery is tried.
const TRIES: u32 = 3;
/// How long a subscriber may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the next try waits.
const BETWEEN: Duration = Duration::from_secs(1);

/// What the delivery does next, in the order in which it was asked.
pub(crate) enum Errand {
    /// Asks a new subscriber whether it wants events.
    Ask(Url),
    /// Tells those that want to hear of it.
    Tell(Vec<NearExpiry>),
}

/// What a subscriber answers to the question whether it wants events.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Validation {
    validation_response: String,
}

/// Posts events as they come, until the emulator stops. `control` is where a subscriber may prove itself later.
pub(crate) async fn deliver(
    shared: Arc<Shared>,
    mut errands: mpsc::UnboundedReceiver<Errand>,
    control: SocketAddr,
) {
    while let Some(errand) = errands.recv().await {
        match errand {
            Errand::Ask(url) => ask(&shared, &url, control).await,
            Errand::Tell(events) => tell(&shared, &events).await,
        }
    }
}

/// Asks a subscriber whether it wants events. Until it says so, it hears of none.
async fn ask(shared: &Shared, url: &Url, control: SocketAddr) {
    let Some(code) = shared.subscribers().code(url) else {
        return;
    };
    let body = json!([{
        "id": code,
        "topic": "",
        "subject": "",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": shared.clock.now().to_string(),
        "data": {
            "validationCode": code,
            "validationUrl": format!("http://{control}/subscribers/validate?id={code}"),
        },
        "dataVersion": "2",
        "metadataVersion": "1",
    }]);
    let answer = persist(shared, url, "SubscriptionValidation", &body.to_string()).await;
    let proof = answer.and_then(|answer| serde_json::from_slice::<Validation>(&answer.body).ok());
    match proof {
        Some(proof) if shared.subscribers().validate(&proof.validation_response) => {
            shared.note_change();
        }
        _ => tracing::warn!(
            host = url.authority(),
            "a subscriber has not validated itself"
        ),
    }
}

async fn tell(shared: &Shared, events: &[NearExpiry]) {
    let body = {
        let (world, _) = shared.world();
        let written: Vec<Value> = events.iter().map(|event| written(&world, event)).collect();
        json!(written).to_string()
    };
    let urls = shared.subscribers().validated();
    for url in urls {
        persist(shared, &url, "Notification", &body).await;
    }
}

/// Posts until the subscriber takes it, or has been asked often enough. Gives the answer if it took it.
async fn persist(shared: &Shared, url: &Url, kind: &'static str, body: &str) -> Option<Answer> {
    for attempt in 1..=TRIES {
        if attempt > 1 {
            pause(BETWEEN).await;
        }
        let answer = timeout(PATIENCE, post(url, kind, body))
            .await
            .ok()
            .flatten();
        shared.record(JournalEntry {
            at: shared.clock.now(),
            method: "POST".to_owned(),
            // A subscriber's address often has a key in its query.
            url: shown_url("http", url.authority(), url.path(), url.query()),
            status: answer.as_ref().map(|answer| answer.status),
            operation: "EventGrid_Publish".to_owned(),
            caller: None,
            bug: false,
            fault: None,
        });
        let taken = answer.filter(|answer| answer.status < 300);
        if taken.is_some() {
            return taken;
        }
    }
    None
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
