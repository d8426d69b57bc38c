//! A custom handler of Azure Functions: a timer or an event in, a round of `sync` or a step of direct
//! rotation out.
//!
//! One delivery is worked on at a time, the others wait. What was learned of Azure is forgotten after
//! each: the handler may live for weeks.

pub mod args;
mod event;
mod host;
mod server;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use azure::clock::Clock;
use azure::env::Env;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::args::FunctionArgs;
use self::event::Event;
use self::host::{Answer, Asked};
use self::server::Job;
use super::rotate::{RotateCommandError, unattended};
use super::sync::once;
use crate::Doors;
use crate::config::{self, ConfigError};
use crate::error::{chain, hint_for};
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::settings::{self, SettingsError};
use crate::told::Told;

/// Where the host says where to listen.
const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
/// How many deliveries may wait for one that is worked on.
const WAITING: usize = 64;
/// How long connections have to take their last answer.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// The handler could not be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum FunctionError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("no port to listen on: the host of Azure Functions sets {PORT}, else give --listen")]
    NoPort,
    #[error("`{0}` in {PORT} is no port")]
    Port(String),
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        source: io::Error,
    },
}

/// What deliveries are worked on with.
struct Work<'a> {
    args: &'a FunctionArgs,
    env: Env,
    clock: Arc<dyn Clock>,
    ahead: Option<SignedDuration>,
    stop: CancellationToken,
}

/// Answers deliveries until somebody asks for the end; an operation under way ends between two
/// requests, and is finished by the next delivery.
///
/// # Errors
/// Settings that cannot be used, or no port to listen on.
pub(super) async fn run(
    args: &FunctionArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, FunctionError> {
    let Doors { env, clock, stop } = doors;
    // A mistake is told at the start, and not by the first timer.
    config::read(&env, args.config.as_deref())?;
    settings::cloud(args.cloud, &env)?;
    let wanted = address(args, &env)?;
    let refused = |source| FunctionError::Listen {
        address: wanted,
        source,
    };
    let listener = server::bind(wanted).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    streams.say(&format!("keyrotation function listens on http://{address}"));
    if !address.ip().is_loopback() {
        streams.say("WARNING: other machines can reach this, and nobody is asked who they are");
    }
    let work = Work {
        args,
        ahead: args.as_of.map(|moment| moment.duration_since(clock.now())),
        env,
        clock,
        stop: CancellationToken::new(),
    };
    let asked_to_stop = work.stop.clone();
    tokio::spawn(async move {
        stop.await;
        asked_to_stop.cancel();
    });
    let (jobs, waiting) = mpsc::channel(WAITING);
    let server = tokio::spawn(server::serve(listener, jobs, work.stop.clone()));
    work.all(waiting, streams).await;
    let _cut_off = timeout(LAST_ANSWERS, server).await;
    streams.say("keyrotation function has ended");
    Ok(ExitCode::Passed)
}

fn address(args: &FunctionArgs, env: &Env) -> Result<SocketAddr, FunctionError> {
    if let Some(address) = args.listen {
        return Ok(address);
    }
    let text = env.var(PORT).ok_or(FunctionError::NoPort)?;
    let port: u16 = text.parse().map_err(|_| FunctionError::Port(text))?;
    Ok((Ipv4Addr::LOCALHOST, port).into())
}

impl Work<'_> {
    /// Works on one delivery after the other; those that wait at the end are sent away.
    async fn all(&self, mut waiting: mpsc::Receiver<Job>, streams: &mut Streams) {
        loop {
            let job = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                job = waiting.recv() => job,
            };
            let Some(Job { asked, answer }) = job else {
                return;
            };
            let done = self.one(&asked, streams).await;
            // A host that has gone asks again.
            let _gone = answer.send(done);
        }
    }

    async fn one(&self, asked: &Asked, streams: &mut Streams) -> Answer {
        let mut told = Told::default();
        // What listens for a stop ends with the delivery.
        let stop = self.stop.child_token();
        let _ends = stop.clone().drop_guard();
        match asked {
            Asked::Sync => {
                let args = self.args.delivery(self.moment());
                let done = Box::pin(once::once(&args, self.doors(&stop), &mut told)).await;
                note(done, &mut told);
            }
            Asked::Due => {
                let (args, as_of) = (self.args.rotation(), self.moment());
                let done = unattended::due(&args, as_of, self.doors(&stop), streams, &mut told);
                note(Box::pin(done).await, &mut told);
            }
            Asked::Events(events) => {
                for event in events {
                    let done = Box::pin(self.event(event, &stop, streams, &mut told)).await;
                    note(done, &mut told);
                }
            }
            Asked::Health | Asked::HealthOfFunction => {}
        }
        for line in told.lines() {
            streams.say(line);
        }
        host::told(&told)
    }

    async fn event(
        &self,
        event: &Event,
        stop: &CancellationToken,
        streams: &mut Streams,
        told: &mut Told,
    ) -> Result<(), RotateCommandError> {
        match event {
            Event::Ending(announced) => {
                let (args, as_of) = (self.args.rotation(), self.moment());
                unattended::of_secret(&args, announced, as_of, self.doors(stop), streams, told)
                    .await
            }
            Event::Other(reason) => {
                told.say(reason);
                Ok(())
            }
            Event::Validation(_) => Ok(()),
        }
    }

    fn doors(&self, stop: &CancellationToken) -> Doors {
        Doors {
            env: self.env.clone(),
            clock: Arc::clone(&self.clock),
            stop: Box::pin(stop.clone().cancelled_owned()),
        }
    }

    /// Gives the moment that stands for now, if it is another one.
    fn moment(&self) -> Option<Timestamp> {
        let ahead = self.ahead?;
        self.clock.now().checked_add(ahead).ok()
    }
}

/// Notes why nothing could be done at all.
fn note(done: Result<(), impl std::error::Error + 'static>, told: &mut Told) {
    let Err(error) = done else { return };
    match hint_for(&error) {
        Some(hint) => told.leave(&format!("{}; {hint}", chain(&error))),
        None => told.leave(&chain(&error)),
    }
}
