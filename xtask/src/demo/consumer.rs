//! A consumer of the storage account: signs in, reads tokens from the vault, uses them on blobs.
//!
//! It shares no code with the product: a small Python program does the talking, and a token passes
//! to it on its stdin, never in an argument.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::ACCOUNT;
use super::stage::Stage;
use crate::tools;

const PROGRAM: &str = include_str!("consumer.py");
const CONTENT: &str = "hello from the demo";

/// A token as it came from the vault; it prints its length and its end, never itself.
pub struct SasToken {
    value: String,
    expires: String,
}

impl fmt::Display for SasToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a token of {} characters that expires at {}",
            self.value.len(),
            self.expires
        )
    }
}

/// Somebody who may read the vault's secrets and knows nothing of keys.
pub struct Consumer<'a> {
    stage: &'a Stage,
    python: PathBuf,
    program: PathBuf,
}

impl<'a> Consumer<'a> {
    /// Puts the consumer's program on the stage.
    pub fn new(stage: &'a Stage) -> Result<Self> {
        let program = stage.folder().join("consumer.py");
        fs::write(&program, PROGRAM).context("cannot write the consumer's program")?;
        Ok(Self {
            stage,
            python: tools::python(stage.supervisor())?,
            program,
        })
    }

    /// Reads the secret at `address`, which makes the vault issue a fresh token.
    pub fn read_token(&self, address: &str) -> Result<SasToken> {
        let answer = self.ask(&json!({ "act": "read-secret", "url": address }))?;
        let field = |name: &str| {
            let value = answer.get(name).and_then(Value::as_str).map(str::to_owned);
            value.with_context(|| format!("the secret lacks `{name}`"))
        };
        Ok(SasToken {
            value: field("value")?,
            expires: field("expires")?,
        })
    }

    /// Returns the ids of what the vault lists at `address`.
    pub fn list(&self, address: &str) -> Result<Vec<String>> {
        let answer = self.ask(&json!({ "act": "list", "url": address }))?;
        let ids = answer
            .get("ids")
            .and_then(Value::as_array)
            .context("the answer lacks `ids`")?;
        Ok(ids
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect())
    }

    /// Creates the container and returns the status of the answer.
    pub fn create_container(&self, token: &SasToken) -> Result<u16> {
        self.storage("PUT", "cont1?restype=container", token, "")
            .map(|(status, _)| status)
    }

    /// Uploads the blob and returns the status of the answer.
    pub fn upload(&self, token: &SasToken) -> Result<u16> {
        self.storage("PUT", "cont1/hello.txt", token, CONTENT)
            .map(|(status, _)| status)
    }

    /// Reads the blob and returns the status of the answer; other content is an error.
    pub fn download(&self, token: &SasToken) -> Result<u16> {
        let (status, body) = self.storage("GET", "cont1/hello.txt", token, "")?;
        if status == 200 && body != CONTENT {
            bail!("the blob came back changed");
        }
        Ok(status)
    }

    fn storage(
        &self,
        method: &str,
        path: &str,
        token: &SasToken,
        body: &str,
    ) -> Result<(u16, String)> {
        let url = format!("{}/{ACCOUNT}/{path}", self.stage.blobs());
        let answer = self.ask(&json!({
            "act": "storage", "method": method, "url": url, "token": token.value, "body": body,
        }))?;
        let status = answer
            .get("status")
            .and_then(Value::as_u64)
            .and_then(|n| n.try_into().ok());
        let body = answer
            .get("body")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Ok((
            status.context("the storage server's answer has no status")?,
            body.to_owned(),
        ))
    }

    fn ask(&self, question: &Value) -> Result<Value> {
        let mut command = self.stage.command(&self.python);
        command.arg("-I").arg(&self.program);
        let output = self
            .stage
            .supervisor()
            .capture(&mut command, &question.to_string())?;
        if !output.status.success() {
            bail!(
                "the consumer failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        serde_json::from_slice(&output.stdout).context("the consumer's answer is not JSON")
    }
}
