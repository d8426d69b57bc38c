//! The API of a cluster on the wire: who is asking, whether it may, and what the objects answer.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::reply::Reply;
use super::table::Route;
use super::{Answer, Context};
use crate::kubernetes::failure::Failure;
use crate::kubernetes::patch::Kind;
use crate::kubernetes::{Writer, written_time};
use crate::token;
use crate::world::cluster::{AUDIENCE, Cluster, USE, User};

mod discovery;
mod workloads;

/// What an operation of a cluster answers.
type Outcome = Result<Reply, Failure>;

macro_rules! secrets {
    ($rest:literal) => {
        concat!("/api/v1/namespaces/{namespace}/secrets", $rest)
    };
}

/// What a cluster does here.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/api/v1/namespaces",
        "listCoreV1Namespace",
        list_namespaces,
    ),
    Route::new(
        "GET",
        "/api/v1/namespaces/{namespace}",
        "readCoreV1Namespace",
        read_namespace,
    ),
    Route::new("GET", secrets!(""), "listCoreV1NamespacedSecret", list),
    Route::new("POST", secrets!(""), "createCoreV1NamespacedSecret", create),
    Route::new(
        "GET",
        secrets!("/{secret}"),
        "readCoreV1NamespacedSecret",
        read,
    ),
    Route::new(
        "PUT",
        secrets!("/{secret}"),
        "replaceCoreV1NamespacedSecret",
        replace,
    ),
    Route::new(
        "PATCH",
        secrets!("/{secret}"),
        "patchCoreV1NamespacedSecret",
        patch,
    ),
    Route::new(
        "DELETE",
        secrets!("/{secret}"),
        "deleteCoreV1NamespacedSecret",
        delete,
    ),
    Route::new(
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "createAuthorizationV1SelfSubjectAccessReview",
        review,
    ),
];

/// The tables of a cluster.
pub(crate) const TABLES: super::table::Tables = &[ROUTES, discovery::ROUTES, workloads::ROUTES];

fn list_namespaces(context: &mut Context<'_>) -> Answer {
    answer(context, |context| {
        let cluster = permitted(context, "list", "namespaces")?;
        let names: Vec<String> = cluster.objects.namespaces().map(str::to_owned).collect();
        let items = names.iter().map(|name| cluster.objects.namespace(name));
        let items: Vec<Value> = items.collect::<Result<_, _>>()?;
        let metadata = json!({"resourceVersion": "1"});
        Ok(Reply::ok(
            json!({"kind": "NamespaceList", "apiVersion": "v1", "metadata": metadata, "items": items}),
        ))
    })
}

fn read_namespace(context: &mut Context<'_>) -> Answer {
    answer(context, |context| {
        let name = context.part("namespace").to_owned();
        let cluster = permitted(context, "get", "namespaces")?;
        cluster.objects.namespace(&name).map(Reply::ok)
    })
}

fn list(context: &mut Context<'_>) -> Answer {
    answer(context, |context| {
        let parameter = |name: &str| context.call.parameter(name).unwrap_or_default();
        let namespace = context.part("namespace").to_owned();
        let (selector, after) = (parameter("labelSelector"), parameter("continue"));
        let limit = parameter("limit").parse().unwrap_or_default();
        let since = parameter("resourceVersion").parse().unwrap_or_default();
        let watches = matches!(parameter("watch").as_str(), "1" | "true");
        let verb = if watches { "watch" } else { "list" };
        let objects = &permitted(context, verb, "secrets")?.objects;
        if watches {
            return Ok(Reply::lines(&objects.changes_since(&namespace, since)));
        }
        objects
            .list(&namespace, &selector, limit, &after)
            .map(Reply::ok)
    })
}

fn read(context: &mut Context<'_>) -> Answer {
    answer(context, |context| {
        let (namespace, name) = names(context);
        let objects = &permitted(context, "get", "secrets")?.objects;
        objects.read(&namespace, &name).map(Reply::ok)
    })
}

fn create(context: &mut Context<'_>) -> Answer {
    answer(context, |context| {
        let namespace = context.part("namespace").to_owned();
        let (manager, sent) = (manager(context), sent(context));
        let writer = writer(context, &manager);
        let objects = &mut permitted(context, "create", "secrets")?.objects;
        let made = objects.create(&namespace, &sent?, &writer)?;
        Ok(Reply::new(201, made))
    })
}

fn replace(context: &mut Context<'_>) -> Answer {
    answer(context, |context| {
        let (namespace, name) = names(context);
        let (manager, sent) = (manager(context), sent(context));
        let writer = writer(context, &manager);
        let objects = &mut permitted(context, "update", "secrets")?.objects;
        objects
            .replace(&namespace, &name, &sent?, &writer)
            .map(Reply::ok)
    })
}

fn patch(context: &mut Context<'_>) -> Answer {
    answer(context, |context| {
        let (namespace, name) = names(context);
        let kind = Kind::of(context.call.header("content-type").unwrap_or_default());
        let manager = match kind {
            Ok(Kind::Apply) => context.call.parameter("fieldManager").unwrap_or_default(),
            _ => manager(context),
        };
        let sent = sent(context);
        let writer = writer(context, &manager);
        let objects = &mut permitted(context, "patch", "secrets")?.objects;
        let (written, is_new) = objects.patch(&namespace, &name, (kind?, &sent?), &writer)?;
        Ok(Reply::new(if is_new { 201 } else { 200 }, written))
    })
}

fn delete(context: &mut Context<'_>) -> Answer {
    answer(context, |context| {
        let (namespace, name) = names(context);
        let manager = manager(context);
        let wanted = match context.call.body.is_empty() {
            true => Ok(Value::Null),
            false => sent(context),
        };
        let writer = writer(context, &manager);
        let objects = &mut permitted(context, "delete", "secrets")?.objects;
        objects
            .delete(&namespace, &name, &wanted?, &writer)
            .map(Reply::ok)
    })
}

/// Tells whoever is known what it may do.
fn review(context: &mut Context<'_>) -> Answer {
    answer(context, |context| {
        let sent = sent(context)?;
        let user = user(context)?;
        let spec = sent.get("spec").cloned().unwrap_or_default();
        Ok(Reply::new(
            201,
            json!({
                "kind": "SelfSubjectAccessReview",
                "apiVersion": "authorization.k8s.io/v1",
                "metadata": {"creationTimestamp": null, "managedFields": [reviewed(&spec, context.now)]},
                "spec": spec,
                "status": {"allowed": user.admin},
            }),
        ))
    })
}

/// Writes who owns the fields of a question, which is whoever asked.
fn reviewed(spec: &Value, now: Timestamp) -> Value {
    let asked = spec.get("resourceAttributes").and_then(Value::as_object);
    let names = asked.into_iter().flat_map(serde_json::Map::keys);
    let mut fields: serde_json::Map<String, Value> =
        names.map(|name| (format!("f:{name}"), json!({}))).collect();
    fields.insert(".".to_owned(), json!({}));
    json!({
        "manager": "unknown",
        "operation": "Update",
        "apiVersion": "authorization.k8s.io/v1",
        "time": written_time(now),
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:resourceAttributes": fields}},
    })
}

/// Performs an operation and writes its refusal as clusters do.
fn answer(context: &mut Context<'_>, perform: impl FnOnce(&mut Context<'_>) -> Outcome) -> Answer {
    Ok(perform(context).unwrap_or_else(|failure| refused(&failure)))
}

/// Writes a refusal.
pub(crate) fn refused(failure: &Failure) -> Reply {
    Reply::new(failure.code, failure.status())
}

fn names(context: &Context<'_>) -> (String, String) {
    (
        context.part("namespace").to_owned(),
        context.part("secret").to_owned(),
    )
}

/// Names the owner of what is written: as the request says, or by the client's own name.
fn manager(context: &Context<'_>) -> String {
    let agent = context.call.header("user-agent").unwrap_or_default();
    let agent = agent.split('/').next().filter(|name| !name.is_empty());
    let named = context.call.parameter("fieldManager");
    named.unwrap_or_else(|| agent.unwrap_or("unknown").to_owned())
}

fn writer<'m>(context: &Context<'_>, manager: &'m str) -> Writer<'m> {
    let parameter = |name: &str| context.call.parameter(name).unwrap_or_default();
    Writer {
        manager,
        force: parameter("force") == "true",
        dry_run: parameter("dryRun") == "All",
        now: context.now,
    }
}

fn sent(context: &Context<'_>) -> Result<Value, Failure> {
    serde_json::from_slice(&context.call.body).map_err(|error| {
        let text = String::from_utf8_lossy(&context.call.body);
        let problem = if error.is_eof() {
            "unexpected end of JSON input".to_owned()
        } else {
            error.to_string()
        };
        // The body may hold a secret; only a start that is too short for one is repeated.
        let shown: String = text.chars().take(8).collect();
        Failure::bad_request(format!(
            "the object provided is unrecognized (must be of type Secret): couldn't get version/kind; json parse error: \
             {problem} ({shown})"
        ))
    })
}

/// Finds the cluster if the caller may do this to an object of the core.
fn permitted<'a>(
    context: &'a mut Context<'_>,
    verb: &str,
    kind: &str,
) -> Result<&'a mut Cluster, Failure> {
    permitted_as(context, verb, kind, "")
}

/// Finds the cluster if the caller may do this to an object of a group of the API.
fn permitted_as<'a>(
    context: &'a mut Context<'_>,
    verb: &str,
    kind: &str,
    group: &str,
) -> Result<&'a mut Cluster, Failure> {
    let user = user(context)?;
    if !user.admin {
        let part = |name| context.part(name).to_owned();
        let namespace = part("namespace");
        let name = match (kind, group) {
            ("namespaces", _) => namespace.clone(),
            (_, "apps") => part("workload"),
            _ => part("secret"),
        };
        let kind = if group.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}.{group}")
        };
        let kind = kind.as_str();
        let object = if name.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind} \"{name}\"")
        };
        let place = match kind {
            "namespaces" => "at the cluster scope".to_owned(),
            _ => format!("in the namespace \"{namespace}\""),
        };
        let message = format!(
            "{object} is forbidden: User \"{}\" cannot {verb} resource \"{}\" in API group \"{group}\" {place}",
            user.name,
            kind.split('.').next().unwrap_or_default(),
        );
        let mut details = json!({"kind": kind.split('.').next().unwrap_or_default()});
        if let (false, Some(details)) = (name.is_empty(), details.as_object_mut()) {
            details.insert("name".to_owned(), json!(name));
        }
        return Err(Failure::new(403, "Forbidden", message).with(details));
    }
    let host = &context.call.host;
    context
        .world
        .clusters
        .get_mut(host)
        .ok_or_else(Failure::no_route)
}

/// Finds out who is asking: a user of the cluster, a caller of Entra's, or nobody.
fn user(context: &Context<'_>) -> Result<User, Failure> {
    let world = &*context.world;
    let found = world.clusters.get(&context.call.host);
    let cluster = found.ok_or_else(Failure::no_route)?;
    let Some(bearer) = context.call.bearer() else {
        return Ok(User {
            name: "system:anonymous".to_owned(),
            admin: false,
        });
    };
    if let Some(user) = cluster.users.get(bearer) {
        return Ok(user.clone());
    }
    let claims = token::verify(&world.mint, bearer, context.real_now);
    let claims = claims.filter(|claims| claims.aud == AUDIENCE);
    let claims = claims.ok_or_else(|| Failure::new(401, "Unauthorized", "Unauthorized"))?;
    let admin = world.roles.allows(&claims.oid, USE, &cluster.id());
    Ok(User {
        name: claims.oid,
        admin,
    })
}
