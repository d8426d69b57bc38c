//! Decrypting what stands in a key file under a password.
//!
//! Two families: PBES2, which today's programs write, and the older schemes of PKCS#12 itself, which
//! Windows, Key Vault and OpenSSL before 3.0 write.

use std::num::NonZeroU32;

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{BlockCipher, BlockDecryptMut, KeyInit, KeyIvInit, block_padding::Pkcs7};
use des::TdesEde3;
use rc2::Rc2;
use ring::{digest, pbkdf2};

use super::{
    CertificateError,
    ber::{INTEGER, Reader, SEQUENCE},
};

/// More turns than any program uses would only be a way to make us hang.
const MOST_ITERATIONS: u32 = 10_000_000;

/// Is a password in the forms that the schemes want it in.
pub(super) struct Password {
    /// As it was given.
    utf8: Vec<u8>,
    /// As PKCS#12 wants it.
    utf16: Vec<u8>,
}

impl Password {
    /// Gives the ways to read a password: programs disagree on whether an empty one has an end mark.
    pub(super) fn readings(text: &str) -> Vec<Self> {
        let bytes = |text: &str| {
            let units = text.encode_utf16().chain([0]);
            units.flat_map(u16::to_be_bytes).collect()
        };
        let mut readings = vec![Self {
            utf8: text.as_bytes().to_vec(),
            utf16: bytes(text),
        }];
        if text.is_empty() {
            readings.push(Self {
                utf8: Vec::new(),
                utf16: Vec::new(),
            });
        }
        readings
    }
}

/// Says what a key of PKCS#12's own derivation is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    InitialVector = 2,
    Integrity = 3,
}

/// Decrypts bytes by the scheme that stands with them.
pub(super) fn decrypt(
    mut scheme: Reader<'_>,
    password: &Password,
    data: &[u8],
) -> Result<Vec<u8>, CertificateError> {
    let oid = scheme.oid()?;
    let parameters = scheme.sequence()?;
    match oid.as_str() {
        "1.2.840.113549.1.5.13" => pbes2(parameters, password, data),
        "1.2.840.113549.1.12.1.3" => pkcs12::<TdesEde3>(24, parameters, password, data),
        "1.2.840.113549.1.12.1.5" => pkcs12::<Rc2>(16, parameters, password, data),
        "1.2.840.113549.1.12.1.6" => pkcs12::<Rc2>(5, parameters, password, data),
        _ => Err(CertificateError::unsupported("the encryption", &oid)),
    }
}

/// Decrypts by a scheme of PKCS#12, all of which derive key and vector by SHA-1.
fn pkcs12<C: BlockCipher + BlockDecryptMut + KeyInit>(
    key_length: usize,
    mut parameters: Reader<'_>,
    password: &Password,
    data: &[u8],
) -> Result<Vec<u8>, CertificateError> {
    let salt = parameters.octets()?;
    let iterations = iterations(parameters.number()?)?;
    let derive = |purpose, length| {
        let hash = &digest::SHA1_FOR_LEGACY_USE_ONLY;
        derive(hash, purpose, password, &salt, iterations, length)
    };
    let (key, vector) = (
        derive(Purpose::Key, key_length),
        derive(Purpose::InitialVector, 8),
    );
    unchain::<C>(&key, &vector, data)
}

fn pbes2(
    mut parameters: Reader<'_>,
    password: &Password,
    data: &[u8],
) -> Result<Vec<u8>, CertificateError> {
    let mut derivation = parameters.sequence()?;
    let mut cipher = parameters.sequence()?;
    let oid = derivation.oid()?;
    if oid != "1.2.840.113549.1.5.12" {
        return Err(CertificateError::unsupported("the key derivation", &oid));
    }
    let derivation = derivation.sequence()?;
    let (oid, vector) = (cipher.oid()?, cipher.octets()?);
    let key = |length| pbkdf2_key(derivation, &password.utf8, length);
    match oid.as_str() {
        "2.16.840.1.101.3.4.1.2" => unchain::<Aes128>(&key(16)?, &vector, data),
        "2.16.840.1.101.3.4.1.22" => unchain::<Aes192>(&key(24)?, &vector, data),
        "2.16.840.1.101.3.4.1.42" => unchain::<Aes256>(&key(32)?, &vector, data),
        "1.2.840.113549.3.7" => unchain::<TdesEde3>(&key(24)?, &vector, data),
        _ => Err(CertificateError::unsupported("the cipher", &oid)),
    }
}

fn pbkdf2_key(
    mut parameters: Reader<'_>,
    password: &[u8],
    length: usize,
) -> Result<Vec<u8>, CertificateError> {
    let salt = parameters.octets()?;
    let iterations = iterations(parameters.number()?)?;
    // The length of the key may stand here; the cipher's name tells it anyway.
    let _ = parameters.optional(INTEGER)?;
    let function = match parameters.optional(SEQUENCE)? {
        None => "1.2.840.113549.2.7".to_owned(),
        Some(function) => Reader::new(function).oid()?,
    };
    let algorithm = match function.as_str() {
        "1.2.840.113549.2.7" => pbkdf2::PBKDF2_HMAC_SHA1,
        "1.2.840.113549.2.9" => pbkdf2::PBKDF2_HMAC_SHA256,
        "1.2.840.113549.2.10" => pbkdf2::PBKDF2_HMAC_SHA384,
        "1.2.840.113549.2.11" => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => {
            return Err(CertificateError::unsupported(
                "the key derivation",
                &function,
            ));
        }
    };
    let mut key = vec![0; length];
    pbkdf2::derive(algorithm, iterations, &salt, password, &mut key);
    Ok(key)
}

/// Derives a key as appendix B of RFC 7292 says.
pub(super) fn derive(
    hash: &'static digest::Algorithm,
    purpose: Purpose,
    password: &Password,
    salt: &[u8],
    iterations: NonZeroU32,
    length: usize,
) -> Vec<u8> {
    let block = hash.block_len();
    let mark = vec![purpose as u8; block];
    let mut input = repeated(salt, block);
    input.extend(repeated(&password.utf16, block));
    let mut derived = Vec::new();
    while derived.len() < length {
        let mut part = digest::digest(hash, &[mark.as_slice(), &input].concat());
        for _ in 1..iterations.get() {
            part = digest::digest(hash, part.as_ref());
        }
        derived.extend_from_slice(part.as_ref());
        let summand: Vec<u8> = part.as_ref().iter().copied().cycle().take(block).collect();
        for chunk in input.chunks_mut(block) {
            add_and_one(chunk, &summand);
        }
    }
    derived.truncate(length);
    derived
}

/// Repeats bytes until they fill whole blocks.
fn repeated(bytes: &[u8], block: usize) -> Vec<u8> {
    let length = bytes.len().div_ceil(block) * block;
    bytes.iter().copied().cycle().take(length).collect()
}

/// Adds a number and one to another of the same length; what runs over is dropped.
fn add_and_one(number: &mut [u8], summand: &[u8]) {
    let mut carry = 1_u16;
    for (digit, other) in number.iter_mut().zip(summand).rev() {
        let [high, low] = (u16::from(*digit) + u16::from(*other) + carry).to_be_bytes();
        *digit = low;
        carry = u16::from(high);
    }
}

/// Takes the number of turns that a file asks for.
pub(super) fn iterations(asked: u32) -> Result<NonZeroU32, CertificateError> {
    NonZeroU32::new(asked)
        .filter(|asked| asked.get() <= MOST_ITERATIONS)
        .ok_or(CertificateError::Unreadable)
}

/// Decrypts blocks that are chained. What comes out of a wrong password has no proper end.
fn unchain<C: BlockCipher + BlockDecryptMut + KeyInit>(
    key: &[u8],
    vector: &[u8],
    data: &[u8],
) -> Result<Vec<u8>, CertificateError> {
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, vector)
        .map_err(|_| CertificateError::Unreadable)?;
    let mut buffer = data.to_vec();
    let plain = cipher
        .decrypt_padded_mut::<Pkcs7>(&mut buffer)
        .map_err(|_| CertificateError::Password)?;
    Ok(plain.to_vec())
}
