//! Apps: which settings hold a key of which account, and what cannot be told.

use azure::client::search::SettingsSearch;
use rotation::observation::{AppPlace, AppsSeen, HeldKey, HeldWhat};

use super::*;

fn app(rest: &str) -> String {
    format!("/subscriptions/{FIRST}/resourceGroups/rg/providers/Microsoft.Web/sites/func{rest}")
}

fn apps() -> String {
    format!("/subscriptions/{FIRST}/providers/Microsoft.Web/sites")
}

fn items(ids: &[String]) -> String {
    let items: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
    list(&items)
}

fn key_of(account: &str) -> String {
    format!("DefaultEndpointsProtocol=https;AccountName={account};AccountKey=a2V5")
}

fn settings(of: &str, properties: &str) -> Step {
    let body = format!(r#"{{"properties":{{{properties}}}}}"#);
    Step::answer("POST", &format!("{of}/config/appsettings/list"), 200, body)
}

fn strings(of: &str, properties: &str) -> Step {
    let body = format!(r#"{{"properties":{{{properties}}}}}"#);
    Step::answer(
        "POST",
        &format!("{of}/config/connectionstrings/list"),
        200,
        body,
    )
}

/// Looks at one account and one app; what the app answers is in `rest`.
async fn look_at(rest: Vec<Step>) -> (AppsSeen, Vec<String>) {
    let mut script = vec![
        get(&accounts_of(FIRST), list(&[account(FIRST, "stlogs", "")])),
        get(&apps(), items(&[app("")])),
    ];
    script.extend(rest);
    let transport = ScriptedTransport::new(script);
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let search = SettingsSearch::over(Client::with_transport(&transport, clock));
    let client = search.reader();
    let mut means = Means::reading(&client);
    means.search = Some(&search);
    let depth = Depth {
        vaults: false,
        details: false,
        published: false,
        log: LogDepth::Unread,
    };
    let places = vec![Place::Subscription(FIRST.parse().expect("an id"))];
    let seen = survey(means, places, &Filter::default(), &depth).await;
    let seen = seen.expect("nothing is noted");
    assert_eq!(transport.unused(), Vec::<String>::new());
    let holes = seen
        .holes
        .iter()
        .map(|hole| format!("{} {}", hole.scope, hole.cause));
    let account = seen.rows.get(0).expect("one account is listed");
    (account.observation.apps, holes.collect())
}

fn held(of: &str, place: AppPlace, name: &str) -> HeldKey {
    HeldKey {
        app: app(of),
        place,
        name: name.to_owned(),
        what: HeldWhat::Key,
    }
}

#[tokio::test]
async fn a_key_is_found_in_settings_and_connection_strings_of_apps_and_of_their_slots() {
    let (ours, other) = (key_of("stlogs"), key_of("stother"));
    let blue = app("/slots/blue");
    let (seen, holes) = look_at(vec![
        get(&app("/slots"), items(std::slice::from_ref(&blue))),
        settings(
            &app(""),
            &format!(r#""AzureWebJobsStorage":"{ours}","X":"{other}""#),
        ),
        strings(
            &app(""),
            &format!(r#""logs":{{"value":"{ours}","type":"Custom"}}"#),
        ),
        settings(&blue, &format!(r#""AzureWebJobsStorage":"{ours}""#)),
        strings(&blue, ""),
    ])
    .await;
    assert_eq!(holes, Vec::<String>::new());
    let expected = vec![
        held("", AppPlace::Setting, "AzureWebJobsStorage"),
        held("", AppPlace::ConnectionString, "logs"),
        held("/slots/blue", AppPlace::Setting, "AzureWebJobsStorage"),
    ];
    assert_eq!(seen, AppsSeen::Read { held: expected });
}

#[tokio::test]
async fn settings_that_cannot_be_read_and_a_key_of_nobody_are_holes() {
    let refused = |config: &str| {
        let path = format!("{}/config/{config}/list", app(""));
        let body = r#"{"error":{"code":"AuthorizationFailed","message":"no right"}}"#;
        Step::answer("POST", &path, 403, body)
    };
    let (_, holes) = look_at(vec![
        get(&app("/slots"), items(&[])),
        refused("appsettings"),
        strings(
            &app(""),
            r#""odd":{"value":"AccountKey=a2V5","type":"Custom"}"#,
        ),
    ])
    .await;
    let expected = [
        format!("{} cannot read the app settings", app("")),
        format!(
            "{0} cannot understand Azure's description: the connection string `odd` of `{0}` may \
             hold a key, and does not say of which account",
            app("")
        ),
    ];
    assert_eq!(holes, expected);
}
