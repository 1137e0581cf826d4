//! The command line of `scrutiny bus`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use host::provision::Node;

use super::Services;

#[derive(Debug, Subcommand)]
pub(crate) enum Bus {
    /// Write the configuration of a force's broker, or of a hub's, with a key for each who connects; make its streams
    ///
    /// DIR gets `nats.conf` for nats-server (2.14 or later), or with --node one file for each server of a cluster, and
    /// `keys/`, one nkey seed for each of recorder, review, inspection, response, projector, officer, provisioning and
    /// status, readable by you alone. Each may do its work on the broker and nothing else; only `provisioning` may make,
    /// change or delete a stream.
    ///
    /// Run it again to write the configuration anew: keys that are there are kept, what it was told before it knows, and
    /// a file that changes leaves the one before beside it. What would change a server's address, folder, cluster, TLS
    /// or hub is refused without --replace: a server may run by it.
    ///
    /// With --to it makes the force's streams on the broker that runs with that configuration, which it leaves as it is.
    Provision(Box<BusProvision>),
    /// Say whether a broker and its streams are such that statements may rely on them
    ///
    /// The same look that every service takes before it starts: that every message is on disk before it is
    /// acknowledged, and that no stream expires, deletes, rewrites or throws away messages. Besides, on a cluster, that
    /// every copy is there and has what its leader has, and at a hub, that each force has been heard of.
    Check(BusCheck),
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct BusProvision {
    #[command(subcommand)]
    pub(crate) hub: Option<BusProvisionWhat>,
    #[command(flatten)]
    pub(crate) force: BusProvisionForce,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BusProvisionWhat {
    /// Write the configuration of a hub, which keeps a copy of each force's sealed stream
    ///
    /// DIR gets one file for each of the hub's servers, `accounts.conf`, which all of them read, and `keys/`, one nkey
    /// seed for each of hub, provisioning and status. For each force there is an account of its own, in which nobody is
    /// but its link: no force can read or write what is another's, and the hub can read what is sealed and write
    /// nothing. `forces/SLUG/` is that force's side: its broker's configuration with the link, and its keys. Carry it
    /// there, and keep no copy; or let the force make its own (`scrutiny bus provision DIR --force SLUG --hub URL`
    /// says its link's public key), and give that key here: --force SLUG=KEY.
    ///
    /// Run it again with more forces to add them: the others and all keys stay.
    ///
    /// With --to it makes the hub's streams on the hub that runs with that configuration.
    Hub(BusProvisionHub),
}

#[derive(Debug, Args)]
pub(crate) struct BusProvisionForce {
    /// Where to put the configuration and the keys
    #[arg(value_hint = ValueHint::DirPath, required = true)]
    pub(crate) dir: Option<PathBuf>,
    /// The founding body's short name, as in the ledger: cambridgeshire
    #[arg(long, value_name = "SLUG", required = true)]
    pub(crate) force: Option<String>,
    #[command(flatten)]
    pub(crate) servers: Servers,
    /// A hub that keeps a copy of what is sealed: nats-leaf://hub-1.example:7422, or tls://…; again for each of its servers
    #[arg(long, value_name = "URL")]
    pub(crate) hub: Vec<String>,
    /// The authority (PEM) that vouches for the hub's servers, as the broker's own machine sees it
    #[arg(long, value_name = "FILE", requires = "hub")]
    pub(crate) hub_ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) make: Make,
}

#[derive(Debug, Args)]
pub(crate) struct BusProvisionHub {
    /// Where to put the configuration and the keys
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// A force: its short name, or SLUG=KEY with its link's public key; again for each
    #[arg(long, value_name = "SLUG[=KEY]")]
    pub(crate) force: Vec<String>,
    #[command(flatten)]
    pub(crate) servers: Servers,
    #[command(flatten)]
    pub(crate) make: Make,
}

/// What servers are to be.
#[derive(Debug, Args)]
pub(crate) struct Servers {
    /// Where they listen, as they see it themselves; with --node only the address counts [default: 0.0.0.0:4222]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Where they keep their streams, as they see it themselves [default: /data]
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// One server of a cluster, and where the others find it: NAME=HOST, or NAME=HOST:CLIENTS:ROUTES:LEAVES (its ports
    /// [default: 4222, 6222, 7422]); again for each
    #[arg(long, value_name = "NAME=HOST")]
    pub(crate) node: Vec<Node>,
    /// How many servers keep each stream, 1 or 3 [default: 3 with three servers]
    #[arg(long, value_name = "COPIES", value_parser = copies)]
    pub(crate) replicas: Option<usize>,
    /// Their certificate (PEM), as they see it themselves; then clients, routes and links must speak TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The authority (PEM) that must vouch for clients; then they need a certificate besides their key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// The authority (PEM) that vouches for the servers to each other, and to those linked to them
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Write anew what an earlier run wrote otherwise; files that change are kept beside, as NAME.before
    #[arg(long)]
    pub(crate) replace: bool,
}

/// Making streams on servers that run.
#[derive(Debug, Args)]
pub(crate) struct Make {
    /// Make the streams on this broker, as `provisioning`: nats://host:4222
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// Certificates that the broker's must be signed by, as PEM
    #[arg(long, value_name = "FILE", requires = "to", value_hint = ValueHint::FilePath)]
    pub(crate) nats_ca: Option<PathBuf>,
}

/// An even number of copies survives no more than one less, and five are more than there are servers.
fn copies(text: &str) -> Result<usize, String> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("1 or 3".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct BusCheck {
    #[command(flatten)]
    pub(crate) services: Services,
    /// The founding body's short name, as in the ledger: cambridgeshire; with --hub again for each
    #[arg(long, value_name = "SLUG", required = true)]
    pub(crate) force: Vec<String>,
    /// It is a hub: look at its copies of these forces' sealed streams
    #[arg(long)]
    pub(crate) hub: bool,
    /// How many servers should keep each stream [default: 3 with --hub, otherwise 1 or more]
    #[arg(long, value_name = "COPIES", value_parser = copies)]
    pub(crate) replicas: Option<usize>,
}
