//! The real HTTP client against a TLS server on loopback: certificates and redirects.

use std::net::Ipv4Addr;

use azure_core::http::{Method, Request, Url};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::error::{Error, Kind};

/// Is a server that gives one answer to everything, and the certificate it shows.
struct Server {
    port: u16,
    certificate: String,
}

impl Server {
    async fn start(answer: &'static str) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.expect("a certificate");
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .expect("a server configuration");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), answer));
        Self {
            port,
            certificate: made.cert.pem(),
        }
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, answer: &'static str) {
    while let Ok((socket, _)) = listener.accept().await {
        let Ok(mut stream) = acceptor.accept(socket).await else {
            continue;
        };
        let mut request = [0_u8; 4096];
        if stream.read(&mut request).await.is_ok() {
            // A client that has gone away is no fault of the server's.
            drop(stream.write_all(answer.as_bytes()).await);
            drop(stream.shutdown().await);
        }
    }
}

/// Is a certificate file that goes away with the test.
struct CaFile(PathBuf);

impl CaFile {
    fn new(certificate: &str) -> Self {
        let name = format!("keyrotation-azure-{}.pem", Env::process().random_id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, certificate).expect("a file");
        Self(path)
    }
}

impl Drop for CaFile {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// Sends one request and tells the status, or what it failed with.
async fn send(server: &Server, ca_file: &Path) -> Result<u16, Error> {
    let settings = TransportSettings {
        ca_file: Some(ca_file),
        https_proxy: None,
        no_proxy: None,
        idle: Duration::from_secs(1),
    };
    let client = connect(&settings, &Env::process()).expect("a client");
    let url = Url::parse(&format!("https://localhost:{}/", server.port)).expect("an address");
    let answer = client
        .execute_request(&Request::new(url, Method::Post))
        .await;
    let answer = answer.map_err(|error| Error::from_pipeline("localhost", error))?;
    Ok(u16::from(answer.status()))
}

const DONE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const REDIRECT: &str = "HTTP/1.1 307 Temporary Redirect\r\nlocation: https://localhost:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_certificate_of_the_file_is_trusted() {
    let server = Server::start(DONE).await;
    let file = CaFile::new(&server.certificate);
    assert_eq!(send(&server, &file.0).await.ok(), Some(200));
}

#[tokio::test]
async fn another_certificate_is_a_certificate_error_with_its_cause() {
    let (server, other) = (Server::start(DONE).await, Server::start(DONE).await);
    let file = CaFile::new(&other.certificate);
    let error = send(&server, &file.0).await.expect_err("untrusted");
    assert_eq!(error.kind(), Kind::Certificate);
    let first: &dyn std::error::Error = &error;
    let causes = std::iter::successors(Some(first), |cause| cause.source());
    let text = causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ");
    assert!(text.contains("invalid peer certificate"), "{text}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_a_way() {
    let server = Server::start(REDIRECT).await;
    let file = CaFile::new(&server.certificate);
    assert_eq!(send(&server, &file.0).await.ok(), Some(307));
}

#[tokio::test]
async fn a_closed_port_is_a_request_that_was_never_sent() {
    let server = Server::start(DONE).await;
    let file = CaFile::new(&server.certificate);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let closed = Server {
        port,
        certificate: String::new(),
    };
    let error = send(&closed, &file.0).await.expect_err("closed");
    assert_eq!(error.kind(), Kind::NeverSent);
}
