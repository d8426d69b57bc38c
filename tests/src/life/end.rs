//! A run of the provider that is ended at a moment: killed, or asked to stop as a core asks it.

use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use proto::tfplugin6 as tf;
use serde_json::Value;

use super::{Held, Outcome, Run, runtime};
use crate::caller::Plugin;
use crate::emulator::Emulator;
use crate::faults::cut::Cut;

const PAUSE: Duration = Duration::from_millis(50);

/// Brings an object to what the configuration says, until the moment comes.
///
/// # Errors
///
/// Fails if the provider breaks the protocol, or if the moment does not come.
pub fn apply_until(
    emulator: &Emulator,
    kind: &str,
    config: Option<&Value>,
    held: &mut Option<Held>,
    cut: &Cut,
) -> Result<Outcome> {
    runtime()?.block_on(async {
        let plugin = Plugin::start_on(emulator)?;
        let mut run = Run::unconfigured(&plugin).await?;
        let mut other = run.client.clone();
        let acted = {
            let mut acting = pin!(async {
                run.configure().await?;
                run.apply(kind, config, held).await
            });
            tokio::select! {
                acted = &mut acting => {
                    acted?;
                    bail!("it was over");
                }
                come = moment(emulator, cut) => come?,
            }
            if cut.kills() {
                plugin.signal(cut.signal)?;
            } else {
                let request = tf::stop_provider::Request {};
                let answer = other.stop_provider(request).await?.into_inner();
                anyhow::ensure!(answer.error.is_empty(), "{}", answer.error);
                emulator.clear_faults()?;
            }
            acting.await
        };
        let mut outcome = run.outcome;
        match acted {
            Ok(()) => {}
            // What a core says of a provider that has gone.
            Err(_) if cut.kills() => outcome.failed = true,
            Err(error) => return Err(error).context("after it was asked to stop"),
        }
        outcome.log = plugin.stderr();
        Ok(outcome)
    })
}

/// Waits until the emulator holds the request.
async fn moment(emulator: &Emulator, cut: &Cut) -> Result<()> {
    let mut looks = tokio::time::interval(PAUSE);
    while !cut.has_come(emulator)? {
        looks.tick().await;
    }
    Ok(())
}
