//! A force's side of its link to the hub.
//!
//! The link ends in an account of its own, [`ACCOUNT`], that holds nothing. It imports from the force's account what the
//! hub is to have, by name, and nothing else can be reached through it: not the inbox, not the addenda, not JetStream's own
//! interface. The hub cannot make a reader either: sealed batches go out by the force's outlet, whose subject and address are
//! the force's.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::bus::names::Force;

/// The account at the force that the link ends in. No slug of a force has an underscore.
pub(super) const ACCOUNT: &str = "TO_HUB";

/// What the force gives on the hub's request, besides sealed batches.
pub(super) const ENDPOINTS: [&str; 2] = ["head", "entries"];

/// Never through the link, whatever an account imports: a second fence behind the first.
const NEVER_IN: [&str; 6] = ["ev.>", "rcpt.>", "addenda.>", "ledger.>", "$JS.API.>", "$SRV.>"];
const NEVER_OUT: [&str; 4] = ["ev.>", "rcpt.>", "addenda.>", "ledger.>"];

/// Where a force finds its hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubLink {
    /// Its servers: `nats-leaf://hub-1.example:7422`, or `tls://…`.
    pub urls: Vec<String>,
    /// The authority that vouches for them, in PEM, as the force's own machine sees it.
    pub ca: Option<PathBuf>,
}

/// What passes the link, as each side has to name it.
pub(super) struct Passing {
    /// What the hub may ask.
    pub(super) services: Vec<Service>,
    /// What the hub is sent.
    pub(super) deliveries: String,
}

/// A question that the hub may ask.
pub(super) struct Service {
    /// Its subject within the force.
    pub(super) inside: String,
    /// Its subject at the hub.
    pub(super) outside: String,
}

/// Everything that passes between one force and the hub. The whole list.
pub(super) fn passing(force: &Force) -> Passing {
    let outlet = force.outlet();
    let same = |subject: String| Service { inside: subject.clone(), outside: subject };
    let (stream, name) = (&outlet.stream, &outlet.name);
    let mut services = vec![
        Service {
            inside: format!("$JS.API.CONSUMER.RESET.{stream}.{name}"),
            outside: format!("{}.CONSUMER.RESET.{stream}.{name}", force.api()),
        },
        // How far it has come. Both forms: servers may name domain and account before the stream.
        same(format!("$JS.FC.{stream}.{name}.>")),
        same(format!("$JS.FC.*.*.{stream}.{name}.>")),
    ];
    services.extend(ENDPOINTS.map(|endpoint| same(force.endpoint("recorder", endpoint))));
    Passing { services, deliveries: outlet.deliver }
}

/// What the force's account lets out to the link's.
pub(super) fn exports(force: &Force) -> String {
    let Passing { services, deliveries } = passing(force);
    let mut text = String::from("    # What the hub gets, and nothing else.\n    exports: [\n");
    for Service { inside, .. } in &services {
        let _ = writeln!(text, "      {{ service: \"{inside}\", accounts: [\"{ACCOUNT}\"] }}");
    }
    let _ = writeln!(text, "      {{ stream: \"{deliveries}\", accounts: [\"{ACCOUNT}\"] }}\n    ]");
    text
}

/// The link's account.
pub(super) fn account(force: &Force, account: &str) -> String {
    let Passing { services, deliveries } = passing(force);
    let mut text = format!(
        "  # Where the link to the hub ends. Nobody else is in it.\n  {ACCOUNT} {{\n    imports: [\n"
    );
    for Service { inside, outside } in &services {
        let _ = writeln!(
            text,
            "      {{ service: {{ account: \"{account}\", subject: \"{inside}\" }}, to: \"{outside}\" }}"
        );
    }
    let _ = writeln!(
        text,
        "      {{ stream: {{ account: \"{account}\", subject: \"{deliveries}\" }} }}\n    ]\n  }}"
    );
    text
}

/// The link itself. `seed` is who the force is to the hub.
pub(super) fn remote(force: &Force, link: &HubLink, seed: &str) -> String {
    let list = |items: &mut dyn Iterator<Item = &str>| {
        items.map(|item| format!("{item:?}")).collect::<Vec<_>>().join(", ")
    };
    // By the domain's name JetStream is called from afar, too.
    let by_domain = format!("$JS.{force}.API.>");
    let tls = link.ca.as_ref().map(|ca| format!("    tls {{ ca_file: {ca:?}, timeout: 5 }}\n"));
    format!(
        r#"
leafnodes {{
  remotes: [ {{
    urls: [ {urls} ]
    account: {ACCOUNT}
    nkey: {seed}
{tls}    deny_imports: [ {never_in} ]
    deny_exports: [ {never_out} ]
  }} ]
}}
"#,
        urls = list(&mut link.urls.iter().map(String::as_str)),
        tls = tls.unwrap_or_default(),
        never_in = list(&mut NEVER_IN.into_iter().chain([by_domain.as_str()])),
        never_out = list(&mut NEVER_OUT.into_iter()),
    )
}
