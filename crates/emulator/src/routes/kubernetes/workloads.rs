//! Deployments, stateful sets and daemon sets on the wire.

use serde_json::{Value, json};

use super::{Outcome, answer, permitted_as, sent};
use crate::kubernetes::workloads::Kind;
use crate::routes::reply::Reply;
use crate::routes::table::Route;
use crate::routes::{Answer, Context};

macro_rules! route {
    ($method:literal, $kind:literal, $rest:literal, $operation:literal, $act:expr) => {
        Route::new(
            $method,
            concat!("/apis/apps/v1/namespaces/{namespace}/", $kind, $rest),
            $operation,
            $act,
        )
    };
}

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/apis/apps/v1", "getAppsV1APIResources", kinds),
    route!("GET", "deployments", "", "listAppsV1NamespacedDeployment", |c| list(c, Kind::Deployment)),
    route!("GET", "deployments", "/{workload}", "readAppsV1NamespacedDeployment", |c| read(c, Kind::Deployment)),
    route!("PATCH", "deployments", "/{workload}", "patchAppsV1NamespacedDeployment", |c| patch(c, Kind::Deployment)),
    route!("GET", "statefulsets", "", "listAppsV1NamespacedStatefulSet", |c| list(c, Kind::StatefulSet)),
    route!("GET", "statefulsets", "/{workload}", "readAppsV1NamespacedStatefulSet", |c| read(c, Kind::StatefulSet)),
    route!("PATCH", "statefulsets", "/{workload}", "patchAppsV1NamespacedStatefulSet", |c| patch(c, Kind::StatefulSet)),
    route!("GET", "daemonsets", "", "listAppsV1NamespacedDaemonSet", |c| list(c, Kind::DaemonSet)),
    route!("GET", "daemonsets", "/{workload}", "readAppsV1NamespacedDaemonSet", |c| read(c, Kind::DaemonSet)),
    route!("PATCH", "daemonsets", "/{workload}", "patchAppsV1NamespacedDaemonSet", |c| patch(c, Kind::DaemonSet)),
];

fn kinds(_context: &mut Context<'_>) -> Answer {
    let resource = |kind: Kind| {
        json!({
            "name": kind.resource(), "singularName": "", "namespaced": true, "kind": kind.name(),
            "verbs": ["get", "list", "patch"],
        })
    };
    Ok(Reply::ok(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": "apps/v1",
        "resources": Kind::ALL.map(resource),
    })))
}

fn list(context: &mut Context<'_>, kind: Kind) -> Answer {
    answer(context, |context| {
        let (namespace, now) = (context.part("namespace").to_owned(), context.now);
        let cluster = permitted_as(context, "list", kind.resource(), "apps")?;
        Ok(Reply::ok(cluster.workloads.list(&namespace, kind, now)))
    })
}

fn read(context: &mut Context<'_>, kind: Kind) -> Answer {
    answer(context, |context| {
        let (place, now) = (place(context), context.now);
        let cluster = permitted_as(context, "get", kind.resource(), "apps")?;
        let found = cluster.workloads.read((&place.0, kind, &place.1), now);
        found.map(Reply::ok)
    })
}

fn patch(context: &mut Context<'_>, kind: Kind) -> Answer {
    answer(context, |context| patched(context, kind))
}

fn patched(context: &mut Context<'_>, kind: Kind) -> Outcome {
    use crate::kubernetes::patch::Kind as Form;
    let (place, now) = (place(context), context.now);
    let form = Form::of(context.call.header("content-type").unwrap_or_default())?;
    let sent: Value = sent(context)?;
    let cluster = permitted_as(context, "patch", kind.resource(), "apps")?;
    if form != Form::Merge {
        return Err(crate::kubernetes::failure::Failure::bad_request(
            "the emulator patches workloads by merging only",
        ));
    }
    let done = cluster
        .workloads
        .patch((&place.0, kind, &place.1), &sent, now);
    done.map(Reply::ok)
}

fn place(context: &Context<'_>) -> (String, String) {
    let part = |name| context.part(name).to_owned();
    (part("namespace"), part("workload"))
}
