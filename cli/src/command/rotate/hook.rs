//! The command that is run after a publication, with references in its environment and never a key.

use std::io;
use std::process::Stdio;

use azure::id::StorageAccountId;
use engine::direct::SecretPlace;
use engine::direct::publish::Version;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::report::text::inert;

/// A command of the user.
#[derive(Clone, Debug)]
pub(super) struct Hook(pub(super) String);

/// The command did not end well, so nobody knows whether clients were told.
#[derive(Debug, thiserror::Error)]
pub(super) enum HookError {
    #[error("cannot run the command after the publication")]
    Start(#[source] io::Error),
    #[error("the command after the publication ended with {0}")]
    Failed(String),
    #[error("stopped on request while the command after the publication was running")]
    Stopped,
}

impl Hook {
    /// Runs the command; what it says is passed on as talk.
    ///
    /// # Cancellation
    /// The command is ended; it is run again for the same version.
    pub(super) async fn tell(
        &self,
        account: &StorageAccountId,
        place: &SecretPlace,
        version: &Version,
        stop: &CancellationToken,
        say: impl Fn(&str),
    ) -> Result<(), HookError> {
        let mut command = shell(&self.0);
        command
            .env("KEYROTATION_ACCOUNT", account.as_str())
            .env("KEYROTATION_SLOT", version.slot.as_str())
            .env("KEYROTATION_SECRET_ID", place.to_string())
            .env("KEYROTATION_SECRET_VERSION", &version.version)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::select! {
            output = command.output() => output.map_err(HookError::Start)?,
            () = stop.cancelled() => return Err(HookError::Stopped),
        };
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(bytes);
            text.lines().for_each(|line| say(&inert(line)));
        }
        if output.status.success() {
            return Ok(());
        }
        let code = output.status.code();
        let code = code.map_or("a signal".to_owned(), |code| format!("code {code}"));
        Err(HookError::Failed(code))
    }
}

#[cfg(unix)]
fn shell(text: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(text);
    command
}

#[cfg(not(unix))]
fn shell(text: &str) -> Command {
    let mut command = Command::new("cmd");
    command.arg("/C").arg(text);
    command
}
