//! The emulator's own word on what is so: keys, published secrets, what lies in clusters, and the requests it has seen.
//!
//! Nothing of the product is asked here. What is read holds secrets and is never written anywhere.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The two keys of an account.
pub(super) struct Keys {
    /// Their values, in Base64.
    pub(super) values: [String; 2],
    /// When they were made, as far as Azure knows.
    pub(super) made: [Option<Timestamp>; 2],
    /// How often each slot was regenerated.
    pub(super) regenerations: [u64; 2],
}

/// A version of a published secret.
pub(super) struct Version {
    pub(super) value: String,
    pub(super) created: Timestamp,
}

/// All that is so at a moment.
pub(super) struct World {
    pub(super) now: Timestamp,
    /// By the names of the accounts.
    pub(super) keys: BTreeMap<String, Keys>,
    /// By the names of the secrets; the oldest version first.
    pub(super) published: BTreeMap<String, Vec<Version>>,
    /// The entries of the secrets in all clusters, by the names of the secrets.
    pub(super) delivered: BTreeMap<String, BTreeMap<String, String>>,
}

/// The emulator's control interface.
pub(super) struct Control {
    address: String,
}

impl Control {
    /// Speaks to the address.
    pub(super) fn at(address: &str) -> Self {
        let address = address.trim_start_matches("http://").to_owned();
        Self { address }
    }

    /// Puts the clock forward.
    pub(super) fn advance(&self, period: &str) -> Result<()> {
        self.ask("POST", "/clock", &json!({ "advance": period }))
            .map(drop)
    }

    /// Tells the time of the world.
    pub(super) fn now(&self) -> Result<Timestamp> {
        time(self.ask("GET", "/clock", &Value::Null)?.get("now")).context("no time")
    }

    /// Asks for a fault.
    pub(super) fn add_fault(&self, rule: &Value) -> Result<()> {
        self.ask("POST", "/faults", rule).map(drop)
    }

    /// Forgets all faults.
    pub(super) fn clear_faults(&self) -> Result<()> {
        self.ask("DELETE", "/faults", &Value::Null).map(drop)
    }

    /// Takes the requests that were seen since the last time.
    pub(super) fn take_journal(&self) -> Result<Vec<Value>> {
        let mut journal = self.ask("GET", "/journal", &Value::Null)?;
        self.ask("DELETE", "/journal", &Value::Null)?;
        match journal.get_mut("requests").map(Value::take) {
            Some(Value::Array(requests)) => Ok(requests),
            _ => anyhow::bail!("the emulator's journal lacks `requests`"),
        }
    }

    /// Looks at everything.
    pub(super) fn look(&self) -> Result<World> {
        let accounts = self.ask("GET", "/accounts", &Value::Null)?;
        let secrets = self.ask("GET", "/secrets", &Value::Null)?;
        let keys = list(&accounts, "accounts").map(keys);
        let published = list(&secrets, "vaults").map(versions);
        let delivered = list(&secrets, "clusters").map(entries);
        Ok(World {
            now: self.now()?,
            keys: keys.collect::<Result<_>>()?,
            published: published.collect::<Result<_>>()?,
            delivered: delivered.collect::<Result<_>>()?,
        })
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let said = self.send(method, path, &body);
        let (status, content) =
            said.with_context(|| format!("{method} {path} of the emulator failed"))?;
        ensure!(
            (200..300).contains(&status),
            "{method} {path} of the emulator was answered {status}: {content}"
        );
        if content.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&content).with_context(|| format!("{method} {path}: no JSON"))
    }

    fn send(&self, method: &str, path: &str, body: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, content) = answer
            .split_once("\r\n\r\n")
            .context("the answer has no end of head")?;
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        Ok((status, content.to_owned()))
    }
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text(value: &Value, name: &str) -> Result<String> {
    let found = value.get(name).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("no `{name}`"))
}

fn time(value: Option<&Value>) -> Option<Timestamp> {
    value?.as_str()?.parse().ok()
}

fn keys(account: &Value) -> Result<(String, Keys)> {
    let made = |name| time(account.get(name));
    let count = |name| {
        account
            .get(name)
            .and_then(Value::as_u64)
            .context("no count")
    };
    let keys = Keys {
        values: [text(account, "key1")?, text(account, "key2")?],
        made: [made("key1_created"), made("key2_created")],
        regenerations: [count("key1_regenerations")?, count("key2_regenerations")?],
    };
    Ok((text(account, "name")?, keys))
}

fn versions(secret: &Value) -> Result<(String, Vec<Version>)> {
    let version = |version: &Value| {
        Ok(Version {
            value: text(version, "value")?,
            created: time(version.get("created")).context("no `created`")?,
        })
    };
    let versions = list(secret, "versions").map(version);
    Ok((text(secret, "name")?, versions.collect::<Result<_>>()?))
}

fn entries(secret: &Value) -> Result<(String, BTreeMap<String, String>)> {
    let data = secret.get("data").and_then(Value::as_object);
    let decoded = data.into_iter().flatten().map(|(name, value)| {
        let bytes = STANDARD.decode(value.as_str().unwrap_or_default())?;
        Ok((name.clone(), String::from_utf8(bytes)?))
    });
    Ok((text(secret, "name")?, decoded.collect::<Result<_>>()?))
}
