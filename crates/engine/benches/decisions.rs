//! The decisions that a large fleet asks for again and again, each by itself: a line on stdin names one
//! and says how often. Whoever runs this measures it: its time, or its instructions.

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::io;
use std::sync::Arc;

use engine::check::accounts::{Accounts, Measure};
use engine::check::waivers::Waivers;
use engine::observe::SeenAccount;
use jiff::Timestamp;
use rotation::direct::{Standing, Terms, decide_step};
use rotation::drift::{Demand, assess};
use rotation::observation::{Enrolment, Observation, PerSlot};
use rotation::period::Period;
use rotation::profile::Profile;
use rotation::slot::KeySlot;

type Done = Result<(), Box<dyn Error>>;

fn main() -> Done {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let (name, count) = line.trim().rsplit_once(' ').ok_or("NAME COUNT")?;
    let count: u32 = count.parse()?;
    match name {
        "judge an account" => judge(count),
        "judge 1,000 accounts in the small form" => judge_fleet(count),
        "decide on a direct step" => decide(count),
        "read a duration" => read_durations(count),
        _ => Err(format!("there is no `{name}`").into()),
    }
}

fn now() -> Result<Timestamp, jiff::Error> {
    "2026-06-01T00:00:00Z".parse()
}

fn demand() -> Demand {
    Demand {
        max_key_age: Period::days(90),
        due_soon: Period::days(14),
        profile: Profile::Keys,
    }
}

fn enrolled() -> Result<Observation, Box<dyn Error>> {
    Ok(Observation {
        key_times: PerSlot {
            key1: Some("2026-04-01T00:00:00Z".parse()?),
            key2: Some("2026-05-01T00:00:00Z".parse()?),
        },
        enrolments: vec![Enrolment {
            vault: "kv".to_owned(),
            name: "logs".to_owned(),
            ..Enrolment::default()
        }],
        ..Observation::default()
    })
}

fn judge(count: u32) -> Done {
    let (seen, demand, now) = (enrolled()?, demand(), now()?);
    for _ in 0..count {
        black_box(assess(black_box(&seen), &demand, now));
    }
    Ok(())
}

fn judge_fleet(count: u32) -> Done {
    let account = |number: u32| -> Result<SeenAccount, Box<dyn Error>> {
        let id = format!(
            "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/\
             Microsoft.Storage/storageAccounts/st{number:08}"
        );
        Ok(SeenAccount {
            id: id.parse()?,
            location: "westeurope".into(),
            tags: Arc::new(BTreeMap::new()),
            observation: enrolled()?,
        })
    };
    let measure = Measure {
        demand: demand(),
        waivers: Waivers::default(),
        now: now()?,
    };
    let seen: Vec<SeenAccount> = (0..1000).map(account).collect::<Result<_, _>>()?;
    for _ in 0..count {
        let accounts = Accounts::judged(seen.clone(), measure.clone());
        black_box(accounts.iter().count());
    }
    Ok(())
}

fn decide(count: u32) -> Done {
    let now = now()?;
    let standing = Standing {
        key_times: enrolled()?.key_times,
        published: None,
    };
    let terms = Terms {
        period: "P30D".parse()?,
        overlap: Period::days(1),
        first: KeySlot::Key1,
    };
    for _ in 0..count {
        black_box(decide_step(black_box(&standing), &terms, now));
    }
    Ok(())
}

fn read_durations(count: u32) -> Done {
    for _ in 0..count {
        black_box(black_box("P90DT12H").parse::<Period>()?);
    }
    Ok(())
}
