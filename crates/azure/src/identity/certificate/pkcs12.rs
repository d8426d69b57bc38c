//! PKCS#12 files: certificates and keys in bags, under a password.

use ring::{digest, hmac};

use super::{
    CertificateError, Contents, PrivateKey,
    ber::{CONTEXT_0, Reader, SEQUENCE},
    encryption::{self, Password, Purpose},
};

const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";
const KEY_BAG: &str = "1.2.840.113549.1.12.10.1.1";
const ENCRYPTED_KEY_BAG: &str = "1.2.840.113549.1.12.10.1.2";
const CERTIFICATE_BAG: &str = "1.2.840.113549.1.12.10.1.3";
const X509_CERTIFICATE: &str = "1.2.840.113549.1.9.22.1";

/// Reads a file; an absent password is an empty one.
pub(super) fn read(file: &[u8], password: &str) -> Result<Contents, CertificateError> {
    let mut reader = Reader::sequence_of(file)?;
    if reader.number()? != 3 {
        return Err(CertificateError::Unreadable);
    }
    let mut content = reader.sequence()?;
    let kind = content.oid()?;
    if kind != DATA {
        return Err(CertificateError::unsupported("the integrity mode", &kind));
    }
    let authenticated = Reader::new(content.expect(CONTEXT_0)?).octets()?;
    let integrity = reader.optional(SEQUENCE)?.map(Reader::new);
    let password = fitting(
        Password::readings(password),
        integrity.as_ref(),
        &authenticated,
    )?;
    let mut contents = Contents::default();
    let mut parts = Reader::sequence_of(&authenticated)?;
    while !parts.is_at_its_end() {
        read_part(parts.sequence()?, &password, &mut contents)?;
    }
    Ok(contents)
}

/// Finds the reading of the password under which the file is whole.
fn fitting(
    readings: Vec<Password>,
    integrity: Option<&Reader<'_>>,
    data: &[u8],
) -> Result<Password, CertificateError> {
    for password in readings {
        let fits = match integrity {
            Some(integrity) => is_whole(integrity.clone(), &password, data)?,
            None => true,
        };
        if fits {
            return Ok(password);
        }
    }
    Err(CertificateError::Password)
}

fn is_whole(
    mut integrity: Reader<'_>,
    password: &Password,
    data: &[u8],
) -> Result<bool, CertificateError> {
    let mut sum = integrity.sequence()?;
    let name = sum.sequence()?.oid()?;
    let expected = sum.octets()?;
    let salt = integrity.octets()?;
    let iterations = if integrity.is_at_its_end() {
        1
    } else {
        integrity.number()?
    };
    let (hash, algorithm) = match name.as_str() {
        "1.3.14.3.2.26" => (
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        ),
        "2.16.840.1.101.3.4.2.1" => (&digest::SHA256, hmac::HMAC_SHA256),
        "2.16.840.1.101.3.4.2.2" => (&digest::SHA384, hmac::HMAC_SHA384),
        "2.16.840.1.101.3.4.2.3" => (&digest::SHA512, hmac::HMAC_SHA512),
        _ => return Err(CertificateError::unsupported("the checksum", &name)),
    };
    let iterations = encryption::iterations(iterations)?;
    let length = hash.output_len();
    let key = encryption::derive(
        hash,
        Purpose::Integrity,
        password,
        &salt,
        iterations,
        length,
    );
    Ok(hmac::verify(&hmac::Key::new(algorithm, &key), data, &expected).is_ok())
}

/// Reads one part of the file: bags, or encrypted bags.
fn read_part(
    mut part: Reader<'_>,
    password: &Password,
    contents: &mut Contents,
) -> Result<(), CertificateError> {
    let kind = part.oid()?;
    let mut inner = Reader::new(part.expect(CONTEXT_0)?);
    let bags = match kind.as_str() {
        DATA => inner.octets()?,
        ENCRYPTED_DATA => {
            let mut envelope = inner.sequence()?;
            envelope.number()?;
            let mut encrypted = envelope.sequence()?;
            encrypted.oid()?;
            let scheme = encrypted.sequence()?;
            let data = encrypted.octets_tagged(CONTEXT_0)?;
            encryption::decrypt(scheme, password, &data)?
        }
        _ => return Err(CertificateError::unsupported("a part", &kind)),
    };
    let mut bags = Reader::sequence_of(&bags)?;
    while !bags.is_at_its_end() {
        read_bag(bags.sequence()?, password, contents)?;
    }
    Ok(())
}

/// Reads one bag. Kinds that hold neither key nor certificate are passed over.
fn read_bag(
    mut bag: Reader<'_>,
    password: &Password,
    contents: &mut Contents,
) -> Result<(), CertificateError> {
    let kind = bag.oid()?;
    let content = bag.expect(CONTEXT_0)?;
    match kind.as_str() {
        KEY_BAG => contents.keys.push(PrivateKey::Pkcs8(content.to_vec())),
        ENCRYPTED_KEY_BAG => {
            let key = decrypt_key(content, password)?;
            contents.keys.push(PrivateKey::Pkcs8(key));
        }
        CERTIFICATE_BAG => {
            let mut certificate = Reader::sequence_of(content)?;
            if certificate.oid()? == X509_CERTIFICATE {
                let der = Reader::new(certificate.expect(CONTEXT_0)?).octets()?;
                contents.certificates.push(der);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Decrypts a private key; PEM files hold such ones too.
pub(super) fn decrypt_key(
    encrypted: &[u8],
    password: &Password,
) -> Result<Vec<u8>, CertificateError> {
    let mut key = Reader::sequence_of(encrypted)?;
    let scheme = key.sequence()?;
    encryption::decrypt(scheme, password, &key.octets()?)
}
