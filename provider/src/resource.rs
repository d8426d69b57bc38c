//! The resources, in the order in which to read them.

pub(crate) mod policy;
pub(crate) mod sas_definition;
pub(crate) mod vault_access;
