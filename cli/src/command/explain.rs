//! `keyrotation explain`: what a finding means, from the table that reports and manual read.

use std::io::{self, Write};

use clap::builder::PossibleValuesParser;
use rotation::finding::{Explanation, explanations};

use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::report::human::wrap;

/// Explains a finding: why it matters, how much, and what to do
///
/// Without a code all findings are listed. No request is sent.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct ExplainArgs {
    /// The code of the finding, as reports write it.
    #[arg(value_name = "CODE", hide_possible_values = true, value_parser = codes())]
    pub code: Option<String>,
}

/// What was asked for could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the explanation")]
pub(crate) struct ExplainError(#[from] io::Error);

/// Lists the codes for the command line, which names the nearest ones if it is given another.
fn codes() -> PossibleValuesParser {
    PossibleValuesParser::new(explanations().iter().map(|row| row.name))
}

/// Writes the explanation, or all findings in a list.
pub(crate) fn run(args: &ExplainArgs, streams: &mut Streams) -> Result<ExitCode, ExplainError> {
    let asked = args.code.as_deref();
    let row = explanations().iter().find(|row| Some(row.name) == asked);
    let width = streams.screen.width;
    streams.results(|out| match row {
        Some(row) => explain(row, width, out),
        None => list(out),
    })?;
    Ok(ExitCode::Passed)
}

fn explain(row: &Explanation, width: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    const MARGIN: usize = 2;
    writeln!(out, "{} (severity {})", row.name, row.severity.as_str())?;
    for (title, text) in [
        ("Why it matters", row.risk),
        ("What to do", row.remediation),
    ] {
        write!(out, "\n{title}\n{:MARGIN$}", "")?;
        wrap::write(text, MARGIN, width, out)?;
    }
    Ok(())
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    let names = explanations().iter().map(|row| row.name.len());
    let longest = names.max().unwrap_or_default();
    for row in explanations() {
        writeln!(out, "{:longest$}  {}", row.name, row.severity.as_str())?;
    }
    writeln!(
        out,
        "\n`keyrotation explain CODE` says what one of them means."
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::output::tests::Captured;

    #[derive(Debug, Parser)]
    struct Explain {
        #[command(flatten)]
        args: ExplainArgs,
    }

    fn explained(words: &[&str]) -> String {
        let words = std::iter::once(&"explain").chain(words);
        let Explain { args } = Explain::try_parse_from(words).expect("good usage");
        let out = Captured::default();
        let mut streams = Streams::captured(out.clone(), io::sink());
        run(&args, &mut streams).expect("it can be written");
        out.text()
    }

    #[test]
    fn every_code_is_listed_and_explained_in_the_words_of_the_table() {
        let list = explained(&[]);
        for row in explanations() {
            assert!(list.contains(row.name), "{list}");
            let text = explained(&[row.name]);
            for part in [row.name, row.severity.as_str(), row.risk, row.remediation] {
                assert!(text.contains(part), "{part} in {text}");
            }
        }
    }

    #[test]
    fn an_unknown_code_is_wrong_usage_that_names_the_nearest() {
        let refused = Explain::try_parse_from(["explain", "key-overdu"]).expect_err("no code");
        assert!(refused.use_stderr());
        assert!(refused.to_string().contains("'key-overdue'"), "{refused}");
    }
}
