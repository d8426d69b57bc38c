//! `keyrotation man`: the manual's pages for `man`, made from the texts of the help.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::args::Args;
use crate::exit_code::ExitCode;
use crate::files::{Draft, FileError};
use crate::output::Streams;

const EXAMPLES: &str = "\
Examples:
  keyrotation man | man -l -
  keyrotation man --folder /usr/local/share/man/man1";

/// Writes the pages of the manual for `man`
///
/// Without a folder the page of `keyrotation` itself goes to stdout; with one, every command has a
/// page there, such as `keyrotation-vault-add.1`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ManArgs {
    /// The folder, which has to be there.
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

/// The pages could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManError {
    #[error("cannot write the page")]
    Write(#[from] io::Error),
    #[error(transparent)]
    File(#[from] FileError),
}

/// Writes the pages.
pub(crate) fn run(args: &ManArgs, streams: &mut Streams) -> Result<ExitCode, ManError> {
    let mut command = Args::command();
    // This gives every command its full name.
    command.build();
    let Some(folder) = &args.folder else {
        let page = page(&command)?;
        streams.results(|out| out.write_all(&page))?;
        return Ok(ExitCode::Passed);
    };
    for (name, page) in pages(&command)? {
        let draft = Draft::open(&folder.join(name))?;
        draft.finish(|out| out.write_all(&page))?;
    }
    Ok(ExitCode::Passed)
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    page.flush()?;
    Ok(page)
}

/// Renders the page of a command and of every one below it, with the names of their files.
fn pages(command: &Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let mut all = vec![(format!("{name}.1"), page(command)?)];
    let below = command.get_subcommands();
    for command in below.filter(|command| command.get_name() != "help") {
        all.extend(pages(command)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::Captured;

    #[test]
    fn every_command_has_a_page_with_its_name_and_options() {
        let mut command = Args::command();
        command.build();
        let pages = pages(&command).expect("pages");
        let check = |name: &str, expected: &str| {
            let page = pages.iter().find(|(file, _)| file == name);
            let (_, page) = page.unwrap_or_else(|| unreachable!("no page {name}"));
            let text = String::from_utf8_lossy(page);
            assert!(text.contains(expected), "{name}: {text}");
        };
        check("keyrotation.1", "keyrotation\\-vault(1)");
        check("keyrotation-vault-add.1", "\\-\\-regeneration\\-period");
        check(
            "keyrotation-vault-sas-definition-create.1",
            "\\-\\-template\\-uri",
        );
        check("keyrotation-generate.1", "\\-\\-vault\\-name");
    }

    #[test]
    fn without_a_folder_the_first_page_is_the_result() {
        let out = Captured::default();
        let mut streams = Streams::captured(out.clone(), io::sink());
        run(&ManArgs { folder: None }, &mut streams).expect("it can be written");
        assert!(out.text().contains(".TH keyrotation 1"), "{}", out.text());
    }
}
