//! A body from JSON and back. YAML comes through here too.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Map, Value};

use super::error::{BodyError, nearest};
use super::field::{Field, Shape};
use super::validate::expected;
use super::wire::{Payload, not_canonical, put_bytes, put_number, take};

pub(super) fn encode(fields: &[Field], value: &Value) -> Result<Vec<u8>, BodyError> {
    let Value::Object(given) = value else {
        return Err(wanted("fields, each with its name", value));
    };
    if let Some(name) = given.keys().find(|name| fields.iter().all(|f| f.name != **name)) {
        let nearest = nearest(name, fields.iter().map(|f| f.name.as_str()));
        return Err(BodyError::UnknownField { path: name.clone(), nearest });
    }
    let mut out = Vec::new();
    for field in fields {
        if let Some(value) = given.get(&field.name).filter(|v| !v.is_null()) {
            put_field(&mut out, field, value).map_err(|e| e.inside(&field.name))?;
        }
    }
    Ok(out)
}

fn put_field(out: &mut Vec<u8>, field: &Field, value: &Value) -> Result<(), BodyError> {
    if !field.repeated {
        return put_value(out, field, value);
    }
    let Value::Array(items) = value else {
        return Err(wanted(&format!("a {}", field.type_words()), value));
    };
    for (i, item) in items.iter().enumerate() {
        let before = out.len();
        put_value(out, field, item).map_err(|e| e.inside(&i.to_string()))?;
        if out.len() == before {
            return Err(wanted("something", item).inside(&i.to_string()));
        }
    }
    Ok(())
}

/// Writes one value, or nothing where it is the default.
fn put_value(out: &mut Vec<u8>, field: &Field, value: &Value) -> Result<(), BodyError> {
    let wrong = || wanted(&expected(field), value);
    match &field.shape {
        Shape::Group(fields) => put_bytes(out, field.number, &encode(fields, value)?),
        Shape::Text => {
            let text = value.as_str().ok_or_else(|| text_wanted(field, value))?;
            if !text.is_empty() {
                if !field.format.accepts(text) {
                    return Err(wrong());
                }
                put_bytes(out, field.number, text.as_bytes());
            }
        }
        Shape::Bytes => {
            let bytes = value.as_str().and_then(bytes_from_text).ok_or_else(wrong)?;
            if !bytes.is_empty() {
                put_bytes(out, field.number, &bytes);
            }
        }
        Shape::Flag => {
            if value.as_bool().ok_or_else(wrong)? {
                put_number(out, field.number, 1);
            }
        }
        Shape::Count(limit) => {
            let number = value.as_u64().filter(|n| n <= limit).ok_or_else(wrong)?;
            if number > 0 {
                put_number(out, field.number, number);
            }
        }
        Shape::Choice(_) => {
            let choice = value.as_str().and_then(|word| field.choice(word)).ok_or_else(wrong)?;
            put_number(out, field.number, choice.number);
        }
    }
    Ok(())
}

/// Hexadecimal where it can be read so, else base64 with or without padding.
fn bytes_from_text(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    hex::decode(text).or_else(|_| STANDARD.decode(text)).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()
}

/// YAML reads an unquoted 4.10 as the number 4.1, so a number is never taken for a text.
fn text_wanted(field: &Field, value: &Value) -> BodyError {
    let hint = if value.is_number() || value.is_boolean() { ", in quotes" } else { "" };
    wanted(&format!("{}{hint}", expected(field)), value)
}

fn wanted(expected: &str, got: &Value) -> BodyError {
    let got = match got {
        Value::Object(_) => "fields".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        other => other.to_string(),
    };
    BodyError::Value { path: String::new(), expected: expected.to_owned(), got }
}

pub(super) fn decode(fields: &[Field], bytes: &[u8]) -> Result<Value, BodyError> {
    let mut rest = bytes;
    let mut object = Map::new();
    while !rest.is_empty() {
        let (number, payload) = take(&mut rest)?;
        let unknown = || BodyError::UnknownField { path: format!("field {number}"), nearest: None };
        let field = fields.iter().find(|f| f.number == number).ok_or_else(unknown)?;
        let value = decode_value(field, &payload).map_err(|e| e.inside(&field.name))?;
        if !field.repeated {
            object.insert(field.name.clone(), value);
        } else if let Value::Array(items) =
            object.entry(field.name.clone()).or_insert_with(|| Value::Array(Vec::new()))
        {
            items.push(value);
        }
    }
    Ok(Value::Object(object))
}

fn decode_value(field: &Field, payload: &Payload<'_>) -> Result<Value, BodyError> {
    Ok(match (&field.shape, payload) {
        (Shape::Text, Payload::Bytes(bytes)) => {
            std::str::from_utf8(bytes).map_err(|_| not_canonical("is not UTF-8"))?.into()
        }
        (Shape::Bytes, Payload::Bytes(bytes)) => hex::encode(bytes).into(),
        (Shape::Group(fields), Payload::Bytes(bytes)) => decode(fields, bytes)?,
        (Shape::Flag, Payload::Varint(number)) => (*number != 0).into(),
        (Shape::Count(_), Payload::Varint(number)) => (*number).into(),
        (Shape::Choice(choices), Payload::Varint(number)) => {
            match choices.iter().find(|c| c.number == *number) {
                Some(choice) => choice.word.clone().into(),
                None => return Err(super::validate::wrong(field, number.to_string())),
            }
        }
        _ => return Err(not_canonical("has the wire type of another field")),
    })
}
