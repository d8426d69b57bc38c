//! What clients read of a cluster before they ask: its version, and which kinds of objects there are.

use serde_json::json;

use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context};

pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/version", "getCodeVersion", version),
    Route::new("GET", "/api", "getCoreAPIVersions", versions),
    Route::new("GET", "/apis", "getAPIVersions", groups),
    Route::new("GET", "/api/v1", "getCoreV1APIResources", kinds),
    Route::new(
        "GET",
        "/apis/authorization.k8s.io/v1",
        "getAuthorizationV1APIResources",
        reviews,
    ),
];

fn version(_context: &mut Context<'_>) -> Answer {
    Ok(Reply::ok(json!({
        "major": "1",
        "minor": "20",
        "gitVersion": "v1.20.2",
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "archive",
        "buildDate": "2021-01-13T13:20:00Z",
        "goVersion": "go1.15.5",
        "compiler": "gc",
        "platform": "linux/amd64",
    })))
}

fn versions(context: &mut Context<'_>) -> Answer {
    let address = json!([{"clientCIDR": "0.0.0.0/0", "serverAddress": context.call.host}]);
    Ok(Reply::ok(
        json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": address}),
    ))
}

fn groups(_context: &mut Context<'_>) -> Answer {
    let group = |name: &str| {
        let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
        json!({"name": name, "versions": [version], "preferredVersion": version})
    };
    let groups = ["apps", "authorization.k8s.io"].map(group);
    Ok(Reply::ok(
        json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}),
    ))
}

fn kinds(_context: &mut Context<'_>) -> Answer {
    let secrets = [
        "create", "delete", "get", "list", "patch", "update", "watch",
    ];
    Ok(Reply::ok(json!({
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [
            {"name": "namespaces", "singularName": "", "namespaced": false, "kind": "Namespace", "shortNames": ["ns"],
             "verbs": ["get", "list"]},
            {"name": "secrets", "singularName": "", "namespaced": true, "kind": "Secret", "verbs": secrets},
        ],
    })))
}

fn reviews(_context: &mut Context<'_>) -> Answer {
    let review = json!({
        "name": "selfsubjectaccessreviews", "singularName": "", "namespaced": false,
        "kind": "SelfSubjectAccessReview", "verbs": ["create"],
    });
    Ok(Reply::ok(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": "authorization.k8s.io/v1",
        "resources": [review],
    })))
}
