//! Making a plan: which accounts are due, by which way, and what stands in the way.

use azure::client::search::SettingsSearch;
use azure::cloud::Cloud;
use azure::id::{StorageAccountId, VaultUrl};
use engine::check::accounts::CheckedAccount;
use engine::check::{CheckError, Question, check_by};
use engine::direct::{self, DirectWish};
use engine::managed::{self, turn};
use engine::observe::{Hole, Means};
use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use rotation::direct::{Step, Terms};
use rotation::drift::{Proof, Verdict};
use rotation::finding::FindingCode;
use rotation::observation::{AppsSeen, Enrolment, HeldWhat, PerSlot};
use rotation::slot::KeySlot;
use rotation::walk::{Reach, slots_to_renew};

use super::advice;
use super::args::GroupTag;
use super::consumers;
use super::place::{Declared, Destination};
use super::rounds::rounds;
use super::site::Site;
use crate::command::sync::target::{Target, TargetError};
use crate::config::targets::TargetRule;
use crate::error::chain;
use crate::plan_file::{Plan, PlanTerms, Planned, Skipped, Text, Way};

/// How many accounts are looked at at once. Each look is a request on its way, and a process may have
/// only so many connections.
const LOOKS_AT_ONCE: usize = 256;

/// What a plan is made by.
pub(super) struct Survey<'a> {
    pub(super) site: &'a Site,
    pub(super) cloud: Cloud,
    pub(super) terms: PlanTerms,
    pub(super) in_use: KeySlot,
    pub(super) declared: &'a Declared,
    /// Where `sync` puts tokens and published secrets.
    pub(super) targets: &'a [TargetRule],
    pub(super) group_by: Option<&'a GroupTag>,
}

/// What is wrong with an account.
pub(super) enum Need {
    Waived(String),
    Keys(PerSlot<bool>),
}

/// What a plan says of an account.
enum Fate {
    Planned(Box<Planned>),
    Waived(String),
    Skipped(String),
}

impl Survey<'_> {
    /// Looks at the scope and plans for every account that is due.
    ///
    /// # Errors
    /// It cannot be found out what there is to examine.
    ///
    /// # Cancellation
    /// Nothing is changed.
    pub(super) async fn plan(&self, question: &Question) -> Result<Plan, CheckError> {
        let now = self.site.clock.now();
        let reader = self.site.client.reader();
        let search = self.terms.apps.as_ref();
        let search = search.map(|_| SettingsSearch::over(self.site.client.clone()));
        let mut means = Means::reading(&reader);
        means.search = search.as_ref();
        let outcome = check_by(means, question, now).await?;
        let mut plan = Plan::empty(now, self.cloud, self.terms.clone());
        plan.scope.clone_from(&outcome.scope);
        plan.examined = outcome.accounts.len();
        let (apps, parts): (Vec<_>, Vec<_>) = outcome
            .holes
            .iter()
            .partition(|hole| hole.code == FindingCode::AppSettingsUnreadable);
        plan.unexamined = parts.into_iter().map(unread).collect();
        plan.unseen_apps = apps.into_iter().map(unread).collect();
        let wanting = outcome.accounts.iter().filter_map(|account| {
            let need = need(&account)?;
            Some((account, need))
        });
        let wanting = rounds(wanting.collect(), |(account, _)| &account.id);
        let looks = wanting.into_iter().map(|one| self.attend(one));
        let mut looks = stream::iter(looks).buffered(LOOKS_AT_ONCE);
        while let Some((id, fate)) = looks.next().await {
            let (reason, is_waived) = match fate {
                Fate::Planned(planned) => {
                    plan.accounts.push(*planned);
                    continue;
                }
                Fate::Waived(reason) => (reason, true),
                Fate::Skipped(reason) => (reason, false),
            };
            plan.skipped.push(Skipped {
                id: Text(id),
                reason,
                is_waived,
            });
        }
        // In the order of a report, whatever the order of the looks.
        plan.accounts
            .sort_by(|one, other| one.id.0.cmp(&other.id.0));
        plan.skipped.sort_by(|one, other| one.id.0.cmp(&other.id.0));
        Ok(plan)
    }

    async fn attend(&self, (account, need): (CheckedAccount, Need)) -> (StorageAccountId, Fate) {
        let fate = match need {
            Need::Waived(reason) => Fate::Waived(reason),
            Need::Keys(due) => match self.account(&account, due).await {
                Ok(planned) => Fate::Planned(Box::new(planned)),
                Err(reason) => Fate::Skipped(reason),
            },
        };
        (account.id, fate)
    }

    async fn account(
        &self,
        account: &CheckedAccount,
        due: PerSlot<bool>,
    ) -> Result<Planned, String> {
        match account.observation.enrolments.as_slice() {
            [] => self.directly(account, due).await,
            [one] => self.through_vault(account, one, due).await,
            _ => Err("several vault records manage it".to_owned()),
        }
    }

    async fn directly(
        &self,
        account: &CheckedAccount,
        due: PerSlot<bool>,
    ) -> Result<Planned, String> {
        let to = self.declared.of(account, &self.cloud)?;
        let wish = self.wish(account, &to);
        let (run, shared) = (self.site.run(), &self.site.shared);
        let seen = direct::foresee(&run, &shared.around, &shared.register, &wish).await;
        let (seen, step) = seen.map_err(|error| advice::said_of_direct(&error))?;
        let (in_use, publish) = self.start(step)?;
        let renew = match (publish, self.reach()) {
            (true, Reach::OneStep) => Vec::new(),
            (_, reach) => slots_to_renew(in_use, due, reach),
        };
        let mut affected = Vec::new();
        if seen.published.is_none() {
            affected.push(format!(
                "nothing is published yet: who uses a key without reading `{}` has to be moved \
                 there",
                wish.place
            ));
        }
        affected.extend(to.others.iter().map(|secret| {
            format!("the secret `{secret}` says it holds a key of it and is not renewed")
        }));
        let consumers = consumers::of(self.targets, &wish.place.to_string());
        let understood = consumers::understood(&consumers, &self.cloud);
        for target in understood.map_err(|error| chain(&error))? {
            affected.push(format!("{target} gets each key that is published"));
        }
        Ok(Planned {
            way: Way::Direct,
            consumers,
            vault_uri: wish.place.vault.as_str().to_owned(),
            name: wish.place.name.to_string(),
            content: to.content,
            publish,
            secret_version: seen.published.map(|version| version.version),
            key1_created_at: seen.account.key1_created_at.map(Text),
            key2_created_at: seen.account.key2_created_at.map(Text),
            ..self.planned(account, in_use, renew, affected)
        })
    }

    /// Tells which slot is in use when the first turn begins, and whether it is published first.
    fn start(&self, step: Step) -> Result<(KeySlot, bool), String> {
        match step {
            Step::Publish { slot, .. } => Ok((slot, true)),
            Step::Turn { slot } => Ok((slot.other(), false)),
            Step::Wait { slot, .. } if self.terms.both => Ok((slot.other(), false)),
            Step::Wait { slot, until } => Err(format!("clients may use {slot} until {until}")),
            Step::Rest { until } => Err(format!("its next turn is due at {until}")),
        }
    }

    async fn through_vault(
        &self,
        account: &CheckedAccount,
        enrolment: &Enrolment,
        due: PerSlot<bool>,
    ) -> Result<Planned, String> {
        let vault = VaultUrl::of_name(&enrolment.vault, &self.cloud);
        let vault = vault.map_err(|error| error.to_string())?;
        let name = enrolment.name.parse();
        let name = name.map_err(|error: azure::id::IdError| error.to_string())?;
        let place = managed::Place { vault, name };
        let run = self.site.run();
        if let Some(lock) = self.site.shared.around.lock(&run, &account.id).await {
            let (name, scope) = (lock.name, lock.scope);
            return Err(format!("the lock `{name}` on `{scope}` makes it read-only"));
        }
        let idle = match turn::prepare(&run, &place).await {
            Ok(ready) => ready.slot(),
            Err(turn::TurnError::TooEarly { slot, .. }) if self.terms.both => slot,
            Err(error) => return Err(advice::said_of_turn(&error)),
        };
        let affected = enrolment.sas.iter().map(|sas| {
            let (name, validity) = (&sas.name, &sas.validity);
            format!("tokens of `{name}`, good for {validity}, are let expire before their key goes")
        });
        let in_use = idle.other();
        let renew = slots_to_renew(in_use, due, self.reach());
        Ok(Planned {
            vault_uri: place.vault.as_str().to_owned(),
            name: place.name.to_string(),
            ..self.planned(account, in_use, renew, affected.collect())
        })
    }

    fn planned(
        &self,
        account: &CheckedAccount,
        in_use: KeySlot,
        renew: Vec<KeySlot>,
        affected: Vec<String>,
    ) -> Planned {
        let times = account.observation.key_times;
        Planned {
            id: Text(account.id.clone()),
            way: Way::Vault,
            vault_uri: String::new(),
            name: String::new(),
            content: crate::plan_file::Content::Key,
            in_use: Text(in_use),
            publish: false,
            renew: renew.into_iter().map(Text).collect(),
            key1_created_at: times.key1.map(Text),
            key2_created_at: times.key2.map(Text),
            secret_version: None,
            group: self.group(account),
            consumers: Vec::new(),
            affected: [affected, self.apps(account)].concat(),
        }
    }

    /// Names what apps hold of an account, as far as it says whose it is.
    fn apps(&self, account: &CheckedAccount) -> Vec<String> {
        let held = match &account.observation.apps {
            AppsSeen::Read { held } => held.as_slice(),
            _ => &[],
        };
        held.iter()
            .map(|held| match held.what {
                HeldWhat::Key => {
                    format!("{held} holds a key: it gets the other one before that is renewed")
                }
                HeldWhat::Token => {
                    format!("{held} holds a token of a key: it keeps that from being renewed")
                }
            })
            .collect()
    }

    /// Understands where the published secret of an account is put besides.
    ///
    /// # Errors
    /// A place that cannot be one.
    pub(super) fn consumers(&self, wish: &DirectWish) -> Result<Vec<Target>, TargetError> {
        let rules = consumers::of(self.targets, &wish.place.to_string());
        consumers::understood(&rules, &self.cloud)
    }

    fn group(&self, account: &CheckedAccount) -> Option<String> {
        let wanted = &self.group_by?.0;
        let mut tags = account.tags.iter();
        tags.find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.clone())
    }

    pub(super) fn wish(&self, account: &CheckedAccount, to: &Destination) -> DirectWish {
        DirectWish {
            account: account.id.clone(),
            place: to.place.clone(),
            terms: Terms {
                period: self.terms.period.0,
                overlap: self.terms.wait.0,
                first: self.in_use,
            },
            content: to.content.into(),
            verify: self.terms.verify,
            assume_unmanaged: self.terms.assume_unmanaged,
            owner: None,
            apps: self.terms.apps.as_ref().map(|apps| apps.reach(&account.id)),
        }
    }

    fn reach(&self) -> Reach {
        if self.terms.both {
            Reach::BothKeys
        } else {
            Reach::OneStep
        }
    }
}

/// Tells what an account needs; `None` if nothing.
pub(super) fn need(account: &CheckedAccount) -> Option<Need> {
    let assessment = &account.assessment;
    let is_due = |verdict: Verdict| verdict.proof() != Proof::Kept || verdict == Verdict::DueSoon;
    let due = PerSlot::from_slots(|slot| is_due(assessment.keys.of(slot).verdict));
    if !due.key1 && !due.key2 {
        return None;
    }
    let about_age = assessment.findings.iter().filter(|finding| {
        let codes = [
            FindingCode::KeyOverdue,
            FindingCode::RotationStalled,
            FindingCode::KeyAgeUnknown,
        ];
        codes.contains(&finding.code)
    });
    let mut waivers = about_age.map(|finding| finding.waiver.as_ref());
    Some(match waivers.next() {
        Some(Some(first)) if waivers.all(|other| other.is_some()) => {
            Need::Waived(format!("waived: {first}"))
        }
        _ => Need::Keys(due),
    })
}

/// Tells whether the keys are those that a plan was made for.
pub(super) fn holds(planned: &Planned, [key1, key2]: [Option<Timestamp>; 2]) -> bool {
    planned.key_times() == PerSlot { key1, key2 }
}

/// Says which part of the scope was not examined, why, and what can be done.
fn unread(hole: &Hole) -> String {
    let way_out = hole.code.explanation().remediation;
    format!("{}: {}; {way_out}", hole.scope, chain(&hole.cause))
}
