//! Who is at the hub: those who read in one account, each force's link in one of its own.

use std::fmt::Write as _;

use super::HubIdentity;
use crate::bus::SERVER_SETTINGS;
use crate::bus::names::Force;
use crate::provision::config::{CLIENTS, SERVERS, system, user};
use crate::provision::link::{Passing, passing};
use crate::provision::permissions::{Permissions, QUESTIONS_FROM_ELSEWHERE};

/// The account of those who read.
const READERS: &str = "HUB";

/// The file that every node includes. There is no secret in it.
pub(super) fn accounts(users: &[(HubIdentity, String)], links: &[(Force, String)]) -> String {
    let forces: Vec<&Force> = links.iter().map(|(force, _)| force).collect();
    let mut text = format!(
        r#"# Who may do what at the hub. Written by `scrutiny bus provision hub`, which keeps the keys when it runs again.
# Reload with `nats-server --signal reload` on every node.

system_account: SYS
accounts {{
{system}
  # Those who read. The hub's copies of the sealed streams are in this account.
  {READERS} {{
    jetstream: enabled
    imports: [
      {{ service: {{ account: SYS, subject: "{SERVER_SETTINGS}" }} }}
"#,
        system = system(),
    );
    for force in &forces {
        imports(&mut text, force);
    }
    text.push_str("    ]\n    users: [\n");
    for (identity, key) in users {
        user(&mut text, identity.name(), key, CLIENTS, &identity.permissions(&forces));
    }
    text.push_str("    ]\n  }\n");
    for (force, key) in links {
        link(&mut text, force, key);
    }
    text + "}\n"
}

/// The account in which a force's link ends.
fn account(force: &Force) -> String {
    format!("F_{}", force.as_str().to_ascii_uppercase())
}

fn imports(text: &mut String, force: &Force) {
    let (account, Passing { services, deliveries }) = (account(force), passing(force));
    for service in services {
        let _ = writeln!(
            text,
            "      {{ service: {{ account: \"{account}\", subject: \"{}\" }} }}",
            service.outside
        );
    }
    let _ = writeln!(text, "      {{ stream: {{ account: \"{account}\", subject: \"{deliveries}\" }} }}");
}

fn link(text: &mut String, force: &Force, key: &str) {
    let Passing { services, deliveries } = passing(force);
    let _ = writeln!(text, "  \"{}\" {{\n    exports: [", account(force));
    for service in &services {
        let _ = writeln!(text, "      {{ service: \"{}\", accounts: [{READERS}] }}", service.outside);
    }
    let _ =
        writeln!(text, "      {{ stream: \"{deliveries}\", accounts: [{READERS}] }}\n    ]\n    users: [");
    let may = Permissions {
        // Deliveries, and answers to where this server took a question over.
        publish: vec![deliveries, QUESTIONS_FROM_ELSEWHERE.to_owned()],
        subscribe: services.into_iter().map(|service| service.outside).collect(),
    };
    user(text, &format!("the link of {force}"), key, SERVERS, &may);
    text.push_str("    ]\n  }\n");
}
