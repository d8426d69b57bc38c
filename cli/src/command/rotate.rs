//! `keyrotation rotate`: a plan, consent, a journal, and one step after the other.
//!
//! What is due is concluded as by `check`; what a step does and may do is the engine's matter. This
//! puts them in order, asks, and keeps the journal by which a run that was cut short is taken up.

mod act;
mod advice;
pub mod args;
mod consumers;
mod hook;
mod perform;
pub(super) mod place;
mod rounds;
mod site;
mod survey;
pub(super) mod unattended;
mod walk;
mod words;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use azure::cloud::Cloud;
use azure::env::Env;
use azure::id::IdError;
use engine::check::{CheckError, Question};
use rotation::drift::Demand;
use rotation::period::{Period, RotationPeriod};
use rotation::slot::KeySlot;

use self::args::apps::AppTerms;
use self::args::{ApplyArgs, GroupTag, HookArgs, MomentArgs, PlanArgs, PlanCommandArgs};
use self::args::{ResumeArgs, RotateArgs, RotateCommand, StatusArgs};
use self::hook::Hook;
use self::perform::{Work, perform};
use self::place::Declared;
use self::rounds::rounds;
use self::site::Site;
use self::survey::Survey;
use self::walk::Walk;
use crate::Doors;
use crate::command::sync::target::TargetError;
use crate::config::places::Places;
use crate::config::targets::TargetRule;
use crate::config::{self, ConfigError};
use crate::connection::ConnectionError;
use crate::exit_code::ExitCode;
use crate::journal_file::{self, Journal, JournalError, Record, Trace, Traces};
use crate::output::Streams;
use crate::plan_file::{Plan, PlanFileError, PlanTerms, Text};
use crate::scope::{NOTHING_EXAMINED, ScopeFileError};
use crate::settings::{self, SettingsError};

/// How many accounts are under way at once. A turn waits for some seconds before it trusts its claim; with
/// so many the limits that Azure publishes are what a large fleet waits for.
const AT_ONCE: usize = 512;

/// How long clients have if nobody says, in days.
const DEFAULT_WAIT: u32 = 1;

/// The rotation came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RotateCommandError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Scope(#[from] ScopeFileError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error(transparent)]
    Plan(#[from] PlanFileError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the plan names a place that cannot be one")]
    Place(#[from] IdError),
    #[error("the plan names a consumer that cannot be one")]
    Consumer(#[from] TargetError),
    #[error("no key can be kept within {0} by turns of whole days; the shortest limit is P2D")]
    TooShort(Period),
    #[error("nothing was changed: there is no terminal to ask at, and no --auto-approve")]
    NobodyToAsk,
    #[error("nothing was changed: the plan was not approved")]
    NotApproved,
    #[error("interrupted before the plan was complete; nothing was changed")]
    Interrupted,
    #[error("cannot write to stdout")]
    Output(#[source] io::Error),
}

/// Runs a part of a rotation.
///
/// # Cancellation
/// A stop is obeyed between two requests; what was begun is taken up by `resume`.
pub(crate) async fn run(
    args: &RotateArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, RotateCommandError> {
    match &args.command {
        RotateCommand::Plan(args) => plan(args, doors, streams).await,
        RotateCommand::Apply(args) => Box::pin(apply(args, doors, streams)).await,
        RotateCommand::Resume(args) => Box::pin(resume(args, doors, streams)).await,
        RotateCommand::Status(args) => status(args, &doors.env, streams),
    }
}

async fn plan(
    args: &PlanCommandArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, RotateCommandError> {
    let (plan, _) = make(&args.plan, args.moment, doors, streams).await?;
    plan.write(&args.out)?;
    show(&words::plan(&plan), streams)?;
    streams.say(&format!("the plan is in `{}`", args.out.display()));
    Ok(planned_code(&plan))
}

async fn apply(
    args: &ApplyArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, RotateCommandError> {
    let (plan, site) = match &args.file {
        Some(file) => {
            let plan = Plan::read(&doors.env, file)?;
            let site = Site::open(plan.cloud.0, doors, args.moment.as_of)?;
            (plan, site)
        }
        None => make(&args.plan, args.moment, doors, streams).await?,
    };
    show(&words::plan(&plan), streams)?;
    if plan.accounts.is_empty() {
        return Ok(planned_code(&plan));
    }
    if !args.auto_approve {
        ask(streams)?;
    }
    let own = || PathBuf::from(format!("keyrotation-{}.journal", site.env.random_id()));
    let path = args.journal.clone().unwrap_or_else(own);
    let owner = site.env.random_id().to_string();
    let journal = Journal::begin(
        &path,
        &plan,
        owner,
        Arc::clone(&site.clock),
        site.stop.clone(),
    )?;
    streams.say(&format!("the journal is `{}`", path.display()));
    carry_out(&plan, journal, &args.hook, &site, &path, streams).await
}

/// Asks at a terminal; whatever is no terminal cannot consent.
fn ask(streams: &mut Streams) -> Result<(), RotateCommandError> {
    if streams.answers.is_none() {
        return Err(RotateCommandError::NobodyToAsk);
    }
    match streams.ask("Carry this out? Only `yes` counts:").as_deref() {
        Some("yes") => Ok(()),
        _ => Err(RotateCommandError::NotApproved),
    }
}

async fn resume(
    args: &ResumeArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<ExitCode, RotateCommandError> {
    let record = journal_file::read(&doors.env, &args.journal)?;
    let site = Site::open(record.plan.cloud.0, doors, args.moment.as_of)?;
    let (clock, stop) = (Arc::clone(&site.clock), site.stop.clone());
    let (plan, journal) = Journal::take_up(&site.env, &args.journal, clock, stop)?;
    carry_out(&plan, journal, &args.hook, &site, &args.journal, streams).await
}

fn status(
    args: &StatusArgs,
    env: &Env,
    streams: &mut Streams,
) -> Result<ExitCode, RotateCommandError> {
    let Record { plan, traces, .. } = journal_file::read(env, &args.journal)?;
    show(&words::status(&plan, &traces), streams)?;
    Ok(performed_code(&plan, &traces))
}

async fn carry_out(
    plan: &Plan,
    journal: Journal,
    hook: &HookArgs,
    site: &Site,
    path: &Path,
    streams: &mut Streams,
) -> Result<ExitCode, RotateCommandError> {
    let walk = |planned: &_| Walk::new(Clone::clone(planned), plan, journal.owner());
    let walks: Vec<Walk> = plan.accounts.iter().map(walk).collect::<Result<_, _>>()?;
    let walks = rounds(walks, |walk| &walk.planned.id.0);
    let hook = hook.after_publish.clone().map(Hook);
    let means = (hook.as_ref(), plan.terms.wait.0, AT_ONCE);
    let work = Work::new(site, means, journal, streams);
    perform(&work, &walks).await;
    work.end()?;
    let Record { traces, .. } = journal_file::read(&site.env, path)?;
    show(&words::status(plan, &traces), streams)?;
    let code = performed_code(plan, &traces);
    if site.stop.is_cancelled() && code != ExitCode::Passed {
        let journal = path.display();
        streams.say(&format!("go on with `keyrotation rotate resume {journal}`"));
    }
    Ok(code)
}

/// What is asked for, before anything is looked at.
struct Asked {
    question: Question,
    cloud: Cloud,
    terms: PlanTerms,
    in_use: KeySlot,
    declared: Declared,
    targets: Vec<TargetRule>,
    group_by: Option<GroupTag>,
}

impl Asked {
    /// Puts together what the command line, the file and the environment say.
    fn new(args: &PlanArgs, env: &Env) -> Result<Self, RotateCommandError> {
        let config = config::read(env, args.config.as_deref())?;
        let wanted = args.scope.resolve(env)?;
        let demand = settings::demand(args.max_age, args.due_soon, &config);
        let terms = terms(args, &demand, &config.places)?;
        let mut question = Question::new(wanted.scope, demand);
        question.scope.filter.include.extend(config.include);
        question.scope.filter.exclude.extend(config.exclude);
        question.waivers = config.waivers;
        question.published = true;
        Ok(Self {
            question,
            cloud: settings::cloud(args.cloud, env)?,
            terms,
            in_use: args.turn.in_use.unwrap_or(KeySlot::Key1),
            declared: Declared::new(args, config.places),
            targets: config.targets,
            group_by: args.group_by.clone(),
        })
    }

    fn survey<'a>(&'a self, site: &'a Site) -> Survey<'a> {
        Survey {
            site,
            cloud: self.cloud,
            terms: self.terms.clone(),
            in_use: self.in_use,
            declared: &self.declared,
            targets: &self.targets,
            group_by: self.group_by.as_ref(),
        }
    }
}

/// Looks at the scope and makes a plan.
async fn make(
    args: &PlanArgs,
    moment: MomentArgs,
    doors: Doors,
    streams: &mut Streams,
) -> Result<(Plan, Site), RotateCommandError> {
    let asked = Asked::new(args, &doors.env)?;
    let site = Site::open(asked.cloud, doors, moment.as_of)?;
    let survey = asked.survey(&site);
    let plan = tokio::select! {
        biased;
        () = site.stop.cancelled() => return Err(RotateCommandError::Interrupted),
        plan = survey.plan(&asked.question) => plan?,
    };
    if plan.examined == 0 {
        streams.say(NOTHING_EXAMINED);
    }
    Ok((plan, site))
}

fn terms(
    args: &PlanArgs,
    demand: &Demand,
    places: &Places,
) -> Result<PlanTerms, RotateCommandError> {
    let limit = demand.max_key_age;
    let early = whole_days(limit).saturating_sub(demand.due_soon.days_rounded_up());
    // A key that is due soon has to be due for the engine as well.
    let period = RotationPeriod::longest_for(Period::days(early))
        .or_else(|| RotationPeriod::longest_for(limit))
        .ok_or(RotateCommandError::TooShort(limit))?;
    Ok(PlanTerms {
        period: Text(period),
        wait: Text(args.turn.wait.unwrap_or(Period::days(DEFAULT_WAIT))),
        both: args.both,
        verify: !args.turn.no_verify,
        assume_unmanaged: args.turn.assume_unmanaged,
        apps: AppTerms::new(&args.apps, places),
    })
}

fn whole_days(period: Period) -> u32 {
    u32::try_from(period.as_duration().as_hours() / 24).unwrap_or(u32::MAX)
}

fn show(text: &str, streams: &mut Streams) -> Result<(), RotateCommandError> {
    streams.result(text).map_err(RotateCommandError::Output)
}

fn planned_code(plan: &Plan) -> ExitCode {
    match covered_code(plan) {
        // What is not known of an app now may be known once its turn comes.
        ExitCode::Passed if !plan.unseen_apps.is_empty() => ExitCode::Unproven,
        code => code,
    }
}

fn covered_code(plan: &Plan) -> ExitCode {
    if plan.examined == 0 {
        ExitCode::Failed
    } else if plan.skipped.iter().any(|skipped| !skipped.is_waived) {
        ExitCode::Drift
    } else if plan.unexamined.is_empty() {
        ExitCode::Passed
    } else {
        ExitCode::Unproven
    }
}

fn performed_code(plan: &Plan, traces: &Traces) -> ExitCode {
    let mut accounts = plan.accounts.iter();
    let is_done = |id: &str| traces.get(id).is_some_and(Trace::is_done);
    if accounts.all(|planned| is_done(planned.id.0.as_str())) {
        covered_code(plan)
    } else {
        ExitCode::Drift
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::Captured;

    fn check(answer: Option<&'static str>, expected: Option<&str>) {
        let err = Captured::default();
        let mut streams = Streams::captured(io::sink(), err.clone());
        streams.answers = answer.map(|text| Box::new(text.as_bytes()) as Box<_>);
        let found = ask(&mut streams).err().map(|error| error.to_string());
        assert_eq!(found.as_deref(), expected, "{answer:?}");
        let asked = answer.map_or("", |_| "Carry this out? Only `yes` counts: ");
        assert_eq!(err.text(), asked, "{answer:?}");
    }

    #[test]
    fn only_the_whole_word_at_a_terminal_approves() {
        check(Some("yes\n"), None);
        let refused = Some("nothing was changed: the plan was not approved");
        for answer in ["y\n", "YES\n", "no\n", "\n", ""] {
            check(Some(answer), refused);
        }
        let nobody = "nothing was changed: there is no terminal to ask at, and no --auto-approve";
        check(None, Some(nobody));
    }
}
