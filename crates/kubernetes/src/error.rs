//! What can go wrong at a cluster, said with the object and the act. No error holds a value of a
//! secret: a refusal repeats the server's words, less what was sent.

use std::error::Error as StdError;

use kube::client::AuthError;
use kube::config::KubeconfigError;

/// A boxed cause.
pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

/// A cluster could not be reached, or refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no usable description of the cluster.
    #[error("cannot tell how to reach the cluster")]
    Settings {
        /// The reason.
        source: Cause,
    },
    /// The connection would not be safe.
    #[error("refuses to send a secret to `{server}`: {reason}")]
    Unsafe {
        /// The address of the server.
        server: String,
        /// What is unsafe about it.
        reason: &'static str,
    },
    /// The request got no answer; it may have taken effect.
    #[error("cannot {act} {object}: no answer from {server}")]
    Unanswered {
        /// What was tried.
        act: &'static str,
        /// On what.
        object: String,
        /// The server.
        server: String,
        /// What happened.
        source: Cause,
    },
    /// The cluster answered that it will not.
    #[error("cannot {act} {object}: {server} answers {status}: {message}")]
    Refused {
        /// What was tried.
        act: &'static str,
        /// On what.
        object: String,
        /// The server.
        server: String,
        /// The HTTP status, or what `kubectl` calls it.
        status: Box<str>,
        /// The server's words.
        message: String,
    },
    /// The answer makes no sense. It is not repeated: it may hold a secret.
    #[error("cannot {act} {object}: the answer of {server} cannot be read")]
    Unreadable {
        /// What was tried.
        act: &'static str,
        /// On what.
        object: String,
        /// The server.
        server: String,
    },
    /// The machine behind SSH was not reached, or is not the one that was meant.
    #[error(transparent)]
    Ssh(#[from] crate::ssh::SshError),
}

impl Error {
    /// Tells whether another manager owns the field that was to change.
    pub fn is_conflict(&self) -> bool {
        self.has_status("409", "Conflict")
    }

    /// Tells whether the caller is not known, or may not do this.
    pub fn is_forbidden(&self) -> bool {
        self.has_status("403", "Forbidden") || self.has_status("401", "Unauthorized")
    }

    /// Tells whether the namespace or the object is not there.
    pub fn is_not_found(&self) -> bool {
        self.has_status("404", "NotFound")
    }

    /// Tells whether the same request may succeed a little later. All requests to a cluster may be
    /// repeated: an apply says what shall be, not what to do.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unanswered { .. } => true,
            Self::Refused { status, .. } => matches!(
                &**status,
                "429"
                    | "500"
                    | "502"
                    | "503"
                    | "504"
                    | "TooManyRequests"
                    | "InternalError"
                    | "ServiceUnavailable"
                    | "Timeout"
            ),
            Self::Ssh(error) => error.is_passing(),
            Self::Settings { .. } | Self::Unsafe { .. } | Self::Unreadable { .. } => false,
        }
    }

    fn has_status(&self, number: &str, word: &str) -> bool {
        matches!(self, Self::Refused { status, .. } if **status == *number || **status == *word)
    }
}

/// Takes out of kube's errors what may be secret: a plugin's stdout is a token, and a kubeconfig
/// that cannot be read is quoted line by line.
pub(crate) fn clean(error: kube::Error) -> Cause {
    match error {
        kube::Error::Auth(AuthError::AuthExecRun { cmd, out }) => {
            let said = String::from_utf8_lossy(&out.stderr);
            format!(
                "the plugin `{cmd}` ended with {}: {}",
                out.status,
                said.trim()
            )
            .into()
        }
        kube::Error::Auth(AuthError::AuthExecParse(_)) => "the plugin gave no token".into(),
        other => other.into(),
    }
}

/// Takes out of a kubeconfig's error what may be secret.
pub(crate) fn clean_config(error: KubeconfigError) -> Cause {
    match error {
        KubeconfigError::Parse(_) => "the kubeconfig is not of the form that it has to have".into(),
        other => other.into(),
    }
}

/// Where an error happened.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) act: &'static str,
    pub(crate) object: &'a crate::object::Object,
    pub(crate) server: &'a str,
}

impl Step<'_> {
    pub(crate) fn unanswered(self, source: impl Into<Cause>) -> Error {
        Error::Unanswered {
            act: self.act,
            object: self.object.to_string(),
            server: self.server.to_owned(),
            source: source.into(),
        }
    }

    pub(crate) fn refused(self, status: &str, message: &str) -> Error {
        Error::Refused {
            act: self.act,
            object: self.object.to_string(),
            server: self.server.to_owned(),
            status: status.into(),
            message: message.trim().to_owned(),
        }
    }

    pub(crate) fn unreadable(self) -> Error {
        Error::Unreadable {
            act: self.act,
            object: self.object.to_string(),
            server: self.server.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{ExitStatus, Output};

    use super::*;

    #[test]
    fn what_a_plugin_writes_to_stdout_is_not_repeated() {
        let out = Output {
            status: ExitStatus::from_raw(256),
            stdout: b"a-token".to_vec(),
            stderr: b"not signed in\n".to_vec(),
        };
        let error = AuthError::AuthExecRun {
            cmd: "kubelogin".to_owned(),
            out: Box::new(out),
        };
        let said = clean(kube::Error::Auth(error)).to_string();
        assert!(
            !said.contains("token") && !said.contains("97, 45"),
            "{said}"
        );
        assert!(
            said.contains("kubelogin") && said.contains("not signed in"),
            "{said}"
        );
    }

    #[test]
    fn a_kubeconfig_that_cannot_be_read_is_not_quoted() {
        let text = "users:\n- name: a\n  user: [token-of-somebody\n";
        let error = kube::config::Kubeconfig::from_yaml(text).expect_err("no kubeconfig");
        let said = clean_config(error).to_string();
        assert!(!said.contains("token-of-somebody"), "{said}");
    }

    #[test]
    fn a_server_that_is_busy_may_be_asked_again_and_one_that_refuses_may_not() {
        let check = |status: &str, expected: bool| {
            let error = Error::Refused {
                act: "apply",
                object: String::new(),
                server: String::new(),
                status: status.into(),
                message: String::new(),
            };
            assert_eq!(error.is_passing(), expected, "{status}");
        };
        for status in ["429", "500", "503", "ServiceUnavailable"] {
            check(status, true);
        }
        for status in [
            "400",
            "401",
            "403",
            "404",
            "409",
            "422",
            "Forbidden",
            "exit code 127",
        ] {
            check(status, false);
        }
    }
}
