//! Access tokens: JSON Web Tokens in shape, signed so that only this emulator's tokens are taken back. Who gets one is
//! decided by the Entra routes. They live in real time, since clients compare their end with their own clock.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::canary::Mint;
use crate::world::directory::Caller;

/// For how many seconds a token is good.
pub(crate) const LIFETIME: i64 = 3600;

/// What a token says.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Claims {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) exp: i64,
    pub(crate) appid: String,
    pub(crate) oid: String,
    pub(crate) sub: String,
    pub(crate) tid: String,
    pub(crate) ver: String,
}

/// Issues a token for `caller` and gives it with its end in Unix seconds.
pub(crate) fn issue(
    mint: &Mint,
    tenant: &str,
    caller: &Caller,
    audience: &str,
    real_now: Timestamp,
) -> (String, i64) {
    let issued = real_now.as_second();
    let claims = Claims {
        aud: audience.to_owned(),
        iss: format!("https://sts.windows.net/{tenant}/"),
        iat: issued,
        // A client whose clock is a little behind must not see a token from the future.
        nbf: issued - 300,
        exp: issued + LIFETIME,
        appid: caller.client_id.clone(),
        oid: caller.object_id.clone(),
        sub: caller.object_id.clone(),
        tid: tenant.to_owned(),
        ver: "1.0".to_owned(),
    };
    let payload = serde_json::to_string(&claims).unwrap_or_default();
    let header = r#"{"typ":"JWT","alg":"HS512","kid":"keyrotation-emulator"}"#;
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let token = format!("{signed}.{}", mint.token_signature(&signed));
    (token, claims.exp)
}

/// Reads a token of this emulator; nothing if it is foreign, changed or over.
pub(crate) fn verify(mint: &Mint, token: &str, real_now: Timestamp) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    // Both sides are of this process and the emulator guards nothing: a plain comparison will do.
    if mint.token_signature(signed) != signature {
        return None;
    }
    let (_, payload) = signed.split_once('.')?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    (real_now.as_second() < claims.exp).then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_its_end_and_only_unchanged() {
        let (mint, now) = (Mint::new(0), Timestamp::UNIX_EPOCH);
        let caller = Caller {
            client_id: "c".to_owned(),
            object_id: "o".to_owned(),
        };
        let (token, end) = issue(&mint, "t", &caller, "https://vault.azure.net", now);
        let claims = verify(&mint, &token, now).expect("a token of this mint");
        assert_eq!((claims.oid.as_str(), claims.exp), ("o", end));
        let late = Timestamp::from_second(end).expect("a valid time");
        assert_eq!(verify(&mint, &token, late), None);
        assert_eq!(verify(&mint, &format!("{token}A"), now), None);
        assert_eq!(verify(&Mint::new(1), &token, now), None);
        assert_eq!(verify(&mint, "no token", now), None);
    }
}
