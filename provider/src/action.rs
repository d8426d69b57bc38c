//! The actions: what is done on demand and leaves no state.

pub(crate) mod rotate;
