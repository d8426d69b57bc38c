//! Drivers of the tests that cross rooms: they start the real programs, talk to them as their users
//! do, and end them.
//!
//! The tests themselves are in `suite/`. Nothing here knows the insides of provider and command
//! line tool, so that the tests prove what users see.

pub mod arm;
pub mod azurerm;
pub mod caller;
pub mod cli;
pub mod console;
pub mod core;
pub mod emulator;
pub mod faults;
pub mod fleet;
pub mod handler;
pub mod life;
pub mod memory;
pub mod metadata;
pub mod pages;
pub mod place;
pub mod process;
pub mod runner;
pub mod signer;
pub mod site;
pub mod source;
pub mod ssh;
pub mod terraform;
pub mod transcript;

mod http;
