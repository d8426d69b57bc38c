//! One secret in one Kubernetes cluster: what is held there, one apply that changes it, and the
//! restart of those who read it only when they start.
//!
//! A cluster is reached by its API or, where that is closed, by `kubectl` on a machine behind SSH.
//! Both ways do the same things to the same objects, so who delivers a token need not know which
//! one it is. Nothing is ever deleted here: a secret changes in one server-side apply, so there is
//! no moment without it. Who decides whether a token is replaced is elsewhere.

mod api;
pub mod cluster;
mod described;
pub mod error;
pub mod object;
pub mod rollout;
pub mod secret;
pub mod ssh;

pub use crate::cluster::{Access, Cluster, Proxy};
pub use crate::described::wants_token;
pub use crate::error::Error;
pub use crate::object::{BadName, Kind, Object};
