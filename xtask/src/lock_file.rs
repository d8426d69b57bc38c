//! Reads `Cargo.lock`: what is pinned, by which checksum, and what it needs.

use anyhow::{Context, Result, ensure};

/// One package of a lock file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it comes from; `None` for the workspace's own.
    pub source: Option<String>,
    /// The SHA-256 of its archive, in hexadecimal; `None` for the workspace's own.
    pub checksum: Option<String>,
    /// What it needs, each as a name, with a version behind it where several are pinned.
    pub needs: Vec<String>,
}

/// Reads the packages of a lock file.
pub fn read(text: &str) -> Result<Vec<Entry>> {
    let blocks = text.split("[[package]]").skip(1);
    let entries: Vec<Entry> = blocks.map(entry).collect::<Result<_>>()?;
    ensure!(!entries.is_empty(), "a lock file without a package");
    Ok(entries)
}

/// Finds what a line of needs means.
pub fn find<'a>(entries: &'a [Entry], need: &str) -> Result<&'a Entry> {
    let mut words = need.split(' ');
    let (name, version) = (words.next().unwrap_or_default(), words.next());
    let mut named = entries.iter().filter(|entry| {
        entry.name == name && version.is_none_or(|version| entry.version == version)
    });
    let found = named.next();
    found.with_context(|| format!("the lock file does not pin `{need}`"))
}

fn entry(block: &str) -> Result<Entry> {
    let field = |name: &str| {
        let start = format!("{name} = \"");
        let mut found = block.lines().filter_map(|line| line.strip_prefix(&start));
        found
            .next()
            .map(|rest| rest.trim_end_matches('"').to_owned())
    };
    let needs = block.split_once("dependencies = [").map(|(_, rest)| rest);
    let needs = needs.and_then(|rest| rest.split_once(']'));
    let needs = needs.map_or("", |(needs, _)| needs).split(',');
    Ok(Entry {
        name: field("name").context("a package without a name")?,
        version: field("version").context("a package without a version")?,
        source: field("source"),
        checksum: field("checksum"),
        needs: needs
            .map(|need| need.trim().trim_matches('"').to_owned())
            .filter(|need| !need.is_empty())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
        source = \"registry+x\"\nchecksum = \"ab\"\ndependencies = [\n \"b\",\n \"c 2.0.0\",\n]\n\n\
        [[package]]\nname = \"b\"\nversion = \"0.1.0\"\n\n\
        [[package]]\nname = \"c\"\nversion = \"1.0.0\"\n\n\
        [[package]]\nname = \"c\"\nversion = \"2.0.0\"\n";

    #[test]
    fn a_lock_file_is_read_whole() -> Result<()> {
        let entries = read(LOCK)?;
        let first = entries.first().context("no package")?;
        assert_eq!(first.checksum.as_deref(), Some("ab"));
        assert_eq!(first.needs, ["b", "c 2.0.0"]);
        assert_eq!(find(&entries, "c 2.0.0")?.version, "2.0.0");
        assert_eq!(find(&entries, "b")?.source, None);
        assert!(find(&entries, "c 3.0.0").is_err());
        Ok(())
    }
}
