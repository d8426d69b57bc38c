//! The little HTTP that the emulator's control interface and the function handler need: one plain
//! request, one answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);

/// Sends a request to `address` and returns the JSON of a good answer.
pub(crate) fn ask(address: &str, method: &str, path: &str, body: &str) -> Result<Value> {
    let (status, content) = send(address, method, path, body)?;
    ensure!(
        (200..300).contains(&status),
        "{method} {path} was answered {status}: {content}"
    );
    if content.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&content).with_context(|| format!("{method} {path}: no JSON"))
}

/// Sends a request to `address` and returns the status and the content of the answer.
pub(crate) fn send(address: &str, method: &str, path: &str, body: &str) -> Result<(u16, String)> {
    let mut stream =
        TcpStream::connect(address).with_context(|| format!("nobody listens at {address}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .with_context(|| format!("no answer to {method} {path}"))?;
    let (head, content) = answer
        .split_once("\r\n\r\n")
        .context("the answer has no end of head")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    Ok((status.parse().context("no status")?, content.to_owned()))
}
