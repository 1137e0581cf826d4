//! The command line of `scrutiny bus`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::Services;

#[derive(Debug, Subcommand)]
pub(crate) enum Bus {
    /// Write a broker's configuration for one force, with a key for each service, and make its streams
    ///
    /// DIR gets `nats.conf` for nats-server (2.14 or later) and `keys/`, one nkey seed for each of recorder, review,
    /// inspection, response, projector, officer, provisioning and status, readable by you alone. Each may do its
    /// work on the broker and nothing else; only `provisioning` may make, change or delete a stream. Run it again
    /// to write the configuration anew: keys that are there are kept.
    ///
    /// With --to it also makes the force's two streams on the broker that runs with that configuration.
    Provision(BusProvision),
    /// Say whether a broker and its streams are such that statements may rely on them
    ///
    /// The same look that every service takes before it starts: that every message is on disk before it is
    /// acknowledged, and that no stream expires, deletes, rewrites or throws away messages.
    Check(BusCheck),
}

#[derive(Debug, Args)]
pub(crate) struct BusProvision {
    /// Where to put the configuration and the keys
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// The founding body's short name, as in the ledger: cambridgeshire
    #[arg(long, value_name = "SLUG")]
    pub(crate) force: String,
    /// Where the broker listens, as its own machine sees it
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:4222")]
    pub(crate) listen: String,
    /// Where the broker keeps its streams, as its own machine sees it
    #[arg(long, value_name = "DIR", default_value = "/data")]
    pub(crate) store: PathBuf,
    /// The broker's certificate (PEM), as its own machine sees it; then clients must speak TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The authority (PEM) that must vouch for clients; then they need a certificate besides their key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Make the streams on this broker, as `provisioning`: nats://host:4222
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// Certificates that the broker's must be signed by, as PEM
    #[arg(long, value_name = "FILE", requires = "to", value_hint = ValueHint::FilePath)]
    pub(crate) nats_ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BusCheck {
    #[command(flatten)]
    pub(crate) services: Services,
    /// The founding body's short name, as in the ledger: cambridgeshire
    #[arg(long, value_name = "SLUG")]
    pub(crate) force: String,
}
