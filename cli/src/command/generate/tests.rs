//! Which words lead to no request.

use std::io;
use std::sync::Arc;

use azure::clock::ManualClock;
use azure::env::Env;
use jiff::Timestamp;

use crate::Doors;
use crate::exit_code::ExitCode;
use crate::output::Streams;
use crate::output::tests::Captured;

#[test]
fn wrong_usage_comes_to_no_request() {
    let check = |line: &str, expected: &str| {
        let nothing: [(&str, &str); 0] = [];
        let doors = Doors {
            env: Env::from_pairs(nothing),
            clock: Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)),
            stop: Box::pin(std::future::pending()),
        };
        let err = Captured::default();
        let mut streams = Streams::captured(io::sink(), err.clone());
        let words = ["keyrotation", "generate"]
            .into_iter()
            .chain(line.split(' '));
        let code = crate::run(words, doors, &mut streams);
        assert_eq!(code, ExitCode::Failed, "{line}");
        assert!(err.text().contains(expected), "{line}: {}", err.text());
    };
    check("--form module", "--folder <FOLDER>");
    check("--rotation-period P1M", "P1M");
    check("--subscription prod", "prod");
    check("--state /nowhere/at/all", "cannot read `/nowhere/at/all`");
    check(
        "--state Cargo.toml",
        "cannot understand `Cargo.toml`: it is no JSON",
    );
    check("--cloud moon", "moon");
}
