//! Tests of envelopes, causes and predicates.

use super::*;

fn answer(status: u16, body: &str) -> Error {
    Error::from_answer(status, Some("request-1".to_owned()), body.as_bytes())
}

#[test]
fn every_spelling_of_an_envelope_is_understood() {
    let check = |body: &str, code: Option<&str>, message: Option<&str>| {
        let error = answer(400, body);
        assert_eq!((error.code(), error.message()), (code, message), "{body}");
    };
    let both = (Some("C"), Some("m"));
    check(r#"{"error":{"code":"C","message":"m"}}"#, both.0, both.1);
    check(r#"{"Error":{"Code":"C","Message":"m"}}"#, both.0, both.1);
    check(r#"{"Code":"C","Message":"m"}"#, both.0, both.1);
    check(
        r#"{"error":{"code":"C","message":"m","details":null,"innererror":null}}"#,
        both.0,
        both.1,
    );
    check(
        r#"{"error":{"code":"C","message":"a \"b\"\r\nc"}}"#,
        Some("C"),
        Some("a \"b\" c"),
    );
    check(
        r#"{"error":"invalid_client","error_description":"AADSTS7000215: no"}"#,
        Some("invalid_client"),
        Some("AADSTS7000215: no"),
    );
    check(r#"{"error":{"code":"C"}}"#, Some("C"), None);
    check(r#"{"error":null}"#, None, None);
    check("", None, None);
    check("<html>", None, None);
    check("[]", None, None);
}

#[test]
fn inner_codes_are_kept_in_order() {
    let body =
        r#"{"error":{"code":"Conflict","innererror":{"code":"A","innererror":{"code":"B"}}}}"#;
    assert_eq!(answer(409, body).inner_codes(), ["A", "B"]);
}

#[test]
fn a_long_message_is_cut() {
    let body = format!(
        r#"{{"error":{{"code":"C","message":"{}"}}}}"#,
        "ä".repeat(5000)
    );
    let message = answer(400, &body)
        .message()
        .map(|text| text.chars().count());
    assert_eq!(message, Some(801));
}

#[test]
fn the_text_of_an_error_is_a_fragment_that_names_code_and_message() {
    let body = r#"{"error":{"code":"AuthorizationFailed","message":"No."}}"#;
    assert_eq!(
        answer(403, body).to_string(),
        "Azure answered 403 AuthorizationFailed: No."
    );
    assert_eq!(answer(502, "<html>").to_string(), "Azure answered 502");
    let redirect = "Azure answered 307, a redirect, which is never followed";
    assert_eq!(answer(307, "").to_string(), redirect);
}

#[test]
fn each_cause_of_a_403_is_told_apart() {
    let check = |body: &str, cause: ForbiddenCause| {
        assert_eq!(answer(403, body).forbidden_cause(), Some(cause), "{body}");
    };
    let action = |action: &str| ForbiddenCause::CallerLacksArmAction {
        action: Some(action.to_owned()),
    };
    let operation = |name: &str| ForbiddenCause::VaultPolicyLacks {
        operation: Some(name.to_owned()),
    };
    check(
        r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.Storage/storageAccounts/read' over scope '/s' or the scope is invalid."}}"#,
        action("Microsoft.Storage/storageAccounts/read"),
    );
    check(
        r#"{"error":{"code":"Forbidden","message":"The client '<p>' with object id '...' does not have authorization to perform action 'Microsoft.Storage/storageAccounts/listkeys/action' over scope '/s'."}}"#,
        action("Microsoft.Storage/storageAccounts/listkeys/action"),
    );
    check(
        r#"{"error":{"code":"Forbidden","message":"Key Vault is unable to perform the action on behalf of the caller. Please contact your administrator for more details"}}"#,
        ForbiddenCause::CallerLacksArmAction { action: None },
    );
    check(
        r#"{"error":{"code":"Forbidden","message":"Key vault service doesn't have proper permissions to access the storage account https://go.microsoft.com"}}"#,
        ForbiddenCause::KeyVaultLacksRole,
    );
    check(
        r#"{"error":{"code":"Forbidden","message":"Operation \"set\" is not allowed by vault policy","innererror":{"code":"AccessDenied"}}}"#,
        operation("set"),
    );
    check(
        r#"{"error":{"code":"Forbidden","message":"The user, group or application 'appid=;oid=;' does not have storage regeneratekey permission on key vault 'kv;location=westeurope'.","innererror":{"code":"ForbiddenByPolicy"}}}"#,
        operation("regeneratekey"),
    );
    check(
        r#"{"error":{"code":"Forbidden","message":"Caller is not authorized.","innererror":{"code":"ForbiddenByRbac"}}}"#,
        ForbiddenCause::VaultRbac,
    );
    check(
        r#"{"error":{"code":"Forbidden","message":"Client address is not authorized and caller is not a trusted service.","innererror":{"code":"ForbiddenByFirewall"}}}"#,
        ForbiddenCause::Firewall,
    );
    check(
        r#"{"error":{"code":"Forbidden","message":"No."}}"#,
        ForbiddenCause::Other,
    );
    check("", ForbiddenCause::Other);
    assert_eq!(answer(404, "").forbidden_cause(), None);
}

#[test]
fn an_answer_tells_whether_the_work_may_be_done() {
    let check = |status, expected| assert_eq!(answer(status, "").may_have_executed(), expected);
    for status in [400, 401, 403, 404, 409, 429, 307] {
        check(status, false);
    }
    for status in [408, 500, 502, 503, 504] {
        check(status, true);
    }
    assert!(answer(403, "").after_unclear_try(true).may_have_executed());
}

#[test]
fn failures_of_the_pipeline_are_sorted() {
    let check = |kind, expected| {
        let cause = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let error = Error::from_pipeline("h", azure_core::Error::new(kind, cause));
        assert_eq!(error.kind(), expected);
        assert!(error.source().is_some());
    };
    check(ErrorKind::Connection, Kind::NeverSent);
    check(ErrorKind::Io, Kind::AnswerLost);
    check(ErrorKind::Credential, Kind::SignIn);
    check(ErrorKind::Other, Kind::Refused);
}

#[test]
fn a_certificate_error_is_found_in_the_depth_of_the_chain() {
    let cause = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    let cause = std::io::Error::other(std::io::Error::other(cause));
    let error = Error::from_pipeline("h", azure_core::Error::new(ErrorKind::Connection, cause));
    assert_eq!(error.kind(), Kind::Certificate);
    assert!(!error.may_have_executed());
}
