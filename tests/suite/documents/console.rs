//! What the pages say to type works: every console block is run, page by page in one shell, with the
//! emulator in the place of Azure and a real core.
//!
//! `tests/fixtures/stages` sets the scene. A page that starts an emulator of its own gets none.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, ensure};
use tests::console::session::Desk;
use tests::console::{self, Command, Step};
use tests::place;

/// How many pages are read at once.
const READERS: usize = 3;

/// Commands that no test can run, by how they begin, and why.
const EXCUSED: [(&str, &str); 4] = [
    (
        "az ",
        "it takes a gigabyte; `cargo xtask clients` runs it on the emulator",
    ),
    ("cargo ", "it builds the programs that are tested here"),
    (
        "npm ",
        "it asks a registry; `cargo xtask test` does the same",
    ),
    (
        "kubectl ",
        "the emulated cluster knows secrets and workloads, and no other kinds",
    ),
];

fn excuse(command: &Command) -> bool {
    EXCUSED
        .iter()
        .any(|(begins, _)| command.text.starts_with(begins))
}

/// A page with something to type.
struct Page {
    name: String,
    steps: Vec<Step>,
}

impl Page {
    fn commands(&self) -> impl Iterator<Item = &Command> {
        self.steps.iter().filter_map(|step| match step {
            Step::Type(command) => Some(command),
            Step::File { .. } => None,
        })
    }

    fn starts_an_emulator(&self) -> bool {
        self.commands()
            .any(|command| command.text.starts_with("keyrotation emulator start"))
    }

    fn installs_the_provider(&self) -> bool {
        self.commands()
            .any(|command| command.text.contains(".terraform.d/plugins"))
    }
}

fn stages() -> PathBuf {
    place::root().join("tests/fixtures/stages")
}

/// Names the stage of a page, whether it is there or not.
fn stage(page: &str) -> PathBuf {
    stages().join(page).with_extension("sh")
}

fn pages() -> Result<Vec<Page>> {
    let root = place::root();
    let mut pages = Vec::new();
    for file in super::written_pages()? {
        let name = file.strip_prefix(root)?.display().to_string();
        let text = fs::read_to_string(&file).with_context(|| name.clone())?;
        let steps = console::steps(&text).with_context(|| name.clone())?;
        let page = Page { name, steps };
        if page.commands().next().is_some() {
            pages.push(page);
        }
    }
    pages.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(pages)
}

fn read(page: &Page) -> Result<()> {
    let name = Path::new(&page.name);
    // An example is tried where it lies, a manual at the root of the checkout.
    let folder = match name.parent() {
        Some(folder) if name.starts_with("examples") => folder,
        _ => Path::new(""),
    };
    let desk = Desk::new(folder)?;
    if !page.installs_the_provider() {
        desk.install_provider()?;
    }
    let mut prelude = fs::read_to_string(stages().join("session.sh"))?;
    let own = stage(&page.name);
    if own.is_file() {
        prelude.push_str(&fs::read_to_string(own)?);
    } else if !page.starts_an_emulator() {
        prelude.push_str(&fs::read_to_string(stages().join("default.sh"))?);
    }
    desk.run(&prelude, &page.steps, excuse)
        .with_context(|| format!("{}, see tests/suite/documents/console.rs", page.name))
}

#[test]
fn every_command_of_every_page_does_what_the_page_says() -> Result<()> {
    let chosen = place::chosen_page();
    let mut pages = pages()?;
    ensure!(pages.len() >= 12, "only {} pages were found", pages.len());
    pages.retain(|page| {
        chosen
            .as_deref()
            .is_none_or(|name| page.name.contains(name))
    });
    ensure!(!pages.is_empty(), "no page is called {chosen:?}");
    let waiting = Mutex::new(pages);
    let next = || waiting.lock().ok().and_then(|mut pages| pages.pop());
    let mut failures = Vec::new();
    thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut failures = Vec::new();
                    while let Some(page) = next() {
                        failures.extend(read(&page).err().map(|error| format!("{error:#}")));
                    }
                    failures
                })
            })
            .collect();
        for reader in readers {
            match reader.join() {
                Ok(found) => failures.extend(found),
                Err(_) => failures.push("a reader has panicked".to_owned()),
            }
        }
    });
    failures.sort();
    ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
    Ok(())
}

#[test]
fn no_excuse_and_no_stage_is_left_over() -> Result<()> {
    let pages = pages()?;
    for (begins, reason) in EXCUSED {
        let mut commands = pages.iter().flat_map(Page::commands);
        ensure!(
            commands.any(|command| command.text.starts_with(begins)),
            "no page says `{begins}`, which is excused because {reason}"
        );
    }
    let mut found = Vec::new();
    super::collect(&stages(), "sh", &mut found)?;
    for file in found {
        let common = ["session.sh", "default.sh"];
        let known = common.iter().any(|name| file == stages().join(name))
            || pages.iter().any(|page| stage(&page.name) == file);
        ensure!(known, "{} is the stage of no page", file.display());
    }
    Ok(())
}
