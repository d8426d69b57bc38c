//! The words after `cargo xtask dist`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// What is done before the sums are made.
    pub work: Work,
    /// Where the files go, if it is not the usual folder.
    pub out: Option<PathBuf>,
    /// The key that signs, as gpg names it.
    pub key: Option<String>,
}

/// What is done before the sums are made.
#[derive(Debug, PartialEq, Eq)]
pub enum Work {
    /// The commit is built.
    Build {
        /// What for, as rustc names it; empty stands for what this machine can build.
        targets: Vec<String>,
        /// Whether it is built again and compared.
        check: Check,
    },
    /// Programs that are there already are packed.
    Pack {
        /// The folder with both programs.
        programs: PathBuf,
    },
    /// Nothing: the archives are there.
    Seal,
}

/// Whether a release is compared with a second build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is not.
    Skipped,
    /// It is, in another folder.
    Twice,
}

impl Options {
    /// Reads the words.
    pub fn read(words: &[&str]) -> Result<Self> {
        let mut targets = Vec::new();
        let mut check = Check::Skipped;
        let (mut programs, mut out, mut key, mut is_sealed) = (None, None, None, false);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                let value = words.next().map(|value| (*value).to_owned());
                value.with_context(|| format!("`{word}` needs a value"))
            };
            match *word {
                "--target" => targets.push(value()?),
                "--check" => check = Check::Twice,
                "--programs" => programs = Some(PathBuf::from(value()?)),
                "--seal" => is_sealed = true,
                "--out" => out = Some(PathBuf::from(value()?)),
                "--sign" => key = Some(value()?),
                other => bail!("`dist` does not know `{other}`"),
            }
        }
        let is_built = !targets.is_empty() || check == Check::Twice;
        let work = match (programs, is_sealed, is_built) {
            (Some(programs), false, false) => Work::Pack { programs },
            (None, true, false) => Work::Seal,
            (None, false, _) => Work::Build { targets, check },
            _ => bail!("`--programs`, `--seal`, and `--target` with `--check` exclude each other"),
        };
        Ok(Self { work, out, key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_built_packed_or_sealed() -> Result<()> {
        let read = |words: &str| {
            let words: Vec<&str> = words.split_whitespace().collect();
            Options::read(&words).map(|options| options.work)
        };
        let build = |targets: &[&str], check| Work::Build {
            targets: targets.iter().map(|&target| target.to_owned()).collect(),
            check,
        };
        assert_eq!(read("")?, build(&[], Check::Skipped));
        assert_eq!(
            read("--target a --target b --check --sign k")?,
            build(&["a", "b"], Check::Twice)
        );
        let programs = PathBuf::from("p");
        assert_eq!(read("--programs p --out o")?, Work::Pack { programs });
        assert_eq!(read("--seal --sign k")?, Work::Seal);
        Ok(())
    }

    #[test]
    fn words_that_contradict_each_other_are_refused() {
        for words in [
            &["--seal", "--check"][..],
            &["--seal", "--programs", "p"],
            &["--programs", "p", "--target", "t"],
            &["--sign"],
            &["--fast"],
        ] {
            assert!(Options::read(words).is_err(), "{words:?}");
        }
    }
}
