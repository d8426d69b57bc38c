//! `keyrotation emulator start`: reads the fleet, starts, says what is where, waits for the end.

use std::path::Path;

use emulator::{Emulator, Fleet, Options};

use super::{EmulatorError, StartArgs, read};
use crate::Doors;
use crate::exit_code::ExitCode;
use crate::output::Streams;

/// Runs an emulator until the user asks to stop.
pub(super) async fn run(
    args: &StartArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, EmulatorError> {
    let options = options(args).await?;
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

async fn options(args: &StartArgs) -> Result<Options, EmulatorError> {
    let fleet = match &args.fleet {
        None => Fleet::standard(),
        Some(path) => {
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
        azurite: args.azurite.clone(),
        ..Options::ephemeral(fleet)
    })
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
    lines.push(format!("lead other programs here:  . {folder}/env.sh"));
    lines.push(format!(
        "let time pass:             keyrotation emulator clock --state-dir {folder} --advance P46D"
    ));
    lines.push("end it with Ctrl-C".to_owned());
    lines.join("\n")
}
