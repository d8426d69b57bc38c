//! How large the released programs are.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::section::{Section, Table, megabytes};
use crate::process::Supervisor;
use crate::workspace::Programs;

/// Looks at both programs.
pub(super) fn measure(_: &Supervisor, programs: &Programs) -> Result<Section> {
    let mut table = Table::new(&["program", "size"], 1);
    let mut figures = Vec::new();
    for (name, program) in [
        ("keyrotation", &programs.keyrotation),
        ("terraform-provider-keyrotation", &programs.provider),
    ] {
        let data = fs::metadata(program);
        let bytes = data
            .with_context(|| format!("cannot find {}", program.display()))?
            .len();
        table.row(&[&format!("`{name}`"), &megabytes(bytes)]);
        figures.push(json!({"name": name, "bytes": bytes}));
    }
    Ok(Section {
        name: "sizes",
        text: table.text(),
        figures: Value::Array(figures),
    })
}
