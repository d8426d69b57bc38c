//! Serves a provider to the core that started the process, from the handshake to an orderly end.
//!
//! The parts: what the core asks for and is told (`handshake`), who may connect (`tls`), where
//! (`listener`, `folder`), the services beside the provider (`controller`), and when it ends (`shutdown`).

mod controller;
#[cfg(unix)]
mod folder;
mod handshake;
mod listener;
mod shutdown;
#[cfg(test)]
mod tests;
mod tls;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use proto::goplugin::grpc_broker_server::GrpcBrokerServer;
use proto::goplugin::grpc_controller_server::GrpcControllerServer;
use proto::goplugin::grpc_stdio_server::GrpcStdioServer;
use proto::tfplugin6::provider_server::ProviderServer;
use thiserror::Error;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::transport::server::Router;

use crate::log;
use crate::provider::Provider;
use crate::rpc::Service;
use crate::running::Running;
use crate::serve::controller::Controller;
use crate::serve::handshake::{Greeting, Invitation};
use crate::serve::listener::Listener;
use crate::serve::shutdown::{Ending, Watch};
use crate::serve::tls::Tls;

/// What cores send and take in one message.
const MESSAGE_BYTES: usize = 256 << 20;

/// How a provider is served.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The registry address, `HOST/NAMESPACE/TYPE`.
    pub address: String,
    /// A short name for log lines and for the socket's folder.
    pub name: String,
    /// Reads one environment variable.
    pub env: fn(&str) -> Option<String>,
    /// Whether a person starts the provider and tells the core where it is.
    pub debug: bool,
    /// Where the core connects.
    pub network: Network,
}

/// Where a core connects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// A private Unix socket where there are any, TCP elsewhere.
    #[default]
    Default,
    /// TCP on the loopback interface, with mutual TLS only.
    Tcp,
}

/// The provider cannot be served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// A person started the program, not a core.
    #[error("not started by Terraform or OpenTofu")]
    NotAPlugin,
    /// The certificate of the core cannot be used.
    #[error("cannot use the certificate of the core")]
    ClientCertificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No certificate for this process could be made.
    #[error("cannot make a certificate")]
    ServerCertificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Anyone on the machine could connect.
    #[error("cannot serve without TLS on a network socket")]
    Plaintext,
    /// The operating system takes no socket path of this length.
    #[error("cannot use the socket path `{0}`: it is too long, set TMPDIR to a shorter folder")]
    SocketPath(String),
    /// There is nowhere to listen.
    #[error("cannot listen for the core")]
    Listen(#[source] std::io::Error),
    /// The core cannot be told where to connect.
    #[error("cannot write the handshake line")]
    Announce(#[source] std::io::Error),
    /// The surroundings of the server, such as its runtime or its signals, cannot be had.
    #[error("cannot start the server")]
    Start(#[from] std::io::Error),
    /// The server broke off.
    #[error("cannot go on serving")]
    Serve(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Serves a provider until the core is done with it.
///
/// # Errors
/// [`ServeError`] if the provider was not started by a core, or cannot be served.
///
/// # Cancellation
/// Dropping the future ends serving at once and leaves operations to the runtime.
pub async fn serve(provider: impl Provider, options: ServeOptions) -> Result<(), ServeError> {
    let invitation = Invitation::read(&options)?;
    let host = Host::open(&invitation, &options)?;
    handshake::announce(&host.greeting, &invitation, &options)?;
    let served = host.run(Arc::new(provider)).await;
    log::flush();
    served
}

/// Turns the end of [`serve`] into an exit code, and tells a person on stderr what went wrong.
#[must_use]
pub fn report(served: Result<(), ServeError>) -> ExitCode {
    let Err(error) = served else {
        return ExitCode::SUCCESS;
    };
    let mut text = match &error {
        ServeError::NotAPlugin => "This program is a provider for Terraform and OpenTofu, which \
            start it themselves.\nName it in `required_providers` of a configuration and run \
            `terraform init`, or start it with `--debug` to attach a core by hand."
            .to_owned(),
        error => format!("error: {error}"),
    };
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    // A core that is gone reads no errors, and there is nobody else to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::FAILURE
}

/// Everything that is open before the core is told to connect.
struct Host {
    greeting: Greeting,
    listener: Listener,
    watch: Watch,
    ending: Ending,
}

impl Host {
    fn open(invitation: &Invitation, options: &ServeOptions) -> Result<Host, ServeError> {
        let tls = invitation
            .client_certificate
            .as_deref()
            .map(Tls::for_core)
            .transpose()?;
        let certificate = tls.as_ref().map(|tls| tls.certificate.clone());
        let listener = Listener::open(invitation, options, tls)?;
        let greeting = Greeting {
            address: listener.address.clone(),
            certificate,
        };
        let ending = Ending::default();
        let watch = Watch::begin(&ending, options.debug)?;
        Ok(Host {
            greeting,
            listener,
            watch,
            ending,
        })
    }

    async fn run(self, provider: Arc<dyn Provider>) -> Result<(), ServeError> {
        let Host {
            listener,
            watch,
            ending,
            ..
        } = self;
        let (operations, connections) = (Running::new(), Running::new());
        let service = Service::new(provider, operations.clone(), ending.stop.clone());
        let (incoming, keep) = listener.accept(connections.clone(), ending.done.clone());
        tokio::spawn(watch.run(connections));
        let serving = router(service, &ending).serve_with_incoming_shutdown(
            ReceiverStream::new(incoming),
            ending.done.clone().cancelled_owned(),
        );
        let served = ending.drive(serving, &operations).await;
        drop(keep);
        served.map_err(|error| ServeError::Serve(error.into()))
    }
}

fn router(service: Service, ending: &Ending) -> Router {
    let provider = ProviderServer::new(service)
        .max_decoding_message_size(MESSAGE_BYTES)
        .max_encoding_message_size(MESSAGE_BYTES);
    let controller = Controller::new(ending.clone());
    Server::builder()
        .add_service(provider)
        .add_service(GrpcControllerServer::new(controller.clone()))
        .add_service(GrpcBrokerServer::new(controller.clone()))
        .add_service(GrpcStdioServer::new(controller))
}
