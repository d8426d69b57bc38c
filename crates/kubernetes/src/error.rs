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
        matches!(self, Self::Refused { message, .. } if message.contains("Apply failed with"))
    }

    /// Tells whether the caller is not known, or may not do this.
    pub fn is_forbidden(&self) -> bool {
        const ALL: [&str; 4] = ["401", "403", "Unauthorized", "Forbidden"];
        matches!(self, Self::Refused { status, .. } if ALL.contains(&&**status))
    }

    /// Tells whether the same request may succeed a little later. All requests to a cluster may be
    /// repeated: an apply says what shall be, not what to do.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unanswered { .. } => true,
            // Two writers at once; a field that another manager owns is another matter.
            Self::Refused { status, .. } if &**status == "409" => !self.is_conflict(),
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
}

/// Says in our own words what kube's error is about. Its own may hold what is secret: the arguments,
/// variables and output of a plugin, lines of a kubeconfig, the password of a proxy.
pub(crate) fn clean(error: kube::Error) -> Cause {
    match error {
        kube::Error::Auth(error) => plugin(&error).into(),
        kube::Error::ProxyProtocolUnsupported { .. }
        | kube::Error::ProxyProtocolDisabled { .. } => {
            "the proxy's address is not of the form http://HOST:PORT".into()
        }
        kube::Error::Service(error) => match error.downcast::<AuthError>() {
            Ok(error) => plugin(&error).into(),
            Err(error) => match error.downcast::<kube::Error>() {
                Ok(error) => clean(*error),
                Err(error) => error,
            },
        },
        other => other.into(),
    }
}

/// Says how signing in to the cluster failed.
fn plugin(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(error) => format!("the sign-in plugin does not start: {error}"),
        AuthError::AuthExecRun { out, .. } => {
            format!("the sign-in plugin ended with {}", out.status)
        }
        AuthError::ReadTokenFile(error, path) => {
            format!("cannot read the token file `{}`: {error}", path.display())
        }
        _ => "the kubeconfig's way to sign in gives no token that can be used".to_owned(),
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

    fn failed_plugin() -> AuthError {
        let out = Output {
            status: ExitStatus::from_raw(256),
            stdout: b"a-token".to_vec(),
            stderr: b"a-token".to_vec(),
        };
        AuthError::AuthExecRun {
            cmd: "SECRET=\"a-token\" \"kubelogin\" \"--client-secret\" \"a-token\"".to_owned(),
            out: Box::new(out),
        }
    }

    #[test]
    fn nothing_that_a_plugin_was_given_or_has_written_is_repeated() {
        for error in [
            kube::Error::Auth(failed_plugin()),
            kube::Error::Service(Box::new(failed_plugin())),
            kube::Error::Service(Box::new(kube::Error::Auth(failed_plugin()))),
        ] {
            let said = clean(error).to_string();
            assert!(
                !said.contains("token") && !said.contains("97, 45"),
                "{said}"
            );
            assert!(said.contains("plugin ended with"), "{said}");
        }
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
            "422",
            "Forbidden",
            "exit code 127",
        ] {
            check(status, false);
        }
    }
}
