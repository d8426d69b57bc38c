//! `keyrotation function` as a process, asked in the shape of the host of Azure Functions.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::http;
use crate::place;
use crate::process::{Running, Said, wait_for};

const START_LIMIT: Duration = Duration::from_secs(60);
const SPEECH_LIMIT: Duration = Duration::from_secs(20);
/// What stands before the address that it listens at.
const LISTENS: &str = "listens on http://";

/// A running handler; it ends when it is dropped.
#[derive(Debug)]
pub struct Handler {
    running: Running,
    address: String,
}

/// What a delivery was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON.
    pub body: Value,
}

impl Answer {
    /// Returns the lines for the log of the host, each with an end.
    #[must_use]
    pub fn logs(&self) -> String {
        let lines = self.body.get("Logs").and_then(Value::as_array);
        let lines = lines.into_iter().flatten().filter_map(Value::as_str);
        lines.map(|line| format!("{line}\n")).collect()
    }
}

impl Handler {
    /// Describes a handler with these settings at a free port.
    ///
    /// # Errors
    ///
    /// Fails if the program was not built.
    pub fn command(emulator: &Emulator, settings: &Path, more: &[&str]) -> Result<Command> {
        let mut command = emulator.command(&place::keyrotation()?);
        command.args(["function", "--listen", "127.0.0.1:0", "--no-verify"]);
        command.arg("--config").arg(settings).args(more);
        Ok(command)
    }

    /// Starts a handler with these settings and waits until it listens.
    ///
    /// # Errors
    ///
    /// Fails if it ends or does not listen within a generous bound.
    pub fn start(emulator: &Emulator, settings: &Path, more: &[&str]) -> Result<Self> {
        Self::run(&mut Self::command(emulator, settings, more)?)
    }

    /// Starts a handler as it is described and waits until it listens.
    ///
    /// # Errors
    ///
    /// Fails if it ends or does not listen within a generous bound.
    pub fn run(command: &mut Command) -> Result<Self> {
        let mut running = Running::start(command)?;
        let address = wait_for("the handler", START_LIMIT, || {
            let said = running.stderr();
            let at = said.split_once(LISTENS).map(|(_, rest)| rest);
            if let Some((address, _)) = at.and_then(|rest| rest.split_once('\n')) {
                return Ok(Some(address.to_owned()));
            }
            if running.has_ended()? {
                bail!("the handler has ended: {said}");
            }
            Ok(None)
        })?;
        Ok(Self { running, address })
    }

    /// Returns the address of a path for those who post there themselves.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Sends any request.
    ///
    /// # Errors
    ///
    /// Fails if there is no answer, or one that is no JSON.
    pub fn send(&self, method: &str, path: &str, body: &str) -> Result<Answer> {
        send(&self.address, method, path, body)
    }

    /// Calls a function as the host does, with what one binding brings.
    ///
    /// # Errors
    ///
    /// Fails if there is no answer.
    pub fn invoke(&self, function: &str, binding: &str, data: &Value) -> Result<Answer> {
        Self::invoke_at(&self.url(""), function, binding, data)
    }

    /// Calls a function as the host does, of a handler that may end meanwhile.
    ///
    /// # Errors
    ///
    /// Fails if there is no answer.
    pub fn invoke_at(url: &str, function: &str, binding: &str, data: &Value) -> Result<Answer> {
        let metadata = json!({ "sys": { "MethodName": function } });
        let body = json!({ "Data": { binding: data }, "Metadata": metadata });
        let address = url.trim_start_matches("http://");
        send(address, "POST", &format!("/{function}"), &body.to_string())
    }

    /// Calls a function as the host does when its time has come.
    ///
    /// # Errors
    ///
    /// Fails if there is no answer.
    pub fn timer(&self, function: &str) -> Result<Answer> {
        let schedule = json!({ "AdjustForDST": true });
        let timer = json!({ "Schedule": schedule, "ScheduleStatus": null, "IsPastDue": false });
        self.invoke(function, "timer", &timer)
    }

    /// Waits until it has said these words for people: an answer may come before them.
    ///
    /// # Errors
    ///
    /// Fails if it does not say them, with what it said.
    pub fn wait_to_say(&self, words: &str) -> Result<()> {
        let said = wait_for("words for people", SPEECH_LIMIT, || {
            Ok(self.running.stderr().contains(words).then_some(()))
        });
        said.with_context(|| format!("no `{words}` in: {}", self.running.stderr()))
    }

    /// Ends it by a signal and returns how it ended.
    ///
    /// # Errors
    ///
    /// Fails if it does not end.
    pub fn end(self, signal: Signal) -> Result<Said> {
        self.running.signal(signal)?;
        self.running.finish()
    }
}

fn send(address: &str, method: &str, path: &str, body: &str) -> Result<Answer> {
    let (status, content) = http::send(address, method, path, body)?;
    let body = serde_json::from_str(&content).with_context(|| format!("no JSON: {content}"))?;
    Ok(Answer { status, body })
}
