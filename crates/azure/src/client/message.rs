//! A request on its way out: ours until here, azure_core's from here on.

use azure_core::http::{
    Method, Request, Url,
    headers::{ACCEPT, CONTENT_TYPE},
};

use crate::request::Idempotency;

/// Is what goes out, before it is azure_core's.
pub(super) struct Message {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Vec<u8>>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) idempotency: Idempotency,
}

impl Message {
    pub(super) fn reading(url: Url) -> Self {
        Self {
            method: Method::Get,
            url,
            body: None,
            headers: Vec::new(),
            idempotency: Idempotency::Repeatable,
        }
    }

    pub(super) fn into_http(self) -> Request {
        let mut http = Request::new(self.url, self.method);
        http.insert_header(ACCEPT, "application/json");
        for (name, value) in self.headers {
            http.insert_header(name, value);
        }
        if let Some(body) = self.body {
            http.insert_header(CONTENT_TYPE, "application/json");
            http.set_body(body);
        }
        http
    }
}
