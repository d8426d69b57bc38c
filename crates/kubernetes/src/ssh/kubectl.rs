//! What is done to an object in a cluster, as words of `kubectl`, and what its answers mean.
//!
//! The words hold names, which are plain, and marks; a value goes over stdin.

use serde_json::Value;

use super::Remote;
use super::session::Ended;
use crate::cluster::Conflicts;
use crate::error::{Error, Step};

impl Remote {
    /// Reads an object; nothing if it is not there.
    pub(crate) async fn read(&self, step: Step<'_>) -> Result<Option<Value>, Error> {
        let words = format!("get {} --output=json --ignore-not-found", of(step));
        let out = self.kubectl(step, &words, &[]).await?;
        if out.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let object = serde_json::from_slice(&out).map_err(|_| step.unreadable())?;
        Ok(Some(object))
    }

    /// Applies fields in the name of a manager.
    pub(crate) async fn apply(
        &self,
        step: Step<'_>,
        manager: &str,
        conflicts: Conflicts,
        fields: Vec<u8>,
    ) -> Result<Value, Error> {
        let words = format!(
            "apply --namespace={} --server-side --validate=false --field-manager={manager} \
             --force-conflicts={} --output=json --filename=-",
            step.object.namespace(),
            conflicts == Conflicts::Taken,
        );
        let out = self.kubectl(step, &words, &fields).await?;
        serde_json::from_slice(&out).map_err(|_| step.unreadable())
    }

    /// Patches an object. The fields are words of a command line.
    pub(crate) async fn patch(&self, step: Step<'_>, fields: &Value) -> Result<(), Error> {
        let words = format!(
            "patch {} --type=strategic --field-manager=keyrotation --patch={}",
            of(step),
            quoted(&fields.to_string()),
        );
        self.kubectl(step, &words, &[]).await.map(drop)
    }

    async fn kubectl(&self, step: Step<'_>, words: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
        let command = format!("{} {words}", self.kubectl);
        let ended = self.run(&command, input).await?;
        if ended.code == Some(0) {
            return Ok(ended.out);
        }
        let (status, message) = refusal(&ended);
        Err(step.refused(&status, &message))
    }
}

fn of(step: Step<'_>) -> String {
    let object = step.object;
    let (kind, name) = (object.kind().word(), object.name());
    format!("{kind} {name} --namespace={}", object.namespace())
}

/// Puts a text into single quotes, as a shell reads it unchanged.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Finds the server's own word for the refusal, if it was the server who refused.
fn refusal(ended: &Ended) -> (String, String) {
    let said = String::from_utf8_lossy(&ended.err);
    let said = said.trim().to_owned();
    if said.contains("Apply failed with") && said.contains("conflict") {
        return ("Conflict".to_owned(), said);
    }
    let by_server = said
        .strip_prefix("Error from server (")
        .and_then(|rest| rest.split_once("): "));
    if let Some((word, message)) = by_server {
        return (word.to_owned(), message.to_owned());
    }
    let status = match ended.code {
        Some(code) => format!("exit code {code}"),
        None => "no exit code".to_owned(),
    };
    (status, said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_word_is_found_in_what_kubectl_says() {
        let check = |code, err: &str, expected: (&str, &str)| {
            let ended = Ended {
                code,
                out: Vec::new(),
                err: err.into(),
            };
            let found = refusal(&ended);
            assert_eq!((found.0.as_str(), found.1.as_str()), expected);
        };
        check(
            Some(1),
            "Error from server (Forbidden): secrets \"x\" is forbidden\n",
            ("Forbidden", "secrets \"x\" is forbidden"),
        );
        let conflict = "error: Apply failed with 1 conflict: conflict with \"a\": .data.token";
        check(Some(1), conflict, ("Conflict", conflict));
        check(
            Some(127),
            "sh: kubectl: not found",
            ("exit code 127", "sh: kubectl: not found"),
        );
        check(None, "", ("no exit code", ""));
    }

    #[test]
    fn a_quoted_text_ends_only_where_it_ends() {
        assert_eq!(quoted("a'b;$(c)"), r"'a'\''b;$(c)'");
    }
}
