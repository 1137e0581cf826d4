//! Ports that a configuration has to name before anybody listens on them: those of a cluster's routes, of its leaves.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below what Linux gives to outgoing connections (32768), so that none of those takes one meanwhile.
const FIRST: u16 = 10_240;
const MANY: u16 = 20_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// So many ports that nobody listens on. Never the same twice in one process; another process begins elsewhere.
///
/// # Panics
/// When no port is free.
pub fn free_ports(count: usize) -> Vec<u16> {
    let begin = (std::process::id() % u32::from(MANY / 64)) as u16 * 64;
    let next = || FIRST + (begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed))) % MANY;
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let found: Vec<u16> = (0..MANY).map(|_| next()).filter(free).take(count).collect();
    assert_eq!(found.len(), count, "no port is free");
    found
}
