//! `keyrotation emulator start`: reads the fleet, starts, says what is where, waits for the end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use emulator::{Emulator, Fleet, Memory, Options, Settings, Throttling};
use jiff::Timestamp;

use super::args::{StartArgs, Throttle};
use super::{EmulatorError, read};
use crate::Doors;
use crate::exit_code::ExitCode;
use crate::output::Streams;

/// Runs an emulator until the user asks to stop.
pub(super) async fn run(
    args: &StartArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, EmulatorError> {
    let now = doors.clock.now();
    let options = options(args, now).await?;
    let mut stop = doors.stop;
    let emulator = tokio::select! {
        biased;
        () = &mut stop => return Ok(ExitCode::Passed),
        started = Box::pin(emulator::start(options)) => started?,
    };
    streams.say(&summary(&emulator, &args.state_dir));
    stop.await;
    emulator.shutdown().await;
    streams.say("the emulator has ended");
    Ok(ExitCode::Passed)
}

async fn options(args: &StartArgs, now: Timestamp) -> Result<Options, EmulatorError> {
    let fleet = match (&args.fleet, args.generate) {
        (None, None) => Fleet::standard(),
        (None, Some(sizes)) => Fleet::generated(sizes, now),
        (Some(path), _) => {
            let parsed = read(path.clone()).await?.parse();
            parsed.map_err(|source| EmulatorError::Fleet {
                path: path.clone(),
                source,
            })?
        }
    };
    Ok(Options {
        state_dir: Some(args.state_dir.clone()),
        tls_listen: args.tls_listen,
        proxy_listen: args.proxy_listen,
        control_listen: args.control_listen,
        allowed_hosts: args.allow_host.clone(),
        // A relative path would be looked up from the state folder.
        azurite: args.azurite.as_deref().map(absolute),
        record: args.record.clone(),
        settings: settings(args),
        memory: if args.fresh {
            Memory::Anew
        } else {
            Memory::Resume
        },
        event_subscribers: args.event_subscriber.clone(),
        ..Options::ephemeral(fleet)
    })
}

/// Makes a path independent of the folder that a program runs in.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn settings(args: &StartArgs) -> Settings {
    Settings {
        latency: args.latency,
        throttle: match args.throttle {
            Throttle::Off => Throttling::Off,
            Throttle::Published => Throttling::Published,
        },
        ..Settings::default()
    }
}

fn summary(emulator: &Emulator, folder: &Path) -> String {
    let addresses = emulator.addresses();
    let mut lines = vec![
        "the Azure emulator is up; nothing reaches Azure".to_owned(),
        format!("  proxy    http://{}", addresses.proxy),
        format!("  TLS      https://{}", addresses.tls),
        format!("  control  http://{}", addresses.control),
    ];
    if let Some(blob) = addresses.blob {
        lines.push(format!("  blobs    https://{blob}"));
    }
    let folder = folder.display();
    lines.push(format!("  files    {folder}"));
    if emulator.is_resumed() {
        lines.push(
            "it goes on from where the last one in this folder was; --fresh starts anew".to_owned(),
        );
    }
    lines.extend(
        [addresses.tls, addresses.proxy]
            .into_iter()
            .filter_map(warning),
    );
    lines.push(format!("lead other programs here:  . {folder}/env.sh"));
    lines.push(format!(
        "let time pass:             keyrotation emulator clock --state-dir {folder} --advance P46D"
    ));
    lines.push("end it with Ctrl-C".to_owned());
    lines.join("\n")
}

/// Warns of an address that is not this machine's alone.
fn warning(address: SocketAddr) -> Option<String> {
    (!address.ip().is_loopback()).then(|| {
        format!(
            "WARNING: {address} can be reached from other machines. Whoever reaches it can sign in with known secrets, and \
             the proxy connects to every --allow-host. Use this in a closed network only."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_reach_is_warned_of() {
        for (address, is_open) in [
            ("127.0.0.1:443", false),
            ("[::1]:443", false),
            ("0.0.0.0:443", true),
            ("[::]:443", true),
            ("192.0.2.1:443", true),
        ] {
            let warning = warning(address.parse().expect("an address"));
            let begins = format!("WARNING: {address} can be reached from other machines.");
            let warned = warning.is_some_and(|text| text.starts_with(&begins));
            assert_eq!(warned, is_open, "{address}");
        }
    }
}
