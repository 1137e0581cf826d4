//! Finds something in the free text of a body, without decoding it.

use super::field::{Field, Shape};
use super::format::Format;
use super::wire::{Payload, take};

/// Free text only: dates, addresses, identifiers and digests have a format that says what they are.
/// Bytes that are no body of these fields end the search; `validate` tells them apart.
pub(super) fn find<T>(
    fields: &[Field],
    bytes: &[u8],
    test: &mut dyn FnMut(&str) -> Option<T>,
) -> Option<(String, T)> {
    let mut rest = bytes;
    let (mut last, mut item) = (0, 0);
    while !rest.is_empty() {
        let (number, payload) = take(&mut rest).ok()?;
        item = if number == last { item + 1 } else { 0 };
        last = number;
        let field = fields.iter().find(|f| f.number == number)?;
        let Payload::Bytes(bytes) = payload else { continue };
        let place = |inner: &str| {
            let item = if field.repeated { format!(".{item}") } else { String::new() };
            let dot = if inner.is_empty() { "" } else { "." };
            format!("{}{item}{dot}{inner}", field.name)
        };
        match &field.shape {
            Shape::Text if field.format == Format::Text => {
                if let Some(found) = std::str::from_utf8(bytes).ok().and_then(&mut *test) {
                    return Some((place(""), found));
                }
            }
            Shape::Group(fields) => {
                if let Some((inner, found)) = find(fields, bytes, test) {
                    return Some((place(&inner), found));
                }
            }
            _ => {}
        }
    }
    None
}
