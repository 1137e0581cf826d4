//! Least privilege on the bus: who may do what, as a nats-server's configuration, and a key for each.
//!
//! The account of one force holds its two streams. Everybody in it is one [`Identity`] with an nkey of its own;
//! a service publishes its own force's subjects and nothing else, and only [`Identity::Provisioning`] may make,
//! change or delete a stream. Answers come to an inbox of one's own, which nobody else may read.
//!
//! What a permission says: which *connection* may send. Who *decided* is said by the signature in a statement,
//! which the recorder checks whatever the subject.
//!
//! What this does not keep out: whoever may follow the sealed stream may make readers of it on the server, and
//! a reader can be told to deliver into the force's own inbox. That sends sealed batches there, which are no
//! submissions; the recorder refuses them and keeps the refusal.

mod config;
mod permissions;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nkeys::KeyPair;

use crate::bus::names::Force;
use crate::bus::{Bus, BusError, Connection};
pub use permissions::{Identity, Permissions};

/// What a deployment's broker is to be.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Whose.
    pub force: Force,
    /// Where it listens, as the broker's own machine sees it: `0.0.0.0:4222`.
    pub listen: String,
    /// Where it keeps its streams, as the broker's own machine sees it: `/data`.
    pub store: PathBuf,
    /// TLS, or none.
    pub tls: Option<Tls>,
}

/// The broker's TLS. Paths as the broker's own machine sees them.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Its certificate, PEM.
    pub cert: PathBuf,
    /// The key of it, PEM.
    pub key: PathBuf,
    /// When given, clients need a certificate that this authority vouches for.
    pub client_ca: Option<PathBuf>,
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The server's configuration.
    pub config: PathBuf,
    /// The seed of each identity.
    pub seeds: Vec<(Identity, PathBuf)>,
    /// How many seeds were there already, and stay valid.
    pub kept: usize,
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
    /// The broker.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Writes `nats.conf` and one seed for each identity into a folder. Seeds that are there are kept, so that a
/// second run changes permissions and nobody's key.
///
/// # Errors
/// When the folder cannot be written, or a seed that is there is none.
pub fn write(plan: &Plan, folder: &Path) -> Result<Written, ProvisionError> {
    let (users, seeds, kept) = keys(folder)?;
    let config = folder.join("nats.conf");
    fs::write(&config, config::server(plan, &users)).map_err(at(&config))?;
    Ok(Written { config, seeds, kept })
}

/// What an earlier run wrote, left as it is: a broker that runs by it was given an address, a folder and TLS that this
/// run may not know. `None` where there is no `nats.conf`.
///
/// # Errors
/// When a seed that is there is none, or one that is not there cannot be written.
pub fn written(folder: &Path) -> Result<Option<Written>, ProvisionError> {
    let config = folder.join("nats.conf");
    if !config.exists() {
        return Ok(None);
    }
    let (_, seeds, kept) = keys(folder)?;
    Ok(Some(Written { config, seeds, kept }))
}

type Keys = (Vec<(Identity, String)>, Vec<(Identity, PathBuf)>, usize);

/// Everybody's public key and seed file; how many were there.
fn keys(folder: &Path) -> Result<Keys, ProvisionError> {
    let keys = folder.join("keys");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&keys).map_err(at(&keys))?;
    let (mut users, mut seeds, mut kept) = (Vec::new(), Vec::new(), 0);
    for identity in Identity::ALL {
        let path = seed_file(folder, identity);
        let key = match fs::read_to_string(&path) {
            Ok(text) => {
                kept += 1;
                read_seed(&path, &text)?
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => new_seed(&path)?,
            Err(problem) => return Err(ProvisionError::File { path, problem }),
        };
        users.push((identity, key.public_key()));
        seeds.push((identity, path));
    }
    Ok((users, seeds, kept))
}

/// Where an identity's seed is.
pub fn seed_file(folder: &Path, identity: Identity) -> PathBuf {
    folder.join("keys").join(format!("{}.nk", identity.name()))
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

/// How long a broker may take to answer somebody who waits at a terminal.
const REACH: std::time::Duration = std::time::Duration::from_secs(5);

fn read_seed(path: &Path, text: &str) -> Result<KeyPair, ProvisionError> {
    let bad = |problem: String| ProvisionError::BadSeed { path: path.to_owned(), problem };
    let key = KeyPair::from_seed(text.trim()).map_err(|e| bad(e.to_string()))?;
    if key.public_key().starts_with('U') { Ok(key) } else { Err(bad("it is another kind of key".to_owned())) }
}

fn new_seed(path: &Path) -> Result<KeyPair, ProvisionError> {
    let key = KeyPair::new_user();
    let seed = key.seed().expect("a pair that was just made has its private half");
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(at(path))?;
    writeln!(file, "{seed}").and_then(|()| file.sync_all()).map_err(at(path))?;
    Ok(key)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ProvisionError {
    let path = path.to_owned();
    move |problem| ProvisionError::File { path, problem }
}
