//! Words of scopes, and which accounts they let in.

use super::*;

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";

fn account(name: &str) -> StorageAccountId {
    let id = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod/providers/Microsoft.Storage/\
         storageAccounts/{name}"
    );
    id.parse().expect("an id")
}

#[test]
fn an_area_is_read_from_its_id() {
    let check = |text: &str, expected: Option<&str>| {
        let read = text.parse::<Area>().map(|area| area.to_string());
        assert_eq!(read.ok().as_deref(), expected, "{text}");
    };
    let subscription = format!("subscription {SUBSCRIPTION}");
    check(SUBSCRIPTION, Some(&subscription));
    check(
        &format!("/subscriptions/{SUBSCRIPTION}"),
        Some(&subscription),
    );
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod");
    check(&group, Some(&group));
    let id = account("stlogs").to_string();
    check(&id, Some(&id));
    let management = "/providers/Microsoft.Management/managementGroups/mg-Prod";
    check(management, Some("management group mg-Prod"));
    for text in ["", "prod", "/subscriptions/prod", "/subscriptions/../x"] {
        check(text, None);
    }
}

#[test]
fn a_pattern_without_a_slash_is_about_the_name() {
    let check = |pattern: &str, expected: bool| {
        let pattern: Pattern = pattern.parse().expect("a pattern");
        assert_eq!(
            pattern.describes(&account("stlogs01")),
            expected,
            "{pattern}"
        );
    };
    for pattern in [
        "stlogs01", "STLOGS*", "*01", "st*g*1", "stlogs??", "*", "**", "*s0*",
    ] {
        check(pattern, true);
    }
    for pattern in ["stlogs", "stlogs0?1", "logs*", "st*2", "?"] {
        check(pattern, false);
    }
    check("*/resourcegroups/RG-*/*", true);
    check("*/resourceGroups/rg-dev/*", false);
}

#[test]
fn an_account_is_looked_at_if_it_is_included_tagged_and_not_excluded() {
    let check = |include: &[&str], exclude: &[&str], tags: &[&str], expected: Fate| {
        let patterns = |texts: &[&str]| {
            texts
                .iter()
                .map(|t| t.parse().expect("a pattern"))
                .collect()
        };
        let filter = Filter {
            include: patterns(include),
            exclude: patterns(exclude),
            tags: tags.iter().map(|tag| tag.parse().expect("a tag")).collect(),
            shard: None,
        };
        let carried = BTreeMap::from([("Env".to_owned(), "prod".to_owned())]);
        assert_eq!(
            filter.fate(&account("stlogs"), &carried),
            expected,
            "{filter:?}"
        );
    };
    check(&[], &[], &[], Fate::Mine);
    check(&["st*", "x"], &[], &["env"], Fate::Mine);
    check(&[], &[], &["env=prod"], Fate::Mine);
    check(&["x*"], &[], &[], Fate::Nobodys);
    check(&["st*"], &["*logs"], &[], Fate::Nobodys);
    check(&[], &[], &["env=Prod"], Fate::Nobodys);
    check(&[], &[], &["env", "team"], Fate::Nobodys);
}

#[test]
fn every_account_is_of_exactly_one_share_and_the_shares_are_alike() {
    let shards: Vec<Shard> = ["1/4", "2/4", "3/4", "4/4"]
        .map(|t| t.parse().expect("a share"))
        .into();
    let mut sizes = [0; 4];
    for number in 0..1000 {
        let id = account(&format!("st{number}"));
        let shouted = account(&format!("ST{number}"));
        let mine: Vec<_> = (0..4)
            .filter(|n| shards.get(*n).is_some_and(|s| s.has(&id)))
            .collect();
        assert_eq!(mine.len(), 1, "{id}");
        assert!(
            shards
                .iter()
                .all(|shard| shard.has(&id) == shard.has(&shouted))
        );
        for number in mine {
            if let Some(size) = sizes.get_mut(number) {
                *size += 1;
            }
        }
    }
    assert!(
        sizes.iter().all(|size| (180..=320).contains(size)),
        "{sizes:?}"
    );
    for text in ["0/4", "5/4", "1", "1/0", "a/b", ""] {
        assert!(text.parse::<Shard>().is_err(), "{text}");
    }
}

#[test]
fn the_words_name_every_area_and_restriction() {
    assert_eq!(Scope::default().words(), ["every readable subscription"]);
    let scope = Scope {
        areas: vec![Area::Account(account("stlogs"))],
        filter: Filter {
            include: vec!["st*".parse().expect("a pattern")],
            exclude: vec!["*old".parse().expect("a pattern")],
            tags: vec!["env=prod".parse().expect("a tag")],
            shard: Some("2/3".parse().expect("a share")),
        },
    };
    let id = account("stlogs").to_string();
    let expected = [
        &id,
        "include st*",
        "exclude *old",
        "tag env=prod",
        "shard 2/3",
    ];
    assert_eq!(scope.words(), expected);
}
