//! A small, strict Azure on loopback: Entra ID, Resource Manager, Key Vault and Graph with a virtual clock, reached
//! under their real host names through a CONNECT proxy. See the README for what it models and what it refuses.
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = emulator::start(emulator::Options::ephemeral(emulator::Fleet::standard())).await?;
//! // Children that are given these variables reach the emulator instead of Azure.
//! assert!(emulator.environment().iter().any(|(name, _)| name == "HTTPS_PROXY"));
//! emulator.control().advance("P46D")?;
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().expect("a runtime").block_on(example()).expect("an emulator");
//! ```

mod azurite;
pub mod canary;
mod chance;
mod clock;
mod cloud;
mod control;
mod environment;
mod events;
mod fault;
mod fleet;
mod journal;
mod kubernetes;
mod latency;
mod period;
mod proxy;
mod record;
mod refusal;
mod routes;
mod sas;
mod server;
mod shared;
mod snapshot;
mod start;
mod state_dir;
mod throttle;
mod tls;
mod token;
mod wire;
mod world;

pub use clock::AdvanceError;
pub use control::{Control, ControlError};
pub use events::subscribers::SubscriberError;
pub use fault::{Always, ChanceRule, Fault, FaultRule, When};
pub use fleet::generate::{Sizes, SizesError};
pub use fleet::{DEFAULT_CLIENT, DEFAULT_OBJECT, DEFAULT_TENANT, Fleet, FleetError};
pub use journal::{JournalEntry, UNMODELLED};
pub use latency::{Latency, LatencyError};
pub use start::error::StartError;
pub use start::{Addresses, Emulator, Memory, Options, start};
pub use world::settings::{CallerCheck, Settings, Throttling};
