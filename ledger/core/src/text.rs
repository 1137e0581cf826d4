//! The two ways in which the C2SP text formats write values, read back strictly: one value, one text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Reads an ASCII decimal: digits only, no leading zero except in `0` itself, at most 2^64 − 1.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits_only = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = digits_only && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

/// Reads padded standard base64 (RFC 4648 §4) without spare bits.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Writes padded standard base64 (RFC 4648 §4).
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
