//! The elements of ASN.1's binary encodings, as far as key files need them.
//!
//! Lengths may be indefinite and texts in pieces: some programs write PKCS#12 files so. What the
//! elements mean is left to the readers of each format.

/// Says that bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Odd;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BITS: u8 = 0x03;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
/// Marks the first alternative or option inside a structure.
pub(super) const CONTEXT_0: u8 = 0xa0;

const CONSTRUCTED: u8 = 0x20;
const END_OF_CONTENTS: u8 = 0x00;
/// No key file is nested more deeply; a made-up one could exhaust the stack.
const DEEPEST: u32 = 24;

/// Is one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// The element with its tag and length.
    pub(super) whole: &'a [u8],
    pub(super) content: &'a [u8],
}

/// Reads elements one after another.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Enters the only element of these bytes, a sequence; what follows it is ignored.
    pub(super) fn sequence_of(bytes: &'a [u8]) -> Result<Self, Odd> {
        Self::new(bytes).sequence()
    }

    pub(super) fn is_at_its_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads the next element, whatever it is.
    pub(super) fn next(&mut self) -> Result<Element<'a>, Odd> {
        let (element, rest) = element(self.rest, DEEPEST)?;
        self.rest = rest;
        Ok(element)
    }

    /// Reads the next element, which has this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Odd> {
        let element = self.next()?;
        (element.tag == tag).then_some(element.content).ok_or(Odd)
    }

    /// Reads the next element if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Odd> {
        match self.rest.first() {
            Some(next) if *next == tag => self.expect(tag).map(Some),
            _ => Ok(None),
        }
    }

    /// Enters the next element, a sequence.
    pub(super) fn sequence(&mut self) -> Result<Self, Odd> {
        self.expect(SEQUENCE).map(Self::new)
    }

    /// Reads the next element, a string of bytes that may be in pieces.
    pub(super) fn octets(&mut self) -> Result<Vec<u8>, Odd> {
        let element = self.next()?;
        joined(element, OCTETS, DEEPEST)
    }

    /// Reads the next element, a string of bytes that bears another tag.
    pub(super) fn octets_tagged(&mut self, tag: u8) -> Result<Vec<u8>, Odd> {
        let element = self.next()?;
        joined(element, tag & !CONSTRUCTED, DEEPEST)
    }

    /// Reads the next element, a number that is not negative.
    pub(super) fn number(&mut self) -> Result<u32, Odd> {
        let content = self.expect(INTEGER)?;
        if content.is_empty() || content.first().is_some_and(|first| first & 0x80 != 0) {
            return Err(Odd);
        }
        content.iter().try_fold(0_u32, |number, byte| {
            let shifted = number.checked_mul(256).ok_or(Odd)?;
            Ok(shifted | u32::from(*byte))
        })
    }

    /// Reads the next element, an object identifier, and writes it with dots.
    pub(super) fn oid(&mut self) -> Result<String, Odd> {
        dotted(self.expect(OID)?)
    }
}

fn element(bytes: &[u8], depth: u32) -> Result<(Element<'_>, &[u8]), Odd> {
    let (&tag, after_tag) = bytes.split_first().ok_or(Odd)?;
    if tag & 0x1f == 0x1f {
        return Err(Odd);
    }
    let (&first, after_length) = after_tag.split_first().ok_or(Odd)?;
    if first == 0x80 {
        return indefinite(tag, bytes, after_length, depth);
    }
    let (length, after_length) = match first {
        0..0x80 => (usize::from(first), after_length),
        _ => long_length(usize::from(first & 0x7f), after_length)?,
    };
    let (content, rest) = after_length.split_at_checked(length).ok_or(Odd)?;
    let whole = bytes.get(..bytes.len() - rest.len()).ok_or(Odd)?;
    Ok((
        Element {
            tag,
            whole,
            content,
        },
        rest,
    ))
}

fn long_length(digits: usize, bytes: &[u8]) -> Result<(usize, &[u8]), Odd> {
    let (digits, rest) = bytes.split_at_checked(digits).ok_or(Odd)?;
    let length = digits.iter().try_fold(0_usize, |length, digit| {
        Ok(length.checked_mul(256).ok_or(Odd)? | usize::from(*digit))
    })?;
    Ok((length, rest))
}

/// Finds the end of an element that has no length: it is where two zero bytes stand for an element.
fn indefinite<'a>(
    tag: u8,
    bytes: &'a [u8],
    content: &'a [u8],
    depth: u32,
) -> Result<(Element<'a>, &'a [u8]), Odd> {
    if tag & CONSTRUCTED == 0 || depth == 0 {
        return Err(Odd);
    }
    let mut rest = content;
    loop {
        let (inner, after) = element(rest, depth - 1)?;
        if inner.tag == END_OF_CONTENTS && inner.content.is_empty() {
            let content = content.get(..content.len() - rest.len()).ok_or(Odd)?;
            let whole = bytes.get(..bytes.len() - after.len()).ok_or(Odd)?;
            let element = Element {
                tag,
                whole,
                content,
            };
            return Ok((element, after));
        }
        rest = after;
    }
}

fn joined(element: Element<'_>, tag: u8, depth: u32) -> Result<Vec<u8>, Odd> {
    if element.tag == tag {
        return Ok(element.content.to_vec());
    }
    if element.tag != tag | CONSTRUCTED || depth == 0 {
        return Err(Odd);
    }
    let mut reader = Reader::new(element.content);
    let mut whole = Vec::new();
    while !reader.is_at_its_end() {
        whole.extend(joined(reader.next()?, OCTETS, depth - 1)?);
    }
    Ok(whole)
}

fn dotted(content: &[u8]) -> Result<String, Odd> {
    let mut parts: Vec<u64> = Vec::new();
    let mut part = 0_u64;
    for byte in content {
        part = part.checked_mul(128).ok_or(Odd)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            parts.push(part);
            part = 0;
        }
    }
    let (first, others) = parts.split_first().ok_or(Odd)?;
    // The first two parts share a place.
    let root = (first / 40).min(2);
    let mut text = format!("{root}.{}", first - root * 40);
    for other in others {
        text.push_str(&format!(".{other}"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_identifier_is_written_with_dots() {
        let check = |bytes: &[u8], expected: &str| {
            assert_eq!(dotted(bytes).as_deref(), Ok(expected));
        };
        check(
            b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01",
            "1.2.840.113549.1.7.1",
        );
        check(
            b"\x60\x86\x48\x01\x65\x03\x04\x02\x01",
            "2.16.840.1.101.3.4.2.1",
        );
        check(b"\x88\x37", "2.999");
        assert_eq!(dotted(b""), Err(Odd));
    }

    #[test]
    fn strings_in_pieces_and_without_length_are_joined() {
        let check = |bytes: &[u8], expected: Result<&[u8], Odd>| {
            let read = Reader::new(bytes).octets();
            assert_eq!(read.as_deref(), expected.as_deref(), "{bytes:?}");
        };
        check(b"\x04\x02ab", Ok(b"ab"));
        check(b"\x24\x06\x04\x01a\x04\x01b", Ok(b"ab"));
        check(b"\x24\x80\x04\x01a\x24\x80\x04\x01b\0\0\0\0", Ok(b"ab"));
        check(b"\x24\x80\x04\x01a", Err(Odd));
        check(b"\x04\x82\xff\xffa", Err(Odd));
        check(b"\x04\x89\x01\x01\x01\x01\x01\x01\x01\x01\x01", Err(Odd));
    }

    #[test]
    fn numbers_are_small_and_not_negative() {
        let check = |bytes: &[u8], expected| assert_eq!(Reader::new(bytes).number(), expected);
        check(b"\x02\x02\x08\x00", Ok(2048));
        check(b"\x02\x01\xff", Err(Odd));
        check(b"\x02\x05\x01\x00\x00\x00\x00", Err(Odd));
        check(b"\x02\x00", Err(Odd));
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while let Ok(element) = reader.next() {
                prop_assert!(element.whole.len() > element.content.len());
            }
            let _ = Reader::new(&bytes).octets();
        }
    }
}
