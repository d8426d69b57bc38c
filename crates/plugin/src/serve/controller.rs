//! The services beside the provider, by which the core controls the process.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use proto::goplugin::grpc_broker_server::GrpcBroker;
use proto::goplugin::grpc_controller_server::GrpcController;
use proto::goplugin::grpc_stdio_server::GrpcStdio;
use proto::goplugin::{ConnInfo, Empty, StdioData};
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::{Request, Response, Status, Streaming};

use super::shutdown::Ending;

/// Serves all three services.
#[derive(Clone)]
pub(super) struct Controller {
    ending: Ending,
}

impl Controller {
    /// Controls the end of the process.
    pub(super) fn new(ending: Ending) -> Controller {
        Controller { ending }
    }

    fn silence<T>(&self) -> Response<Silence<T>> {
        Response::new(Silence::until(&self.ending.done))
    }
}

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.ending.shut_down();
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcBroker for Controller {
    type StartStreamStream = Silence<ConnInfo>;

    async fn start_stream(
        &self,
        _request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        Ok(self.silence())
    }
}

#[tonic::async_trait]
impl GrpcStdio for Controller {
    type StreamStdioStream = Silence<StdioData>;

    async fn stream_stdio(
        &self,
        _request: Request<()>,
    ) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(self.silence())
    }
}

/// A stream of nothing. It ends with the server, which would otherwise wait for it for ever.
pub(super) struct Silence<T> {
    end: Pin<Box<WaitForCancellationFutureOwned>>,
    items: PhantomData<fn() -> T>,
}

impl<T> Silence<T> {
    fn until(end: &CancellationToken) -> Silence<T> {
        Silence {
            end: Box::pin(end.clone().cancelled_owned()),
            items: PhantomData,
        }
    }
}

impl<T> Stream for Silence<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.end.as_mut().poll(context).map(|()| None)
    }
}
