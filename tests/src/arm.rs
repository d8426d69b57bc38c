//! What an owner does in Azure with other tools than ours: requests over TLS, as the default application.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

use crate::emulator::Emulator;

const PATIENCE: Duration = Duration::from_secs(30);
const LOGIN: &str = "login.microsoftonline.com";
const ARM: &str = "management.azure.com";

const VAULTS: &str = "vault.azure.net";

/// Sends a request to the emulated Resource Manager.
///
/// # Errors
///
/// Fails if it is refused.
pub fn ask(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Result<Value> {
    send(emulator, (ARM, ARM), method, path, body)
}

/// Sends a request to an emulated vault.
///
/// # Errors
///
/// Fails if it is refused.
pub fn ask_vault(
    emulator: &Emulator,
    vault: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Value> {
    let host = format!("{vault}.{VAULTS}");
    send(emulator, (&host, VAULTS), method, path, body)
}

fn send(
    emulator: &Emulator,
    (host, audience): (&str, &str),
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Value> {
    let variable = |name: &str| {
        emulator
            .variable(name)
            .with_context(|| format!("no {name}"))
    };
    let (tenant, id) = (variable("ARM_TENANT_ID")?, variable("ARM_CLIENT_ID")?);
    let secret = variable("ARM_CLIENT_SECRET")?;
    let form = format!(
        "grant_type=client_credentials&client_id={id}&client_secret={secret}\
         &scope=https%3A%2F%2F{audience}%2F.default"
    );
    let kind = "content-type: application/x-www-form-urlencoded";
    let path_of_token = format!("/{tenant}/oauth2/v2.0/token");
    let token = exchange(emulator, LOGIN, "POST", &path_of_token, kind, &form)?;
    let token = token.get("access_token").and_then(Value::as_str);
    let token = token.context("no token")?;
    let headers = format!("content-type: application/json\r\nauthorization: Bearer {token}");
    exchange(emulator, host, method, path, &headers, &body.to_string())
}

fn exchange(
    emulator: &Emulator,
    host: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Result<Value> {
    let mut stream = connect(emulator, host)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    // A connection that is closed without a farewell has still said all.
    let _closed = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).context("an answer that is no text")?;
    let (head, content) = answer.split_once("\r\n\r\n").context("no end of head")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    ensure!(
        status.starts_with('2'),
        "{method} {path} was answered {status}: {content}"
    );
    if content.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(content).with_context(|| format!("{method} {path}: no JSON"))
}

fn connect(emulator: &Emulator, host: &str) -> Result<StreamOwned<ClientConnection, TcpStream>> {
    let file = emulator.variable("SSL_CERT_FILE").context("no authority")?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection =
        ClientConnection::new(Arc::new(config), ServerName::try_from(host.to_owned())?)?;
    let address = emulator.tls_address()?;
    let stream = TcpStream::connect(address).with_context(|| format!("nobody at {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(StreamOwned::new(connection, stream))
}
