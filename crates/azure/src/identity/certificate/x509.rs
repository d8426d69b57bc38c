//! What a certificate says about whose it is, unverified: Entra ID verifies it.

use super::ber::{BITS, CONTEXT_0, Odd, Reader};

/// Is what tells which key a certificate belongs to, and which certificate certifies it.
pub(super) struct Names<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    public_key: &'a [u8],
}

impl<'a> Names<'a> {
    pub(super) fn read(certificate: &'a [u8]) -> Result<Self, Odd> {
        let mut reader = Reader::sequence_of(certificate)?.sequence()?;
        let _version = reader.optional(CONTEXT_0)?;
        let _serial_number = reader.next()?;
        let _signature_algorithm = reader.next()?;
        let issuer = reader.next()?.whole;
        let _validity = reader.next()?;
        let subject = reader.next()?.whole;
        let mut key = reader.sequence()?;
        let _key_algorithm = key.next()?;
        // A count of unused bits stands before the key; it is zero.
        let public_key = key.expect(BITS)?.get(1..).ok_or(Odd)?;
        Ok(Self {
            issuer,
            subject,
            public_key,
        })
    }
}

/// Puts the certificate of a key first and those that certify it behind it, one by one.
///
/// `None` if no certificate belongs to the key.
pub(super) fn chain(certificates: &[Vec<u8>], public_key: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut known: Vec<(&Vec<u8>, Names<'_>)> = certificates
        .iter()
        .filter_map(|der| Some((der, Names::read(der).ok()?)))
        .collect();
    let own = |(_, names): &(&Vec<u8>, Names<'_>)| names.public_key == public_key;
    let mut next = known.iter().position(own);
    let mut chain = Vec::new();
    while let Some(position) = next {
        let (der, names) = known.swap_remove(position);
        chain.push(der.clone());
        next = known
            .iter()
            .position(|(_, other)| other.subject == names.issuer);
    }
    (!chain.is_empty()).then_some(chain)
}
