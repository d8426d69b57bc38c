//! What a vault says about secrets that will end: one event thirty days before. Who hears it, and over which way, is
//! decided outside; here events wait until they are fetched.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::World;
use super::secret::SecretVersion;

/// How long before its end a secret counts as near it.
const NEAR: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A secret is near its end.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct NearExpiry {
    pub(crate) at: Timestamp,
    pub(crate) vault: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) expires: i64,
    pub(crate) not_before: Option<i64>,
}

/// The events that wait, and when to look for more.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Expiries {
    /// No secret comes near its end before this; it may be too early, never too late.
    next: Option<Timestamp>,
    waiting: Vec<NearExpiry>,
}

impl Expiries {
    /// Asks for a look at all secrets.
    pub(crate) fn look_again(&mut self) {
        self.next = Some(Timestamp::MIN);
    }

    /// Takes the events that wait.
    pub(crate) fn take(&mut self) -> Vec<NearExpiry> {
        std::mem::take(&mut self.waiting)
    }
}

impl World {
    /// Finds the secrets that have come near their end. Each version is announced once.
    pub(super) fn announce_expiries(&mut self, now: Timestamp) {
        if self.expiries.next.is_none_or(|next| now < next) {
            return;
        }
        let mut next = None;
        for vault in self.vaults.values_mut() {
            for secret in vault.secrets.values_mut() {
                let Some(version) = secret.versions.last_mut() else {
                    continue;
                };
                let Some((at, expires)) = near(version) else {
                    continue;
                };
                if now < at {
                    next = Some(next.map_or(at, |earlier: Timestamp| earlier.min(at)));
                    continue;
                }
                version.announced = true;
                self.expiries.waiting.push(NearExpiry {
                    at,
                    vault: vault.name.clone(),
                    name: secret.name.clone(),
                    version: version.id.clone(),
                    expires,
                    not_before: version.not_before,
                });
            }
        }
        self.expiries.next = next;
    }
}

/// Gives when a version comes near its end, and that end; nothing if it has none, was announced, or was born over.
fn near(version: &SecretVersion) -> Option<(Timestamp, i64)> {
    let expires = version
        .expires
        .filter(|_| version.enabled && !version.announced)?;
    let end = Timestamp::from_second(expires).ok()?;
    let at = end.checked_sub(NEAR).ok()?.max(version.created);
    (at < end).then_some((at, expires))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Fleet;
    use crate::fleet::build::build;
    use crate::world::secret::NewVersion;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a valid time")
    }

    fn announced(world: &mut World, now: &str) -> Vec<String> {
        world.tick(time(now));
        let events = world.expiries.take().into_iter();
        events.map(|event| event.at.to_string()).collect()
    }

    #[test]
    fn a_secret_is_announced_once_thirty_days_before_its_end() {
        let start = time("2026-01-01T00:00:00Z");
        let (mut world, _) = build(&Fleet::standard(), 0, start).expect("a world");
        let new = |expires: &str| NewVersion {
            expires: Some(time(expires).as_second()),
            ..NewVersion::default()
        };
        let mut set = |name: &str, expires: &str| {
            world
                .set_secret("kv-emulator", name, new(expires), start)
                .expect("a secret");
        };
        set("later", "2026-03-01T00:00:00Z");
        set("over", "2025-12-01T00:00:00Z");
        let none: [&str; 0] = [];
        assert_eq!(announced(&mut world, "2026-01-29T23:59:59Z"), none);
        assert_eq!(
            announced(&mut world, "2026-06-01T00:00:00Z"),
            ["2026-01-30T00:00:00Z"]
        );
        assert_eq!(announced(&mut world, "2026-07-01T00:00:00Z"), none);
    }
}
