//! Lists page by page: where the next page is, and what is on one.

use std::collections::HashSet;

use azure_core::http::Url;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::Error,
    request::{Listed, Odd},
    wire,
};

/// Bounds a list; the largest known ones have some hundred pages.
const MOST_PAGES: usize = 5_000;

/// Is one page of a list, its elements still unread.
#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub(super) value: Vec<Value>,
    #[serde(rename = "nextLink")]
    pub(super) next_link: Option<String>,
}

impl Page {
    pub(super) fn read(body: &[u8]) -> Result<Self, Odd> {
        Ok(serde_json::from_slice(body)?)
    }
}

/// Reads one element; an odd one costs itself and not the list.
pub(super) fn listed<T>(value: Value, decode: fn(Value) -> Result<T, Odd>) -> Listed<T> {
    let id = value.get("id").and_then(Value::as_str).map(str::to_owned);
    match decode(value) {
        Ok(item) => Listed::Item(item),
        Err(odd) => Listed::Odd {
            id,
            reason: odd.to_string(),
        },
    }
}

/// Walks from page to page and does not leave the service it started at.
pub(super) struct Pages {
    start: Url,
    next: Option<Url>,
    seen: HashSet<String>,
}

impl Pages {
    pub(super) fn new(start: Url) -> Self {
        Self {
            next: Some(start.clone()),
            start,
            seen: HashSet::new(),
        }
    }

    /// Gives the address of the next page, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Url>, Error> {
        let Some(url) = self.next.take() else {
            return Ok(None);
        };
        if !self.seen.insert(url.to_string()) {
            return Err(Error::refused("the pages of a list lead in a circle"));
        }
        if self.seen.len() > MOST_PAGES {
            return Err(Error::refused(format!(
                "a list has more than {MOST_PAGES} pages"
            )));
        }
        Ok(Some(url))
    }

    /// Takes a page's link to the next one; an empty page may have one too.
    pub(super) fn follow(&mut self, link: Option<&str>) -> Result<(), Error> {
        let Some(link) = link.filter(|link| !link.is_empty()) else {
            return Ok(());
        };
        let url = Url::parse(link)
            .map_err(|_| Error::refused("the link to a list's next page is no address"))?;
        // The token goes where the link leads.
        if url.origin() != self.start.origin() {
            let host = self.start.host_str().unwrap_or_default();
            let text = format!("the link to a list's next page leaves {host}");
            return Err(Error::refused(text));
        }
        self.next = Some(url);
        Ok(())
    }
}
