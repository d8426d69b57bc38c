//! Reads values from MessagePack.

use std::collections::BTreeMap;

use rmp::Marker;
use rmp::decode as wire;

use super::{DEPTH, DecodeError, NULLNESS, REFINED_UNKNOWN, STRING_PREFIX};
use crate::path::Path;
use crate::types::Type;
use crate::value::number::Number;
use crate::value::{Refinements, Value};

/// What a step of reading gives; the place of a fault is added where it is known.
type Read<T> = Result<T, &'static str>;

pub(super) fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    let mut reader = Reader {
        rest: bytes,
        path: Path::root(),
        depth: 0,
    };
    let value = reader.value(ty).and_then(|value| {
        if reader.rest.is_empty() {
            Ok(value)
        } else {
            Err("bytes follow the value")
        }
    });
    value.map_err(|reason| DecodeError {
        path: reader.path,
        reason,
    })
}

/// What is left to read, and where in the value that is.
struct Reader<'a> {
    rest: &'a [u8],
    path: Path,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, ty: &Type) -> Read<Value> {
        match self.marker()? {
            Marker::Null => self.skip(1).map(|()| Value::Null),
            marker if is_extension(marker) => self.unknown().map(Value::Unknown),
            marker => self.known(marker, ty),
        }
    }

    fn known(&mut self, marker: Marker, ty: &Type) -> Read<Value> {
        match ty {
            Type::String => self.text().map(Value::String),
            Type::Number => self.number(marker).map(Value::Number),
            Type::Bool => wire::read_bool(&mut self.rest)
                .map(Value::Bool)
                .map_err(|_| "not a truth value"),
            Type::List(item) | Type::Set(item) => self.nested(|reader| reader.list(item)),
            Type::Tuple(items) => self.nested(|reader| reader.tuple(items)),
            Type::Map(item) => self.nested(|reader| reader.map(item)),
            Type::Object(attributes) => self.nested(|reader| reader.object(attributes)),
            Type::Dynamic => self.nested(Reader::dynamic),
        }
    }

    /// Reads one level deeper. The input decides how deep types of open values nest, so depth has a bound.
    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Read<Value>) -> Read<Value> {
        if self.depth >= DEPTH {
            return Err("nested too deep");
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// Reads a part; a fault in it leaves the path where it happened.
    fn part(&mut self, path: Path, ty: &Type) -> Read<Value> {
        let here = std::mem::replace(&mut self.path, path);
        let value = self.value(ty)?;
        self.path = here;
        Ok(value)
    }

    fn list(&mut self, item: &Type) -> Read<Value> {
        let length = self.array_length()?;
        let mut items = Vec::with_capacity(length);
        for index in 0..length {
            let path = self.path.clone().index(position(index));
            items.push(self.part(path, item)?);
        }
        Ok(Value::List(items))
    }

    fn tuple(&mut self, types: &[Type]) -> Read<Value> {
        if self.array_length()? != types.len() {
            return Err("a tuple of another length");
        }
        let mut items = Vec::with_capacity(types.len());
        for (index, ty) in types.iter().enumerate() {
            let path = self.path.clone().index(position(index));
            items.push(self.part(path, ty)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, item: &Type) -> Read<Value> {
        let mut entries = BTreeMap::new();
        for _ in 0..self.map_length()? {
            let key = self.text()?;
            let path = self.path.clone().key(&key);
            let value = self.part(path, item)?;
            if entries.insert(key, value).is_some() {
                return Err("a key that is there twice");
            }
        }
        Ok(Value::Map(entries))
    }

    fn object(&mut self, types: &BTreeMap<String, Type>) -> Read<Value> {
        let mut attributes = BTreeMap::new();
        for _ in 0..self.map_length()? {
            let name = self.text()?;
            let ty = types
                .get(&name)
                .ok_or("an attribute that the schema does not have")?;
            let path = self.path.clone().then(&name);
            let value = self.part(path, ty)?;
            if attributes.insert(name, value).is_some() {
                return Err("an attribute that is there twice");
            }
        }
        if attributes.len() == types.len() {
            Ok(Value::Map(attributes))
        } else {
            Err("an object without all its attributes")
        }
    }

    fn dynamic(&mut self) -> Read<Value> {
        if self.array_length()? != 2 {
            return Err("an open value that is no pair of type and value");
        }
        let ty = match self.marker()? {
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => self.binary()?,
            _ => self.text_bytes()?,
        };
        let ty = Type::from_bytes(ty).map_err(|_| "an open value of an unknown type")?;
        let value = self.value(&ty)?;
        Ok(Value::Dynamic(Box::new(ty), Box::new(value)))
    }

    fn number(&mut self, marker: Marker) -> Read<Number> {
        let rest = &mut self.rest;
        match marker {
            Marker::F64 => finite(wire::read_f64(rest).map_err(|_| SHORT)?),
            Marker::F32 => finite(f64::from(wire::read_f32(rest).map_err(|_| SHORT)?)),
            Marker::U64 => wire::read_u64(rest).map(Number::from).map_err(|_| SHORT),
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                self.text()?.parse().map_err(|_| "a text that is no number")
            }
            _ => wire::read_int::<i64, _>(rest)
                .map(Number::from)
                .map_err(|_| "not a number"),
        }
    }

    /// Every extension is an unknown value; refinements of other kinds than ours are dropped, which is allowed.
    fn unknown(&mut self) -> Read<Refinements> {
        let meta = wire::read_ext_meta(&mut self.rest).map_err(|_| SHORT)?;
        let body = self.take(meta.size)?;
        if meta.typeid == REFINED_UNKNOWN {
            refinements(body)
        } else {
            Ok(Refinements::default())
        }
    }

    fn text(&mut self) -> Read<String> {
        let bytes = self.text_bytes()?;
        String::from_utf8(bytes.to_vec()).map_err(|_| "a text that is not UTF-8")
    }

    fn text_bytes(&mut self) -> Read<&'a [u8]> {
        let length = wire::read_str_len(&mut self.rest).map_err(|_| "not a text")?;
        self.take(length)
    }

    fn binary(&mut self) -> Read<&'a [u8]> {
        let length = wire::read_bin_len(&mut self.rest).map_err(|_| SHORT)?;
        self.take(length)
    }

    fn array_length(&mut self) -> Read<usize> {
        let length = wire::read_array_len(&mut self.rest).map_err(|_| "not an array")?;
        self.fits(length, 1)
    }

    fn map_length(&mut self) -> Read<usize> {
        let length = wire::read_map_len(&mut self.rest).map_err(|_| "not a map")?;
        self.fits(length, 2)
    }

    /// Each part takes at least one byte, so a length beyond what is left is a lie.
    fn fits(&self, length: u32, bytes_each: usize) -> Read<usize> {
        usize::try_from(length)
            .ok()
            .filter(|length| length.saturating_mul(bytes_each) <= self.rest.len())
            .ok_or(SHORT)
    }

    fn take(&mut self, length: u32) -> Read<&'a [u8]> {
        let length = usize::try_from(length).map_err(|_| SHORT)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(SHORT)?;
        self.rest = rest;
        Ok(taken)
    }

    fn skip(&mut self, length: u32) -> Read<()> {
        self.take(length).map(|_| ())
    }

    fn marker(&self) -> Read<Marker> {
        self.rest
            .first()
            .map(|byte| Marker::from_u8(*byte))
            .ok_or(SHORT)
    }
}

const SHORT: &str = "the bytes end too early";

fn finite(number: f64) -> Read<Number> {
    Number::from_f64(number).ok_or("an infinite number")
}

fn position(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

fn is_extension(marker: Marker) -> bool {
    matches!(
        marker,
        Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32
    )
}

/// Reads refinements up to the first of a kind we do not keep: kinds ascend, so ours come first.
fn refinements(body: &[u8]) -> Read<Refinements> {
    let mut reader = Reader {
        rest: body,
        path: Path::root(),
        depth: 0,
    };
    let mut found = Refinements::default();
    for _ in 0..reader.map_length()? {
        match wire::read_int::<u64, _>(&mut reader.rest).map_err(|_| "a refinement without kind")? {
            NULLNESS => {
                let null = wire::read_bool(&mut reader.rest).map_err(|_| "a broken refinement")?;
                found.not_null = !null;
            }
            STRING_PREFIX => found.string_prefix = Some(reader.text()?),
            _ => break,
        }
    }
    Ok(found)
}
