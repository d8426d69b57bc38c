//! Azure Resource Graph: queries over all resources that the caller may read. The language itself is in `query`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context, body};
use crate::wire::resource::{account_row, site_row, vault_row};
use crate::world::World;
use crate::world::account::{Account, READ as READ_ACCOUNT};
use crate::world::site::Site;
use crate::world::vault::Vault;

mod query;

use query::Query;

pub(super) const ROUTES: &[Route] = &[Route::new(
    "POST",
    "/providers/Microsoft.ResourceGraph/resources",
    "Resources",
    resources,
)];

const READ_VAULT: &str = "Microsoft.KeyVault/vaults/read";
const READ_SITE: &str = "Microsoft.Web/sites/read";
/// No page has more rows.
const LARGEST: usize = 1000;
/// Before this version rows come as a table unless the request says otherwise.
const OBJECTS_SINCE: &str = "2020-04-01-preview";

#[derive(Deserialize)]
struct QueryBody {
    query: String,
    #[serde(default)]
    subscriptions: Vec<String>,
    options: Option<QueryOptions>,
}

#[derive(Default, Deserialize)]
struct QueryOptions {
    #[serde(rename = "$top", alias = "top")]
    top: Option<usize>,
    #[serde(rename = "$skip", alias = "skip")]
    skip: Option<usize>,
    #[serde(rename = "$skipToken", alias = "skipToken")]
    skip_token: Option<String>,
    #[serde(rename = "resultFormat")]
    result_format: Option<String>,
}

fn resources(context: &mut Context<'_>) -> Answer {
    let sent: QueryBody = body(context.call)?;
    let query = Query::parse(&sent.query).map_err(|problem| invalid(&problem))?;
    let options = sent.options.unwrap_or_default();
    let start = start(&options)?;
    let object_id = context.caller()?.object_id;
    let world = &*context.world;
    let found = query.run(
        seen(world, &object_id, &sent.subscriptions),
        |one| match one {
            Resource::Account(one) => account_row(world, one),
            Resource::Vault(one) => vault_row(world, one),
            Resource::Site(one) => site_row(world, one),
        },
    );
    let size = options.top.unwrap_or(LARGEST).clamp(1, LARGEST);
    let total = found.len();
    let page = found.page(start, size);
    let is_table = match options.result_format.as_deref() {
        Some(format) => format.eq_ignore_ascii_case("table"),
        None => context.call.api_version().unwrap_or_default().as_str() < OBJECTS_SINCE,
    };
    let mut answer = json!({
        "totalRecords": total,
        "count": page.len(),
        "resultTruncated": "false",
        "facets": [],
        "data": if is_table { table(found.columns(), &page) } else { json!(page) },
    });
    if let (true, Some(answer)) = (start + size < total, answer.as_object_mut()) {
        let token = URL_SAFE_NO_PAD.encode((start + size).to_string());
        answer.insert("$skipToken".to_owned(), json!(token));
    }
    Ok(Reply::ok(answer)
        .with_header("x-ms-user-quota-remaining", "14")
        .with_header("x-ms-user-quota-resets-after", "00:00:05")
        .with_header("x-ms-ratelimit-remaining-tenant-resource-requests", "14"))
}

/// What a query can be about.
enum Resource<'a> {
    Account(&'a Account),
    Vault(&'a Vault),
    Site(&'a Site),
}

/// Gives all resources that the caller may read, in the order of their ids.
fn seen<'a>(
    world: &'a World,
    object_id: &'a str,
    subscriptions: &'a [String],
) -> impl Iterator<Item = Resource<'a>> {
    let asked = |id: &str| {
        subscriptions.is_empty() || subscriptions.iter().any(|one| one.eq_ignore_ascii_case(id))
    };
    let accounts = world.accounts.values().filter(move |one| {
        asked(&one.subscription) && world.roles.allows(object_id, READ_ACCOUNT, &one.id())
    });
    let vaults = world.vaults.values().filter(move |one| {
        asked(&one.subscription) && world.roles.allows(object_id, READ_VAULT, &one.id())
    });
    let sites = world.sites.values().filter(move |one| {
        asked(&one.subscription) && world.roles.allows(object_id, READ_SITE, &one.id())
    });
    accounts
        .map(Resource::Account)
        .chain(vaults.map(Resource::Vault))
        .chain(sites.map(Resource::Site))
}

fn start(options: &QueryOptions) -> Result<usize, Refusal> {
    let Some(token) = &options.skip_token else {
        return Ok(options.skip.unwrap_or_default());
    };
    let text = URL_SAFE_NO_PAD.decode(token).ok();
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| invalid("The $skipToken is not one of this service."))
}

fn table(columns: &[String], rows: &[Value]) -> Value {
    let kind = |name: &String| {
        let of_rows = rows.iter().find_map(|row| row.get(name));
        match of_rows {
            Some(Value::Object(_) | Value::Array(_)) => "object",
            Some(Value::Number(_)) => "integer",
            Some(Value::Bool(_)) => "boolean",
            _ => "string",
        }
    };
    let heads: Vec<Value> = columns
        .iter()
        .map(|name| json!({"name": name, "type": kind(name)}))
        .collect();
    let cell = |row: &Value, name: &String| row.get(name).cloned().unwrap_or_default();
    let lines: Vec<Vec<Value>> = rows
        .iter()
        .map(|row| columns.iter().map(|name| cell(row, name)).collect())
        .collect();
    json!({"columns": heads, "rows": lines})
}

fn invalid(problem: &str) -> Refusal {
    Refusal::new(400, "BadRequest", format!("Query is invalid. {problem}"))
}
