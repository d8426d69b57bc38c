//! The decisions of key rotation, and nothing else.
//!
//! Everything here is a pure function of its arguments: what was observed, what the owner
//! demands, and what time it is. Nothing in this crate can wait, read a clock, reach the outside
//! or hold a secret, so every value of it may be printed. It knows no paths, no JSON names and no
//! words of Terraform; the engine turns its decisions into requests, the faces word them.
//!
//! ```
//! use rotation::period::{Period, RotationPeriod};
//!
//! // In a vault each key lives for two periods, because every turn renews the idle one.
//! let monthly: RotationPeriod = "P30D".parse().expect("a documented period");
//! assert_eq!(monthly.longest_key_life().to_string(), "P60D");
//!
//! let rule: Period = "P90D".parse().expect("a documented period");
//! assert_eq!(RotationPeriod::longest_for(rule).expect("long enough").to_string(), "P45D");
//! ```

pub mod direct;
pub mod drift;
pub mod enrolment;
pub mod finding;
pub mod observation;
pub mod origin;
pub mod period;
pub mod policy;
pub mod profile;
pub mod slot;
pub mod standing;
pub mod token;
pub mod turn;
pub mod waiver;
pub mod walk;
