//! The protobuf wire format, as far as the vocabulary uses it, and strictly: one encoding per value.

use super::error::BodyError;

/// One field as it stands in the bytes.
pub(super) enum Payload<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 2.
    Bytes(&'a [u8]),
}

pub(super) fn not_canonical(problem: &'static str) -> BodyError {
    BodyError::Encoding { path: String::new(), problem }
}

/// Takes the next field off `rest`: its number and what it holds. `rest` must not be empty.
pub(super) fn take<'a>(rest: &mut &'a [u8]) -> Result<(u32, Payload<'a>), BodyError> {
    let tag = take_varint(rest)?;
    let number = u32::try_from(tag >> 3).map_err(|_| not_canonical("a field number is too large"))?;
    match tag & 7 {
        0 => Ok((number, Payload::Varint(take_varint(rest)?))),
        2 => {
            let length = usize::try_from(take_varint(rest)?).unwrap_or(usize::MAX);
            let (head, tail) =
                rest.split_at_checked(length).ok_or_else(|| not_canonical("the bytes end too early"))?;
            *rest = tail;
            Ok((number, Payload::Bytes(head)))
        }
        _ => Err(not_canonical("a wire type that no field of the vocabulary has")),
    }
}

/// A varint in its shortest form.
fn take_varint(rest: &mut &[u8]) -> Result<u64, BodyError> {
    let mut value = 0u64;
    for (i, &byte) in rest.iter().take(10).enumerate() {
        let bits = u64::from(byte & 0x7f);
        if i == 9 && bits > 1 {
            return Err(not_canonical("a number is too large"));
        }
        value |= bits << (7 * i);
        if byte < 0x80 {
            if byte == 0 && i > 0 {
                return Err(not_canonical("a number is not in its shortest form"));
            }
            *rest = &rest[i + 1..];
            return Ok(value);
        }
    }
    Err(not_canonical("the bytes end too early"))
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn put_number(out: &mut Vec<u8>, field: u32, value: u64) {
    put_varint(out, u64::from(field) << 3);
    put_varint(out, value);
}

pub(super) fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_varint(out, u64::from(field) << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
