//! Tests that cross rooms, one module per subject.
//!
//! They run the programs that cargo has built and the tools under `target/tools`: `cargo xtask test`
//! provides both.

mod apps;
mod architecture;
mod bad_values;
mod check;
mod check_scope;
mod concurrency;
mod configuration;
mod dependencies;
mod direct;
mod documents;
mod entra;
mod examples;
mod faults;
mod function;
mod generate;
mod interruption;
mod lifecycle;
mod matrix;
mod precedence;
mod protocol;
mod release;
mod reports;
mod resume;
mod rotate;
mod secrets;
mod security;
mod sign_in;
mod sync;
mod upgrade;
mod vault;
