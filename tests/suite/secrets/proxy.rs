//! The password of a proxy: it goes to the proxy, and is said to nobody.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tests::emulator::Emulator;
use tests::fleet;
use tests::process::Said;

const WHO: &str = "somebody:Proxy-Canary-7";

/// Looks at everything by way of a proxy, with everything logged.
fn check(emulator: &Emulator, proxy: &str) -> Result<Said> {
    let mut command = emulator.command(&tests::place::keyrotation()?);
    command
        .args(["--verbose", "check"])
        .env("RUST_LOG", "trace")
        .env("HTTPS_PROXY", proxy);
    tests::process::run(&mut command)
}

#[test]
fn the_password_of_a_proxy_is_not_said_whether_it_is_reached_or_not() -> Result<()> {
    let emulator = Emulator::start(&fleet::one_account())?;
    let proxy = emulator.variable("HTTPS_PROXY").context("no proxy")?;
    let address = proxy.strip_prefix("http://").context("no address")?;
    let way = [address.trim_end_matches('/'), "127.0.0.1:1"];
    for (number, address) in way.into_iter().enumerate() {
        let said = check(&emulator, &format!("http://{WHO}@{address}"))?;
        ensure!(said.stderr.contains("TRACE"), "it logs everything");
        assert_eq!(said.code == Some(1), number == 1, "{}", said.stderr);
        for secret in [WHO, "Proxy-Canary-7", &STANDARD.encode(WHO)] {
            for text in [&said.stdout, &said.stderr] {
                ensure!(!text.contains(secret), "the password is said");
            }
        }
    }
    Ok(())
}
