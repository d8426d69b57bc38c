//! Where the core connects, and the loop that lets it in.
//!
//! A Unix socket in a private folder where there are any; otherwise TCP, with mutual TLS only. Neither a slow
//! handshake nor a failing accept keeps the core out.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use super::handshake::{Address, Invitation};
use super::tls::Tls;
use super::{Network, ServeError, ServeOptions};
use crate::running::{Running, Ticket};
#[cfg(unix)]
use crate::serve::folder::Folder;

/// How long a connection may take to show its certificate.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How many connections may be at that at a time. A core opens one.
const HANDSHAKES: usize = 16;

/// How long to wait after a failed accept, for instance when no file descriptor is left.
const RECOVERY: Duration = Duration::from_millis(50);

/// The longest socket path, without the zero at its end; macOS has the tightest bound.
const SOCKET_PATH_BYTES: usize = 103;

/// An open door that nobody has been told of.
pub(super) struct Listener {
    /// Where to connect.
    pub(super) address: Address,
    door: Door,
    tls: Option<TlsAcceptor>,
}

/// What must live as long as the socket.
pub(super) type Keep = Box<dyn Send>;

enum Door {
    #[cfg(unix)]
    Unix(UnixListener, Folder),
    Tcp(TcpListener),
}

impl Listener {
    /// Opens the door.
    pub(super) fn open(
        invitation: &Invitation,
        options: &ServeOptions,
        tls: Option<Tls>,
    ) -> Result<Listener, ServeError> {
        let tls = tls.map(|tls| tls.acceptor);
        let (address, door) = match options.network {
            #[cfg(unix)]
            Network::Default => unix_door(&invitation.folder, &options.name)?,
            _ if tls.is_none() => return Err(ServeError::Plaintext),
            _ => tcp_door(invitation.ports.clone())?,
        };
        Ok(Listener { address, door, tls })
    }

    /// Lets connections in until `done`. The second value must be kept as long as the socket is used.
    pub(super) fn accept(
        self,
        connections: Running,
        done: CancellationToken,
    ) -> (mpsc::Receiver<io::Result<Connection>>, Keep) {
        let (sender, incoming) = mpsc::channel(1);
        let entrance = Entrance {
            tls: self.tls,
            sender,
            connections,
        };
        let keep = match self.door {
            #[cfg(unix)]
            Door::Unix(listener, folder) => {
                let accept = async move || Ok(boxed(listener.accept().await?.0));
                tokio::spawn(entrance.run(accept, done));
                Box::new(folder) as Keep
            }
            Door::Tcp(listener) => {
                tokio::spawn(entrance.run(async move || accept_tcp(&listener).await, done));
                Box::new(())
            }
        };
        (incoming, keep)
    }
}

#[cfg(unix)]
fn unix_door(parent: &std::path::Path, name: &str) -> Result<(Address, Door), ServeError> {
    let folder = Folder::make(parent, name).map_err(ServeError::Listen)?;
    let path = folder.path().join("s");
    if path.as_os_str().len() > SOCKET_PATH_BYTES {
        return Err(ServeError::SocketPath(path.display().to_string()));
    }
    let listener = UnixListener::bind(&path).map_err(ServeError::Listen)?;
    clean_up(parent.to_owned(), name.to_owned());
    Ok((Address::Unix(path), Door::Unix(listener, folder)))
}

/// Removes what killed processes left, beside the start, which should not wait for it.
#[cfg(unix)]
fn clean_up(parent: PathBuf, name: String) {
    tokio::task::spawn_blocking(move || {
        if let Err(error) = Folder::remove_left_over(&parent, &name) {
            tracing::debug!(%error, "cannot look for left-over sockets");
        }
    });
}

fn tcp_door(ports: RangeInclusive<u16>) -> Result<(Address, Door), ServeError> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for port in ports {
        match bind(port) {
            Ok((address, listener)) => return Ok((Address::Tcp(address), Door::Tcp(listener))),
            Err(error) => last = error,
        }
    }
    Err(ServeError::Listen(last))
}

fn bind(port: u16) -> io::Result<(SocketAddr, TcpListener)> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok((listener.local_addr()?, TcpListener::from_std(listener)?))
}

/// Without this option small messages wait for others, for some 45 ms each.
async fn accept_tcp(listener: &TcpListener) -> io::Result<Box<dyn Socket>> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(boxed(stream))
}

/// What every arriving connection goes through.
#[derive(Clone)]
struct Entrance {
    tls: Option<TlsAcceptor>,
    sender: mpsc::Sender<io::Result<Connection>>,
    connections: Running,
}

impl Entrance {
    async fn run(
        self,
        accept: impl AsyncFn() -> io::Result<Box<dyn Socket>>,
        done: CancellationToken,
    ) {
        let handshakes = Arc::new(Semaphore::new(HANDSHAKES));
        while let Some(accepted) = done.run_until_cancelled(accept()).await {
            match accepted {
                Ok(socket) => {
                    let Ok(permit) = Arc::clone(&handshakes).acquire_owned().await else {
                        return;
                    };
                    let entrance = self.clone();
                    tokio::spawn(async move {
                        entrance.admit(socket).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    let _ = timeout(RECOVERY, done.cancelled()).await;
                }
            }
        }
    }

    async fn admit(self, socket: Box<dyn Socket>) {
        match self.authenticate(socket).await {
            Ok(socket) => {
                let ticket = self.connections.enter();
                // If nobody receives it, the server is about to end.
                let _ = self
                    .sender
                    .send(Ok(Connection {
                        socket,
                        _ticket: ticket,
                    }))
                    .await;
            }
            Err(error) => tracing::warn!(%error, "refused a connection"),
        }
    }

    async fn authenticate(&self, socket: Box<dyn Socket>) -> io::Result<Box<dyn Socket>> {
        match &self.tls {
            None => Ok(socket),
            Some(tls) => Ok(boxed(timeout(HANDSHAKE, tls.accept(socket)).await??)),
        }
    }
}

/// Any stream of bytes.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Socket for T {}

pub(super) fn boxed(socket: impl Socket) -> Box<dyn Socket> {
    Box::new(socket)
}

/// A connection of the core, counted while it is open.
pub(super) struct Connection {
    socket: Box<dyn Socket>,
    _ticket: Ticket,
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
