//! The way to a cluster by its API: one request, its answer, and the server's words if it refuses.
//!
//! kube makes the connection and signs in. The answers are read here, since kube writes an answer
//! that it cannot read to the log, and that may hold a secret.

use http::{Method, Request, header};
use kube::Client;
use kube::client::Body;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, Step, clean};

/// What a request sends.
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) content: Option<(&'static str, Vec<u8>)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
}

/// Sends a request and reads its answer; nothing if the object is not there.
pub(crate) async fn send(
    client: &Client,
    sent: Sent,
    step: Step<'_>,
) -> Result<Option<Value>, Error> {
    let mut request = Request::builder()
        .method(&sent.method)
        .uri(&sent.path)
        .header(header::ACCEPT, "application/json");
    if let Some((kind, _)) = &sent.content {
        request = request.header(header::CONTENT_TYPE, *kind);
    }
    let content = sent.content.map(|(_, content)| content).unwrap_or_default();
    let request = request
        .body(Body::from(content))
        .map_err(|error| step.unanswered(error))?;
    let answer = client.send(request).await;
    let answer = answer.map_err(|error| step.unanswered(clean(error)))?;
    let status = answer.status();
    let content = answer.into_body().collect_bytes().await;
    let content = content.map_err(|error| step.unanswered(clean(error)))?;
    if status.is_success() {
        let object = serde_json::from_slice(&content).map_err(|_| step.unreadable())?;
        return Ok(Some(object));
    }
    if status == 404 && sent.method == Method::GET && is_about_the_object(&content, step) {
        return Ok(None);
    }
    let said: Status = serde_json::from_slice(&content).unwrap_or_default();
    Err(step.refused(status.as_str(), &said.message))
}

/// A namespace that is not there answers 404 as well, and so does a server that knows no such kind.
fn is_about_the_object(content: &[u8], step: Step<'_>) -> bool {
    let said: Value = serde_json::from_slice(content).unwrap_or_default();
    let text = |pointer| said.pointer(pointer).and_then(Value::as_str);
    text("/reason") == Some("NotFound")
        && text("/details/name") == Some(step.object.name())
        && text("/details/kind") == Some(&format!("{}s", step.object.kind().word()))
}
