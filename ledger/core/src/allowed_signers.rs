//! The `allowed_signers` file: who may sign, in the form that `ssh-keygen -Y verify` reads, so that an
//! auditor can check a statement's signature with nothing but OpenSSH.
//!
//! ```text
//! head-of-psd@cambs namespaces="statement@scrutiny-ledger",valid-after="20240101000000Z" ssh-ed25519 AAAA…
//! ```
//!
//! Every option's value stands in double quotes: ssh-keygen refuses the line otherwise, although its manual
//! shows it so only for `namespaces`.
//!
//! In scope: writing such lines, and reading what `ssh-keygen(1)`, ALLOWED SIGNERS, documents. What is
//! accepted here is accepted by ssh-keygen and means the same; a few things that it lets pass are refused
//! here, with the reason: times without `Z` (they mean another moment on another machine), days that no
//! calendar has, backslashes in options, and a comma before the first option.
//!
//! Out of scope: deciding by such a file. It is an *export*; what counts is replay of the ledger
//! (`ledger-rules`).

mod line;
mod pattern;
mod time;

use crate::sshsig::{PublicKey, SshsigError};

use pattern::matches_list;

/// Bytes in one line: a key has some 120 here, the rest is principals.
const MAX_LINE_BYTES: usize = 8 * 1024;

/// Bytes in a file: 100,000 lines of 160 bytes, several times the officers of the largest force.
const MAX_FILE_BYTES: usize = 16 << 20;

/// Why a line cannot be written, or a file not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowedSignersError {
    /// The file is longer than any ledger needs.
    #[error("an allowed signers file may have {MAX_FILE_BYTES} bytes at most, this one has {0}")]
    TooLong(usize),
    /// A name that would mean something else in the file.
    #[error(
        "{0:?} cannot stand in an allowed signers file: it must be printable ASCII without spaces, quotes, \
         commas, backslashes and the pattern characters '*', '?', '!' and '#'"
    )]
    Name(String),
    /// A moment that ssh-keygen does not read: the epoch itself, or after the year 9999.
    #[error("{0} seconds since 1970 cannot stand in an allowed signers file")]
    Time(u64),
    /// A line is wrong.
    #[error("line {line}: {problem}")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: LineProblem,
    },
}

/// What is wrong with one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// Too long.
    #[error("it has {0} bytes, {MAX_LINE_BYTES} at most are read")]
    TooLong(usize),
    /// Not principals, options, key type and key.
    #[error("it must be principals, perhaps options, a key type and a key: {0}")]
    Fields(&'static str),
    /// An option that ssh-keygen does not have.
    #[error("the option {0:?} is not known")]
    UnknownOption(String),
    /// An option that is there twice.
    #[error("the option {0:?} is there twice")]
    RepeatedOption(String),
    /// An option whose value does not stand in double quotes.
    #[error("the value of {0} must stand in double quotes")]
    Unquoted(String),
    /// A time without its Z.
    #[error("{0:?} is in local time, which differs from machine to machine: put a Z after it")]
    LocalTime(String),
    /// Not a time.
    #[error("{0:?} is not a time: YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ after 1970")]
    Time(String),
    /// A period that ends before it begins.
    #[error("valid-before must come after valid-after")]
    Period,
    /// The key is wrong or of another kind.
    #[error(transparent)]
    Key(#[from] SshsigError),
}

/// One line to write: a key, whom it speaks for, for what and when.
#[derive(Debug, Clone)]
pub struct Grant<'a> {
    /// Whom the key speaks for, as an auditor will name them to `ssh-keygen -I`.
    pub principal: &'a str,
    /// What it may sign.
    pub namespace: &'a str,
    /// First second of validity, since the Unix epoch.
    pub valid_after: Option<u64>,
    /// Last second of validity, since the Unix epoch.
    pub valid_before: Option<u64>,
    /// The key.
    pub key: &'a PublicKey,
}

impl Grant<'_> {
    /// The line, without a line end.
    ///
    /// # Errors
    /// When a name or a time in it would be read as something else.
    pub fn to_line(&self) -> Result<String, AllowedSignersError> {
        let mut line = format!("{} namespaces=\"{}\"", name(self.principal)?, name(self.namespace)?);
        for (option, moment) in [("valid-after", self.valid_after), ("valid-before", self.valid_before)] {
            if let Some(moment) = moment {
                let text = time::write(moment).ok_or(AllowedSignersError::Time(moment))?;
                line.push_str(&format!(",{option}=\"{text}\""));
            }
        }
        line.push(' ');
        line.push_str(&self.key.to_openssh_line(""));
        Ok(line)
    }
}

/// A line that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedSigner {
    /// Pattern list of principals.
    pub principals: String,
    /// The key signs certificates, not messages.
    pub cert_authority: bool,
    /// Pattern list of namespaces; `None` allows all.
    pub namespaces: Option<String>,
    /// First second of validity, since the Unix epoch.
    pub valid_after: Option<u64>,
    /// Last second of validity, since the Unix epoch.
    pub valid_before: Option<u64>,
    /// The key.
    pub key: PublicKey,
}

impl AllowedSigner {
    /// What `ssh-keygen -Y verify -I principal -n namespace -O verify-time=moment` would say of a good
    /// signature by this key.
    #[must_use]
    pub fn permits(&self, principal: &str, namespace: &str, moment: u64) -> bool {
        !self.cert_authority
            && matches_list(&self.principals, principal)
            && self.namespaces.as_ref().is_none_or(|list| matches_list(list, namespace))
            && self.valid_after.is_none_or(|after| after <= moment)
            && self.valid_before.is_none_or(|before| moment <= before)
    }
}

/// Reads a file; empty lines and lines that start with `#` are comments.
///
/// # Errors
/// At the first line that is wrong.
pub fn parse(text: &str) -> Result<Vec<AllowedSigner>, AllowedSignersError> {
    if text.len() > MAX_FILE_BYTES {
        return Err(AllowedSignersError::TooLong(text.len()));
    }
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_matches([' ', '\t', '\r'])));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            line::parse(line).map_err(|problem| AllowedSignersError::Line { line: number, problem })
        })
        .collect()
}

fn name(text: &str) -> Result<&str, AllowedSignersError> {
    let is_plain = |b: u8| b.is_ascii_graphic() && !b"\",\\*?!#".contains(&b);
    if !text.is_empty() && text.bytes().all(is_plain) {
        Ok(text)
    } else {
        Err(AllowedSignersError::Name(text.to_owned()))
    }
}
