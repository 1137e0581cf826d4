//! The configuration files of a force's servers, and what the hub's have in common with them.

use std::fmt::Write as _;
use std::path::Path;

use super::link;
use super::node::{self, Node};
use super::permissions::{Identity, Permissions};
use super::{Plan, Tls};
use crate::bus::SERVER_SETTINGS;

/// A server with nothing else to say asks so often whether the other end still is there, and believes it gone after the
/// third silence. The servers' own default is two minutes: for twice as long a link to a silent node would stay there.
const PING: &str = "ping_interval: \"10s\"\nping_max: 2";

/// Each server's file: its name and its text. The same plan and keys make the same bytes.
pub(super) fn servers(
    plan: &Plan,
    users: &[(Identity, String)],
    link: &str,
    secret: &str,
) -> Vec<(String, String)> {
    let accounts = accounts(plan, users);
    let file = |name: &str, listen: &str, cluster: &str| {
        let force = plan.force.as_str();
        let head = head(&Head { whose: force, name, listen, domain: force, store: &plan.store });
        format!("{head}{}{cluster}{link}{accounts}", tls(plan.tls.as_ref()))
    };
    if plan.nodes.is_empty() {
        let name = format!("nats-{}", plan.force);
        return vec![("nats".to_owned(), file(&name, &plan.listen, ""))];
    }
    let interface = interface(&plan.listen);
    let one = |node: &Node| {
        let cluster =
            node::routes(plan.force.as_str(), node, &plan.nodes, interface, secret, plan.tls.as_ref());
        (node.name.clone(), file(&node.name, &format!("{interface}:{}", node.clients), &cluster))
    };
    plan.nodes.iter().map(one).collect()
}

/// The files of a cluster, by name.
pub(super) fn names(nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(|node| node.name.clone()).collect()
}

/// The address without its port.
pub(super) fn interface(listen: &str) -> &str {
    listen.rsplit_once(':').map_or(listen, |(interface, _)| interface)
}

/// What every server's file begins with.
pub(super) struct Head<'a> {
    pub(super) whose: &'a str,
    pub(super) name: &'a str,
    pub(super) listen: &'a str,
    pub(super) domain: &'a str,
    pub(super) store: &'a Path,
}

pub(super) fn head(head: &Head) -> String {
    let Head { whose, name, listen, domain, store } = head;
    format!(
        r#"# A broker of {whose}. Written by `scrutiny bus provision`, which keeps the keys when it runs again:
# change the plan there, not this file. Reload with `nats-server --signal reload`.

server_name: {name:?}
listen: {listen:?}
max_payload: 1MB
lame_duck_duration: 30s
lame_duck_grace_period: 5s
{PING}

# Every message is on disk before it is acknowledged. The server's own default is two minutes later.
jetstream {{ store_dir: {store:?}, domain: {domain:?}, max_mem: 64M, max_file: 1T, sync_interval: always }}
"#
    )
}

fn accounts(plan: &Plan, users: &[(Identity, String)]) -> String {
    let name = plan.force.as_str().to_ascii_uppercase();
    let mut text = format!(
        r#"
system_account: SYS
accounts {{
{system}
  "{name}" {{
    jetstream: enabled
    imports: [ {{ service: {{ account: SYS, subject: "{SERVER_SETTINGS}" }} }} ]
"#,
        system = system(),
    );
    if plan.hub.is_some() {
        text.push_str(&link::exports(&plan.force));
    }
    text.push_str("    users: [\n");
    for (identity, key) in users {
        user(&mut text, identity.name(), key, CLIENTS, &identity.permissions(&plan.force));
    }
    text.push_str("    ]\n  }\n");
    if plan.hub.is_some() {
        text.push_str(&link::account(&plan.force, &name));
    }
    text + "}\n"
}

/// The system's account. Nobody is in it.
pub(super) fn system() -> String {
    format!(
        r#"  SYS {{
    # How the server stores is asked by every service before it starts.
    exports: [ {{ service: "{SERVER_SETTINGS}", response_type: stream }} ]
  }}"#
    )
}

pub(super) fn tls(tls: Option<&Tls>) -> String {
    let Some(tls) = tls else { return String::new() };
    let mut text = format!("\ntls {{\n  cert_file: {:?}\n  key_file: {:?}\n", tls.cert, tls.key);
    if let Some(ca) = &tls.client_ca {
        let _ = writeln!(text, "  ca_file: {ca:?}\n  verify: true");
    }
    text + "}\n"
}

/// How somebody may connect.
pub(super) const CLIENTS: &str = "STANDARD";
pub(super) const SERVERS: &str = "LEAFNODE";

/// One user of an account.
pub(super) fn user(text: &mut String, name: &str, key: &str, connects: &str, may: &Permissions) {
    let list = |subjects: &[String]| {
        subjects.iter().map(|subject| format!("            \"{subject}\"\n")).collect::<String>()
    };
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "      # {name}\n      {{ nkey: {key}, allowed_connection_types: [\"{connects}\"]\n        permissions: {{\n          \
         publish: [\n{}          ]\n          subscribe: [\n{}          ]\n        }} }}\n",
        list(&may.publish),
        list(&may.subscribe),
    );
}
