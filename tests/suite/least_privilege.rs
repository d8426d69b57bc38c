//! The roles under `examples/roles`, with the permissions in the vault that the page on least
//! privilege lists: each command succeeds with them, and without any one of them it does not.

mod act;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, SUBSCRIPTION, VAULT};
use tests::place;

use self::act::Act;

/// The application that has the rights and nothing else.
const CLIENT: &str = "c11e4700-0000-4000-8000-0000000000aa";
const OBJECT: &str = "0b7ec700-0000-4000-8000-0000000000aa";
const SECRET: &str = "known";

/// What somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rights {
    actions: Vec<String>,
    storage: Vec<String>,
    secrets: Vec<String>,
}

/// The roles, and what each is for.
const ROLES: [(&str, Act); 10] = [
    ("check", Act::Check),
    ("check-app-settings", Act::CheckApps),
    ("enrol", Act::Enrol),
    ("enrol-and-grant", Act::EnrolAndGrant),
    ("rotate-directly", Act::RotateDirectly),
    ("rotate-directly", Act::Policy),
    ("rotate-directly", Act::Function),
    ("rotate-through-vault", Act::RotateThroughVault),
    ("rotate-through-vault", Act::RegenerateKey),
    ("sync", Act::Sync),
];

/// What the emulator does not ask for and a role has nevertheless, and why.
const KEPT: [(&str, &str, &str); 7] = [
    ("check", "subscriptions/read", LISTED),
    ("check-app-settings", "subscriptions/read", LISTED),
    ("check-app-settings", "sites/read", HIDDEN),
    ("check-app-settings", "sites/slots/read", HIDDEN),
    ("rotate-through-vault", "subscriptions/read", LISTED),
    ("rotate-through-vault", "locks/read", FORESEEN),
    ("rotate-through-vault", "permissions/read", FORESEEN),
];
const LISTED: &str = "the emulator lists a subscription to whoever has any role in it";
const HIDDEN: &str = "what may not be read is left out of lists, and looks as if it were not there";
const FORESEEN: &str = "without it what stands in the way shows in Azure's refusal only";

/// The page that lists what goes with a role in the vault.
const PAGE: &str = "docs/least-privilege.md";

fn role(name: &str) -> Result<Value> {
    let file = place::root().join(format!("examples/roles/{name}.json"));
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {name}"))?;
    serde_json::from_str(&text).with_context(|| format!("{name} is not JSON"))
}

/// Takes the words between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Reads what goes with a role: its actions from its file, the permissions in the vault from the page.
fn rights(name: &str) -> Result<Rights> {
    let role = role(name)?;
    let actions = role.get("Actions").and_then(Value::as_array);
    let actions = actions.context("a role has actions")?.iter();
    let page = fs::read_to_string(place::root().join(PAGE))?;
    let begins = format!("| [`{name}`](../examples/roles/{name}.json) |");
    let row = page.lines().find_map(|line| line.strip_prefix(&begins));
    let row = row.with_context(|| format!("{PAGE} has no line of {name}"))?;
    let mut cells = row.split('|');
    Ok(Rights {
        actions: actions
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        storage: quoted(cells.next().unwrap_or_default()),
        secrets: quoted(cells.next().unwrap_or_default()),
    })
}

impl Rights {
    /// Lists what is left if one of them is taken away, by its name.
    fn each_without_one(&self) -> BTreeMap<String, Self> {
        let mut found = BTreeMap::new();
        for (kind, pick) in [
            (
                "action",
                (|rights: &mut Self| &mut rights.actions) as fn(&mut Self) -> &mut Vec<String>,
            ),
            ("storage", |rights| &mut rights.storage),
            ("secrets", |rights| &mut rights.secrets),
        ] {
            let mut whole = self.clone();
            for number in 0..pick(&mut whole).len() {
                let mut less = self.clone();
                let taken = pick(&mut less).remove(number);
                found.insert(format!("{kind} {taken}"), less);
            }
        }
        found
    }

    /// Describes a tenant in which the application holds them, and Key Vault its role.
    fn fleet(&self, act: Act) -> Value {
        let policy =
            json!({ "object_id": OBJECT, "storage": self.storage, "secrets": self.secrets });
        let vault = json!({
            "resource_group": fleet::GROUP, "name": VAULT, "rbac": false,
            "access_policies": [policy], "managed": act.records(),
        });
        let mut fleet = fleet::with_vaults(&act.accounts(), &[vault]);
        if let Some(fields) = fleet.as_object_mut() {
            let role = json!({ "name": "the role", "actions": self.actions });
            fields.insert("role_definitions".to_owned(), json!([role]));
            let application = json!({
                "client_id": CLIENT, "object_id": OBJECT, "client_secret": SECRET,
                "roles": [{ "role": "the role", "scope": format!("/subscriptions/{SUBSCRIPTION}") }],
            });
            fields.insert("applications".to_owned(), json!([application]));
        }
        if let Some(subscription) = fleet
            .pointer_mut("/subscriptions/0")
            .and_then(Value::as_object_mut)
        {
            subscription.insert("sites".to_owned(), act.apps());
        }
        fleet
    }
}

/// Starts a tenant in which the rights are held and tells whether the act succeeds there.
fn succeeds(rights: &Rights, act: Act) -> Result<(bool, String)> {
    let emulator = Emulator::start(&rights.fleet(act))?;
    act.run(&emulator)
}

/// Judges a role: it is enough for what it is for, and nothing of it can be missed.
fn judge(name: &str, act: Act) -> Result<Vec<String>> {
    let rights = rights(name)?;
    let (succeeded, said) = succeeds(&rights, act)?;
    if !succeeded {
        return Ok(vec![format!("`{name}` is not enough: {said}")]);
    }
    let mut wrong = Vec::new();
    for (taken, less) in rights.each_without_one() {
        let kept = KEPT
            .iter()
            .any(|(role, right, _)| *role == name && taken.ends_with(right));
        if act.is_quick_without(&taken) && succeeds(&less, act)?.0 != kept {
            wrong.push(format!(
                "`{name}`: whether {taken} is needed is not as it is listed"
            ));
        }
    }
    Ok(wrong)
}

#[test]
fn every_role_is_enough_and_none_gives_more_than_is_needed() -> Result<()> {
    let judged: Vec<_> = thread::scope(|scope| {
        let judges: Vec<_> = ROLES
            .iter()
            .map(|&(name, act)| scope.spawn(move || judge(name, act)))
            .collect();
        judges
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect()
    });
    let mut wrong = Vec::new();
    for result in judged {
        wrong.extend(result.map_err(|_| anyhow!("a judge has panicked"))??);
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn every_role_is_one_that_azure_takes_and_is_in_the_page() -> Result<()> {
    let page = fs::read_to_string(place::root().join(PAGE))?;
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(place::root().join("examples/roles"))? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.context("a name")?;
        ensure!(
            ROLES.iter().any(|(known, _)| *known == name),
            "{name} is tried by no test"
        );
        let text = fs::read_to_string(&path)?;
        ensure!(
            page.contains(&format!("```json\n{text}```\n")),
            "{PAGE} does not show {name}"
        );
        let fields = role(name)?.as_object().context("an object")?.clone();
        let mut known: Vec<&str> = fields.keys().map(String::as_str).collect();
        known.sort_unstable();
        let expected = [
            "Actions",
            "AssignableScopes",
            "DataActions",
            "Description",
            "IsCustom",
            "Name",
            "NotActions",
            "NotDataActions",
        ];
        assert_eq!(known, expected, "{name}");
        seen.insert(name.to_owned());
    }
    let known: BTreeSet<String> = ROLES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(seen, known);
    Ok(())
}
