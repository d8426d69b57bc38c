//! A closer look: SAS definitions, deleted records, Key Vault's role, published keys, the log.

use rotation::observation::{
    DeletedEnrolment, LogSeen, Observation, Regeneration, RoleSeen, SasSeen,
};

use super::*;

const OPERATOR: &str = "81a9662b-bebf-436f-a333-f67b29880f12";
const KEY_VAULT: &str = "22222222-2222-2222-2222-222222222201";

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn span() -> LogSpan {
    LogSpan {
        since: moment("2026-03-03T00:00:00Z"),
        until: moment("2026-06-01T00:00:00Z"),
    }
}

fn soft_deleting(name: &str) -> String {
    let id = vault_id(name);
    format!(
        r#"{{"id":"{id}","name":"{name}","properties":{{"tenantId":"{FIRST}",
        "softDeleteRetentionInDays":90,"vaultUri":"https://{name}.vault.azure.net/"}}}}"#
    )
}

fn assignment(scope: &str, role: &str) -> String {
    let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{KEY_VAULT}");
    format!(
        r#"{{"id":"{id}","properties":{{"scope":"{scope}","principalId":"{KEY_VAULT}",
        "roleDefinitionId":"/providers/Microsoft.Authorization/roleDefinitions/{role}"}}}}"#
    )
}

/// Looks at one enrolled account; what is asked beside its record is in `rest`.
async fn look_at(depth: Depth, rest: Vec<Step>) -> (Observation, Vec<String>) {
    let id = account_id(FIRST, "stlogs");
    let terms = r#","activeKeyName":"key2","autoRegenerateKey":true,"regenerationPeriod":"P30D""#;
    let mut script = vec![get(
        &accounts_of(FIRST),
        list(&[account(FIRST, "stlogs", "")]),
    )];
    if depth.vaults {
        script.extend([
            get(&vaults_of(FIRST), list(&[soft_deleting("kv-prod")])),
            get("/storage", list(&[record("kv-prod", "logs", &id, "")])),
            get("/storage/logs", record("kv-prod", "logs", &id, terms)),
        ]);
    }
    script.extend(rest);
    let transport = ScriptedTransport::new(script);
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let client = Client::with_transport(&transport, clock).reader();
    let places = vec![Place::Subscription(FIRST.parse().expect("an id"))];
    let seen = survey(Means::reading(&client), places, &Filter::default(), &depth).await;
    let seen = seen.expect("nothing is noted");
    assert_eq!(transport.unused(), Vec::<String>::new());
    let holes = seen.holes.iter().map(|hole| hole.code.to_string());
    let account = seen.rows.get(0).expect("one account is listed");
    (account.observation, holes.collect())
}

fn details() -> Depth {
    Depth {
        vaults: true,
        details: true,
        published: false,
        log: LogDepth::Unread,
    }
}

/// Answers what is asked about a record's details, except for roles.
fn quiet() -> Vec<Step> {
    vec![
        get("/deletedstorage", list(&[])),
        get("/storage/logs/sas", list(&[])),
    ]
}

#[tokio::test]
async fn definitions_and_deleted_records_are_seen() {
    let id = account_id(FIRST, "stlogs");
    let base = "https://kv-prod.vault.azure.net";
    let item = format!(r#"{{"id":"{base}/storage/logs/sas/reader","sid":"{base}/secrets/l"}}"#);
    let definition = format!(
        r#"{{"id":"{base}/storage/logs/sas/reader","sid":"{base}/secrets/l","sasType":"account",
        "templateUri":"https://x/?sv=2018-11-09&ss=b","validityPeriod":"PT4H"}}"#
    );
    let deleted = format!(
        r#"{{"id":"{base}/storage/old","resourceId":"{id}","deletedDate":1,
        "scheduledPurgeDate":1780272000}}"#
    );
    let rest = vec![
        get("/storage/logs/sas", list(&[item])),
        get("/storage/logs/sas/reader", definition),
        get("/deletedstorage", list(&[deleted])),
        get("/servicePrincipals", list(&[])),
        get("/roleAssignments", list(&[])),
    ];
    let (seen, holes) = look_at(details(), rest).await;
    assert_eq!(holes, Vec::<String>::new());
    let sas = seen.enrolments.into_iter().flat_map(|one| one.sas);
    let expected = SasSeen {
        name: "reader".to_owned(),
        validity: SeenPeriod::new("PT4H"),
        signed_version: Some("2018-11-09".to_owned()),
    };
    assert_eq!(sas.collect::<Vec<_>>(), [expected]);
    let expected = DeletedEnrolment {
        vault: "kv-prod".to_owned(),
        name: "old".to_owned(),
        purged_at: Some(moment("2026-06-01T00:00:00Z")),
    };
    assert_eq!(seen.deleted_enrolments, [expected]);
}

#[tokio::test]
async fn key_vault_has_its_role_or_has_lost_it_or_nobody_can_tell() {
    async fn check(directory: Step, assignments: Step, expected: RoleSeen, holes: &[&str]) {
        let mut rest = quiet();
        rest.extend([directory, assignments]);
        let (seen, found) = look_at(details(), rest).await;
        let roles: Vec<_> = seen.enrolments.iter().map(|one| one.role).collect();
        assert_eq!(roles, [expected]);
        assert_eq!(found, holes);
    }
    let known = || {
        let principal = format!(r#"{{"id":"{KEY_VAULT}","displayName":"Azure Key Vault"}}"#);
        get("/servicePrincipals", list(&[principal]))
    };
    let held = |scope: &str, role: &str| get("/roleAssignments", list(&[assignment(scope, role)]));
    let (mine, other) = (account_id(FIRST, "stlogs"), account_id(FIRST, "stother"));
    let above = format!("/subscriptions/{FIRST}");
    let contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";
    let own_role = "00000000-0000-0000-0000-000000000007";
    check(known(), held(&mine, OPERATOR), RoleSeen::Held, &[]).await;
    check(known(), held(&above, OPERATOR), RoleSeen::Held, &[]).await;
    check(known(), held(&above, contributor), RoleSeen::Held, &[]).await;
    check(known(), held(&other, OPERATOR), RoleSeen::Missing, &[]).await;
    check(known(), held(&above, own_role), RoleSeen::Unknown, &[]).await;
    let unknown = || refused("/servicePrincipals");
    check(unknown(), held(&above, OPERATOR), RoleSeen::Held, &[]).await;
    check(unknown(), held(&above, contributor), RoleSeen::Missing, &[]).await;
    let unread = ["roles-unreadable"];
    let refusal = refused("/roleAssignments");
    check(known(), refusal, RoleSeen::Unknown, &unread).await;
}

#[tokio::test]
async fn a_secret_that_says_it_holds_a_key_is_a_published_key() {
    let secret = |name: &str, tags: &str| {
        format!(r#"{{"id":"https://kv-prod.vault.azure.net/secrets/{name}","tags":{{{tags}}}}}"#)
    };
    let address = format!(r#""ProviderAddress":"{}""#, account_id(FIRST, "stlogs"));
    let secrets = [
        secret("key", &format!(r#""CredentialId":"key1",{address}"#)),
        secret("other", &address),
        secret("plain", ""),
    ];
    let mut rest = quiet();
    rest.extend([
        get("/secrets", list(&secrets)),
        get("/servicePrincipals", list(&[])),
        get("/roleAssignments", list(&[])),
    ]);
    let depth = Depth {
        published: true,
        ..details()
    };
    let (seen, _) = look_at(depth, rest).await;
    assert_eq!(seen.published, ["kv-prod/key"]);
}

#[tokio::test]
async fn the_log_says_who_and_when_and_a_part_of_it_says_nothing() {
    let event = |at: &str| {
        format!(
            r#"{{"eventTimestamp":"{at}","caller":"ops","status":{{"value":"Succeeded"}},
            "operationName":{{"value":"Microsoft.Storage/storageAccounts/regenerateKey/action"}},
            "resourceId":"{}"}}"#,
            account_id(FIRST, "stlogs")
        )
    };
    let depth = Depth {
        vaults: false,
        details: false,
        published: false,
        log: LogDepth::OfAll(span()),
    };
    let events = [event("2026-04-01T00:00:00Z"), event("2026-05-01T00:00:00Z")];
    let (seen, holes) = look_at(depth, vec![get("/values", list(&events))]).await;
    assert_eq!(holes, Vec::<String>::new());
    let by_ops = |at: &str| Regeneration {
        at: moment(at),
        by: "ops".to_owned(),
    };
    let expected = LogSeen::Read {
        since: span().since,
        regenerations: vec![
            by_ops("2026-05-01T00:00:00Z"),
            by_ops("2026-04-01T00:00:00Z"),
        ],
    };
    assert_eq!(seen.log, expected);

    let (seen, holes) = look_at(depth, vec![refused("/values")]).await;
    assert_eq!(
        (seen.log, holes.join(" ")),
        (LogSeen::Unread, "log-unreadable".to_owned())
    );
}
