//! The emulator as a client meets it: through the proxy, over TLS, with the answers on the wire.

mod apps;
mod assertions;
mod client;
mod clouds;
mod clusters;
mod deleted_vaults;
mod entra;
mod events;
mod faults;
mod limits;
mod locks;
mod main_path;
mod managed_identity;
mod management;
mod management_groups;
mod permissions;
mod resource_graph;
mod resources;
mod restart;
mod vault;
mod versions;
