//! What wins over what, line by line of the page that says so.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::emulator::Emulator;
use tests::fleet::{self, SUBSCRIPTION, VAULT};
use tests::place;
use tests::process::{self, Said};

const PAGE: &str = "docs/cli/configuration.md";
const NOW: &str = "2026-06-01T00:00:00Z";
const ALPHA: &str = "stalpha";
const BETA: &str = "stbeta";

type Check = fn(&Site) -> Result<()>;

/// One check for each line of the table.
const LINES: [(&str, Check); 14] = [
    ("cloud", cloud),
    ("profile", profile),
    ("age that no key may outgrow", max_age),
    ("time before it", due_soon),
    ("severity that counts", fail_on),
    ("accounts to look at", patterns),
    ("waivers", waivers),
    ("place of published keys", places),
    ("apps that get the other key", apps),
    ("settings file", settings_file),
    ("colour", colour),
    ("log", log),
    ("identity", identity),
    ("proxy", proxy),
];

/// An emulator with an old and a young account, and the folder that the tool runs in.
struct Site(Emulator);

impl Site {
    fn start() -> Result<Self> {
        let mut old = fleet::account(ALPHA, Some("2025-11-01T00:00:00Z"));
        if let Some(fields) = old.as_object_mut() {
            let waiver = "findings=key-overdue; owner=ops; reason=known; expires=2026-12-31";
            fields.insert("tags".to_owned(), json!({ "keyrotation-waiver": waiver }));
        }
        let young = fleet::account(BETA, Some("2026-05-01T00:00:00Z"));
        let vaults = [fleet::vault(VAULT, &[]), fleet::vault("kvargument", &[])];
        let mut fleet = fleet::with_vaults(&[old, young], &vaults);
        let fields = fleet.as_object_mut().context("no object")?;
        fields.insert("now".to_owned(), json!(NOW));
        Ok(Self(Emulator::start(&fleet)?))
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        fs::write(self.0.scratch().path().join(name), text).context("cannot write settings")
    }

    /// Writes `keyrotation.toml`; an empty text takes it away.
    fn file(&self, text: &str) -> Result<()> {
        let path = self.0.scratch().path().join("keyrotation.toml");
        if text.is_empty() {
            let _none = fs::remove_file(path);
            return Ok(());
        }
        self.write("keyrotation.toml", text)
    }

    fn run(&self, words: &[&str], variables: &[(&str, &str)]) -> Result<Said> {
        let mut command = self.0.command(&place::keyrotation()?);
        command.args(words).envs(variables.iter().copied());
        process::run(&mut command)
    }

    fn check(&self, words: &[&str], variables: &[(&str, &str)]) -> Result<Said> {
        let all = [&["check", "--format=json", "--as-of", NOW], words].concat();
        self.run(&all, variables)
    }

    /// Checks what the report says at a pointer, with settings in the file and in arguments.
    fn says(&self, file: &str, words: &[&str], pointer: &str, expected: &Value) -> Result<()> {
        self.file(file)?;
        let said = self.check(words, &[])?;
        let report: Value = serde_json::from_str(&said.stdout)
            .with_context(|| format!("{file} {words:?}: {}", said.stderr))?;
        ensure!(
            report.pointer(pointer) == Some(expected),
            "{file} {words:?}: {pointer} is {:?}, not {expected}",
            report.pointer(pointer)
        );
        Ok(())
    }

    fn ends(&self, file: &str, words: &[&str], code: i32) -> Result<()> {
        self.file(file)?;
        let said = self.check(words, &[])?;
        ensure!(said.code == Some(code), "{file} {words:?}: {said:?}");
        Ok(())
    }
}

fn cloud(site: &Site) -> Result<()> {
    let check = |words: &[&str], variable: &str, is_used: bool| -> Result<()> {
        let said = site.check(words, &[("ARM_ENVIRONMENT", variable)])?;
        let refused = said
            .stderr
            .contains("cannot use the variable ARM_ENVIRONMENT");
        ensure!(refused != is_used, "{words:?} {variable}: {}", said.stderr);
        Ok(())
    };
    check(&[], "moon", false)?;
    check(&["--cloud", "public"], "moon", true)?;
    check(&[], "public", true)?;
    site.says("", &[], "/summary/compliant", &json!(1))
}

fn profile(site: &Site) -> Result<()> {
    let file = "[check]\nprofile = \"cis\"\n";
    let at = "/demand/profile";
    site.says("", &[], at, &json!("keys"))?;
    site.says(file, &[], at, &json!("cis"))?;
    site.says(
        file,
        &["--profile", "conformity-002"],
        at,
        &json!("conformity-002"),
    )
}

fn max_age(site: &Site) -> Result<()> {
    let file = "[check]\nmax_age = \"P60D\"\n";
    let at = "/demand/max_key_age";
    site.says("", &[], at, &json!("P90D"))?;
    site.says(file, &[], at, &json!("P60D"))?;
    site.says(file, &["--max-age", "P30D"], at, &json!("P30D"))
}

fn due_soon(site: &Site) -> Result<()> {
    let file = "[check]\ndue_soon = \"P7D\"\n";
    let at = "/demand/due_soon";
    site.says("", &[], at, &json!("P14D"))?;
    site.says(file, &[], at, &json!("P7D"))?;
    site.says(file, &["--due-soon", "P1D"], at, &json!("P1D"))
}

/// Under `cis` the young account breaks the rule with findings of severity medium.
fn fail_on(site: &Site) -> Result<()> {
    let words = ["--include", BETA, "--profile", "cis"];
    let with = |severity: &'static str| [words.as_slice(), &["--fail-on", severity]].concat();
    site.ends("", &words, 2)?;
    site.ends("[check]\nfail_on = \"high\"\n", &words, 0)?;
    site.ends("[check]\nfail_on = \"high\"\n", &with("medium"), 2)
}

fn patterns(site: &Site) -> Result<()> {
    let count = "/summary/compliant";
    site.says("[check]\ninclude = [\"stal*\"]\n", &[], count, &json!(0))?;
    let both = ["--include", BETA];
    site.says(
        "[check]\ninclude = [\"stal*\"]\n",
        &both,
        "/summary/overdue",
        &json!(1),
    )?;
    site.says("[check]\ninclude = [\"stal*\"]\n", &both, count, &json!(1))?;
    site.says("[check]\nexclude = [\"stbeta\"]\n", &both, count, &json!(0))?;
    site.says(
        "[check]\ninclude = [\"st*\"]\n",
        &["--exclude", BETA],
        count,
        &json!(0),
    )
}

fn waivers(site: &Site) -> Result<()> {
    let ignored = "[check]\ntag_waivers = false\n";
    let line = "[[waiver]]\naccounts = \"stalpha\"\nfindings = [\"key-overdue\"]\nowner = \"ops\"\n\
                reason = \"known\"\nexpires = 2026-12-31\n";
    site.ends("", &[], 0)?;
    site.ends(ignored, &[], 2)?;
    site.ends(&format!("{ignored}{line}"), &[], 0)
}

/// The account is due, and its tag waives that for the check; a plan is made of what is not waived.
fn apps(site: &Site) -> Result<()> {
    let other = "44444444-4444-4444-8444-444444444444";
    let check = |file: &str, words: &[&str], expected: &Value| -> Result<()> {
        site.file(&format!("[check]\ntag_waivers = false\n[rotate]\n{file}"))?;
        let plan = site.0.scratch().path().join("plan");
        let _none = fs::remove_file(&plan);
        let said = site.run(&[&["rotate", "plan", "--out", "plan"], words].concat(), &[])?;
        let text = fs::read_to_string(plan).with_context(|| format!("no plan: {said:?}"))?;
        let made: Value = serde_json::from_str(&text)?;
        let apps = made.pointer("/terms/apps").unwrap_or(&Value::Null);
        ensure!(apps == expected, "{file} {words:?}: {apps}");
        Ok(())
    };
    let none = json!({ "subscriptions": [], "without": [] });
    check("", &[], &Value::Null)?;
    check("app_settings = true", &[], &none)?;
    check("", &["--app-settings"], &none)?;
    let both = json!({ "subscriptions": [SUBSCRIPTION, other], "without": ["/a", "/b"] });
    check(
        &format!("apps_in = [\"{other}\"]\nwithout_app = [\"/b\"]\napp_settings = true"),
        &["--apps-in", SUBSCRIPTION, "--without-app", "/a"],
        &both,
    )
}

fn places(site: &Site) -> Result<()> {
    let vault = |name: &str| format!("https://{name}.vault.azure.net");
    let (ours, suite) = (vault("kvargument"), vault(VAULT));
    let all = format!(
        "[check]\ntag_waivers = false\n[rotate]\nvault_uri = \"{suite}\"\nsecret_name = \"file-{{account}}\"\n"
    );
    let of_one = "[[rotate.account]]\naccounts = \"stalpha\"\nsecret_name = \"own-{account}\"\n";
    let arguments = ["--vault-uri", &ours, "--secret-name", "arg-{account}"];
    let check = |file: &str, words: &[&str], expected: &str| -> Result<()> {
        site.file(file)?;
        let _none = fs::remove_file(site.0.scratch().path().join("plan"));
        let said = site.run(&[&["rotate", "plan", "--out", "plan"], words].concat(), &[])?;
        ensure!(said.stdout.contains(expected), "{file} {words:?}: {said:?}");
        Ok(())
    };
    let only = "[check]\ntag_waivers = false\n";
    check(only, &[], "no place to publish its key is known")?;
    check(&all, &[], &format!("{suite}/secrets/file-{ALPHA}"))?;
    check(&all, &arguments, "kvargument")?;
    check(
        &format!("{all}{of_one}"),
        &arguments,
        &format!("own-{ALPHA}"),
    )
}

fn settings_file(site: &Site) -> Result<()> {
    let at = "/demand/max_key_age";
    let here = "[check]\nmax_age = \"P60D\"\n";
    site.write("other.toml", "[check]\nmax_age = \"P45D\"\n")?;
    site.says(here, &["--config", "other.toml"], at, &json!("P45D"))?;
    site.says(here, &[], at, &json!("P60D"))?;
    site.ends(here, &["--config", "none.toml"], 1)?;
    // What is not understood is an error, even where an argument would win.
    site.ends("[check]\nmax_age = \"P3M\"\n", &["--max-age", "P90D"], 1)
}

fn colour(site: &Site) -> Result<()> {
    let check = |words: &[&str], expected: bool| -> Result<()> {
        let words = [&["check", "--as-of", NOW], words].concat();
        let said = site.run(&words, &[("NO_COLOR", "1")])?;
        ensure!(
            said.stdout.contains('\u{1b}') == expected,
            "{words:?}: {}",
            said.stdout
        );
        Ok(())
    };
    check(&[], false)?;
    check(&["--color", "always"], true)?;
    let said = site.run(&["check", "--as-of", NOW], &[])?;
    ensure!(
        !said.stdout.contains('\u{1b}'),
        "a pipe is no terminal: {}",
        said.stdout
    );
    Ok(())
}

fn log(site: &Site) -> Result<()> {
    let check = |words: &[&str], variables: &[(&str, &str)], expected: bool| -> Result<()> {
        let said = site.check(words, variables)?;
        let is_logged = said.stderr.contains("azure::stage::trace");
        ensure!(
            is_logged == expected,
            "{words:?} {variables:?}: {}",
            said.stderr
        );
        Ok(())
    };
    check(&[], &[], false)?;
    check(&["--verbose"], &[], true)?;
    check(&["--verbose"], &[("RUST_LOG", "off")], false)?;
    check(&[], &[("RUST_LOG", "azure=debug")], true)
}

fn identity(site: &Site) -> Result<()> {
    let check = |variable: &str, code: i32| -> Result<()> {
        let said = site.check(&[], &[(variable, "wrong")])?;
        ensure!(said.code == Some(code), "{variable}: {said:?}");
        Ok(())
    };
    check("AZURE_CLIENT_SECRET", 0)?;
    check("ARM_CLIENT_SECRET", 1)
}

fn proxy(site: &Site) -> Result<()> {
    // An address that cannot be used is found out before anything is sent.
    let nobody = "http://[";
    let good = site.0.variable("HTTPS_PROXY").context("no proxy")?;
    let check = |upper: &str, lower: &str, code: i32| -> Result<()> {
        let variables = [("HTTPS_PROXY", upper), ("https_proxy", lower)];
        let said = site.check(&["--subscription", SUBSCRIPTION], &variables)?;
        ensure!(said.code == Some(code), "{variables:?}: {said:?}");
        Ok(())
    };
    check(good, nobody, 0)?;
    check(nobody, good, 1)
}

#[test]
fn what_wins_is_what_the_page_says_of_each_setting() -> Result<()> {
    let page = fs::read_to_string(place::root().join(PAGE))?;
    let rows = page.lines().filter(|line| line.starts_with("| ")).skip(1);
    let named: BTreeSet<&str> = rows
        .filter_map(|row| row.split('|').nth(1))
        .map(str::trim)
        .collect();
    let checked: BTreeSet<&str> = LINES.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        named, checked,
        "each line has its check, and each check its line"
    );
    let site = Site::start()?;
    for (name, check) in LINES {
        site.file("")?;
        check(&site).with_context(|| format!("the line `{name}`"))?;
    }
    Ok(())
}
