//! Sends a request as the bytes of its message, so that messages which no test would write reach the service.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use proto::tfplugin6::provider_server::ProviderServer;
use tonic::body::Body;
use tonic::codegen::{Bytes, Service as _, http};

use super::Harness;

/// What came back for the bytes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The code of gRPC: 0 if the service answered with a message.
    pub code: i32,
    /// The answers, each with the five bytes of gRPC before it.
    pub frames: Vec<u8>,
}

/// The code for an answer that tells none, or none that is a number.
const UNKNOWN: i32 = 2;

impl Harness {
    /// Sends the bytes of a message to a method, by its name in the protocol, and reads the answer to its end.
    ///
    /// # Panics
    /// If the name cannot be part of an address.
    pub async fn send_bytes(&self, method: &str, message: &[u8]) -> Answered {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let mut frame = vec![0];
        frame.extend(length.to_be_bytes());
        frame.extend(message);
        let request = http::Request::post(format!("/tfplugin6.Provider/{method}"))
            .header("content-type", "application/grpc")
            .body(Body::new(Full::new(Bytes::from(frame))))
            .expect("a method has a plain name");
        let mut server = ProviderServer::from_arc(Arc::clone(&self.service));
        let Ok(response) = server.call(request).await;
        let at_once = code(response.headers());
        let Ok(collected) = response.into_body().collect().await else {
            return Answered {
                code: UNKNOWN,
                frames: Vec::new(),
            };
        };
        let at_the_end = collected.trailers().and_then(code);
        Answered {
            code: at_once.or(at_the_end).unwrap_or(UNKNOWN),
            frames: collected.to_bytes().to_vec(),
        }
    }
}

fn code(headers: &http::HeaderMap) -> Option<i32> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}
