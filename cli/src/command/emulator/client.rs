//! The way to a running emulator: its address from the state folder, one HTTP/1.1 request for each
//! order. The control interface is plain HTTP on loopback and closes after every answer, so a
//! whole client is not needed.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The running emulator cannot be reached or refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("no emulator runs in `{}`: start one with `keyrotation emulator start`", path.display())]
    NotRunning { path: PathBuf, source: io::Error },
    #[error("cannot reach the emulator at {address}: it may have ended")]
    Unreachable {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("the emulator answers {status}: {message}")]
    Refused { status: u16, message: String },
    #[error("cannot understand what the emulator says")]
    Unreadable(#[source] serde_json::Error),
    #[error("cannot understand what answers at {address}: it is no emulator")]
    Foreign { address: SocketAddr },
}

/// Speaks with one emulator.
pub(super) struct Client {
    address: SocketAddr,
}

#[derive(Deserialize)]
struct Ready {
    control: SocketAddr,
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Deserialize)]
struct RefusalBody {
    message: String,
}

impl Client {
    /// Finds the emulator of a state folder.
    pub(super) async fn of(folder: &Path) -> Result<Self, ClientError> {
        let text = tokio::fs::read_to_string(folder.join("ready.json")).await;
        let text = text.map_err(|source| {
            let path = folder.to_owned();
            ClientError::NotRunning { path, source }
        })?;
        let ready: Ready = parse(&text)?;
        Ok(Self {
            address: ready.control,
        })
    }

    /// Asks for something.
    pub(super) async fn get(&self, path: &str) -> Result<String, ClientError> {
        self.exchange("GET", path, "").await
    }

    /// Orders something.
    pub(super) async fn post(&self, path: &str, body: &str) -> Result<String, ClientError> {
        self.exchange("POST", path, body).await
    }

    async fn exchange(&self, method: &str, path: &str, body: &str) -> Result<String, ClientError> {
        let address = self.address;
        let answer = self.send(method, path, body).await;
        let answer = answer.map_err(|source| ClientError::Unreachable { address, source })?;
        let (status, body) = split(&answer).ok_or(ClientError::Foreign { address })?;
        if (200..300).contains(&status) {
            return Ok(body.to_owned());
        }
        let message = serde_json::from_str::<Refusal>(body).map(|refusal| refusal.error.message);
        Err(ClientError::Refused {
            status,
            message: message.unwrap_or_else(|_| body.to_owned()),
        })
    }

    async fn send(&self, method: &str, path: &str, body: &str) -> io::Result<String> {
        let (address, length) = (self.address, body.len());
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        String::from_utf8(answer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

/// Reads JSON from the emulator.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, ClientError> {
    serde_json::from_str(text).map_err(ClientError::Unreadable)
}

/// Splits an answer into its status and its body.
fn split(answer: &str) -> Option<(u16, &str)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    head.starts_with("HTTP/1.").then_some((status, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_split_into_status_and_body() {
        assert_eq!(
            split("HTTP/1.0 200 OK\r\nA: b\r\n\r\n{}"),
            Some((200, "{}"))
        );
        assert_eq!(split("HTTP/1.0 204 No Content\r\n\r\n"), Some((204, "")));
        assert_eq!(split("SSH-2.0-OpenSSH\r\n\r\n"), None);
        assert_eq!(split(""), None);
    }
}
