//! The door in from the host of Azure Functions: HTTP on loopback. Turns bytes into a question and an
//! answer into bytes; what is done about it is decided elsewhere.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::host::{self, Answer, Asked};

/// Event Grid posts one megabyte at most, and the host wraps it.
const LARGEST_BODY: usize = 2 << 20;
/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something to do, and where its answer goes.
pub(super) struct Job {
    pub(super) asked: Asked,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// Opens the listener.
///
/// # Errors
/// The address cannot be had.
pub(super) async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Accepts connections until the stop, and lets the answers under way be sent.
pub(super) async fn serve(listener: TcpListener, jobs: mpsc::Sender<Job>, stop: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(attend(stream, jobs.clone(), stop.clone()));
            }
            // Out of file descriptors, or a client that left at once: the next may do better.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::task::yield_now().await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn attend(stream: TcpStream, jobs: mpsc::Sender<Job>, stop: CancellationToken) {
    let service = service_fn(move |request| {
        let jobs = jobs.clone();
        async move { Ok::<_, Infallible>(written(&answer(request, &jobs).await)) }
    });
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE);
    let mut connection = std::pin::pin!(server.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(request: Request<Incoming>, jobs: &mpsc::Sender<Job>) -> Answer {
    let (parts, body) = request.into_parts();
    let body = timeout(PATIENCE, Limited::new(body, LARGEST_BODY).collect()).await;
    let body = match body {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return host::refused(413, "the body is too large, or did not arrive whole"),
        Err(_) => return host::refused(408, "the body did not arrive in time"),
    };
    let asked = match host::read(parts.method.as_str(), parts.uri.path(), &body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    if let Some(answer) = host::at_once(&asked) {
        return answer;
    }
    let (answer, answered) = oneshot::channel();
    // Whoever waits for work does not begin it: a host that gives up leaves it to go on.
    let unanswered = || host::refused(503, "the handler is ending, or has too much to do");
    match jobs.try_send(Job { asked, answer }) {
        Ok(()) => answered.await.unwrap_or_else(|_| unanswered()),
        Err(_) => unanswered(),
    }
}

fn written(answer: &Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body.to_string())));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
