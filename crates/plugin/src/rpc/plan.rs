//! PlanResourceChange: what would become of the object, from the request alone.
//!
//! The order: fill in what the schema decides, find what needs a new object, ask the resource, and forget what
//! a new object would decide anew.

use proto::tfplugin6::plan_resource_change::{Request, Response};

use super::served::Served;
use super::{Service, identity, tasks, wire};
use crate::diagnostic::Diagnostics;
use crate::resource::{Plan, Resource};
use crate::schema::computed;
use crate::value::Value;

/// Answers PlanResourceChange.
pub(super) fn answer(service: &Service, request: Request) -> Response {
    plan(service, &request).unwrap_or_else(|diagnostics| Response {
        planned_state: request.proposed_new_state,
        planned_private: request.prior_private,
        diagnostics: diagnostics.into_wire(),
        ..Default::default()
    })
}

fn plan(service: &Service, request: &Request) -> Result<Response, Diagnostics> {
    let served = service.served(&request.type_name)?;
    let proposed = served.decode(request.proposed_new_state.as_ref())?;
    if proposed.is_null() {
        return Ok(Response {
            planned_state: Some(wire::null()),
            planned_private: request.prior_private.clone(),
            planned_identity: request.prior_identity.clone(),
            ..Default::default()
        });
    }
    let mut plan = begin(served, request, proposed)?;
    let plan = tasks::call(&format!("plan `{}`", served.name()), move || {
        served.item.plan(&mut plan);
        plan
    })?;
    respond(service, served, plan)
}

fn begin(
    served: &Served<dyn Resource>,
    request: &Request,
    proposed: Value,
) -> Result<Plan, Diagnostics> {
    let config = served.decode(request.config.as_ref())?;
    let prior = served.decode(request.prior_state.as_ref())?;
    let prior = Some(prior).filter(|prior| !prior.is_null());
    let filled = computed::fill(&served.schema, prior.as_ref(), &config, proposed);
    let planned = computed::without_write_only(&served.schema, filled);
    let replace = match &prior {
        Some(prior) => computed::replacements(&served.schema, prior, &planned),
        None => Vec::new(),
    };
    let (private, diagnostics) = (request.prior_private.clone(), Diagnostics::new());
    Ok(Plan {
        prior,
        planned,
        config,
        private,
        replace,
        diagnostics,
    })
}

fn respond(
    service: &Service,
    served: &Served<dyn Resource>,
    mut plan: Plan,
) -> Result<Response, Diagnostics> {
    let planned = computed::without_write_only(&served.schema, plan.planned);
    let planned = match &plan.prior {
        Some(_) if !plan.replace.is_empty() => computed::forget(&served.schema, planned),
        _ => planned,
    };
    let planned_identity = identity::beside(service, served, &planned, &mut plan.diagnostics);
    Ok(Response {
        planned_state: Some(served.encode(&planned)?),
        planned_identity,
        requires_replace: plan.replace.iter().map(Into::into).collect(),
        planned_private: plan.private,
        diagnostics: plan.diagnostics.into_wire(),
        ..Default::default()
    })
}
