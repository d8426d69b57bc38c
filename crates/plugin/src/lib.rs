//! Serves a Terraform or OpenTofu provider over plugin protocol 6.
//!
//! A provider implements [`Provider`] and a trait for each thing it offers, above all [`Resource`], and hands
//! itself to [`serve()`]. This crate does the rest: the handshake with the core that started the process, mutual
//! TLS, values on the wire, the generic part of validating and planning, and an orderly end. It knows nothing
//! about what the resources manage.
//!
//! ```
//! use plugin::{Attribute, Schema, Value};
//!
//! let schema = Schema::new(0, "A policy.")
//!     .attribute(Attribute::string("name").required().describe("Name of the policy."))
//!     .attribute(Attribute::number("days").optional_computed().default(Value::from(90)));
//! assert!(schema.null_object().get("days").is_null());
//! ```

pub mod action;
pub mod data_source;
pub mod diagnostic;
pub mod ephemeral;
pub mod function;
pub mod identity;
pub mod list;
pub mod log;
pub mod path;
pub mod provider;
pub mod resource;
mod rpc;
mod running;
pub mod schema;
pub mod serve;
pub mod testing;
pub mod types;
pub mod value;

pub use action::{Action, Progress};
pub use data_source::{DataSource, ReadData};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use ephemeral::{EphemeralResource, Opened, Renewed};
pub use function::{Function, FunctionError, Parameter, Signature};
pub use identity::{ForImport, IdentityAttribute, IdentitySchema};
pub use list::{ListRequest, ListResource, Listed, Listing};
pub use path::{Path, Step};
pub use provider::{ConfigureRequest, Provider};
pub use resource::{
    Applied, Context, CreateRequest, DeleteRequest, Deleted, Imported, MoveRequest, Plan,
    ReadRequest, ReadResponse, Resource, UpdateRequest,
};
pub use schema::{Attribute, Kind, Mode, Nesting, Schema};
pub use serve::serve;
pub use types::Type;
pub use value::number::{NotANumber, Number};
pub use value::{Refinements, Value};
