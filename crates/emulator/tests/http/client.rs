//! A client that knows nothing of the emulator but its proxy and its certificate.

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use emulator::{Emulator, Fleet, Options};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What a test fails with.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: hyper::HeaderMap,
    pub body: Value,
}

impl Answer {
    /// Gives a text inside the body by its JSON pointer.
    pub fn text(&self, pointer: &str) -> String {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }

    /// Gives the status with the error code, for comparison.
    pub fn refusal(&self) -> (u16, String) {
        (self.status, self.text("/error/code"))
    }
}

/// An emulator with a signed-in client.
pub struct Bench {
    pub emulator: Emulator,
    /// Whom the client trusts.
    pub config: Arc<ClientConfig>,
}

pub const SUBSCRIPTION: &str = "/subscriptions/50b5c000-0000-4000-8000-000000000001";
pub const ACCOUNT: &str = "/subscriptions/50b5c000-0000-4000-8000-000000000001/resourceGroups/rg-emulator/providers/\
                           Microsoft.Storage/storageAccounts/stemulator1";
pub const VAULT: &str = "kv-emulator.vault.azure.net";
pub const MANAGEMENT: &str = "management.azure.com";
pub const LOGIN: &str = "login.microsoftonline.com";

impl Bench {
    /// Starts an emulator with a fleet.
    pub async fn with(fleet: Fleet) -> Result<Self, Failure> {
        Self::started(Options::ephemeral(fleet)).await
    }

    /// Starts an emulator that keeps its exchanges, for `cargo xtask openapi`.
    pub async fn started(options: Options) -> Result<Self, Failure> {
        let emulator = emulator::start(Options {
            record: Some(exchanges()),
            ..options
        })
        .await?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(
            emulator.ca_pem().as_bytes(),
        )?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            emulator,
            config: Arc::new(config),
        })
    }

    /// Starts an emulator with the standard fleet.
    pub async fn standard() -> Result<Self, Failure> {
        Self::with(Fleet::standard()).await
    }

    /// Sends a request through the proxy.
    pub async fn send(
        &self,
        method: &str,
        host: &str,
        path: &str,
        token: Option<&str>,
        body: &str,
    ) -> Result<Answer, Failure> {
        let stream = connect(self.emulator.addresses().proxy, host).await?;
        let name = ServerName::try_from(host.to_owned())?;
        let stream = TlsConnector::from(Arc::clone(&self.config))
            .connect(name, stream)
            .await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", host);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = sender
            .send_request(request.body(Full::new(Bytes::from(body.to_owned())))?)
            .await?;
        read(response).await
    }

    /// Signs in as an application of the fleet and gives the token.
    pub async fn token_of(
        &self,
        client: &str,
        secret: &str,
        resource: &str,
    ) -> Result<String, Failure> {
        let tenant = emulator::DEFAULT_TENANT;
        let form = format!(
            "grant_type=client_credentials&client_id={client}&client_secret={secret}&scope={resource}%2F.default"
        );
        let path = format!("/{tenant}/oauth2/v2.0/token");
        let answer = self.send("POST", LOGIN, &path, None, &form).await?;
        match answer.status {
            200 => Ok(answer.text("/access_token")),
            _ => Err(format!("no token: {answer:?}").into()),
        }
    }

    /// Signs in for a resource and gives the token.
    pub async fn token(&self, resource: &str) -> Result<String, Failure> {
        let variable = |name: &str| {
            let found = self
                .emulator
                .environment()
                .iter()
                .find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let (client, secret) = (variable("ARM_CLIENT_ID"), variable("ARM_CLIENT_SECRET"));
        self.token_of(&client, &secret, resource).await
    }

    /// Sends a signed-in request to the vault.
    pub async fn vault(&self, method: &str, path: &str, body: &str) -> Result<Answer, Failure> {
        let token = self.token("https://vault.azure.net").await?;
        self.send(method, VAULT, path, Some(&token), body).await
    }

    /// Sends a signed-in request to Resource Manager.
    pub async fn management(
        &self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<Answer, Failure> {
        let token = self.token("https://management.azure.com").await?;
        self.send(method, MANAGEMENT, path, Some(&token), body)
            .await
    }

    /// Grants Key Vault its role on the first account.
    pub async fn grant_key_vault(&self) -> Result<Answer, Failure> {
        let role = "81a9662b-bebf-436f-a333-f67b29880f12";
        let body = serde_json::json!({"properties": {
            "roleDefinitionId": format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"),
            "principalId": self.emulator.control().key_vault_principal(),
        }});
        let name = "a5516000-0000-4000-8000-000000000001";
        let path = format!(
            "{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=2022-04-01"
        );
        self.management("PUT", &path, &body.to_string()).await
    }

    /// Enrols the first account with a period of fifteen days.
    pub async fn enrol(&self) -> Result<Answer, Failure> {
        self.vault("PUT", "/storage/logs?api-version=7.4", &enrolment())
            .await
    }
}

/// Names a file for the exchanges of one emulator.
fn exchanges() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("exchanges");
    folder.join(format!("emulator-{number}.jsonl"))
}

/// The body of an enrolment.
pub fn enrolment() -> String {
    let body = serde_json::json!({
        "resourceId": ACCOUNT,
        "activeKeyName": "key1",
        "autoRegenerateKey": true,
        "regenerationPeriod": "P15D",
    });
    body.to_string()
}

/// Opens a tunnel to a host.
pub async fn connect(proxy: SocketAddr, host: &str) -> Result<TcpStream, Failure> {
    let mut stream = TcpStream::connect(proxy).await?;
    let request = format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    if head.starts_with("HTTP/1.1 200") {
        Ok(stream)
    } else {
        Err(head.into())
    }
}

/// Sends a request to the control interface.
pub async fn control(
    emulator: &Emulator,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Result<Answer, Failure> {
    let address = emulator.addresses().control;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(TcpStream::connect(address).await?))
            .await?;
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if headers.iter().all(|(name, _)| *name != "host") {
        request = request.header("host", address.to_string());
    }
    read(
        sender
            .send_request(request.body(Full::new(Bytes::new()))?)
            .await?,
    )
    .await
}

async fn read(response: hyper::Response<hyper::body::Incoming>) -> Result<Answer, Failure> {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes)?
    };
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    })
}
