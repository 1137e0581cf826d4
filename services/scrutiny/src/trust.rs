//! Whose signatures count: a policy file, or log keys on the command line.

use std::path::Path;

use ledger_core::policy::{Policy, QuorumError};

use crate::cli::Trust;
use crate::exit::{Done, Stop, io};

/// The policy that the flags describe; `None` when they say nothing.
pub(crate) fn policy(trust: &Trust) -> Done<Option<Policy>> {
    let (name, text) = match &trust.policy {
        Some(path) => (path.display().to_string(), std::fs::read_to_string(path).map_err(io(path))?),
        None if trust.vkey.is_empty() => return Ok(None),
        None => {
            let logs: Vec<String> = trust.vkey.iter().map(|vkey| format!("log {vkey}\n")).collect();
            ("--vkey".to_owned(), format!("{}quorum none\n", logs.concat()))
        }
    };
    Policy::parse(text.as_bytes()).map(Some).map_err(|e| Stop::Usage(format!("{name}: {e}")))
}

/// What a policy's "no" means for the exit code: an unknown log, or keys of it that are not known here, leave the
/// question open; a wrong signature answers it.
pub(crate) fn quorum(file: &Path, error: &QuorumError) -> Stop {
    let sentence = format!("{}: {error}", file.display());
    match error {
        QuorumError::UnknownLog { .. } | QuorumError::UnknownKeys { .. } | QuorumError::Quorum { .. } => {
            Stop::CannotDecide(sentence)
        }
        _ => Stop::VerificationFailed(sentence),
    }
}
