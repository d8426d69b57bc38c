//! What happens to one request: it is let in, suffers the faults that were asked for, is performed, and is written into
//! the journal. A panic on the way is answered 500 and noted as a bug of the emulator.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hyper::{Method, Response};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::body::AnswerBody;
use super::{ConnectionReset, Entrance, failed, respond, respond_torn};
use crate::clock::{pause, real_now};
use crate::fault::{Fault, When};
use crate::journal::{JournalEntry, UNMODELLED, shown_url};
use crate::latency::Latency;
use crate::refusal::Refusal;
use crate::routes::call::Call;
use crate::routes::reply::Reply;
use crate::routes::{Prepared, admit, perform, refused, unauthorized};
use crate::shared::Shared;
use crate::throttle;
use crate::token;
use crate::world::directory::Caller;

/// One request with what is known about it so far. Its journal entry is still to be written.
pub(super) struct Visit<'a> {
    shared: &'a Shared,
    call: &'a Call,
    entrance: Entrance,
    operation: &'static str,
    caller: Option<Caller>,
    fault: Option<Fault>,
    /// Hears when faults are forgotten, so that none holds the request for ever.
    clearance: watch::Receiver<u64>,
}

impl<'a> Visit<'a> {
    /// Starts with a request of which only the operation is known.
    pub(super) fn new(
        shared: &'a Shared,
        call: &'a Call,
        entrance: Entrance,
        prepared: Option<&Prepared>,
    ) -> Self {
        Self {
            shared,
            call,
            entrance,
            operation: prepared.map_or(UNMODELLED, Prepared::operation),
            caller: None,
            fault: None,
            clearance: shared.clearance(),
        }
    }

    /// Answers the request.
    pub(super) async fn answer(
        &mut self,
        prepared: &Prepared,
    ) -> Result<Response<AnswerBody>, ConnectionReset> {
        let latency = self.shared.world().0.settings.latency;
        if latency != Latency::default() {
            pause(latency.of(self.shared.next_waiting())).await;
        }
        let admitted = admit(&self.shared.world().0, prepared, self.call, real_now());
        match admitted {
            Ok(caller) => self.caller = caller,
            Err(reply) => return Ok(self.close(&reply)),
        }
        let allowance = match self.throttle(prepared) {
            Ok(allowance) => allowance,
            Err(reply) => return Ok(self.close(&reply)),
        };
        // Faults count only requests that were let in: clients send one without a token first.
        let fault = self.shared.faults().strike(self.operation);
        self.fault.clone_from(&fault);
        let (before, after) = match fault {
            Some(fault) if fault.when() == When::After => (None, Some(fault)),
            fault => (fault, None),
        };
        if let Some(reply) = self.suffer(before.as_ref(), prepared).await? {
            return Ok(self.close(&reply));
        }
        let mut reply = self.perform(prepared, time_under(before.as_ref(), real_now()));
        if let Some((name, value)) = allowance {
            reply = reply.with_header_instead(name, value);
        }
        if let Err(error) = self.shared.publish_keys().await {
            reply = failed(&error.to_string());
        }
        self.deliver(reply, before.as_ref(), after, prepared).await
    }

    /// Gives the answer, after what a fault still does to it.
    async fn deliver(
        &self,
        reply: Reply,
        before: Option<&Fault>,
        after: Option<Fault>,
        prepared: &Prepared,
    ) -> Result<Response<AnswerBody>, ConnectionReset> {
        let reply = match before {
            Some(fault @ Fault::ClockSkew { .. }) => {
                let date =
                    time_under(Some(fault), real_now()).strftime("%a, %d %b %Y %H:%M:%S GMT");
                reply.with_header_instead("date", date.to_string())
            }
            _ => reply,
        };
        let reply = self
            .suffer(after.as_ref(), prepared)
            .await?
            .unwrap_or(reply);
        match after {
            Some(Fault::Truncate { truncate }) => {
                self.record(Some(reply.status), false);
                Ok(respond_torn(&reply, truncate))
            }
            Some(Fault::Garbage { .. }) => Ok(self.close(&garbled(reply))),
            Some(Fault::Stale { .. }) => Ok(self.close(&self.remembered().unwrap_or(reply))),
            _ => {
                self.remember(&reply);
                Ok(self.close(&reply))
            }
        }
    }

    /// Counts the request against the published limits, where they are in force. Gives the header that tells what is left.
    fn throttle(&self, prepared: &Prepared) -> Result<Option<(&'static str, String)>, Box<Reply>> {
        let limits = {
            let (world, _) = self.shared.world();
            throttle::limits(&world, prepared, self.call, self.caller.as_ref())
        };
        let now = real_now().as_millisecond();
        let taken = self.shared.throttles().take_all(&limits, now);
        taken.map_err(|exceeded| {
            let reply = refused(prepared, &exceeded.refusal());
            let reply = reply
                .with_header("retry-after", exceeded.retry_after.to_string())
                .with_header("x-ms-request-id", self.call.id.as_str());
            Box::new(exceeded.with_headers(reply))
        })
    }

    /// Lets a fault strike: waits, gives the answer that replaces the real one, or closes the connection.
    async fn suffer(
        &self,
        fault: Option<&Fault>,
        prepared: &Prepared,
    ) -> Result<Option<Reply>, ConnectionReset> {
        let Some(fault) = fault else { return Ok(None) };
        if let Some(delay) = fault.delay() {
            pause(delay).await;
            return Ok(None);
        }
        match fault {
            Fault::Hold { .. } => {
                // An error would say that the emulator ends.
                self.clearance.clone().changed().await.unwrap_or_default();
                Ok(None)
            }
            Fault::Status {
                status,
                retry_after,
                code,
                ..
            } => Ok(Some(self.status(*status, *retry_after, code.as_deref()))),
            Fault::Reset { .. } => {
                self.record(None, false);
                Err(ConnectionReset)
            }
            Fault::ExpiredToken { .. } if !gives_tokens(self.operation) => {
                let (world, _) = self.shared.world();
                Ok(Some(unauthorized(&world, prepared, self.call)))
            }
            _ => Ok(None),
        }
    }

    fn status(&self, status: u16, retry_after: Option<u64>, code: Option<&str>) -> Reply {
        let text = "The emulator was asked for this fault.";
        let mut reply = Reply::error(&Refusal::new(status, "InjectedFault", text));
        let error = reply.body.as_mut();
        let error = error.and_then(|body| body.pointer_mut("/error/code"));
        if let (Some(code), Some(error)) = (code, error) {
            *error = code.into();
        }
        let reply = reply.with_header("x-ms-request-id", self.call.id.as_str());
        match retry_after {
            Some(seconds) => reply.with_header("retry-after", seconds.to_string()),
            None => reply,
        }
    }

    fn perform(&self, prepared: &Prepared, real_now: Timestamp) -> Reply {
        let (mut world, now) = self.shared.world();
        let performed = catch_unwind(AssertUnwindSafe(|| {
            perform(
                &mut world,
                prepared,
                self.call,
                self.caller.as_ref(),
                now,
                real_now,
            )
        }));
        drop(world);
        if self.call.method != Method::GET {
            self.shared.note_change();
        }
        performed.unwrap_or_else(|_| {
            let text = "The emulator failed; this is a bug in the emulator.";
            refused(prepared, &Refusal::new(500, "EmulatorBug", text))
        })
    }

    fn address(&self) -> String {
        let Call {
            host, path, query, ..
        } = self.call;
        format!("{host}{path}?{}", query.as_deref().unwrap_or_default())
    }

    fn remember(&self, reply: &Reply) {
        if self.call.method == Method::GET && self.shared.faults().remembers(self.operation) {
            self.shared
                .remembered()
                .insert(self.address(), reply.clone());
        }
    }

    fn remembered(&self) -> Option<Reply> {
        self.shared.remembered().get(&self.address()).cloned()
    }

    /// Writes the answer and the journal.
    pub(super) fn close(&self, reply: &Reply) -> Response<AnswerBody> {
        let code = reply
            .body
            .as_ref()
            .and_then(|body| body.pointer("/error/code"))
            .and_then(|code| code.as_str());
        self.record(Some(reply.status), code == Some("EmulatorBug"));
        if let (Some(recorder), Entrance::Azure) = (&self.shared.recorder, self.entrance) {
            recorder.add(self.operation, self.call, reply);
        }
        respond(reply)
    }

    fn record(&self, status: Option<u16>, bug: bool) {
        let Call {
            method,
            host,
            path,
            query,
            ..
        } = self.call;
        let scheme = match self.entrance {
            Entrance::Azure => "https",
            Entrance::Control => "http",
        };
        self.shared.record(JournalEntry {
            at: self.shared.clock.now(),
            method: method.to_string(),
            url: shown_url(scheme, host, path, query.as_deref()),
            status,
            operation: self.operation.to_owned(),
            caller: self.caller.as_ref().map(|caller| caller.client_id.clone()),
            bug,
            fault: self.fault.clone(),
        });
    }
}

/// Puts what a proxy might say into the place of an answer's body; the status stays.
fn garbled(reply: Reply) -> Reply {
    Reply {
        body: None,
        lines: Some("<html>The emulator was asked for this fault.</html>".to_owned()),
        ..reply
    }
}

fn gives_tokens(operation: &str) -> bool {
    matches!(operation, "Token" | "ManagedIdentityToken")
}

/// Gives the real time as a service with that fault sees it.
fn time_under(fault: Option<&Fault>, real_now: Timestamp) -> Timestamp {
    let shift = match fault {
        Some(Fault::ClockSkew { clock_skew_seconds }) => {
            SignedDuration::from_secs(*clock_skew_seconds)
        }
        Some(Fault::ExpiredToken { .. }) => SignedDuration::from_secs(-2 * token::LIFETIME),
        _ => SignedDuration::ZERO,
    };
    real_now.saturating_add(shift).unwrap_or(real_now)
}
