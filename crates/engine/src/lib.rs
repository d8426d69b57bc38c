//! Observe, decide, act: the only place where a decision becomes a change in Azure.
//!
//! The engine reads what there is through the `azure` room, lets the `rotation` room decide, and
//! carries the decision out one request at a time, so that an operation that is dropped or killed
//! leaves Azure in a state which the next run recognises and finishes. It knows no HTTP, no JSON,
//! no files, and no Terraform; it prints nothing and takes `now` from the clock it is given.

pub mod check;
pub mod deliver;
pub mod direct;
pub mod grant;
mod group_accounts;
pub mod holders;
mod key_vault_roles;
mod list;
pub mod managed;
pub mod observe;
pub mod precheck;
pub mod register;
pub mod run;
pub mod surroundings;
pub mod vault;
