//! The emulator as a client meets it: through the proxy, over TLS, with the answers on the wire.

mod client;
mod entra;
mod faults;
mod main_path;
mod managed_identity;
mod management;
mod vault;
