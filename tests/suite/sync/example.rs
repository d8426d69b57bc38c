//! The example for clusters is what it claims to be: `kubectl` builds it, it may do little, and its
//! settings and its page work on the emulator.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tests::emulator::Emulator;
use tests::fleet::{self, ACCOUNT, VAULT, record};
use tests::place;
use tests::process::{self, Running, wait_for};
use tests::terraform::Terraform;

use super::{define, sync};

fn example(name: &str) -> PathBuf {
    place::root().join("examples").join(name)
}

#[test]
fn kubectl_builds_the_example_and_its_pods_may_do_little() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let folder = emulator.scratch().folder("kubernetes")?;
    let page = emulator.scratch().folder("consumer")?;
    fs::copy(example("consumer/page.py"), page.join("page.py"))?;
    let built = |change: fn(&str) -> String| -> Result<String> {
        for entry in fs::read_dir(example("kubernetes"))? {
            let path = entry?.path();
            if path.is_dir() {
                continue;
            }
            let name = path.file_name().context("a name")?;
            fs::write(folder.join(name), change(&fs::read_to_string(&path)?))?;
        }
        let mut command = emulator.command(&place::kubectl()?);
        command.args(["kustomize", "--load-restrictor=LoadRestrictionsNone"]);
        Ok(process::run(command.arg(&folder))?.expect_code(0)?.stdout)
    };
    let once = built(str::to_owned)?;
    let staying = built(|text| text.replace("- cronjob.yaml", "- watch.yaml"))?;
    for (text, kind) in [(&once, "kind: CronJob"), (&staying, "keyrotation-watch")] {
        ensure!(text.contains(kind), "{kind} is missing");
        for promise in [
            "runAsNonRoot: true",
            "readOnlyRootFilesystem: true",
            "- ALL",
        ] {
            assert_eq!(text.matches(promise).count(), 2, "{promise} in both pods");
        }
    }
    let role = once.split("---").find(|part| part.contains("kind: Role\n"));
    let verbs = role
        .context("no role")?
        .lines()
        .filter_map(|line| line.strip_prefix("  - "));
    let verbs: BTreeSet<_> = verbs
        .filter(|word| word.chars().all(char::is_alphabetic))
        .collect();
    let allowed = [
        "create",
        "deployments",
        "get",
        "patch",
        "picture",
        "secrets",
        "apps",
    ];
    ensure!(verbs.is_subset(&BTreeSet::from(allowed)), "{verbs:?}");
    Ok(())
}

/// Reads the page's picture as a browser would.
fn look(emulator: &Emulator, port: u16) -> Result<String> {
    let mut command = emulator.command(&place::python()?);
    let program = "import sys, urllib.request as u\n\
         r = u.urlopen('http://127.0.0.1:%s%s' % (sys.argv[1], sys.argv[2]))\n\
         print(r.headers['Content-Type'], len(r.read()))";
    command.args(["-c", program, &port.to_string(), "/picture"]);
    Ok(process::run(&mut command)?.stdout)
}

#[test]
fn the_page_shows_its_picture_with_the_token_that_sync_keeps() -> Result<()> {
    let accounts = [fleet::account(ACCOUNT, Some("2025-01-01T00:00:00Z"))];
    let vault = fleet::vault(VAULT, &[record("logs", ACCOUNT, true)]);
    let fleet = fleet::with_cluster(fleet::with_vaults(&accounts, &[vault]), "t");
    let emulator = Emulator::start_with_storage(&fleet)?;
    define(&emulator)?;
    let folder = emulator.scratch().folder("page")?;
    let token = folder.join("token");
    // The settings of the example, with the names of this fleet and a file for what a kubelet mounts.
    let settings = fs::read_to_string(example("kubernetes/keyrotation.toml"))?
        .replace("kvexample", VAULT)
        .replace("storage/stexample", "storage/logs")
        .replace(
            "secret = \"pictures/storage-token\"",
            &format!("file = \"{}\"", token.display()),
        )
        .replace("restart = []", "");
    fs::write(folder.join("keyrotation.toml"), settings)?;
    let file = folder.join("keyrotation.toml").display().to_string();
    sync(&emulator, &["--config", &file])?.expect_code(0)?;
    hang_up(&emulator, &fs::read_to_string(&token)?)?;

    let port = std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port();
    let picture = format!("https://{ACCOUNT}.blob.core.windows.net/pictures/picture.jpg");
    let mut page = emulator.command(&place::python()?);
    page.arg("-B").arg(example("consumer/page.py"));
    page.env("PICTURE_URL", picture).env("TOKEN_FILE", &token);
    let page = Running::start(page.env("PORT", port.to_string()))?;
    wait_for("the page", Duration::from_secs(20), || {
        let shown = look(&emulator, port)?;
        Ok(shown.starts_with("image/jpeg 125").then_some(()))
    })
    .with_context(|| page.stderr())?;
    emulator.advance("PT5H")?;
    ensure!(look(&emulator, port)?.is_empty(), "the old token is dead");
    sync(&emulator, &["--config", &file])?.expect_code(0)?;
    ensure!(
        look(&emulator, port)?.starts_with("image/jpeg"),
        "without a restart"
    );
    Ok(())
}

#[test]
fn the_revision_of_the_guide_grows_by_itself() -> Result<()> {
    let guide = place::root().join("docs/guides/tokens-in-kubernetes.md");
    let guide = fs::read_to_string(guide)?;
    let start = guide.find("locals {").context("the guide has no locals")?;
    let locals = guide
        .get(start..)
        .and_then(|rest| rest.split("\n\n").next());
    let emulator = Emulator::start(&fleet::one_account())?;
    let terraform = Terraform::open(&emulator, "guide", "")?;
    let at = |moment: &str| -> Result<i64> {
        // The one thing in it that nobody can choose.
        let locals = locals
            .context("the locals have no end")?
            .replace("plantimestamp()", moment);
        let text = format!("{locals}\n\noutput \"span\" {{\n  value = local.span\n}}\n");
        terraform.write(&text)?;
        terraform.succeed(&["fmt", "-check"])?;
        terraform.apply()?;
        let said = terraform.succeed(&["output", "-json", "span"])?.stdout;
        said.trim()
            .parse()
            .with_context(|| format!("no whole number: {said}"))
    };
    let moments = [
        "\"2026-11-24T20:00:00Z\"",
        "\"2026-11-24T21:59:59Z\"",
        "\"2026-11-24T22:00:00Z\"",
        "\"2026-12-01T00:00:00Z\"",
        "\"2027-01-01T00:00:00Z\"",
    ];
    let spans: Vec<i64> = moments.into_iter().map(at).collect::<Result<_>>()?;
    let [first, same, rest @ ..] = spans.as_slice() else {
        anyhow::bail!("five spans: {spans:?}");
    };
    assert_eq!(first, same, "within one span");
    ensure!(
        rest.is_sorted() && rest.iter().all(|span| span > first),
        "{spans:?}"
    );
    Ok(())
}

/// Puts the picture into the account.
fn hang_up(emulator: &Emulator, token: &str) -> Result<()> {
    let folder = emulator.scratch().folder("picture")?;
    fs::write(folder.join("token"), token)?;
    let program = "import base64, sys, urllib.request as u\n\
         token = open(sys.argv[2]).read()\n\
         def put(rest, body, **more):\n    \
             h = {'x-ms-version': '2019-12-12', **more}\n    \
             u.urlopen(u.Request(sys.argv[1] + rest + token, body, h, method='PUT'))\n\
         put('?restype=container&', b'')\n\
         put('/picture.jpg?', base64.b64decode(sys.argv[3]), **{'x-ms-blob-type': 'BlockBlob', \
         'Content-Type': 'image/jpeg'})";
    let mut command = emulator.command(&place::python()?);
    command.args(["-c", program]);
    command.arg(format!("https://{ACCOUNT}.blob.core.windows.net/pictures"));
    command.arg(folder.join("token")).arg(super::days::PICTURE);
    process::run(&mut command)?.expect_code(0).map(drop)
}
