//! Tests of addresses and of what requests show of themselves.

use super::*;

fn url(segments: &[&str]) -> Result<String, Error> {
    let target = Target::new(Endpoint::Arm, segments.iter().copied(), Some("1"));
    target.url(&Cloud::Public).map(|url| url.to_string())
}

#[test]
fn segments_are_encoded_one_by_one() -> Result<(), Error> {
    let expected = "https://management.azure.com/a%20b/(c)/%C3%A4?api-version=1";
    assert_eq!(url(&["a b", "(c)", "ä"])?, expected);
    Ok(())
}

#[test]
fn a_segment_that_could_leave_its_place_is_refused() {
    for odd in [
        "", ".", "..", "%2e%2e", "%2E.", "a/b", "a%2fb", "a\\b", "a?b", "a#b", "a\nb",
    ] {
        let error = url(&["storage", odd]).expect_err(odd);
        assert_eq!(error.kind(), crate::error::Kind::Refused, "{odd}");
    }
}

#[test]
fn debug_shows_neither_body_nor_query() {
    let target = Target::new(Endpoint::Arm, ["a"], Some("1")).with_query("$filter", "canary");
    let request: Request<(), Change> =
        Request::new(Method::Put, target, Idempotency::Never, |_| Ok(()))
            .with_body(&serde_json::json!({ "secret": "canary" }));
    let text = format!("{request:?}");
    assert!(text.contains("Never") && !text.contains("canary"), "{text}");
}

#[test]
fn an_odd_field_is_placed_and_not_quoted() {
    #[derive(Debug, serde::Deserialize)]
    struct Wire {
        #[serde(rename = "value")]
        _value: u32,
    }
    let odd = decode_as(br#"{"value":"canary"}"#, |wire: Wire| Ok(wire)).expect_err("a text");
    assert_eq!(
        odd.to_string(),
        "a field of another type at line 1 column 17"
    );
}
