//! Feeds every kept file of the corpus to its target, without a fuzzer.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// How many files a target keeps, and how large one may be.
const MOST_FILES: usize = 45;
const MOST_BYTES: usize = 8 << 10;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder of the corpus");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect()
}

#[test]
fn every_target_takes_its_corpus() {
    for (target, run) in targets::ALL {
        let folder = corpus().join(target);
        let files = names(&folder);
        assert!(!files.is_empty(), "{target} has no corpus");
        assert!(files.len() <= MOST_FILES, "{target} keeps too much");
        for file in files {
            let bytes = fs::read(folder.join(&file)).expect("a file of the corpus");
            assert!(bytes.len() <= MOST_BYTES, "{target}/{file} is too large");
            run(&bytes);
        }
    }
}

#[test]
fn every_target_has_a_fuzzer_and_a_corpus() {
    let known: BTreeSet<String> = targets::ALL
        .iter()
        .map(|(name, _)| (*name).into())
        .collect();
    assert_eq!(names(&corpus()), known);
    let fuzzers = names(&corpus().join("../fuzz_targets"));
    let expected: BTreeSet<String> = known.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(fuzzers, expected);
}
