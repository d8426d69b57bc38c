//! Files that people hand to the command line tool: settings, fleets of the emulator, earlier reports.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use azure::{Env, ManualClock};
use cli::exit_code::ExitCode;
use cli::output::Streams;
use emulator::Fleet;
use serde_json::Value;

/// Reads `keyrotation.toml`. The report has nowhere to go, so the command ends before it looks at Azure.
/// Whoever asks what is wrong gets a line for each mistake, and none if there is none.
pub(crate) fn config(bytes: &[u8]) {
    let file = File::of(bytes);
    let (code, _) = run(&[
        "check",
        "--config",
        file.text(),
        "--output",
        "csv=/dev/null/x",
    ]);
    assert!(code == ExitCode::Failed, "a check passed without a report");
    // As settings, and as a list of what to look at.
    for ending in [".toml", ""] {
        let file = File::ending(bytes, ending);
        let (code, mistakes) = run(&["config", "check", file.text()]);
        let is_good = mistakes.is_empty();
        assert!((code == ExitCode::Passed) == is_good, "{mistakes}");
        let mut lines = mistakes.lines();
        assert!(
            lines.all(|line| line.starts_with(file.text())),
            "{mistakes}"
        );
    }
}

/// Reads a document of a fleet.
pub(crate) fn fleet(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(text.parse::<Fleet>());
    }
}

/// Reads a report. As SARIF it has a result for every finding and hole, and a report that is read and
/// written says the same once more.
pub(crate) fn report(bytes: &[u8]) {
    let file = File::of(bytes);
    let (code, json) = run(&["merge", file.text(), "--format", "json"]);
    if code == ExitCode::Failed {
        return;
    }
    let (_, sarif) = run(&["merge", file.text(), "--format", "sarif"]);
    check_sarif(&parse(&sarif), &parse(&json));
    let second = File::of(json.as_bytes());
    let again = run(&["merge", second.text(), "--format", "json"]);
    assert!(again == (code, json), "a report is lost in its own form");
    let (_, again) = run(&["merge", second.text(), "--format", "sarif"]);
    assert!(again == sarif, "a report is lost in SARIF");
}

fn check_sarif(sarif: &Value, json: &Value) {
    let results = sarif.pointer("/runs/0/results").and_then(Value::as_array);
    let accounts = list(json, "accounts");
    let findings: usize = accounts.iter().map(|one| list(one, "findings").len()).sum();
    let expected = findings + list(json, "unscanned").len();
    assert!(
        results.map(Vec::len) == Some(expected),
        "SARIF lacks a result"
    );
}

fn list<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    json.get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("a machine's form of a report is JSON")
}

fn run(words: &[&str]) -> (ExitCode, String) {
    let nothing: [(&str, &str); 0] = [];
    let doors = cli::Doors {
        env: Env::from_pairs(nothing),
        clock: Arc::new(ManualClock::new(jiff::Timestamp::UNIX_EPOCH)),
        stop: Box::pin(std::future::pending()),
    };
    let (out, err) = (Captured::default(), Captured::default());
    let mut streams = Streams::captured(out.clone(), err.clone());
    let words = std::iter::once("keyrotation").chain(words.iter().copied());
    let code = cli::run(words, doors, &mut streams);
    assert!(!err.text().contains("this is a bug"), "{}", err.text());
    (code, out.text())
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file for the command, removed afterwards.
struct File(PathBuf);

impl File {
    fn of(bytes: &[u8]) -> Self {
        Self::ending(bytes, "")
    }

    fn ending(bytes: &[u8], ending: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!(
            "keyrotation-targets-{}-{number}{ending}",
            std::process::id()
        );
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes).expect("the system's temporary folder can be written");
        Self(path)
    }

    fn text(&self) -> &str {
        Path::to_str(&self.0).expect("the temporary folder has a plain name")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}
