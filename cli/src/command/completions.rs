//! `keyrotation completions`: scripts that let a shell complete our command lines.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::exit_code::ExitCode;
use crate::output::Streams;

const EXAMPLES: &str = "\
Examples:
  keyrotation completions bash > /etc/bash_completion.d/keyrotation
  keyrotation completions zsh > \"${fpath[1]}/_keyrotation\"
  keyrotation completions fish > ~/.config/fish/completions/keyrotation.fish
  keyrotation completions powershell >> $PROFILE";

/// Prints the script by which a shell completes the words of `keyrotation`
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// The script could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the script")]
pub(crate) struct CompletionsError(#[from] io::Error);

/// Prints the script of a shell.
pub(crate) fn run(
    args: &CompletionsArgs,
    streams: &mut Streams,
) -> Result<ExitCode, CompletionsError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "keyrotation", &mut script);
    streams.results(|out| out.write_all(&script))?;
    Ok(ExitCode::Passed)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::output::tests::Captured;

    #[test]
    fn every_shell_learns_every_command() {
        let command = Args::command();
        let names: Vec<_> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        for shell in Shell::value_variants() {
            let out = Captured::default();
            let mut streams = Streams::captured(out.clone(), io::sink());
            let args = CompletionsArgs { shell: *shell };
            run(&args, &mut streams).expect("it can be written");
            let script = out.text();
            for name in &names {
                assert!(script.contains(name), "{shell}: {name}");
            }
        }
    }
}
