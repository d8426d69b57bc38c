//! The ephemeral resources: values that reach neither plan nor state.

pub(crate) mod sas_token;
