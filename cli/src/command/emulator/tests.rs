//! The commands over an emulator, and one that is started.

use std::net::SocketAddr;
use std::sync::Arc;

use emulator::{Fleet, Options};

use super::args::Throttle;
use super::*;
use crate::output::tests::Captured;

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("keyrotation-{name}-{}", std::process::id()))
}

fn doors(stop: impl Future<Output = ()> + Send + 'static) -> Doors {
    let nothing: [(&str, &str); 0] = [];
    Doors {
        env: azure::env::Env::from_pairs(nothing),
        clock: Arc::new(azure::clock::ManualClock::new(jiff::Timestamp::UNIX_EPOCH)),
        stop: Box::pin(stop),
    }
}

/// Runs a command: its result and what it said.
async fn run_alone(
    command: EmulatorCommand,
    stop: impl Future<Output = ()> + Send + 'static,
) -> (Result<ExitCode, EmulatorError>, String, String) {
    let (out, err) = (Captured::default(), Captured::default());
    let mut streams = Streams::captured(out.clone(), err.clone());
    let ended = run(&EmulatorArgs { command }, doors(stop), &mut streams).await;
    (ended, out.text(), err.text())
}

fn state(folder: &std::path::Path) -> StateArgs {
    StateArgs {
        state_dir: folder.to_owned(),
    }
}

fn clock(folder: &std::path::Path, advance: Option<&str>) -> EmulatorCommand {
    let advance = advance.map(str::to_owned);
    EmulatorCommand::Clock(ClockArgs {
        state: state(folder),
        advance,
    })
}

#[tokio::test]
async fn a_running_emulator_is_steered_through_its_folder() {
    let folder = folder("steered");
    let fleet: Fleet = r#"{"now": "2026-01-01T00:00:00Z", "subscriptions": []}"#
        .parse()
        .expect("a fleet");
    let options = Options {
        state_dir: Some(folder.clone()),
        ..Options::ephemeral(fleet)
    };
    let running = emulator::start(options).await.expect("a free port");
    let (_, now, _) = run_alone(clock(&folder, Some("P46D")), std::future::pending()).await;
    assert!(now.starts_with("2026-02-16T00:00:"), "{now}");
    let (refused, ..) = run_alone(clock(&folder, Some("soon")), std::future::pending()).await;
    assert!(matches!(
        refused,
        Err(EmulatorError::Client(ClientError::Refused {
            status: 400,
            ..
        }))
    ));
    let args = JournalArgs {
        state: state(&folder),
        format: JournalFormat::Json,
    };
    let (_, journal, _) = run_alone(EmulatorCommand::Journal(args), std::future::pending()).await;
    assert_eq!(journal, "{\"requests\":[]}\n");
    let (_, env, _) = run_alone(EmulatorCommand::Env(state(&folder)), std::future::pending()).await;
    assert!(
        env.contains(&format!(
            "export HTTPS_PROXY='http://{}'\n",
            running.addresses().proxy
        )),
        "{env}"
    );
    running.shutdown().await;
    let (gone, ..) = run_alone(clock(&folder, None), std::future::pending()).await;
    assert!(matches!(
        gone,
        Err(EmulatorError::Client(ClientError::NotRunning { .. }))
    ));
    std::fs::remove_dir_all(folder).expect("the folder was made");
}

#[test]
fn the_help_is_enough_to_begin_with() {
    use clap::Args as _;
    for command in [
        EmulatorArgs::augment_args(clap::Command::new("emulator")),
        StartArgs::augment_args(clap::Command::new("start")),
    ] {
        let help = command.clone().render_long_help().to_string();
        for line in [
            "keyrotation emulator start --state-dir /tmp/azure",
            ". /tmp/azure/env.sh",
            "--generate accounts=10000",
        ] {
            assert!(help.contains(line), "{}: {help}", command.get_name());
        }
    }
}

#[tokio::test]
async fn a_started_emulator_says_where_it_is_and_ends_when_asked() {
    let folder = folder("started");
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let args = StartArgs {
        state_dir: folder.clone(),
        fleet: None,
        tls_listen: free,
        proxy_listen: free,
        control_listen: free,
        allow_host: Vec::new(),
        azurite: None,
        record: None,
        generate: None,
        fresh: false,
        latency: emulator::Latency::default(),
        throttle: Throttle::Off,
        event_subscriber: Vec::new(),
    };
    let ready = folder.join("ready.json");
    let (out, err) = (Captured::default(), Captured::default());
    let mut streams = Streams::captured(out.clone(), err.clone());
    let (said, is_up) = (err.clone(), ready.clone());
    let stop = async move {
        // It says where it is only once it is there.
        while !said.text().contains("the Azure emulator is up") {
            tokio::task::yield_now().await;
        }
        assert!(is_up.exists());
    };
    let command = EmulatorCommand::Start(Box::new(args));
    let ended = run(&EmulatorArgs { command }, doors(stop), &mut streams).await;
    assert_eq!(ended.expect("an emulator that starts"), ExitCode::Passed);
    assert_eq!(out.text(), "");
    assert!(err.text().contains("end it with Ctrl-C"), "{}", err.text());
    assert!(!ready.exists());
    std::fs::remove_dir_all(folder).expect("the folder was made");
}
