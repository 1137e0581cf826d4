//! The hub: servers to which each force's own are linked, and which keep a copy of each sealed stream.
//!
//! The hub reads, and cannot write: nobody publishes to its streams, which take from the forces' outlets alone. Each
//! force's link ends in an account of its own, in which nobody is but that link; what comes in there is exported to the
//! account of those who read, by name. So no force's server can say or hear anything of another's.

mod accounts;
mod permissions;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::config::{self, Head};
use super::files::{self, ConfigFile, Readable, put};
use super::keys::Keys;
use super::node::{self, Node};
use super::{Existing, HubLink, LEAF, Plan, ProvisionError, REACH, Tls, Written, enough, may_be_called};
use crate::bus::names::Force;
use crate::bus::{Bus, Connection};
pub use permissions::HubIdentity;

/// The hub's JetStream domain, and its cluster's name.
const DOMAIN: &str = "hub";

/// What the hub is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubPlan {
    /// The address its servers listen on, as they see it: `0.0.0.0`. Ports are each node's.
    pub listen: String,
    /// Where they keep their streams: `/data`.
    pub store: PathBuf,
    /// How many of them keep each stream.
    pub replicas: usize,
    /// Its servers.
    pub nodes: Vec<Node>,
    /// TLS for clients, routes and links, or none.
    pub tls: Option<Tls>,
    /// The forces: their links' public keys. Empty: the force's keys and configuration are made here, too.
    #[serde(default)]
    pub forces: BTreeMap<Force, String>,
}

/// What was written.
#[derive(Debug)]
pub struct HubWritten {
    /// The configuration of each node, and the accounts they share.
    pub configs: Vec<ConfigFile>,
    /// The seed of each identity at the hub.
    pub seeds: Vec<(HubIdentity, PathBuf)>,
    /// The folder of each force whose keys are made here, and what is in it.
    pub forces: Vec<(Force, Written)>,
    /// How many seeds of the hub were there already.
    pub kept: usize,
}

/// Writes a configuration for each node, the accounts, the hub's seeds, and a folder for each force that has not brought a
/// key of its own. Forces and keys of earlier runs stay; to those, this plan's are added.
///
/// # Errors
/// When the folder cannot be written, or was written by a plan that differs in more than forces.
pub fn write(plan: &HubPlan, folder: &Path, existing: Existing) -> Result<HubWritten, ProvisionError> {
    plan.forces.keys().try_for_each(may_be_called)?;
    enough(plan.replicas, plan.nodes.len())?;
    let before = planned(folder)?;
    if let Some(before) = before.as_ref().filter(|_| existing == Existing::Keep) {
        same(folder, before, plan)?;
    }
    let mut keys = Keys::of(folder)?;
    let (mut users, mut seeds) = (Vec::new(), Vec::new());
    for identity in HubIdentity::ALL {
        let (key, path) = keys.pair(identity.name())?;
        users.push((identity, key.public_key()));
        seeds.push((identity, path));
    }
    let mut plan = plan.clone();
    for (force, key) in before.into_iter().flat_map(|before| before.forces) {
        plan.forces.entry(force).or_insert(key);
    }
    let (links, forces) = links(&plan, folder)?;
    let secret = if plan.nodes.len() > 1 { keys.routes()? } else { String::new() };
    let mut configs = Vec::new();
    for node in &plan.nodes {
        let file = folder.join(format!("{}.conf", node.name));
        configs.push(put(file, &server(&plan, node, &secret), Readable::ByOwner)?);
    }
    let accounts = accounts::accounts(&users, &links);
    configs.push(put(folder.join("accounts.conf"), &accounts, Readable::ByAll)?);
    files::remember(folder, &plan)?;
    Ok(HubWritten { configs, seeds, forces, kept: keys.kept })
}

/// The plan that a folder was written by; `None` where there is none.
///
/// # Errors
/// When it cannot be read.
pub fn planned(folder: &Path) -> Result<Option<HubPlan>, ProvisionError> {
    files::planned(folder)
}

/// The folder of a force whose keys are made at the hub.
pub fn force_folder(folder: &Path, force: &Force) -> PathBuf {
    folder.join("forces").join(force.as_str())
}

/// Makes the hub's copy of each force's sealed stream. What is there and as it should be is left alone; a copy is made also
/// while its force cannot be reached, and takes what is there as soon as it can.
///
/// # Errors
/// When the hub is away, does not know the key, or has a stream that differs.
pub async fn streams(plan: &HubPlan, connection: &Connection) -> Result<Vec<String>, ProvisionError> {
    let bus = Bus::connect(connection).await?;
    bus.connected(REACH).await?;
    let mut made = Vec::new();
    for force in plan.forces.keys() {
        let spec = force.sealed_at_hub().with_replicas(plan.replicas);
        bus.ensure(&spec).await?;
        made.push(spec.name);
    }
    bus.drain(REACH).await?;
    Ok(made)
}

type Links = Vec<(Force, String)>;

/// Each force's public key, and the folders that were written for those that brought none.
fn links(plan: &HubPlan, folder: &Path) -> Result<(Links, Vec<(Force, Written)>), ProvisionError> {
    let (mut links, mut written) = (Vec::new(), Vec::new());
    for (force, key) in &plan.forces {
        let key = if key.is_empty() {
            let made = side_of(plan, force, &force_folder(folder, force))?;
            let key = made.leaf.clone().expect("a plan with a hub makes the link's key");
            written.push((force.clone(), made));
            key
        } else {
            key.clone()
        };
        links.push((force.clone(), key));
    }
    Ok((links, written))
}

/// A force's own side: as it was planned, with the link to where the hub is now.
fn side_of(plan: &HubPlan, force: &Force, folder: &Path) -> Result<Written, ProvisionError> {
    let before = super::planned(folder)?;
    let alone = || Plan::alone(force.clone(), "0.0.0.0:4222", &plan.store);
    let plan = Plan { hub: Some(plan.link()), ..before.unwrap_or_else(alone) };
    super::write(&plan, folder, Existing::Replace)
}

impl HubPlan {
    /// How a force finds the hub.
    pub fn link(&self) -> HubLink {
        let scheme = if self.tls.is_some() { "tls" } else { "nats-leaf" };
        let url = |node: &Node| format!("{scheme}://{}:{}", node.host, node.leaves);
        let ca = self.tls.as_ref().and_then(|tls| tls.peer_ca.clone());
        HubLink { urls: self.nodes.iter().map(url).collect(), ca }
    }
}

/// One node's file.
fn server(plan: &HubPlan, node: &Node, secret: &str) -> String {
    let interface = config::interface(&plan.listen);
    let listen = format!("{interface}:{}", node.clients);
    let head = config::head(&Head {
        whose: "the hub",
        name: &node.name,
        listen: &listen,
        domain: DOMAIN,
        store: &plan.store,
    });
    let tls = plan.tls.as_ref();
    let cluster = match plan.nodes.len() {
        1 => String::new(),
        _ => node::routes(DOMAIN, node, &plan.nodes, interface, secret, tls),
    };
    let link = tls
        .map(|tls| format!("  tls {{ cert_file: {:?}, key_file: {:?}, timeout: 5 }}\n", tls.cert, tls.key));
    format!(
        r#"{head}{clients}{cluster}
leafnodes {{
  listen: "{interface}:{leaves}"
  no_advertise: true
  # What one force's link wants to hear is no other's business.
  isolate_leafnode_interest: true
{link}}}

include ./accounts.conf
"#,
        clients = config::tls(tls),
        leaves = node.leaves,
        link = link.unwrap_or_default(),
    )
}

fn same(folder: &Path, before: &HubPlan, now: &HubPlan) -> Result<(), ProvisionError> {
    let HubPlan { listen, store, replicas, nodes, tls, forces } = now;
    let known = |(force, key): (&Force, &String)| before.forces.get(force).is_none_or(|known| known == key);
    let checks = [
        (*listen == before.listen, "address (--listen)"),
        (*store == before.store, "folder for its streams (--store)"),
        (*nodes == before.nodes, "set of servers (--node)"),
        (*replicas == before.replicas, "number of copies (--replicas)"),
        (*tls == before.tls, "TLS"),
        (forces.iter().all(known), "key of a force"),
    ];
    match checks.iter().find(|(same, _)| !same) {
        Some((_, what)) => Err(ProvisionError::OtherPlan { folder: folder.to_owned(), what }),
        None => Ok(()),
    }
}

/// The link's seed of a force whose keys were made here.
pub fn leaf_seed_file(folder: &Path, force: &Force) -> PathBuf {
    super::named_seed_file(&force_folder(folder, force), LEAF)
}
