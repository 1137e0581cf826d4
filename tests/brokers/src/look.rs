//! What a server says of itself on its monitoring port: who leads, and what its own copy of a stream holds.
//!
//! A bus asks the leader. Only each server's own word, side by side, shows that copies differ.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// One server's own copy of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The server that leads the stream, by its name, as this one believes; empty while nobody does.
    pub leader: String,
    /// Messages that are there.
    pub messages: u64,
    /// Sequence of the last one ever stored.
    pub last: u64,
    /// Missing between the first and the last.
    pub deleted: u64,
    /// Bytes of them, as the server counts.
    pub bytes: u64,
}

/// A page of a server's monitoring port. `None` while it does not answer.
pub(crate) fn page(port: u16, path: &str) -> Option<Value> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER).ok()?;
    stream.set_read_timeout(Some(ANSWER)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (_, body) = text.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}

/// The copy of a stream in what `/jsz` says, whatever account it is in.
pub(crate) fn copy(jsz: &Value, stream: &str) -> Option<Copy> {
    let accounts = jsz["account_details"].as_array()?;
    let mut streams = accounts.iter().filter_map(|account| account["stream_detail"].as_array()).flatten();
    let found = streams.find(|detail| detail["name"] == stream)?;
    let number = |name: &str| found["state"][name].as_u64().unwrap_or_default();
    Some(Copy {
        leader: found["cluster"]["leader"].as_str().unwrap_or_default().to_owned(),
        messages: number("messages"),
        last: number("last_seq"),
        deleted: number("num_deleted"),
        bytes: number("bytes"),
    })
}
