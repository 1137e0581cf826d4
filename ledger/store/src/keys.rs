//! Every key kind of the index. Numbers are big-endian, so that new keys append to their kind.
//!
//! | Key | Value | Written | Removed |
//! |---|---|---|---|
//! | `m` | format version, [`crate::second::Progress`] | last of every step | never |
//! | `e` bundle number (8) part (2) | zstd of 32 entries, each with its u16 length | as entries arrive; the last, incomplete bundle again until it is full | never |
//! | `t` tile number (8) part (2) | 256 leaf hashes | with its block | never |
//! | `b` block number (8) part (2) | 16 roots of full tiles | with its block | never |
//! | `i`/`s` level (1) run (4) page (4) | up to 3,072 bytes of sorted records | with the block that completes the run | when a larger run replaces it |
//! | `I`/`S` level (1) run (4) part (2) | the run's page fences and filter | as above | as above |
//! | `c`/`r` record number (8) part (2) | a record of the checkpoint or refusal journal | as records arrive | a refusal's when the journal drops it |
//!
//! A value longer than [`MAX_VALUE_BYTES`] is cut into parts; the first opens with the u16 number of parts.

use bytes::{Bytes, BytesMut};

use crate::index::{Kv, MAX_VALUE_BYTES, Trouble, Write};

pub(crate) const PROGRESS: u8 = b'm';
pub(crate) const BUNDLE: u8 = b'e';
pub(crate) const TILE: u8 = b't';
pub(crate) const BLOCK_ROOTS: u8 = b'b';
pub(crate) const ID_PAGE: u8 = b'i';
pub(crate) const ID_RUN: u8 = b'I';
pub(crate) const STREAM_PAGE: u8 = b's';
pub(crate) const STREAM_RUN: u8 = b'S';
pub(crate) const CHECKPOINT: u8 = b'c';
pub(crate) const REFUSAL: u8 = b'r';

/// A key kind and a number.
pub(crate) fn numbered(kind: u8, number: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(11);
    key.push(kind);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// Adds the writes that store a long value under `key`, in parts.
pub(crate) fn write_parts(writes: &mut Vec<Write>, key: &[u8], value: &[u8]) {
    let count = (value.len() + 2).div_ceil(MAX_VALUE_BYTES);
    let count = u16::try_from(count).expect("no value has more than 65,535 parts of 4 KiB");
    let (first, rest) = value.split_at(value.len().min(MAX_VALUE_BYTES - 2));
    let mut head = Vec::with_capacity(first.len() + 2);
    head.extend_from_slice(&count.to_be_bytes());
    head.extend_from_slice(first);
    writes.push((part(key, 0), Some(head)));
    for (n, chunk) in (1..).zip(rest.chunks(MAX_VALUE_BYTES)) {
        writes.push((part(key, n), Some(chunk.to_vec())));
    }
}

/// Reads a long value back.
pub(crate) fn read_parts(kv: &Kv, key: &[u8]) -> Result<Option<Bytes>, Trouble> {
    let Some(first) = kv.get(&part(key, 0))? else { return Ok(None) };
    if first.len() < 2 {
        return Err(format!("the index holds a value of {} bytes where two or more belong", first.len()));
    }
    let count = u16::from_be_bytes([first[0], first[1]]);
    if count <= 1 {
        return Ok(Some(first.slice(2..)));
    }
    let mut value = BytesMut::from(&first[2..]);
    for n in 1..count {
        let chunk = kv.get(&part(key, n))?.ok_or("the index lacks a part of a value")?;
        value.extend_from_slice(&chunk);
    }
    Ok(Some(value.freeze()))
}

/// Adds the removals of a long value; `false` when there is none.
pub(crate) fn remove_parts(kv: &Kv, writes: &mut Vec<Write>, key: &[u8]) -> Result<bool, Trouble> {
    let Some(first) = kv.get(&part(key, 0))? else { return Ok(false) };
    let count = first.first_chunk().map_or(1, |count| u16::from_be_bytes(*count).max(1));
    writes.extend((0..count).map(|n| (part(key, n), None)));
    Ok(true)
}

fn part(key: &[u8], n: u16) -> Vec<u8> {
    [key, &n.to_be_bytes()].concat()
}
