//! Who we are, by the claims of our own token.
//!
//! The token is not verified: it came from the sign-in service over TLS, and Azure verifies it. The
//! claims only tell which principal a right must be given to.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::Caller;
use crate::error::Error;

#[derive(Deserialize)]
struct Claims {
    oid: String,
    tid: String,
    appid: Option<String>,
    azp: Option<String>,
}

pub(super) fn read(token: &str) -> Result<Caller, Error> {
    let claims = decode(token).ok_or_else(|| {
        Error::sign_in("the token for Azure Resource Manager has no readable claims")
    })?;
    let object_id = claims
        .oid
        .parse()
        .map_err(|_| Error::sign_in("the token for Azure Resource Manager names no object id"))?;
    Ok(Caller {
        object_id,
        tenant_id: claims.tid,
        app_id: claims.appid.or(claims.azp),
    })
}

fn decode(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&payload).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_caller_is_read_from_the_claims_of_either_version() {
        let oid = "22222222-2222-2222-2222-222222222201";
        let check = |app: &str| {
            let caller = read(&token(&format!(
                r#"{{"oid":"{oid}","tid":"t","{app}":"a"}}"#
            )));
            let caller = caller.expect("claims");
            assert_eq!(caller.object_id.to_string(), oid);
            assert_eq!(
                (caller.tenant_id.as_str(), caller.app_id.as_deref()),
                ("t", Some("a"))
            );
        };
        check("appid");
        check("azp");
    }

    #[test]
    fn a_token_without_claims_is_not_shown() {
        for text in [
            "canary",
            "canary.canary.canary",
            &token(r#"{"oid":"canary","tid":"t"}"#),
        ] {
            let error = read(text).expect_err("no claims");
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }
}
