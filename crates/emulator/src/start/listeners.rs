//! The three listeners of an emulator: bound first, opened when all else stands.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::error::StartError;
use super::{Addresses, Options};
use crate::proxy;
use crate::server::{listen_control, listen_tls};
use crate::shared::Shared;
use crate::snapshot::Ports;
use crate::tls::{Authority, ByName};

/// The listeners of one emulator.
pub(super) struct Listeners {
    tls: TcpListener,
    proxy: TcpListener,
    control: TcpListener,
}

impl Listeners {
    /// Binds all; an address that leaves the port open gets the one it had before, if that is free.
    pub(super) async fn bind(options: &Options, before: Option<Ports>) -> Result<Self, StartError> {
        Ok(Self {
            tls: bind("TLS", options.tls_listen, before.map(|ports| ports.tls)).await?,
            proxy: bind(
                "proxy",
                options.proxy_listen,
                before.map(|ports| ports.proxy),
            )
            .await?,
            control: bind(
                "control",
                options.control_listen,
                before.map(|ports| ports.control),
            )
            .await?,
        })
    }

    /// Gives where they are.
    pub(super) fn addresses(&self, blob: Option<SocketAddr>) -> Result<Addresses, StartError> {
        let address = |listener: &TcpListener| {
            listener
                .local_addr()
                .map_err(|error| StartError::because("a listener has no address", error))
        };
        Ok(Addresses {
            tls: address(&self.tls)?,
            proxy: address(&self.proxy)?,
            control: address(&self.control)?,
            blob,
        })
    }

    /// Starts to accept connections.
    pub(super) fn open(self, shared: &Arc<Shared>) -> Result<(), StartError> {
        let resolver = Arc::new(ByName(Arc::clone(shared)));
        let config = Authority::server_config(resolver).map_err(StartError::tls)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        shared.spawn(listen_tls(Arc::clone(shared), self.tls, acceptor.clone()));
        shared.spawn(proxy::listen(Arc::clone(shared), self.proxy, acceptor));
        shared.spawn(listen_control(Arc::clone(shared), self.control));
        Ok(())
    }
}

async fn bind(
    what: &str,
    address: SocketAddr,
    before: Option<u16>,
) -> Result<TcpListener, StartError> {
    if let (0, Some(port)) = (address.port(), before)
        && let Ok(listener) = TcpListener::bind(SocketAddr::new(address.ip(), port)).await
    {
        return Ok(listener);
    }
    let act = || format!("cannot listen on {address} ({what})");
    TcpListener::bind(address)
        .await
        .map_err(|error| StartError::because(act(), error))
}
