//! Signing with a key that stays in ssh-agent (or behind it, in a FIDO2 security key).
//!
//! Two messages of the agent protocol (draft-miller-ssh-agent) are all it takes; the crates that speak the
//! whole of it bring a second ed25519-dalek and RSA with them.
//!
//! ```text
//! u32 length │ u8 type │ …
//! → 11                                              which keys do you hold?
//! ← 12 │ u32 n │ n × (string key │ string comment)
//! → 13 │ string key │ string data │ u32 flags       sign this
//! ← 14 │ string signature
//! ← 5                                               no
//! ```
//!
//! The agent is not trusted: what it answers is read with bounds and must verify before it is passed on.
//! An agent that lies can only fail to sign.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ledger_core::ids::KeyId;
use ledger_core::sshsig::wire::{Reader, put_string};
use ledger_core::sshsig::{HashAlgorithm, PublicKey, Signature, SshsigError, envelope, signed_data};

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// Bytes in one message: OpenSSH's own limit (`AGENT_MAX_LEN`).
const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// Keys that an agent may list: OpenSSH's own limit (`MAX_AGENT_IDENTITIES`).
const MAX_IDENTITIES: u32 = 2048;

/// Listing keys needs nobody; signing may wait for somebody to find the security key and touch it.
const LIST_PATIENCE: Duration = Duration::from_secs(10);
const SIGN_PATIENCE: Duration = Duration::from_secs(120);

/// Why the agent did not sign.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AgentError {
    /// Nobody listens.
    #[error("no ssh-agent answers at {}: {error}", socket.display())]
    Connect {
        /// Where it should be.
        socket: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The conversation broke off.
    #[error("ssh-agent stopped answering: {0}")]
    Io(#[from] io::Error),
    /// The agent holds other keys.
    #[error(
        "ssh-agent does not hold key {wanted}; it holds {held} that this ledger takes: add it with ssh-add"
    )]
    NoSuchKey {
        /// The key asked for.
        wanted: KeyId,
        /// How many Ed25519 keys there are.
        held: usize,
    },
    /// It holds the key but said no: locked, not confirmed, or not touched.
    #[error("ssh-agent refused to sign with key {0}: is it locked, or was the request not confirmed?")]
    Refused(KeyId),
    /// It did not keep to the protocol.
    #[error("ssh-agent does not keep to its protocol: {0}")]
    Protocol(String),
    /// It answered with something that is no signature of that message by that key.
    #[error("ssh-agent answered with a signature that is not good: {0}")]
    BadSignature(SshsigError),
}

/// A key that an agent holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The key.
    pub(crate) key: PublicKey,
    /// The comment it was added with.
    pub(crate) comment: String,
}

/// Has the agent sign a message: a binary SSHSIG blob that has been verified.
///
/// # Errors
/// When no agent answers, it does not hold the key, refuses, or misbehaves.
pub(crate) fn sign(
    socket: &Path,
    key: &PublicKey,
    namespace: &str,
    message: &[u8],
) -> Result<Vec<u8>, AgentError> {
    let mut agent = Agent::connect(socket)?;
    let held = agent.identities()?;
    if !held.iter().any(|identity| identity.key == *key) {
        return Err(AgentError::NoSuchKey { wanted: key.key_id(), held: held.len() });
    }
    let signature = agent.sign(key, &signed_data(namespace, HashAlgorithm::Sha512, message))?;
    let blob = envelope(key, namespace, &signature);
    Signature::parse(&blob)
        .and_then(|signature| signature.verify_with(key, namespace, message))
        .map_err(AgentError::BadSignature)?;
    Ok(blob)
}

/// The keys in the agent that this ledger takes; others are passed over.
///
/// # Errors
/// When no agent answers or it misbehaves.
#[cfg(test)]
pub(crate) fn identities(socket: &Path) -> Result<Vec<Identity>, AgentError> {
    Agent::connect(socket)?.identities()
}

struct Agent(UnixStream);

impl Agent {
    fn connect(socket: &Path) -> Result<Self, AgentError> {
        let stream = UnixStream::connect(socket)
            .map_err(|error| AgentError::Connect { socket: socket.to_owned(), error })?;
        stream.set_write_timeout(Some(LIST_PATIENCE))?;
        Ok(Self(stream))
    }

    fn identities(&mut self) -> Result<Vec<Identity>, AgentError> {
        let answer = self.ask(&[REQUEST_IDENTITIES], LIST_PATIENCE)?;
        let mut reader = expect(&answer, IDENTITIES_ANSWER)?;
        let count = reader.u32().map_err(protocol)?;
        if count > MAX_IDENTITIES {
            return Err(AgentError::Protocol(format!("it says that it holds {count} keys")));
        }
        let mut held = Vec::new();
        for _ in 0..count {
            let blob = reader.string().map_err(protocol)?;
            let comment = reader.string().map_err(protocol)?;
            if let Ok(key) = PublicKey::from_blob(blob) {
                held.push(Identity { key, comment: String::from_utf8_lossy(comment).into_owned() });
            }
        }
        reader.finish().map_err(protocol)?;
        Ok(held)
    }

    fn sign(&mut self, key: &PublicKey, data: &[u8]) -> Result<Vec<u8>, AgentError> {
        let mut request = vec![SIGN_REQUEST];
        put_string(&mut request, key.blob());
        put_string(&mut request, data);
        // The flags only choose between RSA signatures.
        request.extend_from_slice(&0_u32.to_be_bytes());
        let answer = self.ask(&request, SIGN_PATIENCE)?;
        if answer[0] == FAILURE {
            return Err(AgentError::Refused(key.key_id()));
        }
        let mut reader = expect(&answer, SIGN_RESPONSE)?;
        let signature = reader.string().map_err(protocol)?.to_vec();
        reader.finish().map_err(protocol)?;
        Ok(signature)
    }

    /// Sends one message and reads one, which is never empty.
    fn ask(&mut self, request: &[u8], patience: Duration) -> Result<Vec<u8>, AgentError> {
        let mut message = Vec::with_capacity(4 + request.len());
        put_string(&mut message, request);
        self.0.set_read_timeout(Some(patience))?;
        self.0.write_all(&message)?;
        let mut length = [0; 4];
        self.0.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if !(1..=MAX_MESSAGE_BYTES).contains(&length) {
            return Err(AgentError::Protocol(format!("it announces a message of {length} bytes")));
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer)?;
        Ok(answer)
    }
}

fn expect(answer: &[u8], kind: u8) -> Result<Reader<'_>, AgentError> {
    match answer.split_first() {
        Some((&got, rest)) if got == kind => Ok(Reader::new("the agent's answer", rest)),
        got => Err(AgentError::Protocol(format!("message {kind} was due, it sent {:?}", got.map(|g| g.0)))),
    }
}

fn protocol(error: SshsigError) -> AgentError {
    AgentError::Protocol(error.to_string())
}

#[cfg(test)]
mod tests;
