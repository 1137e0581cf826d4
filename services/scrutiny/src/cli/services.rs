//! The services: where they are, as whom to speak to them, how they are, and all of them in one process.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Where the services are, and as whom to speak to them.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Services {
    /// A broker, "nats://host:4222", or the folder of a ledger whose `scrutiny up` is running [default: --ledger]
    #[arg(long, value_name = "WHERE")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) broker: Broker,
}

/// As whom to speak to a broker.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Broker {
    /// A file with an nkey seed for the broker
    #[arg(long, env = "SCRUTINY_NATS_NKEY", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) nats_nkey: Option<PathBuf>,
    /// A credentials file for the broker
    #[arg(long, env = "SCRUTINY_NATS_CREDENTIALS", value_name = "FILE", conflicts_with = "nats_nkey",
          value_hint = ValueHint::FilePath)]
    pub(crate) nats_credentials: Option<PathBuf>,
    /// Certificates that the broker's must be signed by, as PEM
    #[arg(long, env = "SCRUTINY_NATS_CA", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) nats_ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) services: Services,
    /// Wait so many seconds at most until every service is ready
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) wait: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Carry messages over a broker, "nats://host:4222", or "local" to start one here [default: within this process]
    ///
    /// With --nats-nkey, --nats-credentials and --nats-ca for a broker that wants to know who asks. All roles share that
    /// one identity, which has to be permitted what each of them does: no single key of `scrutiny bus provision` is,
    /// since there each service is a process of its own.
    #[arg(long, value_name = "URL")]
    pub(crate) nats: Option<String>,
    #[command(flatten)]
    pub(crate) broker: Broker,
    /// With `--nats local`: the nats-server to start [default: the one on PATH]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) nats_server: Option<PathBuf>,
    /// With `--nats local`: the port it listens on; 0 takes any that is free
    #[arg(long, value_name = "PORT", default_value_t = 4222)]
    pub(crate) nats_port: u16,
    /// Found a ledger first where there is none, for the body of this short name
    #[arg(long, value_name = "BODY")]
    pub(crate) found: Option<String>,
    /// With `--found`: the ledger's name [default: scrutiny.example/BODY]
    #[arg(long, value_name = "NAME", requires = "found")]
    pub(crate) origin: Option<String>,
    /// Where health and figures are served; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9460")]
    pub(crate) ops_listen: std::net::SocketAddr,
    /// What the services log: warn, info, or by target: warn,recorder=debug
    #[arg(long, value_name = "TEXT", default_value = "warn")]
    pub(crate) log_level: String,
    /// Where to send traces by OTLP over HTTP: http://collector:4318
    #[arg(long, value_name = "URL")]
    pub(crate) trace_endpoint: Option<String>,
    /// How long work in hand may take when everything stops
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub(crate) stop_seconds: u64,
}
