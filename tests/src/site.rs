//! A web site of a test's own: documents over TLS on loopback, with a certificate that nobody else trusts.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const HOST: &str = "localhost";
/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running site; it ends when it is dropped.
#[derive(Debug)]
pub struct Site {
    port: u16,
    certificate: PathBuf,
    documents: Arc<Mutex<Documents>>,
    has_ended: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

/// What is served, by path, and what was asked for that is not.
#[derive(Debug, Default)]
struct Documents {
    held: BTreeMap<String, Vec<u8>>,
    missed: Vec<String>,
}

impl Site {
    /// Starts a site that has no document yet; its certificate goes into `folder`.
    ///
    /// # Errors
    ///
    /// Fails if there is no free port, or the certificate cannot be made or written.
    pub fn start(folder: &Path) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()])?;
        let certificate = folder.join("site.pem");
        std::fs::write(&certificate, made.cert.pem()).context("cannot write a certificate")?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let crypto = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::Pkcs8(key))?;
        let listener = TcpListener::bind((HOST, 0)).context("no free port")?;
        let mut site = Self {
            port: listener.local_addr()?.port(),
            certificate,
            documents: Arc::default(),
            has_ended: Arc::default(),
            listener: None,
        };
        let (documents, has_ended) = (Arc::clone(&site.documents), Arc::clone(&site.has_ended));
        let config = Arc::new(config);
        site.listener = Some(thread::spawn(move || {
            for stream in listener.incoming() {
                if has_ended.load(Ordering::SeqCst) {
                    break;
                }
                let (documents, config) = (Arc::clone(&documents), Arc::clone(&config));
                // A client that goes away in the middle is its own affair.
                thread::spawn(move || stream.map(|stream| answer(stream, config, &documents)));
            }
        }));
        Ok(site)
    }

    /// Returns the host with the port.
    #[must_use]
    pub fn host(&self) -> String {
        format!("{HOST}:{}", self.port)
    }

    /// Returns the address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.host())
    }

    /// Returns the file with the certificate that a client has to trust.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Serves a document, in the place of one that was there.
    pub fn put(&self, path: &str, document: Vec<u8>) {
        lock(&self.documents).held.insert(path.to_owned(), document);
    }

    /// Returns the paths that were asked for and are not there.
    #[must_use]
    pub fn missed(&self) -> Vec<String> {
        lock(&self.documents).missed.clone()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::SeqCst);
        // Whoever waits for a connection looks up when there is one.
        drop(TcpStream::connect((HOST, self.port)));
        drop(self.listener.take().map(JoinHandle::join));
    }
}

fn lock(documents: &Mutex<Documents>) -> MutexGuard<'_, Documents> {
    documents.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request of a connection and closes it.
fn answer(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    documents: &Mutex<Documents>,
) -> Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(config)?, stream));
    let mut first = String::new();
    stream.read_line(&mut first)?;
    let mut line = String::new();
    while stream.read_line(&mut line)? > 0 && !line.trim().is_empty() {
        line.clear();
    }
    let path = first.split(' ').nth(1).context("no request")?;
    let found = lock(documents).held.get(path).cloned();
    let (status, body) = match found {
        Some(body) => ("200 OK", body),
        None => {
            lock(documents).missed.push(path.to_owned());
            ("404 Not Found", Vec::new())
        }
    };
    let kind = if body.starts_with(b"{") {
        "application/json"
    } else {
        "application/octet-stream"
    };
    let stream = stream.get_mut();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)?;
    stream.conn.send_close_notify();
    stream.flush()?;
    Ok(())
}
