//! Exit codes: what a script can tell from them.

use std::process::ExitCode;

/// Why a command did not do what was asked. Each has its own exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// The command line or an input file is wrong.
    #[error("{0}")]
    Usage(String),
    /// Something does not prove what it claims.
    #[error("{0}")]
    VerificationFailed(String),
    /// Something needed for an answer is missing.
    #[error("{0}")]
    CannotDecide(String),
    /// What was asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// The charter or a rule says no.
    #[error("{0}")]
    Refused(String),
    /// Somebody else came first.
    #[error("{0}")]
    Conflict(String),
    /// A file, the disk or a lock.
    #[error("{0}")]
    Io(String),
    /// Signed and kept here, and not recorded yet.
    #[error("{0}")]
    Kept(String),
}

/// What commands return.
pub(crate) type Done<T = ()> = Result<T, Stop>;

impl Stop {
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.number())
    }

    pub(crate) fn number(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::VerificationFailed(_) => 3,
            Self::CannotDecide(_) => 4,
            Self::NotFound(_) => 5,
            Self::Refused(_) => 6,
            Self::Conflict(_) => 7,
            Self::Io(_) => 8,
            Self::Kept(_) => 9,
        }
    }

    /// The same, about one of several.
    pub(crate) fn about(self, name: &str) -> Self {
        let about = |sentence: String| format!("{name}: {sentence}");
        match self {
            Self::Usage(s) => Self::Usage(about(s)),
            Self::VerificationFailed(s) => Self::VerificationFailed(about(s)),
            Self::CannotDecide(s) => Self::CannotDecide(about(s)),
            Self::NotFound(s) => Self::NotFound(about(s)),
            Self::Refused(s) => Self::Refused(about(s)),
            Self::Conflict(s) => Self::Conflict(about(s)),
            Self::Io(s) => Self::Io(about(s)),
            Self::Kept(s) => Self::Kept(about(s)),
        }
    }

    /// The word that stands for the code in `--json` output.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::VerificationFailed(_) => "verification-failed",
            Self::CannotDecide(_) => "cannot-decide",
            Self::NotFound(_) => "not-found",
            Self::Refused(_) => "refused",
            Self::Conflict(_) => "conflict",
            Self::Io(_) => "io",
            Self::Kept(_) => "kept",
        }
    }
}

/// Names the file in an I/O error: "keys/alice: permission denied".
pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Stop + '_ {
    move |error| {
        let sentence = format!("{}: {error}", path.display());
        if error.kind() == std::io::ErrorKind::NotFound {
            Stop::NotFound(sentence)
        } else {
            Stop::Io(sentence)
        }
    }
}
