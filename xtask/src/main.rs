//! `cargo xtask`: the commands of this repository's developers.
//!
//! `test` runs every test with the outside programs they need, `demo` shows the product's main job
//! from end to end, `bench` measures, `soak` lets days pass. What a user of the product runs lives in `cli` and `provider`.

mod bench;
mod clients;
mod contract;
mod demo;
mod dist;
mod emulator;
mod fuzz;
mod lock_file;
mod mirror;
mod pipelines;
mod process;
mod python;
mod reports;
mod sbom;
mod screen;
mod soak;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::process::{Interrupted, Supervisor};
use crate::test::Faults;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--full] [FILTER..]
                      install what the tests need under target/tools, build both programs, run all
                      tests, or those whose name contains a filter; prints how many requests met how
                      many faults; with --full every request of each operation meets every fault
  test --core CORE [FILTER..]
                      run the provider's life, or the tests whose name contains a filter, on one
                      core only: the path of any terraform or tofu program
  demo [--core CORE]  show the whole life of a rotated storage account on the emulator; CORE is
                      `pypi` (the tests' own Terraform) or the path of a terraform or tofu program;
                      without it the one on the PATH is taken, else that of PyPI
  bench [PART..]      measure the release build against what nobody can be faster than: `sizes`, `start`
                      of the provider, `provider` under a core beside `terraform_data`, `check` of
                      large fleets, `rotate` of 1,000 accounts, `sync` of 1,000 places; all of these
                      without a part; on request `rivals`, other tools on the same fleet, and `build`
                      from nothing; prints tables and writes target/bench/bench.json
  soak [--days N] [--accounts N] [--faults PERCENT] [--seed S] [--debug]
                      let days of virtual time pass over a fleet of the emulator (30 days, 1000 accounts),
                      with faults (1 percent of the requests) and kills that the seed chooses, while
                      judges watch tokens, keys, reports and memory; fails if one finds anything; prints a
                      table and writes target/soak/soak.json; --debug takes the build of the tests
  clients [--az AZ]   run Microsoft's Python clients against the emulator, then an az of PyPI: `old`
                      is 2.53.1, the last one with `az keyvault storage`, `new` a current one; the
                      first time, an az takes some minutes and one gigabyte to install
  golden --data DIR   replay the recorded exchanges in DIR/recordings against the emulator
  openapi --data DIR  validate exchanges with the emulator under the documents in DIR/specs
  reports             let readers of others read the reports of `check`: validators, parsers, and a
                      headless Chromium that sorts and filters the HTML page
  pipelines           let linters of others read the action, the pipelines and the hook that people copy
  fuzz [TARGET] [--seconds N | --runs N]
                      feed each target of tests/fuzz its corpus, then search on for N seconds (30), or
                      for N inputs that are the same each time, for bytes that break a promise; what is
                      found lies under target/fuzz
  sbom                write what each program is made of to target/sbom, as CycloneDX
  dist [--target TARGET].. [--check]
                      build both programs from the commit alone and pack them into target/dist as they
                      are given to users: archives, SBOMs, checksums, provenance; for the systems that
                      this one can build for, or for TARGETs of rustc; --check builds twice, in two
                      folders, and compares; some minutes a system, and one C compiler more for each
                      that is not this machine's kind
  dist --programs DIR pack the two programs in DIR instead, for this machine's kind
  dist --seal         make the checksums of the archives that are there, from wherever they came
                      with --sign KEY any of these has gpg sign the checksums; with --out DIR the files
                      go to DIR, which is emptied before unless it is only sealed
  mirror DIR [--from DIST]
                      lay the provider's archives in target/dist, or DIST, out in DIR as a mirror that
                      Terraform and OpenTofu read from disk, or over HTTPS if DIR is served
  docs                write the pages under docs/ that are made from the provider's schema and from the
                      tables of the command line tool
  states              write the state that this version leaves, which the tests of later ones plan
  tools               only install what `test` and `demo` need
";

/// What a shell reports for a program that Ctrl-C ended.
const ENDED_BY_INTERRUPT: u8 = 130;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Interrupted>() => {
            screen::complain("stopped; everything that was started is ended and cleaned up");
            ExitCode::from(ENDED_BY_INTERRUPT)
        }
        Err(error) => {
            screen::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["test", "--core", core, filters @ ..] => {
            test::run_on(&Supervisor::watching_signals()?, core, filters)
        }
        ["test", "--full", filters @ ..] => {
            test::run(&Supervisor::watching_signals()?, Faults::Full, filters)
        }
        ["test", filters @ ..] => {
            test::run(&Supervisor::watching_signals()?, Faults::Bounded, filters)
        }
        ["demo"] => demo::run(&Supervisor::watching_signals()?, None),
        ["demo", "--core", core] => demo::run(&Supervisor::watching_signals()?, Some(core)),
        ["bench", parts @ ..] => bench::run(&Supervisor::watching_signals()?, parts),
        ["soak", words @ ..] => soak::run(&Supervisor::watching_signals()?, words),
        ["clients"] => clients::run(&Supervisor::watching_signals()?, None),
        ["clients", "--az", az] => clients::run(&Supervisor::watching_signals()?, Some(az)),
        ["golden", "--data", data] => contract::golden(&Supervisor::watching_signals()?, data),
        ["openapi", "--data", data] => contract::openapi(&Supervisor::watching_signals()?, data),
        ["reports"] => reports::run(&Supervisor::watching_signals()?),
        ["pipelines"] => pipelines::run(&Supervisor::watching_signals()?),
        ["fuzz", words @ ..] => fuzz::run(&Supervisor::watching_signals()?, words),
        ["sbom"] => sbom::run(&Supervisor::watching_signals()?),
        ["dist", words @ ..] => dist::run(&Supervisor::watching_signals()?, words),
        ["mirror", folder] => mirror::run(folder, None),
        ["mirror", folder, "--from", dist] => mirror::run(folder, Some(dist)),
        ["docs"] => test::write_pages(&Supervisor::watching_signals()?),
        ["states"] => test::write_states(&Supervisor::watching_signals()?),
        ["tools"] => tools::install_all(&Supervisor::watching_signals()?),
        ["help" | "--help" | "-h"] => {
            screen::say(USAGE.trim_end());
            Ok(())
        }
        _ => bail!("no such command\n\n{}", USAGE.trim_end()),
    }
}
