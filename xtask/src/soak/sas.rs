//! Whether Azure Storage would take a token: an account SAS of service version 2018-03-28, verified from the published
//! layout, without a line that the product or the emulator shares.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use sha2::Sha256;

/// The parameters in the order in which they are signed, after the name of the account.
const SIGNED: [&str; 9] = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv", ""];

/// A token that is no token of an account, or that Storage would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It cannot be read.
    NoToken,
    /// Its time is over.
    Expired,
    /// No present key of the account has signed it.
    OfNoPresentKey,
}

/// Gives when a token ends by its own word.
pub(super) fn end(token: &str) -> Option<Timestamp> {
    parameter(token, "se")?.parse().ok()
}

/// Verifies a token at a moment.
pub(super) fn verify(
    token: &str,
    account: &str,
    keys: &[String; 2],
    now: Timestamp,
) -> Result<(), Refusal> {
    let end = end(token).ok_or(Refusal::NoToken)?;
    let signature = parameter(token, "sig").ok_or(Refusal::NoToken)?;
    let signature = STANDARD.decode(signature).map_err(|_| Refusal::NoToken)?;
    if end <= now {
        return Err(Refusal::Expired);
    }
    let mut lines = vec![account.to_owned()];
    lines.extend(SIGNED.map(|name| parameter(token, name).unwrap_or_default()));
    let text = lines.join("\n");
    let signed = |key: &String| {
        let key = STANDARD.decode(key).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(text.as_bytes());
        mac.verify_slice(&signature).ok()
    };
    if keys.iter().any(|key| signed(key).is_some()) {
        Ok(())
    } else {
        Err(Refusal::OfNoPresentKey)
    }
}

fn parameter(token: &str, name: &str) -> Option<String> {
    let mut pairs = token
        .trim_start_matches('?')
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| *known == name)?;
    let plain = percent_decode_str(value).decode_utf8().ok()?;
    Some(plain.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signed with `openssl dgst -sha256 -mac HMAC` over the lines that Azure documents.
    const TOKEN: &str = "?sv=2018-03-28&ss=b&srt=sco&sp=rwu&se=2026-01-02T00:00:00Z&spr=https&sig=Uo82elyf76hdO%2FZ38ciatjF49QTQDkKvF9jdS8pyRGY%3D";

    fn check(token: &str, account: &str, key: &str, now: &str, expected: Result<(), Refusal>) {
        let keys = ["b3RoZXI=".to_owned(), key.to_owned()];
        let now = now.parse().expect("a time");
        assert_eq!(
            verify(token, account, &keys, now),
            expected,
            "{account} {now}"
        );
    }

    #[test]
    fn a_token_is_good_until_its_end_and_as_long_as_its_key_is_there() {
        let (before, after) = ("2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z");
        check(TOKEN, "stone", "a2V5", before, Ok(()));
        check(TOKEN, "stone", "a2V5", after, Err(Refusal::Expired));
        check(TOKEN, "sttwo", "a2V5", before, Err(Refusal::OfNoPresentKey));
        check(TOKEN, "stone", "bmV3", before, Err(Refusal::OfNoPresentKey));
        check("text", "stone", "a2V5", before, Err(Refusal::NoToken));
        let more = TOKEN.replace("sp=rwu", "sp=rwdu");
        check(&more, "stone", "a2V5", before, Err(Refusal::OfNoPresentKey));
    }
}
