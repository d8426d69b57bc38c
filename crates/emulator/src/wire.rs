//! How things look on the wire: JSON of Azure's shapes, written from the world. Nothing here decides.

pub(crate) mod activity;
pub(crate) mod management;
pub(crate) mod resource;
pub(crate) mod site;
pub(crate) mod vault;
