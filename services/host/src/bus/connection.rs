//! How to reach a broker, and as whom.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How to reach a broker, and as whom. Secrets are files, so that no configuration holds one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Connection {
    /// `nats://host:4222`, or `tls://host:4222`; several for a cluster.
    pub servers: Vec<String>,
    /// Who we are, the process's own name: `recorder`. The broker's log shows it, and answers come to
    /// `_INBOX_<name>.>`, so that permissions can keep everybody else from reading them.
    pub name: String,
    /// An nkey seed (`SU…`), as `scrutiny bus provision` writes it.
    pub nkey_file: Option<PathBuf>,
    /// A credentials file (JWT and seed), as an operator's tools write it.
    pub credentials_file: Option<PathBuf>,
    /// A user with a password.
    pub user: Option<String>,
    /// The file with that user's password.
    pub password_file: Option<PathBuf>,
    /// Authorities that may vouch for the broker, in PEM, besides the system's own.
    pub ca_file: Option<PathBuf>,
    /// Our certificate, in PEM, when the broker asks for one.
    pub cert_file: Option<PathBuf>,
    /// The key of that certificate, PKCS #8 in PEM.
    pub key_file: Option<PathBuf>,
    /// Speak TLS from the first byte, as a broker with `handshake_first` wants it.
    pub tls_first: bool,
    /// How long an acknowledgement by a stream may take, in milliseconds; 0 for five seconds.
    pub ack_timeout_ms: u64,
}

impl Connection {
    /// To one server, under one name, with no credentials.
    pub fn to(server: &str, name: &str) -> Connection {
        Connection { servers: vec![server.to_owned()], name: name.to_owned(), ..Connection::default() }
    }

    /// Where answers to us come.
    pub fn inbox_prefix(&self) -> String {
        format!("_INBOX_{}", self.name)
    }

    pub(super) fn ack_timeout(&self) -> Duration {
        match self.ack_timeout_ms {
            0 => Duration::from_secs(5),
            ms => Duration::from_millis(ms),
        }
    }
}
