//! Checks a body against its fields, in one pass over the bytes and without allocating.
//!
//! Encoders write fields in the order of their numbers, so fields and bytes are walked side by side. That
//! one walk finds what is unknown, misplaced, repeated or missing; every statement passes through it.

use super::error::BodyError;
use super::field::{Field, Shape};
use super::wire::{Payload, not_canonical, take};

pub(super) fn body(fields: &[Field], bytes: &[u8]) -> Result<(), BodyError> {
    let mut rest = bytes;
    let mut at = 0;
    // True once the field at `at` has been seen.
    let mut seen = false;
    while !rest.is_empty() {
        let (number, payload) = take(&mut rest)?;
        while fields.get(at).is_some_and(|f| f.number < number) {
            present(&fields[at], seen)?;
            at += 1;
            seen = false;
        }
        let field = fields.get(at).filter(|f| f.number == number).ok_or_else(|| unknown(fields, number))?;
        if seen && !field.repeated {
            return Err(not_canonical("a field that stands once is there twice").inside(&field.name));
        }
        seen = true;
        value(field, &payload).map_err(|e| e.inside(&field.name))?;
    }
    for field in fields.iter().skip(at) {
        present(field, seen)?;
        seen = false;
    }
    Ok(())
}

fn present(field: &Field, seen: bool) -> Result<(), BodyError> {
    if field.required && !seen { Err(BodyError::Missing { path: field.name.clone() }) } else { Ok(()) }
}

/// A number that is no field's, or a field's that should have stood earlier.
fn unknown(fields: &[Field], number: u32) -> BodyError {
    match fields.iter().find(|f| f.number == number) {
        Some(field) => not_canonical("the fields are not in order").inside(&field.name),
        None => BodyError::UnknownField { path: format!("field {number}"), nearest: None },
    }
}

fn value(field: &Field, payload: &Payload<'_>) -> Result<(), BodyError> {
    if field.sealed.is_some() {
        return Err(BodyError::Sealed { path: String::new() });
    }
    match (&field.shape, payload) {
        (Shape::Text, Payload::Bytes(bytes)) => text(field, bytes),
        (Shape::Bytes, Payload::Bytes(bytes)) => not_default(bytes.is_empty()),
        (Shape::Group(fields), Payload::Bytes(bytes)) => body(fields, bytes),
        (Shape::Flag, Payload::Varint(number)) => at_most(*number, 1),
        (Shape::Count(limit), Payload::Varint(number)) => at_most(*number, *limit),
        (Shape::Choice(choices), Payload::Varint(number)) => {
            not_default(*number == 0)?;
            let known = choices.iter().any(|c| c.number == *number);
            if known { Ok(()) } else { Err(wrong(field, number.to_string())) }
        }
        _ => Err(not_canonical("has the wire type of another field")),
    }
}

fn text(field: &Field, bytes: &[u8]) -> Result<(), BodyError> {
    not_default(bytes.is_empty())?;
    let text = std::str::from_utf8(bytes).map_err(|_| not_canonical("is not UTF-8"))?;
    if field.format.accepts(text) { Ok(()) } else { Err(wrong(field, format!("{text:?}"))) }
}

/// Encoders leave defaults out; an empty item of a list says nothing either.
fn not_default(is_default: bool) -> Result<(), BodyError> {
    if is_default { Err(not_canonical("is empty; leave it out")) } else { Ok(()) }
}

fn at_most(number: u64, limit: u64) -> Result<(), BodyError> {
    not_default(number == 0)?;
    if number <= limit { Ok(()) } else { Err(not_canonical("is too large")) }
}

pub(super) fn wrong(field: &Field, got: String) -> BodyError {
    BodyError::Value { path: String::new(), expected: expected(field), got }
}

/// What one value of the field takes, enum words listed.
pub(super) fn expected(field: &Field) -> String {
    let words: Vec<&str> = field.choices().iter().map(|c| c.word.as_str()).collect();
    if !words.is_empty() {
        return format!("one of {}", words.join(", "));
    }
    Field { repeated: false, ..field.clone() }.type_words()
}
