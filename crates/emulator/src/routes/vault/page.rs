//! Pages of Key Vault's lists: at most 25 items, and a link to the next page that is null on the last.

use std::collections::BTreeMap;
use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::routes::Context;
use crate::routes::reply::Reply;

/// No page is longer.
const LARGEST: usize = 25;

/// Gives the page of `items` that the request asks for; each item is written by `write`.
pub(super) fn page<T>(
    context: &Context<'_>,
    items: &BTreeMap<String, T>,
    write: impl Fn(&T) -> Value,
) -> Result<Reply, Refusal> {
    let size = size(context)?;
    let start = start(context)?;
    let from = start
        .as_ref()
        .map_or(Bound::Unbounded, |last| Bound::Excluded(last.as_str()));
    let mut rest = items.range::<str, _>((from, Bound::Unbounded));
    let taken: Vec<(&String, &T)> = rest.by_ref().take(size).collect();
    let last = taken
        .last()
        .filter(|_| rest.next().is_some())
        .map(|(name, _)| name.as_str());
    let next = last.map(|last| next_link(context, last, size));
    let values: Vec<Value> = taken.into_iter().map(|(_, item)| write(item)).collect();
    Ok(Reply::ok(json!({"value": values, "nextLink": next})))
}

fn size(context: &Context<'_>) -> Result<usize, Refusal> {
    let Some(text) = context.call.parameter("maxresults") else {
        return Ok(LARGEST);
    };
    let size = text
        .parse()
        .ok()
        .filter(|size| (1..=LARGEST).contains(size));
    size.ok_or_else(|| {
        Refusal::bad_parameter(format!("maxresults must be between 1 and {LARGEST}"))
    })
}

fn start(context: &Context<'_>) -> Result<Option<String>, Refusal> {
    let Some(token) = context.call.parameter("$skiptoken") else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let last = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    last.map(Some)
        .ok_or_else(|| Refusal::bad_parameter("The $skiptoken is not one of this vault"))
}

fn next_link(context: &Context<'_>, last: &str, size: usize) -> String {
    let call = context.call;
    let version = call.api_version().unwrap_or_default();
    let token = URL_SAFE_NO_PAD.encode(last);
    let size = call
        .parameter("maxresults")
        .map(|_| format!("&maxresults={size}"))
        .unwrap_or_default();
    format!(
        "https://{}{}?api-version={version}&$skiptoken={token}{size}",
        call.host, call.path
    )
}
