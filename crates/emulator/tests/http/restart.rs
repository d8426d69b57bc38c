//! A state folder keeps the world, the authority and the ports.

use std::path::PathBuf;
use std::sync::Arc;

use emulator::{Fleet, Memory, Options};

use crate::client::{Bench, Failure};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn options(name: &str, memory: Memory) -> Options {
    Options {
        state_dir: Some(folder(name)),
        memory,
        ..Options::ephemeral(Fleet::standard())
    }
}

#[tokio::test]
async fn an_emulator_goes_on_where_it_was() -> Result<(), Failure> {
    let bench = Bench::started(options("goes-on", Memory::Anew)).await?;
    bench.grant_key_vault().await?;
    bench.enrol().await?;
    bench
        .vault(
            "PUT",
            "/secrets/plain?api-version=7.4",
            r#"{"value": "one"}"#,
        )
        .await?;
    let (addresses, config) = (bench.emulator.addresses(), Arc::clone(&bench.config));
    let before = bench.emulator.control().advance("P16D")?;
    let active = bench
        .vault("GET", "/storage/logs?api-version=7.4", "")
        .await?
        .text("/activeKeyName");
    bench.emulator.shutdown().await;

    let bench = again("goes-on").await?;
    assert!(bench.emulator.is_resumed());
    assert!(bench.emulator.control().now() >= before);
    assert_eq!(
        bench
            .vault("GET", "/storage/logs?api-version=7.4", "")
            .await?
            .text("/activeKeyName"),
        active
    );
    assert_eq!(
        bench
            .vault("GET", "/secrets/plain?api-version=7.4", "")
            .await?
            .text("/value"),
        "one"
    );
    assert_eq!(bench.emulator.addresses(), addresses);
    let old_client = Bench { config, ..bench };
    let secret = old_client
        .vault("GET", "/secrets/plain?api-version=7.4", "")
        .await?;
    assert_eq!(
        secret.status, 200,
        "whoever trusted the authority still does"
    );
    old_client.emulator.shutdown().await;

    let fresh = Bench::started(options("goes-on", Memory::Anew)).await?;
    assert!(!fresh.emulator.is_resumed());
    assert_eq!(
        fresh
            .vault("GET", "/storage/logs?api-version=7.4", "")
            .await?
            .status,
        404
    );
    Ok(())
}

fn cause(error: &Failure) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

/// Starts once more, as soon as the folder is free: the tasks of the one before end in their own time.
async fn again(name: &str) -> Result<Bench, Failure> {
    loop {
        match Bench::started(options(name, Memory::Resume)).await {
            Err(error) if cause(&error).starts_with("another emulator runs") => {
                tokio::task::yield_now().await;
            }
            started => return started,
        }
    }
}

#[tokio::test]
async fn the_folder_of_a_running_emulator_is_refused() -> Result<(), Failure> {
    let _running = Bench::started(options("in-use", Memory::Anew)).await?;
    let refused = Bench::started(options("in-use", Memory::Resume))
        .await
        .err();
    let refused = refused.ok_or("a second emulator has started")?;
    let cause = cause(&refused);
    assert!(cause.starts_with("another emulator runs in `"), "{cause}");
    Ok(())
}

#[tokio::test]
async fn a_damaged_snapshot_is_named() -> Result<(), Failure> {
    let folder = folder("damaged");
    std::fs::create_dir_all(&folder)?;
    for (text, expected) in [
        ("{", "damaged"),
        (r#"{"format": "0/0"}"#, "another version"),
    ] {
        std::fs::write(folder.join("state.json"), text)?;
        let refused = Bench::started(options("damaged", Memory::Resume))
            .await
            .err();
        let refused = refused.ok_or("the emulator has started")?;
        let cause = cause(&refused);
        assert!(cause.contains(expected), "{cause}");
    }
    Ok(())
}
