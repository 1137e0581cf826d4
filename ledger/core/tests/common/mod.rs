//! What the vector tests share: where the vectors are, and seeds that make keys.

#![allow(dead_code, unused_imports, reason = "each test binary uses its own part")]

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

#[path = "../shared_data/mod.rs"]
mod shared_data;

pub(crate) use shared_data::file as shared;

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a vector file can be read"))
        .expect("vectors are JSON")
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

pub(crate) fn base64(value: &Value) -> Vec<u8> {
    STANDARD.decode(text(value)).expect("base64")
}

/// 32 bytes counting up from `first`: the worked example's log seed begins at 00, its witness's at 20.
pub(crate) fn seed(first: u8) -> [u8; 32] {
    std::array::from_fn(|i| first + u8::try_from(i).expect("32 is small"))
}
