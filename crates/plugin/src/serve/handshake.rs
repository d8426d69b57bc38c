//! The handshake: what the core asks for in its environment, and the one line it is answered on stdout.
//!
//! Nothing else may ever be written to stdout: the core takes it for the handshake.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::json;

use super::{ServeError, ServeOptions};

/// Shows that a core started the process. It is a courtesy to people and protects nothing.
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The protocol we speak.
const PROTOCOL: &str = "6";

/// Where go-plugin looks for a port if the core names no others.
const PORTS: RangeInclusive<u16> = 10_000..=25_000;

/// What the core asks for.
#[derive(Clone, Debug)]
pub(super) struct Invitation {
    /// The certificate that the core will show, in PEM; without one there is no TLS.
    pub(super) client_certificate: Option<String>,
    /// Where sockets go.
    pub(super) folder: PathBuf,
    /// The ports to choose from.
    pub(super) ports: RangeInclusive<u16>,
    /// Whether the core asked about multiplexing, which we do not do.
    pub(super) asks_multiplex: bool,
}

/// What the core is told.
#[derive(Clone, Debug)]
pub(super) struct Greeting {
    /// Where to connect.
    pub(super) address: Address,
    /// Our certificate, which is all that the core will trust.
    pub(super) certificate: Option<Vec<u8>>,
}

/// Where to connect.
#[derive(Clone, Debug)]
pub(super) enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A port on the loopback interface.
    Tcp(SocketAddr),
}

impl Invitation {
    /// Reads what the core asks for.
    pub(super) fn read(options: &ServeOptions) -> Result<Invitation, ServeError> {
        let env = |name: &str| (options.env)(name).filter(|value| !value.is_empty());
        if !options.debug && env("TF_PLUGIN_MAGIC_COOKIE").as_deref() != Some(COOKIE) {
            return Err(ServeError::NotAPlugin);
        }
        warn_of_protocol(env("PLUGIN_PROTOCOL_VERSIONS").as_deref());
        let folder = env("PLUGIN_UNIX_SOCKET_DIR").or_else(|| env("TMPDIR"));
        Ok(Invitation {
            // A core that attaches to a running provider speaks no TLS.
            client_certificate: env("PLUGIN_CLIENT_CERT").filter(|_| !options.debug),
            folder: folder.unwrap_or_else(|| "/tmp".to_owned()).into(),
            ports: ports(env("PLUGIN_MIN_PORT"), env("PLUGIN_MAX_PORT")),
            asks_multiplex: env("PLUGIN_MULTIPLEX_GRPC").is_some(),
        })
    }
}

impl Greeting {
    /// Returns the line of the handshake.
    fn line(&self, asks_multiplex: bool) -> String {
        let (network, address) = self.address.parts();
        let certificate = self
            .certificate
            .as_ref()
            .map(|der| STANDARD_NO_PAD.encode(der));
        let mut line = format!(
            "1|{PROTOCOL}|{network}|{address}|grpc|{}",
            certificate.unwrap_or_default()
        );
        if asks_multiplex {
            line.push_str("|false");
        }
        line
    }

    /// Returns the variable with which a person attaches a core.
    fn reattach(&self, registry_address: &str) -> String {
        let (network, address) = self.address.parts();
        let plugin = json!({
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": std::process::id(),
            // The core must not end a process that it did not start.
            "Test": true,
            "Addr": { "Network": network, "String": address },
        });
        let mut text = String::from("Attach a core with:\n\n");
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "TF_REATTACH_PROVIDERS='{}'",
            json!({ registry_address: plugin })
        );
        text
    }
}

impl Address {
    fn parts(&self) -> (&'static str, String) {
        match self {
            Address::Unix(path) => ("unix", path.display().to_string()),
            Address::Tcp(address) => ("tcp", address.to_string()),
        }
    }
}

/// Tells the core, or the person who debugs, where to connect.
pub(super) fn announce(
    greeting: &Greeting,
    invitation: &Invitation,
    options: &ServeOptions,
) -> Result<(), ServeError> {
    let text = if options.debug {
        greeting.reattach(&options.address)
    } else {
        greeting.line(invitation.asks_multiplex)
    };
    let mut stdout = std::io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    written.map_err(ServeError::Announce)
}

/// A core that does not speak our protocol says so itself once it has read the line.
fn warn_of_protocol(versions: Option<&str>) {
    let listed = versions.is_none_or(|versions| versions.split(',').any(|one| one == PROTOCOL));
    if !listed {
        tracing::warn!("the core does not offer protocol {PROTOCOL}");
    }
}

fn ports(first: Option<String>, last: Option<String>) -> RangeInclusive<u16> {
    let parse = |text: Option<String>| text.and_then(|text| text.parse::<u16>().ok());
    match (parse(first), parse(last)) {
        (Some(first), Some(last)) if first <= last => first..=last,
        _ => PORTS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Network;

    fn options(debug: bool, env: fn(&str) -> Option<String>) -> ServeOptions {
        let address = "registry.terraform.io/example/toy".to_owned();
        ServeOptions {
            address,
            name: "toy".to_owned(),
            env,
            debug,
            network: Network::Default,
        }
    }

    fn core_env(name: &str) -> Option<String> {
        let value = match name {
            "TF_PLUGIN_MAGIC_COOKIE" => COOKIE,
            "PLUGIN_CLIENT_CERT" => "PEM",
            "PLUGIN_PROTOCOL_VERSIONS" => "6,5",
            "PLUGIN_MIN_PORT" => "10000",
            "PLUGIN_MAX_PORT" => "10010",
            "TMPDIR" => "/var/tmp",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn only_the_cookie_starts_a_plugin() {
        let started = |debug, env| Invitation::read(&options(debug, env)).is_ok();
        assert!(started(false, core_env));
        assert!(!started(false, |_| None));
        assert!(!started(false, |_| Some("other".to_owned())));
        assert!(started(true, |_| None));
    }

    #[test]
    fn an_invitation_is_read_from_the_environment() {
        let read = |debug| Invitation::read(&options(debug, core_env)).expect("an invitation");
        let invitation = read(false);
        assert_eq!(invitation.client_certificate.as_deref(), Some("PEM"));
        assert_eq!(invitation.folder, PathBuf::from("/var/tmp"));
        assert_eq!(invitation.ports, 10_000..=10_010);
        assert!(!invitation.asks_multiplex);
        assert_eq!(read(true).client_certificate, None);
    }

    #[test]
    fn ports_that_make_no_range_are_replaced() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(ports(some("9"), some("3")), PORTS);
        assert_eq!(ports(some("x"), some("3")), PORTS);
        assert_eq!(ports(some("3"), None), PORTS);
        assert_eq!(ports(some("3"), some("3")), 3..=3);
    }

    #[test]
    fn the_line_has_six_fields_or_seven_if_asked() {
        let address = Address::Unix("/tmp/toy-1-0/s".into());
        let greeting = Greeting {
            address,
            certificate: Some(vec![0; 4]),
        };
        assert_eq!(greeting.line(false), "1|6|unix|/tmp/toy-1-0/s|grpc|AAAAAA");
        assert_eq!(
            greeting.line(true),
            "1|6|unix|/tmp/toy-1-0/s|grpc|AAAAAA|false"
        );
        let address = Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 10_000)));
        let greeting = Greeting {
            address,
            certificate: None,
        };
        assert_eq!(greeting.line(false), "1|6|tcp|127.0.0.1:10000|grpc|");
    }

    #[test]
    fn a_person_is_told_how_to_attach() {
        let address = Address::Unix("/tmp/toy-1-0/s".into());
        let text = Greeting {
            address,
            certificate: None,
        }
        .reattach("example.com/a/toy");
        let (_, json) = text
            .split_once("TF_REATTACH_PROVIDERS='")
            .expect("the variable");
        let json: serde_json::Value =
            serde_json::from_str(json.trim_end_matches('\'')).expect("JSON in quotes");
        let plugin = json.get("example.com/a/toy").expect("the address");
        assert_eq!(
            plugin.pointer("/Addr/String"),
            Some(&json!("/tmp/toy-1-0/s"))
        );
        assert_eq!(plugin.get("Test"), Some(&json!(true)));
    }
}
