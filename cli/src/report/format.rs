//! The forms a report can be written in, and the one place that knows all of them.

use std::io::{self, Write};

use clap::ValueEnum;

use super::human::{self, Look};
use super::{
    Report, annotations, csv, html, json, jsonl, junit, markdown, ocsf, prometheus, sarif,
};

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table, what was found and what to do, for people.
    Human,
    /// One JSON document, versioned; fields are only ever added.
    Json,
    /// The same as a stream of JSON records, one per line.
    Jsonl,
    /// SARIF 2.1.0, for code scanning sites.
    Sarif,
    /// JUnit XML: each account is a test case.
    Junit,
    /// A table for spreadsheets, one row per account.
    Csv,
    /// A summary in Markdown, for the page of a pipeline run.
    Markdown,
    /// OCSF 1.5.0 Compliance Findings, one JSON event per line.
    Ocsf,
    /// Workflow commands that GitHub Actions shows as annotations.
    Github,
    /// Logging commands that Azure Pipelines shows as issues of the run.
    AzurePipelines,
    /// One page that needs nothing else: totals, ages, a table to sort and filter.
    Html,
    /// Gauges in Prometheus's text form, for a textfile collector.
    Prometheus,
}

impl Format {
    /// Gives the name that the command line uses.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Writes the report in one form.
///
/// # Errors
/// Whatever keeps `out` from taking it.
pub(crate) fn write(
    report: &Report<'_>,
    format: Format,
    look: &Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, look, out),
        Format::Json => json::write(report, out),
        Format::Jsonl => jsonl::write(report, out),
        Format::Sarif => sarif::write(report, out),
        Format::Junit => junit::write(report, out),
        Format::Csv => csv::write(report, out),
        Format::Markdown => markdown::write(report, out),
        Format::Ocsf => ocsf::write(report, out),
        Format::Github => annotations::write(report, annotations::Agent::Github, out),
        Format::AzurePipelines => {
            annotations::write(report, annotations::Agent::AzurePipelines, out)
        }
        Format::Html => html::write(report, out),
        Format::Prometheus => prometheus::write(report, out),
    }
}
