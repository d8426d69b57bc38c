//! A data source, an ephemeral resource and a list, which misbehave as their attribute `behaviour` says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::{TYPE, schema as thing_schema};
use crate::data_source::{DataSource, ReadData};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ephemeral::{EphemeralResource, Opened, Renewed};
use crate::list::{ListRequest, ListResource, Listed, Listing};
use crate::resource::Context;
use crate::schema::{Attribute, Schema};
use crate::value::Value;

/// The name of the data source and of the ephemeral resource.
pub(in crate::rpc::tests) const ASKED: &str = "toy_answer";

/// Something that is asked.
pub(super) struct Answer;

/// A list of things, and how many it handed over.
pub(super) struct Things {
    /// How many it handed over.
    pub(super) handed: Arc<AtomicUsize>,
}

fn answer_schema() -> Schema {
    Schema::new(0, "An answer.")
        .attribute(Attribute::string("name").required())
        .attribute(Attribute::string("behaviour").optional())
        .attribute(Attribute::string("value").computed().sensitive())
}

fn behaviour(config: &Value) -> String {
    let told = config.get("behaviour").as_str();
    assert!(told != Some("panic"), "told to panic");
    told.unwrap_or_default().to_owned()
}

fn refused() -> Diagnostics {
    Diagnostic::error("Refused", "It was told to.").into()
}

fn unwelcome(config: &Value) -> Diagnostics {
    let bad = config.get("name").as_str() == Some("");
    bad.then(|| Diagnostic::error("Invalid name", "It is empty."))
        .into_iter()
        .collect()
}

fn filled(mut config: Value) -> Option<Value> {
    match behaviour(&config).as_str() {
        "nothing" => return None,
        "misfit" => config.set("surprise", true.into()),
        "unknown" => config.set("value", Value::UNKNOWN),
        "renamed" => {
            config.set("name", "other".into());
            config.set("value", "v".into());
        }
        _ => config.set("value", "v".into()),
    }
    Some(config)
}

#[async_trait]
impl DataSource for Answer {
    fn type_name(&self) -> &str {
        ASKED
    }

    fn schema(&self) -> Schema {
        answer_schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        unwelcome(config)
    }

    async fn read(&self, _context: &Context, config: Value) -> ReadData {
        if behaviour(&config) == "refuse" {
            return ReadData::failed(refused());
        }
        ReadData {
            state: filled(config),
            diagnostics: Diagnostics::new(),
        }
    }
}

#[async_trait]
impl EphemeralResource for Answer {
    fn type_name(&self) -> &str {
        ASKED
    }

    fn schema(&self) -> Schema {
        answer_schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        unwelcome(config)
    }

    async fn open(&self, _context: &Context, config: Value) -> Opened {
        let behaviour = behaviour(&config);
        if behaviour == "refuse" {
            return Opened::failed(refused());
        }
        Opened {
            result: filled(config),
            renew_at: Some(at(1)),
            private: behaviour.into_bytes(),
            diagnostics: Diagnostics::new(),
        }
    }

    async fn renew(&self, _context: &Context, private: Vec<u8>) -> Renewed {
        assert!(private != b"panic later", "told to panic");
        Renewed {
            renew_at: Some(at(2)),
            private: [private.as_slice(), b"!"].concat(),
            diagnostics: Diagnostics::new(),
        }
    }

    async fn close(&self, _context: &Context, private: Vec<u8>) -> Diagnostics {
        let said = String::from_utf8_lossy(&private).into_owned();
        Diagnostic::warning("Closed", said).into()
    }
}

/// Some seconds after the epoch.
pub(in crate::rpc::tests) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[async_trait]
impl ListResource for Things {
    fn type_name(&self) -> &str {
        TYPE
    }

    fn schema(&self) -> Schema {
        Schema::new(0, "Things.").attribute(Attribute::string("behaviour").optional())
    }

    async fn list(
        &self,
        context: &Context,
        request: ListRequest,
        listing: &mut Listing,
    ) -> Diagnostics {
        let behaviour = request.config.get("behaviour").as_str().unwrap_or_default();
        for number in 0.. {
            self.handed.fetch_add(1, Ordering::Relaxed);
            let listed = match (behaviour, number) {
                (_, 3) if behaviour != "endless" => break,
                ("refuse", 1) => return refused(),
                ("warn", 1) => return Diagnostic::warning("Partial", "It is not all.").into(),
                ("panic", 1) => unreachable!("told to panic"),
                ("nameless", 1) => Listed::new(Value::Null, "nobody"),
                ("misfit", 1) => Listed::new(Value::object([("surprise", true.into())]), "odd"),
                _ => thing(&format!("thing-{number}"), request.include_resource),
            };
            if listing.push(listed).await.is_break() || context.is_stopped() {
                break;
            }
        }
        Diagnostics::new()
    }
}

fn thing(name: &str, include_resource: bool) -> Listed {
    let mut state = thing_schema().null_object();
    state.set("name", name.into());
    state.set("secret", "leaked".into());
    let identity = Value::object([("name", name.into()), ("shelf", Value::Null)]);
    let listed = Listed::new(identity, name.to_uppercase());
    if include_resource {
        listed.resource(state)
    } else {
        listed
    }
}
