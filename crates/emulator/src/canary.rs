//! Secrets that can be recognised: storage keys, access tokens and client secrets all carry a mark, so that a leak is
//! found by searching an output for [`MARKS`]. Where a secret may appear is for others to decide. The one secret that
//! cannot be marked is the signature of a SAS: it is whatever the key and the text make it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use serde::{Deserialize, Serialize};

/// The first bytes of every storage key. Their number is a multiple of three, so that the Base64 form has a fixed start.
pub const KEY_MARK: &str = "KeyRotationEmulatorKey!!";
/// The first bytes of the signature of every access token.
pub const TOKEN_MARK: &str = "KeyRotationEmulatorToken";
/// The start of every client secret.
pub const CLIENT_SECRET_MARK: &str = "KeyRotationEmulatorClientSecret~";

/// Lists every text by which a secret of the emulator betrays itself: each mark plain and, where the secret travels
/// encoded, in its encoded form.
pub const MARKS: &[&str] = &[
    KEY_MARK,
    "S2V5Um90YXRpb25FbXVsYXRvcktleSEh",
    TOKEN_MARK,
    "S2V5Um90YXRpb25FbXVsYXRvclRva2Vu",
    CLIENT_SECRET_MARK,
];

const KEY_LENGTH: usize = 64;

/// The value of one storage key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyMaterial(Vec<u8>);

impl KeyMaterial {
    /// Wraps the decoded bytes of a key.
    #[cfg(test)]
    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Gives the key as Azure writes it, in Base64.
    #[must_use]
    pub fn expose(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// Gives the bytes that sign.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyMaterial(redacted)")
    }
}

/// Makes every secret of one emulator from its seed: the same seed gives the same secrets.
#[derive(Clone, Deserialize, Serialize)]
#[serde(from = "u64", into = "u64")]
pub(crate) struct Mint {
    seed: u64,
    key: hmac::Key,
}

impl Mint {
    /// Makes the mint of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            key: hmac::Key::new(hmac::HMAC_SHA512, &seed.to_be_bytes()),
        }
    }

    /// Gives the key that an account has in `slot` after its `generation`th regeneration.
    pub(crate) fn storage_key(&self, account: &str, slot: &str, generation: u32) -> KeyMaterial {
        let random = self.digest(&format!("storage key/{account}/{slot}/{generation}"));
        let mut bytes = KEY_MARK.as_bytes().to_vec();
        bytes.extend(random.into_iter().take(KEY_LENGTH - KEY_MARK.len()));
        KeyMaterial(bytes)
    }

    /// Gives the client secret of an application.
    pub(crate) fn client_secret(&self, client_id: &str) -> String {
        let random = self.digest(&format!("client secret/{client_id}"));
        let tail: Vec<u8> = random.into_iter().take(24).collect();
        format!("{CLIENT_SECRET_MARK}{}", URL_SAFE_NO_PAD.encode(tail))
    }

    /// Signs the first two parts of an access token; the result is the encoded third part.
    pub(crate) fn token_signature(&self, signed: &str) -> String {
        let mut bytes = TOKEN_MARK.as_bytes().to_vec();
        bytes.extend(self.digest(&format!("access token/{signed}")));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn digest(&self, text: &str) -> Vec<u8> {
        hmac::sign(&self.key, text.as_bytes()).as_ref().to_vec()
    }
}

impl Mint {
    /// Closes a backup so that only an emulator of the same seed can read it.
    pub(crate) fn seal(&self, text: &str) -> Option<String> {
        let nonce = self.digest(&format!("backup nonce/{text}"));
        let nonce: [u8; NONCE_LEN] = nonce.get(..NONCE_LEN)?.try_into().ok()?;
        let mut bytes = text.as_bytes().to_vec();
        let tag = self.backup_key()?.seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::empty(),
            &mut bytes,
        );
        bytes.extend_from_slice(tag.ok()?.as_ref());
        Some(URL_SAFE_NO_PAD.encode([nonce.to_vec(), bytes].concat()))
    }

    /// Opens a backup; nothing if it is foreign or changed.
    pub(crate) fn unseal(&self, sealed: &str) -> Option<String> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed.trim_end_matches('=')).ok()?;
        let (nonce, rest) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let opened = self
            .backup_key()?
            .open_in_place(nonce, Aad::empty(), rest)
            .ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }

    fn backup_key(&self) -> Option<LessSafeKey> {
        let bytes = self.digest("backup key");
        let key = UnboundKey::new(&AES_256_GCM, bytes.get(..AES_256_GCM.key_len())?);
        Some(LessSafeKey::new(key.ok()?))
    }
}

impl From<u64> for Mint {
    fn from(seed: u64) -> Self {
        Self::new(seed)
    }
}

impl From<Mint> for u64 {
    fn from(mint: Mint) -> Self {
        mint.seed
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Mint(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_64_bytes_and_starts_with_its_mark_in_both_forms() {
        let key = Mint::new(1).storage_key("account", "key1", 0);
        assert_eq!(key.bytes().len(), KEY_LENGTH);
        assert!(key.bytes().starts_with(KEY_MARK.as_bytes()));
        assert!(MARKS.iter().any(|mark| key.expose().starts_with(mark)));
    }

    #[test]
    fn a_token_signature_starts_with_its_mark() {
        let signature = Mint::new(1).token_signature("header.payload");
        assert!(MARKS.iter().any(|mark| signature.starts_with(mark)));
    }

    #[test]
    fn the_seed_the_account_the_slot_and_the_generation_each_change_the_key() {
        let key = Mint::new(1).storage_key("account", "key1", 0);
        assert_eq!(key, Mint::new(1).storage_key("account", "key1", 0));
        assert_ne!(key, Mint::new(2).storage_key("account", "key1", 0));
        assert_ne!(key, Mint::new(1).storage_key("another", "key1", 0));
        assert_ne!(key, Mint::new(1).storage_key("account", "key2", 0));
        assert_ne!(key, Mint::new(1).storage_key("account", "key1", 1));
    }

    #[test]
    fn a_backup_is_opened_by_the_same_seed_only_and_unchanged() {
        let sealed = Mint::new(1).seal("text").expect("a backup");
        assert!(!sealed.contains("text"));
        assert_eq!(Mint::new(1).unseal(&sealed).as_deref(), Some("text"));
        assert_eq!(Mint::new(2).unseal(&sealed), None);
        assert_eq!(Mint::new(1).unseal(&format!("AAAA{sealed}")), None);
        assert_eq!(Mint::new(1).unseal("no backup"), None);
    }

    #[test]
    fn a_key_does_not_show_itself_in_debug_output() {
        assert_eq!(
            format!("{:?}", Mint::new(1).storage_key("a", "key1", 0)),
            "KeyMaterial(redacted)"
        );
    }
}
