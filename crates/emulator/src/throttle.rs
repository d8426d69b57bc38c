//! Azure's published limits: which of them a request counts against, and what is left of each. Pure; time comes in as
//! milliseconds of the real clock, since clients wait in real time.

use std::collections::HashMap;

use hyper::Method;

use crate::cloud::Service;
use crate::refusal::Refusal;
use crate::routes::Prepared;
use crate::routes::call::Call;
use crate::routes::reply::Reply;
use crate::world::World;
use crate::world::account;
use crate::world::directory::Caller;
use crate::world::group;
use crate::world::settings::Throttling;

/// How much is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rate {
    /// A bucket of so many requests that fills again by so many a second.
    Bucket { size: i64, refill: i64 },
    /// So many requests in each span of so many milliseconds.
    Window { requests: i64, span: i64 },
}

/// Who limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limiter {
    Management(&'static str),
    StorageProvider,
    ResourceGraph,
    KeyVault,
}

/// One limit that a request counts against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    limiter: Limiter,
    /// Whose requests are counted together.
    key: String,
    rate: Rate,
}

/// A limit that is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    limiter: Limiter,
    /// After how many seconds it makes sense to come back.
    pub(crate) retry_after: i64,
}

/// What was used of each limit.
#[derive(Debug, Default)]
pub(crate) struct Throttles(HashMap<String, Meter>);

/// What is left, in thousandths of a request, and when that was so. For a window: since when it runs.
#[derive(Clone, Copy, Debug)]
struct Meter {
    left: i64,
    at: i64,
}

const FIVE_MINUTES: i64 = 300_000;

/// Gives the limits that a request counts against; none while limits are off.
pub(crate) fn limits(
    world: &World,
    prepared: &Prepared,
    call: &Call,
    caller: Option<&Caller>,
) -> Vec<Limit> {
    if world.settings.throttle == Throttling::Off {
        return Vec::new();
    }
    let who = caller.map_or("", |caller| caller.object_id.as_str());
    match prepared.service() {
        Service::Management if prepared.operation() == "Resources" => vec![Limit {
            limiter: Limiter::ResourceGraph,
            key: format!("graph/{who}"),
            rate: Rate::Window {
                requests: 15,
                span: 5000,
            },
        }],
        Service::Management => management_limits(world, prepared, call, who),
        Service::Vault(name) => vault_limits(prepared, name),
        _ => Vec::new(),
    }
}

fn management_limits(world: &World, prepared: &Prepared, call: &Call, who: &str) -> Vec<Limit> {
    let subscription = subscription(call);
    let (header, rate) = management_rate(&call.method);
    let mut limits = vec![Limit {
        limiter: Limiter::Management(header),
        key: format!("{subscription}/{who}/{header}"),
        rate,
    }];
    if let Some(operation) = prepared.operation().strip_prefix("StorageAccounts_") {
        let region = region(world, prepared);
        let rates = storage_rates(operation, &call.method).iter();
        limits.extend(rates.map(|rate| Limit {
            limiter: Limiter::StorageProvider,
            key: format!("storage/{subscription}/{region}/{rate:?}"),
            rate: *rate,
        }));
    }
    limits
}

/// Gives the subscription that an address lies in, whatever its route calls that part; empty above all of
/// them.
fn subscription(call: &Call) -> String {
    match call.segments().as_slice() {
        [first, id, ..] if first.eq_ignore_ascii_case("subscriptions") => id.to_ascii_lowercase(),
        _ => String::new(),
    }
}

/// Gives the bucket of Resource Manager for a method, with the header that tells what is left in it.
fn management_rate(method: &Method) -> (&'static str, Rate) {
    let (header, size, refill) = match *method {
        Method::GET | Method::HEAD => ("x-ms-ratelimit-remaining-subscription-reads", 250, 25),
        Method::DELETE => ("x-ms-ratelimit-remaining-subscription-deletes", 200, 10),
        _ => ("x-ms-ratelimit-remaining-subscription-writes", 200, 10),
    };
    (header, Rate::Bucket { size, refill })
}

/// Gives the windows of the storage provider.
fn storage_rates(operation: &str, method: &Method) -> &'static [Rate] {
    const LISTS: Rate = Rate::Window {
        requests: 100,
        span: FIVE_MINUTES,
    };
    const READS: Rate = Rate::Window {
        requests: 800,
        span: FIVE_MINUTES,
    };
    const WRITES_A_SECOND: Rate = Rate::Window {
        requests: 10,
        span: 1000,
    };
    const WRITES_AN_HOUR: Rate = Rate::Window {
        requests: 1200,
        span: 3_600_000,
    };
    match (operation, method) {
        ("List" | "ListByResourceGroup", _) => &[LISTS],
        (_, &Method::GET) => &[READS],
        _ => &[WRITES_A_SECOND, WRITES_AN_HOUR],
    }
}

/// Gives where an account is; the region of a list is that of none.
fn region<'a>(world: &'a World, prepared: &Prepared) -> &'a str {
    let part = |name| prepared.part(name);
    let (subscription, group) = (part("subscription"), part("group"));
    let id = group::resource_id(subscription, group, account::KIND, part("account"));
    world
        .account(&id)
        .map_or("", |account| account.location.as_str())
}

fn vault_limits(prepared: &Prepared, name: &str) -> Vec<Limit> {
    let span = 10_000;
    let whole = Limit {
        limiter: Limiter::KeyVault,
        key: format!("vault/{name}"),
        rate: Rate::Window {
            requests: 4000,
            span,
        },
    };
    let of_sets = (prepared.operation() == "SetSecret").then(|| Limit {
        limiter: Limiter::KeyVault,
        key: format!("vault/{name}/set"),
        rate: Rate::Window {
            requests: 300,
            span,
        },
    });
    std::iter::once(whole).chain(of_sets).collect()
}

impl Throttles {
    /// Counts a request against all its limits. Gives the header that tells what is left of the first.
    pub(crate) fn take_all(
        &mut self,
        limits: &[Limit],
        now: i64,
    ) -> Result<Option<(&'static str, String)>, Exceeded> {
        let mut told = None;
        for limit in limits {
            let left = self.take(limit, now).map_err(|retry_after| Exceeded {
                limiter: limit.limiter,
                retry_after,
            })?;
            let name = match limit.limiter {
                Limiter::Management(header) => Some(header),
                Limiter::ResourceGraph => Some("x-ms-user-quota-remaining"),
                Limiter::StorageProvider | Limiter::KeyVault => None,
            };
            told = told.or_else(|| name.map(|name| (name, left.to_string())));
        }
        Ok(told)
    }

    fn take(&mut self, limit: &Limit, now: i64) -> Result<i64, i64> {
        let whole = match limit.rate {
            Rate::Bucket { size: requests, .. } | Rate::Window { requests, .. } => requests * 1000,
        };
        let meter = self.0.entry(limit.key.clone()).or_insert(Meter {
            left: whole,
            at: now,
        });
        match limit.rate {
            Rate::Bucket { refill, .. } => {
                meter.left = whole.min(meter.left + (now - meter.at) * refill);
                meter.at = now;
            }
            Rate::Window { span, .. } if now - meter.at >= span => {
                *meter = Meter {
                    left: whole,
                    at: now,
                };
            }
            Rate::Window { .. } => {}
        }
        if meter.left < 1000 {
            let wait = match limit.rate {
                Rate::Bucket { refill, .. } => (1000 - meter.left) / refill,
                Rate::Window { span, .. } => meter.at + span - now,
            };
            return Err(wait / 1000 + 1);
        }
        meter.left -= 1000;
        Ok(meter.left / 1000)
    }
}

impl Exceeded {
    /// Gives what the service says.
    pub(crate) fn refusal(&self) -> Refusal {
        let seconds = self.retry_after;
        let (code, message) = match self.limiter {
            Limiter::Management(_) => (
                "SubscriptionRequestsThrottled",
                format!("Number of requests for the subscription exceeded the limit. Please try again after '{seconds}' seconds."),
            ),
            Limiter::StorageProvider => (
                "TooManyRequests",
                "The request is being throttled as the limit has been reached for operation type. For more information, see - https://aka.ms/srpthrottlinglimits".to_owned(),
            ),
            Limiter::ResourceGraph => (
                "RateLimiting",
                "Client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed.".to_owned(),
            ),
            Limiter::KeyVault => (
                "Throttled",
                "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached".to_owned(),
            ),
        };
        Refusal::new(429, code, message)
    }

    /// Adds the headers that tell of nothing left.
    pub(crate) fn with_headers(&self, reply: Reply) -> Reply {
        match self.limiter {
            Limiter::Management(header) => reply.with_header(header, "0"),
            Limiter::ResourceGraph => reply
                .with_header("x-ms-user-quota-remaining", "0")
                .with_header(
                    "x-ms-user-quota-resets-after",
                    format!("00:00:{:02}", self.retry_after),
                ),
            Limiter::StorageProvider | Limiter::KeyVault => reply,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(rate: Rate) -> Limit {
        Limit {
            limiter: Limiter::KeyVault,
            key: "k".to_owned(),
            rate,
        }
    }

    #[test]
    fn a_request_counts_against_the_subscription_that_its_address_lies_in() {
        let check = |path: &str, expected: &str| {
            let call = Call {
                id: String::new(),
                method: Method::GET,
                host: String::new(),
                path: path.to_owned(),
                query: None,
                headers: hyper::HeaderMap::new(),
                body: hyper::body::Bytes::new(),
            };
            assert_eq!(subscription(&call), expected, "{path}");
        };
        check(
            "/subscriptions/ONE/providers/Microsoft.KeyVault/vaults",
            "one",
        );
        let account =
            "/subscriptions/two/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st";
        let roles = "providers/Microsoft.Authorization/roleAssignments";
        check(&format!("{account}/{roles}"), "two");
        check(
            &format!("/providers/Microsoft.Management/managementGroups/g/{roles}"),
            "",
        );
        check("/subscriptions", "");
    }

    #[test]
    fn a_bucket_empties_and_fills_again_bit_by_bit() {
        let (mut throttles, limit) = (
            Throttles::default(),
            limit(Rate::Bucket { size: 2, refill: 1 }),
        );
        assert_eq!(throttles.take(&limit, 0), Ok(1));
        assert_eq!(throttles.take(&limit, 0), Ok(0));
        assert_eq!(throttles.take(&limit, 999), Err(1));
        assert_eq!(throttles.take(&limit, 1000), Ok(0));
        assert_eq!(
            throttles.take(&limit, 60_000),
            Ok(1),
            "never more than its size"
        );
    }

    #[test]
    fn a_window_is_used_up_until_it_ends() {
        let rate = Rate::Window {
            requests: 2,
            span: 5000,
        };
        let (mut throttles, limit) = (Throttles::default(), limit(rate));
        assert_eq!(throttles.take(&limit, 100), Ok(1));
        assert_eq!(throttles.take(&limit, 200), Ok(0));
        assert_eq!(throttles.take(&limit, 300), Err(5));
        assert_eq!(throttles.take(&limit, 5100), Ok(1));
    }
}
