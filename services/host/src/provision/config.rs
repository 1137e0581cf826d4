//! The server's configuration file.

use std::fmt::Write as _;

use super::permissions::{Identity, Permissions};
use super::{Plan, Tls};
use crate::bus::SERVER_SETTINGS;

/// How often, and for how long after a question, a service may answer it.
const ANSWERS: &str = "allow_responses: { max: 2, expires: \"2m\" }";

/// The whole file. The same plan and keys make the same bytes.
pub(super) fn server(plan: &Plan, users: &[(Identity, String)]) -> String {
    let account = plan.force.as_str().to_ascii_uppercase();
    let mut text = format!(
        r#"# The broker of {force}. Written by `scrutiny bus provision`, which keeps the keys when it runs again:
# change the plan there, not this file. Reload with `nats-server --signal reload`.

server_name: "nats-{force}"
listen: {listen:?}
max_payload: 1MB
lame_duck_duration: 30s
lame_duck_grace_period: 5s
{tls}
# Every message is on disk before it is acknowledged. The server's own default is two minutes later.
jetstream {{ store_dir: {store:?}, max_mem: 64M, max_file: 1T, sync_interval: always }}

system_account: SYS
accounts {{
  SYS {{
    # How the server stores is asked by every service before it starts.
    exports: [ {{ service: "{SERVER_SETTINGS}", response_type: stream }} ]
  }}
  "{account}" {{
    jetstream: enabled
    imports: [ {{ service: {{ account: SYS, subject: "{SERVER_SETTINGS}" }} }} ]
    users: [
"#,
        force = plan.force,
        listen = plan.listen,
        tls = plan.tls.as_ref().map(tls).unwrap_or_default(),
        store = plan.store,
    );
    for (identity, key) in users {
        user(&mut text, *identity, key, &identity.permissions(&plan.force));
    }
    text.push_str("    ]\n  }\n}\n");
    text
}

fn tls(tls: &Tls) -> String {
    let mut text = format!("\ntls {{\n  cert_file: {:?}\n  key_file: {:?}\n", tls.cert, tls.key);
    if let Some(ca) = &tls.client_ca {
        let _ = writeln!(text, "  ca_file: {ca:?}\n  verify: true");
    }
    text + "}\n"
}

fn user(text: &mut String, identity: Identity, key: &str, may: &Permissions) {
    let list = |subjects: &[String]| {
        subjects.iter().map(|subject| format!("            \"{subject}\"\n")).collect::<String>()
    };
    let answers = if may.answers { format!("          {ANSWERS}\n") } else { String::new() };
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "      # {identity}\n      {{ nkey: {key}\n        permissions: {{\n          publish: [\n{}          ]\n          \
         subscribe: [\n{}          ]\n{answers}        }} }}\n",
        list(&may.publish),
        list(&may.subscribe),
    );
}
