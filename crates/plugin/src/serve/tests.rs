//! A server in this process, and clients that should or should not get in.

mod client;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use proto::goplugin::Empty;
use proto::goplugin::grpc_controller_client::GrpcControllerClient;
use proto::goplugin::grpc_stdio_client::GrpcStdioClient;
use proto::tfplugin6::get_provider_schema::Request as SchemaRequest;
use proto::tfplugin6::provider_client::ProviderClient;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::handshake::{Address, Greeting, Invitation};
use super::shutdown::Ending;
use super::{Host, Network, ServeError, ServeOptions};
use crate::diagnostic::Diagnostics;
use crate::provider::{ConfigureRequest, Provider};
use crate::resource::Resource;
use crate::schema::{Attribute, Schema};
use client::{Identity, connect};

/// A provider whose schema is larger than what servers send by default.
struct Large;

#[async_trait]
impl Provider for Large {
    fn schema(&self) -> Schema {
        Schema::new(0, "x".repeat(6 << 20)).attribute(Attribute::string("endpoint"))
    }

    fn resources(&self) -> Vec<Arc<dyn Resource>> {
        Vec::new()
    }

    async fn configure(&self, _request: ConfigureRequest) -> Diagnostics {
        Diagnostics::new()
    }
}

/// A server that runs until it is told to end.
struct Running {
    greeting: Greeting,
    ending: Ending,
    task: JoinHandle<Result<(), ServeError>>,
}

fn invitation(client_certificate: Option<String>) -> Invitation {
    Invitation {
        client_certificate,
        folder: std::env::temp_dir(),
        ports: 10_000..=25_000,
        asks_multiplex: false,
    }
}

fn options(network: Network) -> ServeOptions {
    let address = "registry.terraform.io/example/toy".to_owned();
    let name = "serve-test".to_owned();
    ServeOptions {
        address,
        name,
        env: |_| None,
        debug: false,
        network,
    }
}

fn start(client_certificate: Option<String>, network: Network) -> Result<Running, ServeError> {
    let host = Host::open(&invitation(client_certificate), &options(network))?;
    let (greeting, ending) = (host.greeting.clone(), host.ending.clone());
    let task = tokio::spawn(host.run(Arc::new(Large)));
    Ok(Running {
        greeting,
        ending,
        task,
    })
}

fn socket_folder(greeting: &Greeting) -> PathBuf {
    let Address::Unix(path) = &greeting.address else {
        unreachable!("it is a Unix socket")
    };
    path.parent().expect("the socket is in a folder").to_owned()
}

/// Checks whether a client gets in, and that the server ends on Shutdown within its bound.
async fn check_admission(network: Network, shown: Option<Identity>, admitted: bool) {
    let core = Identity::of_core(7);
    let server = start(Some(core.pem()), network).expect("it starts");
    let channel = connect(&server.greeting, shown).await;
    let answered = match channel {
        Ok(channel) => {
            let mut client = ProviderClient::new(channel).max_decoding_message_size(64 << 20);
            client.get_provider_schema(SchemaRequest {}).await.is_ok()
        }
        Err(_) => false,
    };
    assert_eq!(answered, admitted);
    let channel = connect(&server.greeting, Some(core))
        .await
        .expect("the core always gets in");
    let mut silence = GrpcStdioClient::new(channel.clone());
    let mut silence = silence
        .stream_stdio(())
        .await
        .expect("it is served")
        .into_inner();
    GrpcControllerClient::new(channel)
        .shutdown(Empty {})
        .await
        .expect("it answers");
    assert!(silence.message().await.expect("it ends in order").is_none());
    let ended = timeout(Duration::from_millis(1_500), server.task)
        .await
        .expect("it ends in time");
    assert!(ended.expect("it does not panic").is_ok());
}

#[tokio::test]
async fn the_core_gets_in_and_nobody_else() {
    check_admission(Network::Default, Some(Identity::of_core(7)), true).await;
    check_admission(Network::Default, Some(Identity::of_core(8)), false).await;
    check_admission(
        Network::Default,
        Some(Identity::of_core(7).with_key_of(8)),
        false,
    )
    .await;
    check_admission(Network::Default, None, false).await;
}

#[tokio::test]
async fn the_same_holds_on_tcp() {
    check_admission(Network::Tcp, Some(Identity::of_core(7)), true).await;
    check_admission(Network::Tcp, Some(Identity::of_core(8)), false).await;
    check_admission(Network::Tcp, None, false).await;
}

#[tokio::test]
async fn plaintext_stays_on_private_sockets() {
    assert!(matches!(
        start(None, Network::Tcp),
        Err(ServeError::Plaintext)
    ));
    let server = start(None, Network::Default).expect("it starts");
    let folder = socket_folder(&server.greeting);
    let channel = connect(&server.greeting, None).await.expect("it connects");
    let mut client = ProviderClient::new(channel).max_decoding_message_size(64 << 20);
    assert!(client.get_provider_schema(SchemaRequest {}).await.is_ok());
    drop(client);
    server.ending.shut_down();
    assert!(server.task.await.expect("it does not panic").is_ok());
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_termination_ends_the_process_once_the_core_is_gone() {
    let server = start(None, Network::Default).expect("it starts");
    let channel = connect(&server.greeting, None).await.expect("it connects");
    let mut client = ProviderClient::new(channel).max_decoding_message_size(64 << 20);
    // What SIGTERM does.
    server.ending.stop.cancel();
    assert!(client.get_provider_schema(SchemaRequest {}).await.is_ok());
    assert!(!server.task.is_finished());
    drop(client);
    let ended = timeout(Duration::from_secs(5), server.task)
        .await
        .expect("it ends");
    assert!(ended.expect("it does not panic").is_ok());
}

#[tokio::test]
async fn a_socket_path_that_is_too_long_is_named() {
    let mut invitation = invitation(None);
    let long = std::env::temp_dir().join("x".repeat(120));
    std::fs::create_dir_all(&long).expect("a folder");
    invitation.folder = long.clone();
    let refused = Host::open(&invitation, &options(Network::Default));
    assert!(matches!(refused, Err(ServeError::SocketPath(_))));
    std::fs::remove_dir_all(long).expect("nothing was left in it");
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    let refused = Host::open(
        &invitation(Some("nonsense".to_owned())),
        &options(Network::Tcp),
    );
    assert!(matches!(refused, Err(ServeError::ClientCertificate(_))));
}
