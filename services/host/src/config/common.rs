//! What every role knows.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::bus::Connection;
use crate::bus::names::Force;

use super::layers::read_bounded;
use super::{ConfigError, Key, Shape};

/// Bytes of a secret: a credentials file has about 1,000, a chain of certificates some thousands.
const MAX_SECRET_BYTES: u64 = 64 << 10;

/// The keys of every role.
pub const COMMON: &[Key] = &[
    Key::required("force", Shape::Text, "The founding body's short name, as in the ledger: cambridgeshire"),
    Key::optional(
        "nats.url",
        Shape::Text,
        "The broker: nats://host:4222 or tls://host:4222; several with commas",
    ),
    Key::optional("nats.credentials", Shape::Secret, "A credentials file for the broker"),
    Key::optional("nats.nkey", Shape::Secret, "A file with an nkey seed for the broker"),
    Key::optional("nats.user", Shape::Text, "A user of the broker"),
    Key::optional("nats.password", Shape::Secret, "A file with that user's password"),
    Key::with_default("nats.tls-first", Shape::Switch, "false", "Speak TLS from the first byte"),
    Key::optional("nats.ca", Shape::Path, "Certificates that the broker's must be signed by, as PEM"),
    Key::optional("nats.cert", Shape::Path, "This process's own certificate for the broker, as PEM"),
    Key::optional("nats.key", Shape::Secret, "The private key of nats.cert, as PEM"),
    Key::required("ops.listen", Shape::Address, "Where /livez, /readyz and /metrics are served"),
    Key::with_default(
        "log.level",
        Shape::Text,
        "info",
        "What to log: info, debug, or by target: info,host=debug",
    ),
    Key::with_default(
        "log.format",
        Shape::Choice(&["text", "json"]),
        "text",
        "How to log, to standard error",
    ),
    Key::optional(
        "trace.endpoint",
        Shape::Text,
        "Where to send traces by OTLP over HTTP: http://collector:4318",
    ),
    Key::with_default("stop.seconds", Shape::Count, "20", "How long work in hand may take after SIGTERM"),
];

/// What every role knows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// The founding body's slug.
    pub force: String,
    /// The broker.
    #[serde(default)]
    pub nats: Nats,
    /// Health and metrics.
    pub ops: Ops,
    /// Logging.
    pub log: Log,
    /// Tracing.
    #[serde(default)]
    pub trace: Trace,
    /// Stopping.
    pub stop: Stop,
}

/// How to reach the broker, and as whom.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// `nats://` or `tls://` addresses, separated by commas.
    pub url: Option<String>,
    /// A credentials file.
    pub credentials: Option<PathBuf>,
    /// A file with an nkey seed.
    pub nkey: Option<PathBuf>,
    /// A user.
    pub user: Option<String>,
    /// A file with that user's password.
    pub password: Option<PathBuf>,
    /// Speak TLS from the first byte.
    #[serde(default, rename = "tls-first")]
    pub tls_first: bool,
    /// Certificates to trust, PEM.
    pub ca: Option<PathBuf>,
    /// Own certificate, PEM.
    pub cert: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
}

/// Where a process is looked at from outside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ops {
    /// Where it listens. Port 0 takes any free one.
    pub listen: SocketAddr,
}

/// How a process logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A filter of `tracing_subscriber::EnvFilter`.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For a person.
    Text,
    /// For a machine, one object a line.
    Json,
}

/// Where traces go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// The collector's base address.
    pub endpoint: Option<String>,
}

/// How a process stops.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    seconds: u64,
}

impl Nats {
    /// How the process of a name connects; none where no broker is given.
    #[must_use]
    pub fn connection(&self, name: &str) -> Option<Connection> {
        let servers = self.url.as_ref()?.split(',').map(|url| url.trim().to_owned()).collect();
        Some(Connection {
            servers,
            name: name.to_owned(),
            nkey_file: self.nkey.clone(),
            credentials_file: self.credentials.clone(),
            user: self.user.clone(),
            password_file: self.password.clone(),
            ca_file: self.ca.clone(),
            cert_file: self.cert.clone(),
            key_file: self.key.clone(),
            tls_first: self.tls_first,
            ..Connection::default()
        })
    }
}

impl Stop {
    /// How long work in hand may take.
    #[must_use]
    pub fn within(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

impl Common {
    /// Whose ledger it is, as subjects name it.
    #[must_use]
    pub fn force(&self) -> Force {
        Force::parse(&self.force).expect("looked at when it was read")
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let no = |sentence: &str| Err(ConfigError::Contradiction(sentence.to_owned()));
        if let Err(e) = Force::parse(&self.force) {
            return no(&format!("force: {e}"));
        }
        if self.nats.url.as_ref().is_some_and(|url| url.contains('@')) {
            return no(
                "nats.url has a name or a password in it: give nats.credentials or nats.nkey, which are files",
            );
        }
        let identities = [&self.nats.credentials, &self.nats.nkey, &self.nats.password];
        if identities.iter().filter(|given| given.is_some()).count() > 1 {
            return no("nats.credentials, nats.nkey and nats.password are different identities: give one");
        }
        if self.nats.user.is_some() != self.nats.password.is_some() {
            return no("nats.user and nats.password go together");
        }
        if self.nats.cert.is_some() != self.nats.key.is_some() {
            return no("nats.cert and nats.key go together");
        }
        if self
            .trace
            .endpoint
            .as_ref()
            .is_some_and(|e| !e.starts_with("http://") && !e.starts_with("https://"))
        {
            return no("trace.endpoint wants an http:// or https:// address");
        }
        Ok(())
    }
}

/// Reads a file with a secret, of bounded length, without the line end at its end.
///
/// # Errors
/// When it cannot be read, or anybody on this machine may change it.
pub fn read_secret(path: &Path) -> Result<String, ConfigError> {
    use std::os::unix::fs::PermissionsExt as _;
    let unreadable = |why: String| ConfigError::Unreadable { path: path.to_owned(), why };
    let mode = std::fs::metadata(path).map_err(|e| unreadable(e.to_string()))?.permissions().mode() & 0o777;
    // Secrets of a container engine are often mounted readable by all, inside a container of one user.
    if mode & 0o022 != 0 {
        return Err(unreadable(format!("others may change this secret (mode {mode:03o}); chmod go-w it")));
    }
    Ok(read_bounded(path, MAX_SECRET_BYTES)?.trim_end_matches(['\r', '\n']).to_owned())
}
