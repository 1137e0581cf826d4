//! One server of a cluster, and how it finds the others.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Tls;

/// One server of a cluster: `hub-1=10.0.0.1`, or with its ports, `hub-1=10.0.0.1:4222:6222:7422`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Node {
    /// What it calls itself.
    pub name: String,
    /// Where the others find it.
    pub host: String,
    /// The port for services and officers.
    pub clients: u16,
    /// The port for the other servers of the cluster.
    pub routes: u16,
    /// The port for servers of forces; a hub's only.
    pub leaves: u16,
}

/// The ports that NATS itself has always had.
const PORTS: [u16; 3] = [4222, 6222, 7422];

/// A server that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no server: NAME=HOST, or NAME=HOST:CLIENTS:ROUTES:LEAVES (ports; those left out are 4222, 6222 and 7422)"
)]
pub struct BadNode(String);

impl FromStr for Node {
    type Err = BadNode;

    fn from_str(text: &str) -> Result<Node, BadNode> {
        let bad = || BadNode(text.to_owned());
        let (name, place) = text.split_once('=').ok_or_else(bad)?;
        // An IPv6 address has colons of its own, and stands in brackets.
        let (host, rest) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, rest)) => (format!("[{address}]"), rest.strip_prefix(':').unwrap_or(rest)),
            None => {
                let (host, rest) = place.split_once(':').unwrap_or((place, ""));
                (host.to_owned(), rest)
            }
        };
        let mut ports = PORTS;
        let given: Vec<&str> = rest.split(':').filter(|port| !port.is_empty()).collect();
        if given.len() > ports.len() || !is_plain(name) || !is_host(&host) {
            return Err(bad());
        }
        for (port, text) in ports.iter_mut().zip(given) {
            *port = text.parse().map_err(|_| bad())?;
        }
        let [clients, routes, leaves] = ports;
        Ok(Node { name: name.to_owned(), host, clients, routes, leaves })
    }
}

/// It becomes a file's name, and part of a configuration.
fn is_plain(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b))
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Node { name, host, clients, routes, leaves } = self;
        write!(f, "{name}={host}:{clients}:{routes}:{leaves}")
    }
}

impl TryFrom<String> for Node {
    type Error = BadNode;

    fn try_from(text: String) -> Result<Node, BadNode> {
        text.parse()
    }
}

impl From<Node> for String {
    fn from(node: Node) -> String {
        node.to_string()
    }
}

/// The block by which one server of a cluster knows the others, and lets nobody else in.
pub(super) fn routes(
    cluster: &str,
    node: &Node,
    nodes: &[Node],
    interface: &str,
    secret: &str,
    tls: Option<&Tls>,
) -> String {
    let routes: String = nodes
        .iter()
        .map(|other| format!("    \"nats-route://routes:{secret}@{}:{}\"\n", other.host, other.routes))
        .collect();
    format!(
        r#"
cluster {{
  name: {cluster:?}
  listen: "{interface}:{port}"
  # Clients are told every server by their own configuration; addresses within the cluster are no use to them.
  no_advertise: true
  authorization {{ user: routes, password: "{secret}", timeout: 5 }}
{tls}  routes: [
{routes}  ]
}}
"#,
        port = node.routes,
        tls = tls.map(between).unwrap_or_default(),
    )
}

/// Both ends of a route show a certificate, and want the other's.
fn between(tls: &Tls) -> String {
    let ca = tls.peer_ca.as_ref().map(|ca| format!(", ca_file: {ca:?}")).unwrap_or_default();
    format!("  tls {{ cert_file: {:?}, key_file: {:?}{ca}, verify: true, timeout: 5 }}\n", tls.cert, tls.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_with_and_without_its_ports() {
        let node: Node = "hub-1=10.0.0.1".parse().unwrap();
        assert_eq!(node.to_string(), "hub-1=10.0.0.1:4222:6222:7422");
        let node: Node = "a=[::1]:1:2:3".parse().unwrap();
        assert_eq!((node.host.as_str(), node.clients, node.routes, node.leaves), ("[::1]", 1, 2, 3));
        assert_eq!(node.to_string().parse::<Node>().unwrap(), node);
        let node: Node = "a=broker.example:5222".parse().unwrap();
        assert_eq!((node.clients, node.routes), (5222, 6222));
    }

    #[test]
    fn what_is_no_server_is_refused_whole() {
        for bad in ["", "a", "a=", "=b", "a=b:x", "a=b:1:2:3:4", "a b=c", "a=b\"c", "../a=b", "a=b:70000"] {
            assert!(bad.parse::<Node>().is_err(), "{bad}");
        }
    }
}
