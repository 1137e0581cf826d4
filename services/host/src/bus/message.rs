//! What travels: a subject, a few headers, bytes.

use std::collections::BTreeMap;

use bytes::Bytes;

/// Headers of a message. Nothing signs them: they are routing copies, and a reader who finds one at odds
/// with the payload believes the payload. Values are printable ASCII.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<String, String>);

/// The W3C trace context's header.
pub const TRACEPARENT: &str = "traceparent";

/// Header by which a stream keeps a message's id with it.
pub const MESSAGE_ID: &str = "Nats-Msg-Id";

/// Header that makes a fence of content beside [`Outgoing::expect_last`]: the stream takes the message only if its last
/// message has this id. Sequences come again when a stream loses its end; an id that is made from a digest does not.
///
/// In process only. NATS knows the header, and is not sent it: it costs a cluster the copy of every server that is killed
/// (`faults::the_recorder_and_the_server_that_lead_are_killed_together`).
pub const EXPECTED_LAST_ID: &str = "Nats-Expected-Last-Msg-Id";

/// What a CloudEvents reader wants to see in headers (binary mode, CloudEvents 1.0, NATS binding): unsigned
/// copies of what the payload says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudEvent<'a> {
    /// Unique within the source.
    pub id: &'a str,
    /// Who says so, as a path: `/force/cambridgeshire/review`.
    pub source: &'a str,
    /// Reverse-DNS name of what happened.
    pub kind: &'a str,
    /// When, RFC 3339; empty when unknown.
    pub time: &'a str,
    /// What it is about; empty when it is about several things.
    pub subject: &'a str,
}

impl Headers {
    /// No headers.
    pub fn new() -> Headers {
        Headers::default()
    }

    /// With one more header. A byte that a header cannot carry is percent-encoded, as CloudEvents asks.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Headers {
        self.set(name, value);
        self
    }

    /// Sets one header, replacing what was there.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), printable(value));
    }

    /// As it travelled, already encoded.
    pub(super) fn set_raw(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// The same without one of them.
    pub(super) fn without(mut self, name: &str) -> Headers {
        self.0.remove(name);
        self
    }

    /// The value of a header, as it travelled.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Every header, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With the `ce-` copies of an event.
    #[must_use]
    pub fn with_event(self, event: &CloudEvent<'_>) -> Headers {
        let mut headers = self
            .with("ce-specversion", "1.0")
            .with("ce-id", event.id)
            .with("ce-source", event.source)
            .with("ce-type", event.kind)
            .with("ce-datacontenttype", "application/protobuf");
        for (name, value) in [("ce-time", event.time), ("ce-subject", event.subject)] {
            if !value.is_empty() {
                headers.set(name, value);
            }
        }
        headers
    }
}

/// CloudEvents NATS binding §3.1.3.2: what is not printable ASCII, and `%` and `"`, as `%XX`.
fn printable(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'"' | b'%' | 0..=0x1f | 0x7f.. => out.push_str(&format!("%{byte:02X}")),
            _ => out.push(char::from(byte)),
        }
    }
    out
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it was sent.
    pub subject: String,
    /// Unsigned copies, for routing and tracing.
    pub headers: Headers,
    /// The bytes.
    pub payload: Bytes,
    /// Its place in the stream that keeps it. `None` when no stream did.
    pub sequence: Option<u64>,
}

/// A message for a stream to keep.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where to.
    pub subject: String,
    /// The stream keeps one message of each id within its window: a digest of the payload, so that only the
    /// same bytes are taken for the same message.
    pub id: String,
    /// Unsigned copies, for routing and tracing.
    pub headers: Headers,
    /// The bytes.
    pub payload: Bytes,
    /// The fence: keep it only if the stream's last sequence is this one.
    pub expect_last: Option<u64>,
}

/// A stream has it. That is no evidence that it will still have it tomorrow: see the crate's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Which stream.
    pub stream: String,
    /// Where in it. For a duplicate, the place of the first one.
    pub sequence: u64,
    /// It had been stored before, by its id.
    pub duplicate: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_carry_what_ascii_cannot_by_percent_encoding() {
        let headers = Headers::new().with("ce-subject", "Sîon \"100%\"\r\n");
        assert_eq!(headers.get("ce-subject"), Some("S%C3%AEon %22100%25%22%0D%0A"));
    }

    #[test]
    fn an_event_without_time_or_subject_has_no_such_headers() {
        let event = CloudEvent { id: "1", source: "/force/x/review", kind: "k", time: "", subject: "" };
        let headers = Headers::new().with_event(&event);
        assert_eq!(headers.get("ce-id"), Some("1"));
        assert_eq!((headers.get("ce-time"), headers.get("ce-subject")), (None, None));
    }
}
