//! The provider service: one file per method, each of which decodes, calls the traits, and encodes.
//!
//! Whoever asks gets messages: an error status would mean a broken transport. So no fault of a resource, a
//! panic included, leaves this layer as anything but a message, and none of them loses a state.

mod action;
mod apply;
mod catalogue;
mod configure;
mod data_source;
mod describe;
mod ephemeral;
mod function;
mod generate;
mod identity;
mod import;
mod list;
mod moving;
mod plan;
mod read;
mod schema;
mod served;
mod tasks;
#[cfg(test)]
mod tests;
mod upgrade;
mod validate;
mod wire;

use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use proto::tfplugin6 as tf;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::diagnostic::Diagnostics;
use crate::provider::Provider;
use crate::resource::{Context, Resource};
use crate::rpc::catalogue::Catalogue;
use crate::rpc::served::Served;
use crate::running::Running;

/// What every method works with.
pub(crate) struct Service {
    provider: Arc<dyn Provider>,
    catalogue: OnceLock<Catalogue>,
    running: Running,
    process_stop: CancellationToken,
    run_stop: Mutex<CancellationToken>,
}

impl Service {
    /// Serves a provider; `process_stop` asks every operation to end, for good.
    pub(crate) fn new(
        provider: Arc<dyn Provider>,
        running: Running,
        process_stop: CancellationToken,
    ) -> Service {
        let run_stop = Mutex::new(process_stop.child_token());
        Service {
            provider,
            catalogue: OnceLock::new(),
            running,
            process_stop,
            run_stop,
        }
    }

    /// The schemas never change, so they are asked for once.
    fn catalogue(&self) -> &Catalogue {
        self.catalogue
            .get_or_init(|| Catalogue::of(&*self.provider))
    }

    fn served(&self, type_name: &str) -> Result<&Arc<Served<dyn Resource>>, Diagnostics> {
        self.catalogue().resource(type_name)
    }

    fn context(&self) -> Context {
        Context::new(self.current_stop().clone())
    }

    /// Asks the operations of this run of a core to end.
    fn stop_run(&self) {
        self.current_stop().cancel();
    }

    /// Begins a new run. Under `--debug` one process serves many, and a stop of one must not end the next.
    fn begin_run(&self) {
        *self.current_stop() = self.process_stop.child_token();
    }

    fn current_stop(&self) -> std::sync::MutexGuard<'_, CancellationToken> {
        self.run_stop.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Answer<T> = Result<Response<T>, Status>;

/// A stream of events, none of which is a status.
type Events<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl tf::provider_server::Provider for Service {
    type ListResourceStream = Events<tf::list_resource::Event>;
    type InvokeActionStream = Events<tf::invoke_action::Event>;

    async fn get_metadata(
        &self,
        _request: Request<tf::get_metadata::Request>,
    ) -> Answer<tf::get_metadata::Response> {
        Ok(Response::new(schema::metadata(self)))
    }

    async fn get_provider_schema(
        &self,
        _request: Request<tf::get_provider_schema::Request>,
    ) -> Answer<tf::get_provider_schema::Response> {
        Ok(Response::new(schema::provider_schema(self)))
    }

    async fn get_resource_identity_schemas(
        &self,
        _request: Request<tf::get_resource_identity_schemas::Request>,
    ) -> Answer<tf::get_resource_identity_schemas::Response> {
        Ok(Response::new(identity::schemas(self)))
    }

    async fn validate_provider_config(
        &self,
        request: Request<tf::validate_provider_config::Request>,
    ) -> Answer<tf::validate_provider_config::Response> {
        Ok(Response::new(validate::provider(
            self,
            &request.into_inner(),
        )))
    }

    async fn configure_provider(
        &self,
        request: Request<tf::configure_provider::Request>,
    ) -> Answer<tf::configure_provider::Response> {
        Ok(Response::new(
            configure::answer(self, request.into_inner()).await,
        ))
    }

    async fn stop_provider(
        &self,
        _request: Request<tf::stop_provider::Request>,
    ) -> Answer<tf::stop_provider::Response> {
        Ok(Response::new(configure::stop(self)))
    }

    async fn validate_resource_config(
        &self,
        request: Request<tf::validate_resource_config::Request>,
    ) -> Answer<tf::validate_resource_config::Response> {
        Ok(Response::new(validate::resource(
            self,
            &request.into_inner(),
        )))
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<tf::upgrade_resource_state::Request>,
    ) -> Answer<tf::upgrade_resource_state::Response> {
        Ok(Response::new(upgrade::answer(self, request.into_inner())))
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<tf::upgrade_resource_identity::Request>,
    ) -> Answer<tf::upgrade_resource_identity::Response> {
        Ok(Response::new(identity::upgrade(self, request.into_inner())))
    }

    async fn read_resource(
        &self,
        request: Request<tf::read_resource::Request>,
    ) -> Answer<tf::read_resource::Response> {
        Ok(Response::new(
            read::answer(self, request.into_inner()).await,
        ))
    }

    async fn plan_resource_change(
        &self,
        request: Request<tf::plan_resource_change::Request>,
    ) -> Answer<tf::plan_resource_change::Response> {
        Ok(Response::new(plan::answer(self, request.into_inner())))
    }

    async fn apply_resource_change(
        &self,
        request: Request<tf::apply_resource_change::Request>,
    ) -> Answer<tf::apply_resource_change::Response> {
        Ok(Response::new(
            apply::answer(self, request.into_inner()).await,
        ))
    }

    async fn import_resource_state(
        &self,
        request: Request<tf::import_resource_state::Request>,
    ) -> Answer<tf::import_resource_state::Response> {
        Ok(Response::new(
            import::answer(self, request.into_inner()).await,
        ))
    }

    async fn move_resource_state(
        &self,
        request: Request<tf::move_resource_state::Request>,
    ) -> Answer<tf::move_resource_state::Response> {
        Ok(Response::new(moving::answer(self, request.into_inner())))
    }

    async fn generate_resource_config(
        &self,
        request: Request<tf::generate_resource_config::Request>,
    ) -> Answer<tf::generate_resource_config::Response> {
        Ok(Response::new(generate::answer(self, &request.into_inner())))
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<tf::validate_data_resource_config::Request>,
    ) -> Answer<tf::validate_data_resource_config::Response> {
        Ok(Response::new(validate::data_source(
            self,
            &request.into_inner(),
        )))
    }

    async fn read_data_source(
        &self,
        request: Request<tf::read_data_source::Request>,
    ) -> Answer<tf::read_data_source::Response> {
        Ok(Response::new(
            data_source::answer(self, request.into_inner()).await,
        ))
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<tf::validate_ephemeral_resource_config::Request>,
    ) -> Answer<tf::validate_ephemeral_resource_config::Response> {
        Ok(Response::new(validate::ephemeral_resource(
            self,
            &request.into_inner(),
        )))
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<tf::open_ephemeral_resource::Request>,
    ) -> Answer<tf::open_ephemeral_resource::Response> {
        Ok(Response::new(
            ephemeral::open(self, request.into_inner()).await,
        ))
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<tf::renew_ephemeral_resource::Request>,
    ) -> Answer<tf::renew_ephemeral_resource::Response> {
        Ok(Response::new(
            ephemeral::renew(self, request.into_inner()).await,
        ))
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<tf::close_ephemeral_resource::Request>,
    ) -> Answer<tf::close_ephemeral_resource::Response> {
        Ok(Response::new(
            ephemeral::close(self, request.into_inner()).await,
        ))
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<tf::validate_list_resource_config::Request>,
    ) -> Answer<tf::validate_list_resource_config::Response> {
        Ok(Response::new(validate::list_resource(
            self,
            &request.into_inner(),
        )))
    }

    async fn list_resource(
        &self,
        request: Request<tf::list_resource::Request>,
    ) -> Answer<Self::ListResourceStream> {
        Ok(Response::new(list::answer(self, &request.into_inner())))
    }

    async fn get_functions(
        &self,
        _request: Request<tf::get_functions::Request>,
    ) -> Answer<tf::get_functions::Response> {
        Ok(Response::new(schema::functions(self)))
    }

    async fn call_function(
        &self,
        request: Request<tf::call_function::Request>,
    ) -> Answer<tf::call_function::Response> {
        Ok(Response::new(function::answer(self, &request.into_inner())))
    }

    async fn validate_action_config(
        &self,
        request: Request<tf::validate_action_config::Request>,
    ) -> Answer<tf::validate_action_config::Response> {
        Ok(Response::new(validate::action(self, &request.into_inner())))
    }

    async fn plan_action(
        &self,
        request: Request<tf::plan_action::Request>,
    ) -> Answer<tf::plan_action::Response> {
        Ok(Response::new(
            action::plan(self, request.into_inner()).await,
        ))
    }

    async fn invoke_action(
        &self,
        request: Request<tf::invoke_action::Request>,
    ) -> Answer<Self::InvokeActionStream> {
        Ok(Response::new(action::invoke(self, &request.into_inner())))
    }
}
