//! The wire between a core and a provider: generated types and services, nothing else.

/// Messages and services of plugin protocol 6.
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated from the interface file, which holds the comments"
)]
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// Services by which a core controls the plugin process.
#[expect(
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated from the interface file, which holds the comments"
)]
pub mod goplugin {
    tonic::include_proto!("plugin");
}
