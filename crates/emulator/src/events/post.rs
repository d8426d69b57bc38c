//! One POST to a subscriber, as Event Grid makes it.

use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

/// No answer that matters is longer.
const LARGEST_ANSWER: usize = 1 << 16;

/// What a subscriber answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// Posts a body and gives the answer, or nothing if nobody answers. `kind` is Event Grid's word for what it is.
pub(super) async fn post(url: &Url, kind: &'static str, body: &str) -> Option<Answer> {
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
        .header("aeg-event-type", kind)
        .body(Full::new(Bytes::from(body.to_owned())))
        .ok()?;
    let (parts, body) = sender.send_request(request).await.ok()?.into_parts();
    let body = Limited::new(body, LARGEST_ANSWER).collect().await.ok()?;
    Some(Answer {
        status: parts.status.as_u16(),
        body: body.to_bytes(),
    })
}
