//! The CONNECT proxy: ends TLS for the real host names of the modelled services, leads blob hosts to the storage server
//! beside, and refuses the rest unless it was told to pass a host on.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::cloud::{IDENTITY_HOST, Service, service_at};
use crate::journal::{JournalEntry, UNMODELLED};
use crate::server::body::AnswerBody;
use crate::server::{ConnectionReset, Entrance, accept, handle, serve, without_port};
use crate::shared::Shared;

/// Where a CONNECT leads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// The emulator itself, as that host.
    Emulator,
    /// Another server, byte by byte.
    Through(Target),
    /// Nowhere, as no such name exists.
    Nowhere,
    /// Nowhere, for this reason.
    Refused(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Beside(SocketAddr),
    Outside(String),
}

/// Accepts proxy connections until the emulator stops.
pub(crate) async fn listen(shared: Arc<Shared>, listener: TcpListener, acceptor: TlsAcceptor) {
    accept(listener, |stream| {
        let (inner, acceptor) = (Arc::clone(&shared), acceptor.clone());
        shared.spawn(async move { serve_client(inner, stream, acceptor).await });
    })
    .await;
}

async fn serve_client(shared: Arc<Shared>, stream: TcpStream, acceptor: TlsAcceptor) {
    let service = service_fn(move |request| {
        let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
        async move { answer(shared, request, acceptor).await }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.with_upgrades().await {
        tracing::debug!(%error, "a proxy connection ended early");
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    acceptor: TlsAcceptor,
) -> Result<Response<AnswerBody>, ConnectionReset> {
    // The identity endpoint of a machine is plain HTTP, so it comes without CONNECT.
    if request.uri().host() == Some(IDENTITY_HOST) {
        return Box::pin(handle(&shared, request, Entrance::Azure)).await;
    }
    if request.method() != Method::CONNECT {
        let text = "the emulator's proxy takes CONNECT only: use https addresses\n";
        return Ok(text_response(405, text));
    }
    let authority = request
        .uri()
        .authority()
        .map(ToString::to_string)
        .unwrap_or_default();
    match way(&shared, &authority) {
        Way::Refused(reason) => {
            record_refusal(&shared, &authority);
            Ok(text_response(403, &format!("{reason}\n")))
        }
        // The name of a vault that is not there does not resolve.
        Way::Nowhere => Ok(text_response(
            502,
            &format!("{} cannot be resolved\n", without_port(&authority)),
        )),
        Way::Emulator => {
            let inner = Arc::clone(&shared);
            shared.spawn(async move { play(inner, request, acceptor).await });
            Ok(text_response(200, ""))
        }
        Way::Through(target) => match connect(&target).await {
            Ok(server) => {
                shared.spawn(async move { tunnel(request, server).await });
                Ok(text_response(200, ""))
            }
            Err(error) => Ok(text_response(
                502,
                &format!("cannot connect to {authority}: {error}\n"),
            )),
        },
    }
}

fn way(shared: &Shared, authority: &str) -> Way {
    let host = without_port(authority).to_ascii_lowercase();
    if shared.allowed_hosts.contains(&host) {
        return Way::Through(Target::Outside(authority.to_owned()));
    }
    let blob = shared
        .azurite
        .as_ref()
        .map(crate::azurite::Azurite::address);
    match (service_at(&host).map(|(_, service)| service), blob) {
        (_, _) if !authority.ends_with(":443") => Way::Refused(format!(
            "the emulator plays Azure on port 443 only, not {authority}"
        )),
        (Some(Service::Storage), Some(address)) => Way::Through(Target::Beside(address)),
        (Some(Service::Storage), None) => Way::Refused(format!(
            "no storage server runs beside the emulator, so {host} cannot be reached; see --azurite"
        )),
        (None | Some(Service::ManagedIdentity), _) => Way::Refused(format!(
            "the emulator does not model {host}, and it was not told to pass it on; see --allow-host"
        )),
        (Some(Service::Vault(vault)), _) if !has_vault(shared, &vault) => Way::Nowhere,
        (Some(_), _) => Way::Emulator,
    }
}

fn has_vault(shared: &Shared, name: &str) -> bool {
    let (world, _) = shared.world();
    world.vaults.contains_key(&name.to_ascii_lowercase())
}

async fn connect(target: &Target) -> std::io::Result<TcpStream> {
    match target {
        Target::Beside(address) => TcpStream::connect(address).await,
        Target::Outside(authority) => TcpStream::connect(authority).await,
    }
}

/// Speaks TLS as the host that the client asked for.
async fn play(shared: Arc<Shared>, request: Request<Incoming>, acceptor: TlsAcceptor) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else {
        return;
    };
    match acceptor.accept(TokioIo::new(upgraded)).await {
        Ok(stream) => serve(shared, stream, Entrance::Azure).await,
        Err(error) => tracing::debug!(%error, "a TLS handshake failed"),
    }
}

async fn tunnel(request: Request<Incoming>, mut server: TcpStream) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else {
        return;
    };
    if let Err(error) = copy_bidirectional(&mut TokioIo::new(upgraded), &mut server).await {
        tracing::debug!(%error, "a tunnel ended early");
    }
}

fn record_refusal(shared: &Shared, authority: &str) {
    shared.record(JournalEntry {
        at: shared.clock.now(),
        method: "CONNECT".to_owned(),
        url: format!("https://{authority}"),
        status: Some(403),
        operation: UNMODELLED.to_owned(),
        caller: None,
        bug: false,
        fault: None,
    });
}

fn text_response(status: u16, text: &str) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::whole(Bytes::from(text.to_owned())));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    if !text.is_empty() {
        response.headers_mut().insert(
            CONTENT_TYPE,
            hyper::header::HeaderValue::from_static("text/plain; charset=utf-8"),
        );
    }
    response
}
