//! The provider as a process: handshake, who may connect, and how it ends.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use proto::goplugin::Empty;
use proto::goplugin::grpc_controller_client::GrpcControllerClient;
use proto::tfplugin6::get_provider_schema;
use proto::tfplugin6::provider_client::ProviderClient;
use rustix::process::Signal;
use tests::caller::{self, Caller, Plugin};
use tests::place::Scratch;
use tests::process;
use tonic::transport::Channel;

/// What every HTTP/2 connection begins with, and an empty SETTINGS frame.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const SETTINGS_FRAME: u8 = 4;

#[test]
fn a_person_who_starts_the_provider_gets_a_hint() -> Result<()> {
    let scratch = Scratch::new()?;
    let said = process::run(caller::command(&scratch)?.env_remove(caller::COOKIE.0))?;
    assert_eq!(said.code, Some(1));
    assert_eq!(said.stdout, "");
    ensure!(
        said.stderr.contains("Terraform"),
        "no hint: {}",
        said.stderr
    );
    Ok(())
}

#[test]
fn the_handshake_names_a_socket_that_only_its_user_can_reach() -> Result<()> {
    let plugin = Plugin::start()?;
    let handshake = plugin.handshake();
    assert_eq!(handshake.core_version, "1");
    assert_eq!(handshake.protocol_version, "6");
    assert_eq!(handshake.wire, "grpc");
    let folder = handshake
        .socket
        .parent()
        .context("a socket without a folder")?;
    ensure!(
        folder.starts_with(plugin.scratch().path()),
        "{} is elsewhere",
        folder.display()
    );
    assert_eq!(fs::metadata(folder)?.permissions().mode() & 0o777, 0o700);
    Ok(())
}

#[tokio::test]
async fn only_the_core_that_started_the_provider_can_speak_to_it() -> Result<()> {
    let plugin = Plugin::start()?;
    for stranger in [Caller::Nobody, Caller::Stranger, Caller::Thief] {
        let answer = match plugin.connect(stranger).await {
            Ok(channel) => ask_for_schema(channel).await,
            Err(refused) => Err(refused),
        };
        ensure!(answer.is_err(), "{stranger:?} was let in");
    }
    ask_for_schema(plugin.connect(Caller::Core).await?).await
}

#[test]
fn a_client_without_tls_is_refused() -> Result<()> {
    let plugin = Plugin::start()?;
    let mut stream = UnixStream::connect(&plugin.handshake().socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(HTTP2_PREFACE)?;
    let mut answer = Vec::new();
    // Whether the connection ends in peace or by a reset makes no difference.
    drop(stream.read_to_end(&mut answer));
    ensure!(
        answer.get(3) != Some(&SETTINGS_FRAME),
        "the provider speaks without TLS"
    );
    Ok(())
}

#[tokio::test]
async fn the_provider_leaves_nothing_behind_when_it_is_told_to_end() -> Result<()> {
    let plugin = Plugin::start()?;
    let channel = plugin.connect(Caller::Core).await?;
    ask_for_schema(channel.clone()).await?;
    GrpcControllerClient::new(channel)
        .shutdown(Empty {})
        .await
        .context("Shutdown")?;
    let (said, scratch) = plugin.finish()?;
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(
        said.stdout.lines().count(),
        1,
        "stdout holds the handshake alone: {}",
        said.stdout
    );
    assert_eq!(
        fs::read_dir(scratch.path())?.count(),
        0,
        "temporary files stay behind"
    );
    Ok(())
}

#[tokio::test]
async fn an_interrupt_from_the_terminal_is_left_to_the_core() -> Result<()> {
    let plugin = Plugin::start()?;
    let channel = plugin.connect(Caller::Core).await?;
    plugin.signal(Signal::INT)?;
    ask_for_schema(channel).await
}

async fn ask_for_schema(channel: Channel) -> Result<()> {
    let mut client = ProviderClient::new(channel);
    let answer = client
        .get_provider_schema(get_provider_schema::Request {})
        .await;
    let schema = answer.context("GetProviderSchema")?.into_inner();
    ensure!(
        schema.resource_schemas.contains_key("keyrotation_policy"),
        "no keyrotation_policy"
    );
    Ok(())
}
