//! Least privilege on the bus: who may do what, as a nats-server's configuration, and a key for each.
//!
//! The account of one force holds its two streams. Everybody in it is one [`Identity`] with an nkey of its own;
//! a service publishes its own force's subjects and nothing else, and only [`Identity::Provisioning`] may make,
//! change or delete a stream. Answers come to an inbox of one's own, which nobody else may read.
//!
//! A hub ([`hub`]) has an account of its own for each force's link, and one for those who read. What passes between the
//! two is listed in one place (`provision/link.rs`), by name, on either side.
//!
//! What a permission says: which *connection* may send. Who *decided* is said by the signature in a statement,
//! which the recorder checks whatever the subject.
//!
//! What this does not keep out: whoever may follow the sealed stream may make readers of it on the server, and
//! a reader can be told to deliver into the force's own inbox. That sends sealed batches there, which are no
//! submissions; the recorder refuses them and keeps the refusal.

mod config;
mod files;
pub mod hub;
mod keys;
mod link;
mod node;
mod permissions;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::files::{Readable, put};
use self::keys::Keys;
use crate::bus::names::Force;
use crate::bus::{Bus, BusError, Connection};
pub use files::{Change, ConfigFile};
pub use keys::{known_name, named_seed_file, seed_file};
pub use link::HubLink;
pub use node::{BadNode, Node};
pub use permissions::{Identity, Permissions};

/// The name of a force's link: its seed's, at the force.
pub const LEAF: &str = "leaf";

/// What the broker of a force is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Whose.
    pub force: Force,
    /// Where it listens, as the broker's own machine sees it: `0.0.0.0:4222`. The servers of a cluster each have a port of
    /// their own, so that only the address counts.
    pub listen: String,
    /// Where it keeps its streams, as the broker's own machine sees it: `/data`.
    pub store: PathBuf,
    /// How many servers keep each stream.
    pub replicas: usize,
    /// The servers of a cluster; none for a server alone.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// TLS, or none.
    pub tls: Option<Tls>,
    /// The hub that keeps a copy, or none.
    pub hub: Option<HubLink>,
}

impl Plan {
    /// One server, without TLS, that nobody beyond the force takes from.
    pub fn alone(force: Force, listen: &str, store: &Path) -> Plan {
        let (listen, store) = (listen.to_owned(), store.to_owned());
        Plan { force, listen, store, replicas: 1, nodes: Vec::new(), tls: None, hub: None }
    }
}

/// The broker's TLS. Paths as the broker's own machine sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Its certificate, PEM.
    pub cert: PathBuf,
    /// The key of it, PEM.
    pub key: PathBuf,
    /// When given, clients need a certificate that this authority vouches for.
    pub client_ca: Option<PathBuf>,
    /// The authority that vouches for the other servers of the cluster; without it, the system's own.
    pub peer_ca: Option<PathBuf>,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The configuration of each server.
    pub configs: Vec<ConfigFile>,
    /// The seed of each identity.
    pub seeds: Vec<(Identity, PathBuf)>,
    /// How many seeds were there already, and stay valid.
    pub kept: usize,
    /// Who the force is to its hub, where it has one: what a hub is told of it (`--force NAME=KEY`).
    pub leaf: Option<String>,
}

impl Written {
    /// The configuration of the only server, or of the first.
    pub fn config(&self) -> &Path {
        &self.configs[0].path
    }
}

/// Why nothing can be provisioned.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// A file or folder.
    #[error("{}: {problem}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        problem: io::Error,
    },
    /// A seed that is there, and is none.
    #[error("{} holds no nkey seed of a user: {problem}", path.display())]
    BadSeed {
        /// Which.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A plan that is there, and does not read.
    #[error("{} is no plan of ours: {problem}", path.display())]
    BadPlan {
        /// Which.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// The folder was written by another plan.
    #[error(
        "{} was written for another {what}, and a server may run by it; --replace writes it anew and keeps the files before",
        folder.display()
    )]
    OtherPlan {
        /// Which folder.
        folder: PathBuf,
        /// What is different.
        what: &'static str,
    },
    /// A name that the servers need for themselves.
    #[error("no force can be called {0:?} here: servers need that name for themselves")]
    Reserved(Force),
    /// Too few servers for so many copies.
    #[error("{replicas} copies of each stream need as many servers, and there are {nodes} (--node)")]
    TooFewNodes {
        /// Copies.
        replicas: usize,
        /// Servers.
        nodes: usize,
    },
    /// The broker.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// What to do where a folder was written by another plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Say so, and change nothing.
    Keep,
    /// Write anew, and keep the files before beside.
    Replace,
}

/// Writes a configuration for each server (`nats.conf`, or one by each server's name) and one seed for each identity into a
/// folder. Seeds that are there are kept, so that a second run changes permissions and nobody's key.
///
/// # Errors
/// When the folder cannot be written, a seed that is there is none, or the folder was written by another plan.
pub fn write(plan: &Plan, folder: &Path, existing: Existing) -> Result<Written, ProvisionError> {
    may_be_called(&plan.force)?;
    enough(plan.replicas, plan.nodes.len())?;
    if let Some(before) = planned(folder)?.filter(|_| existing == Existing::Keep) {
        same(folder, &before, plan)?;
    }
    let mut keys = Keys::of(folder)?;
    let (users, seeds) = everybody(&mut keys)?;
    let (leaf, link) = match &plan.hub {
        Some(hub) => {
            let (key, _) = keys.pair(LEAF)?;
            (Some(key.public_key()), link::remote(&plan.force, hub, &keys::seed(&key)))
        }
        None => (None, String::new()),
    };
    let secret = if plan.nodes.is_empty() { String::new() } else { keys.routes()? };
    let configs = config::servers(plan, &users, &link, &secret)
        .into_iter()
        .map(|(name, text)| put(folder.join(format!("{name}.conf")), &text, readable(plan)))
        .collect::<Result<_, _>>()?;
    files::remember(folder, plan)?;
    Ok(Written { configs, seeds, kept: keys.kept, leaf })
}

/// The plan that a folder was written by; `None` where there is none.
///
/// # Errors
/// When it cannot be read.
pub fn planned(folder: &Path) -> Result<Option<Plan>, ProvisionError> {
    files::planned(folder)
}

/// What an earlier run wrote, left as it is: a broker that runs by it was given an address, a folder and TLS that this
/// run may not know. `None` where there is no configuration.
///
/// # Errors
/// When a seed that is there is none, or one that is not there cannot be written.
pub fn written(folder: &Path) -> Result<Option<Written>, ProvisionError> {
    let plan = planned(folder)?;
    let nodes = plan.as_ref().map(|plan| plan.nodes.clone()).unwrap_or_default();
    let names = if nodes.is_empty() { vec!["nats".to_owned()] } else { config::names(&nodes) };
    let path = |name: &String| folder.join(format!("{name}.conf"));
    let configs: Vec<ConfigFile> =
        names.iter().map(path).map(|path| ConfigFile { path, change: Change::Same }).collect();
    if configs.iter().any(|config| !config.path.exists()) {
        return Ok(None);
    }
    let mut keys = Keys::of(folder)?;
    let (_, seeds) = everybody(&mut keys)?;
    let leaf = match plan.and_then(|plan| plan.hub) {
        Some(_) => Some(keys.pair(LEAF)?.0.public_key()),
        None => None,
    };
    Ok(Some(Written { configs, seeds, kept: keys.kept, leaf }))
}

type Users = Vec<(Identity, String)>;
type Seeds = Vec<(Identity, PathBuf)>;

/// Everybody's public key, and seed file.
fn everybody(keys: &mut Keys) -> Result<(Users, Seeds), ProvisionError> {
    let (mut users, mut seeds) = (Vec::new(), Vec::new());
    for identity in Identity::ALL {
        let (key, path) = keys.pair(identity.name())?;
        users.push((identity, key.public_key()));
        seeds.push((identity, path));
    }
    Ok((users, seeds))
}

/// A route's password and a link's seed are in the configuration itself: servers read them nowhere else.
fn readable(plan: &Plan) -> Readable {
    if plan.nodes.is_empty() && plan.hub.is_none() { Readable::ByAll } else { Readable::ByOwner }
}

fn may_be_called(force: &Force) -> Result<(), ProvisionError> {
    // Accounts and domains of these names are there.
    if ["sys", "hub"].contains(&force.as_str()) {
        return Err(ProvisionError::Reserved(force.clone()));
    }
    Ok(())
}

fn enough(replicas: usize, nodes: usize) -> Result<(), ProvisionError> {
    if replicas > nodes.max(1) { Err(ProvisionError::TooFewNodes { replicas, nodes }) } else { Ok(()) }
}

fn same(folder: &Path, before: &Plan, now: &Plan) -> Result<(), ProvisionError> {
    let Plan { force, listen, store, replicas, nodes, tls, hub } = now;
    let checks = [
        (*force == before.force, "force"),
        (*listen == before.listen, "address (--listen)"),
        (*store == before.store, "folder for its streams (--store)"),
        (*nodes == before.nodes, "set of servers (--node)"),
        (*replicas == before.replicas, "number of copies (--replicas)"),
        (*tls == before.tls, "TLS"),
        (*hub == before.hub, "hub (--hub)"),
    ];
    match checks.iter().find(|(same, _)| !same) {
        Some((_, what)) => Err(ProvisionError::OtherPlan { folder: folder.to_owned(), what }),
        None => Ok(()),
    }
}

/// Makes the force's streams on a broker that runs with such a configuration, `replicas` copies of each, and the outlet
/// by which a hub takes the sealed one. What is there and as it should be is left alone.
///
/// # Errors
/// When the broker is away, does not know the key, or has a stream that differs.
pub async fn streams(
    force: &Force,
    replicas: usize,
    connection: &Connection,
) -> Result<Vec<String>, ProvisionError> {
    let bus = Bus::connect(connection).await?;
    bus.connected(REACH).await?;
    let mut made = Vec::new();
    for spec in [force.inbox(), force.sealed_log(), force.addenda()] {
        bus.ensure(&spec.clone().with_replicas(replicas)).await?;
        made.push(spec.name);
    }
    bus.ensure_outlet(&force.outlet()).await?;
    bus.drain(REACH).await?;
    Ok(made)
}

/// How long a broker may take to answer somebody who waits at a terminal; a cluster may have a leader to elect first.
const REACH: Duration = Duration::from_secs(5);
