//! Pages of Resource Manager's lists, with a full address as the link to the next one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::routes::Context;
use crate::routes::reply::Reply;

/// Gives the page of `items` that the request asks for. The last page has no link.
pub(super) fn page<T>(
    context: &Context<'_>,
    items: impl Iterator<Item = T>,
    write: impl Fn(T) -> Value,
) -> Result<Reply, Refusal> {
    let size = context.world.settings.page_size.max(1);
    let (start, is_filled) = start(context)?;
    if context.world.settings.empty_pages && !is_filled {
        let link = next_link(context, &format!("{start}!"));
        return Ok(Reply::ok(json!({"value": [], "nextLink": link})));
    }
    let mut rest = items.skip(start);
    let values: Vec<Value> = rest.by_ref().take(size).map(write).collect();
    let mut body = json!({"value": values});
    if let (Some(_), Some(body)) = (rest.next(), body.as_object_mut()) {
        body.insert(
            "nextLink".to_owned(),
            json!(next_link(context, &(start + size).to_string())),
        );
    }
    Ok(Reply::ok(body))
}

/// Gives where the page starts, and whether it must be the one with the items: an empty one may come before it.
fn start(context: &Context<'_>) -> Result<(usize, bool), Refusal> {
    let Some(token) = context.call.parameter("$skiptoken") else {
        return Ok((0, false));
    };
    let text = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let start = text.and_then(|text| {
        let is_filled = text.ends_with('!');
        Some((text.trim_end_matches('!').parse().ok()?, is_filled))
    });
    start.ok_or_else(|| Refusal::new(400, "InvalidSkipToken", "The $skiptoken is invalid."))
}

fn next_link(context: &Context<'_>, start: &str) -> String {
    let call = context.call;
    let query = call.query.as_deref().unwrap_or_default().split('&');
    let is_token = |pair: &&str| {
        let name = pair
            .split('=')
            .next()
            .unwrap_or_default()
            .replace("%24", "$");
        !name.eq_ignore_ascii_case("$skiptoken")
    };
    let kept: Vec<&str> = query.filter(is_token).collect();
    let token = URL_SAFE_NO_PAD.encode(start);
    format!(
        "https://{}{}?{}&$skiptoken={token}",
        call.host,
        call.path,
        kept.join("&")
    )
}
