//! `healthcheck`: asks the process beside it how it is. A container made from scratch has no other tool.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A container's own probe is killed after some seconds, without a word.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of an answer: some roles with a reason each.
const MAX_ANSWER: u64 = 64 << 10;

/// Asks for a page. `Ok` is what a process that is well says, `Err` what one says that is not, or why it cannot be asked.
pub(crate) fn ask(listen: SocketAddr, page: &str) -> Result<String, String> {
    let address = reachable(listen);
    let text = get(address, page).map_err(|e| format!("{address} does not answer: {e}"))?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    if head.starts_with("HTTP/1.1 200 ") { Ok(body.to_owned()) } else { Err(body.to_owned()) }
}

fn get(address: SocketAddr, page: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {page} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.take(MAX_ANSWER).read_to_string(&mut text)?;
    Ok(text)
}

/// A process that listens everywhere is asked on the loopback, by number: `localhost` may be the other family.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
