//! What goes through the door.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::bus::message::{Headers, Message};
use crate::bus::names::MAX_MESSAGE_BYTES;
use crate::bus::service::{EndpointSeen, ServiceSeen};

/// Bytes of a head: some headers and a subject, or a survey of a hundred services.
const MAX_HEAD_BYTES: usize = 256 << 10;

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Question {
    Ask { subject: String, headers: BTreeMap<String, String>, timeout_ms: u64 },
    Tell { subject: String, headers: BTreeMap<String, String> },
    Listen { pattern: String },
    Survey { wait_ms: u64 },
    Tail { stream: String },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// An answer, or what was told on a subject listened to.
    Message {
        subject: String,
        headers: BTreeMap<String, String>,
    },
    /// Listening from here on; told.
    Done,
    NobodyThere(String),
    TimedOut(String),
    Refused {
        code: u16,
        sentence: String,
    },
    Seen(Vec<Seen>),
    Tail {
        first_sequence: u64,
        last_sequence: u64,
        messages: u64,
        deleted: u64,
    },
    NoStream(String),
    Failed(String),
}

/// A service seen, as it goes through the door.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    name: String,
    id: String,
    version: String,
    endpoints: Vec<(String, String, u64, u64)>,
    metadata: BTreeMap<String, String>,
    figures: serde_json::Value,
}

impl From<ServiceSeen> for Seen {
    fn from(seen: ServiceSeen) -> Self {
        let ServiceSeen { name, id, version, endpoints, metadata, figures } = seen;
        let each = |e: EndpointSeen| (e.name, e.subject, e.requests, e.errors);
        Self { name, id, version, endpoints: endpoints.into_iter().map(each).collect(), metadata, figures }
    }
}

impl From<Seen> for ServiceSeen {
    fn from(seen: Seen) -> Self {
        let Seen { name, id, version, endpoints, metadata, figures } = seen;
        let each = |(name, subject, requests, errors)| EndpointSeen { name, subject, requests, errors };
        Self { name, id, version, endpoints: endpoints.into_iter().map(each).collect(), metadata, figures }
    }
}

pub(super) fn plain(headers: &Headers) -> BTreeMap<String, String> {
    headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

pub(super) fn headers(plain: &BTreeMap<String, String>) -> Headers {
    plain.iter().fold(Headers::new(), |headers, (name, value)| headers.with(name, value))
}

pub(super) fn message(subject: String, plain: &BTreeMap<String, String>, payload: Bytes) -> Message {
    Message { subject, headers: headers(plain), payload, sequence: None }
}

pub(super) async fn write<W: AsyncWrite + Unpin>(
    to: &mut W,
    head: &impl Serialize,
    payload: &[u8],
) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    to.write_all(&length(&head, MAX_HEAD_BYTES)?).await?;
    to.write_all(&head).await?;
    to.write_all(&length(payload, MAX_MESSAGE_BYTES)?).await?;
    to.write_all(payload).await?;
    to.flush().await
}

pub(super) async fn read<T: DeserializeOwned, R: AsyncRead + Unpin>(from: &mut R) -> io::Result<(T, Bytes)> {
    let head = part(from, MAX_HEAD_BYTES).await?;
    let payload = part(from, MAX_MESSAGE_BYTES).await?;
    Ok((serde_json::from_slice(&head)?, payload.into()))
}

fn length(part: &[u8], most: usize) -> io::Result<[u8; 4]> {
    let fits = u32::try_from(part.len()).ok().filter(|_| part.len() <= most);
    fits.map(u32::to_be_bytes).ok_or_else(|| too_long(part.len(), most))
}

async fn part<R: AsyncRead + Unpin>(from: &mut R, most: usize) -> io::Result<Vec<u8>> {
    let length = usize::try_from(from.read_u32().await?).unwrap_or(usize::MAX);
    if length > most {
        return Err(too_long(length, most));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn too_long(length: usize, most: usize) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{length} bytes do not fit through the door; {most} do"),
    )
}
