//! What a process was told: a file, the environment and flags, in one place and with its source.
//!
//! A flag wins over the environment, the environment over the file, the file over the default. Nothing is read
//! that is not declared as a [`Key`]: a misspelt name is refused with the nearest known one, in whichever of the
//! three it stands. A secret is only ever the path of a file, so none can stand in a process list or a
//! compose file.
//!
//! | declared as | in the file | in the environment | as a flag |
//! |---|---|---|---|
//! | `nats.url` | `[nats]` `url = "…"` | `SCRUTINY_NATS_URL` | `--nats-url …` |
//! | `force` | `force = "…"` | `SCRUTINY_FORCE` | `--force …` |
//! | `ledger` of the role `recorder` | `[recorder]` `ledger = "…"` | `SCRUTINY_RECORDER_LEDGER` | `--ledger …` |

mod common;
mod key;
mod layers;
mod print;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::de::DeserializeOwned;

pub use common::{COMMON, Common, Log, LogFormat, Nats, Ops, Stop, Trace, read_secret};
pub use key::{Key, Shape};
pub use layers::Given;

use crate::role::Role;
use layers::Layers;

/// Why a process does not start with what it was told.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A name that no key has.
    #[error("{source_of}: there is no {name:?}{}", nearest.as_ref().map_or_else(String::new, |n| format!("; did you mean {n:?}?")))]
    Unknown {
        /// As it was written.
        name: String,
        /// Where it was written.
        source_of: Source,
        /// The known name that is most like it, written for the same place.
        nearest: Option<String>,
    },
    /// A value of another shape than its key's.
    #[error("{source_of}: {name} wants {wanted}, and is {got:?}")]
    WrongShape {
        /// The key.
        name: String,
        /// Where the value was given.
        source_of: Source,
        /// What would do.
        wanted: String,
        /// What was there.
        got: String,
    },
    /// Nothing says it, and there is no default.
    #[error("{name} is not given ({help}): set it in the file, as {env}, or with --{flag}")]
    Missing {
        /// The key.
        name: &'static str,
        /// What it is.
        help: &'static str,
        /// Its name in the environment.
        env: String,
        /// Its flag.
        flag: String,
    },
    /// A file that cannot be read.
    #[error("{}: {why}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Settings that do not go together.
    #[error("{0}")]
    Contradiction(String),
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The program's own.
    Default,
    /// A file.
    File(PathBuf),
    /// A variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

#[derive(Debug, Clone)]
struct Value {
    value: toml::Value,
    source: Source,
}

/// Everything a process was told, checked against the keys of its role.
#[derive(Debug, Clone)]
pub struct Config {
    role: &'static Role,
    values: BTreeMap<String, Value>,
    common: Common,
}

impl Config {
    /// Puts the sources together.
    ///
    /// # Errors
    /// The first name that is unknown, value that does not fit, or key that nothing gives.
    pub fn gather(role: &'static Role, given: Given) -> Result<Self, ConfigError> {
        let values = Layers::new(role).gather(given)?;
        let common: Common = read(&values, "", COMMON)?;
        common.check()?;
        Ok(Self { role, values, common })
    }

    /// What every role knows.
    #[must_use]
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// The role's own section, as the role's own type.
    ///
    /// # Errors
    /// When the type does not take what the keys let through.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        read(&self.values, self.role.name, self.role.keys)
    }

    /// All of it as a file that says the same again, each line with where it came from.
    #[must_use]
    pub fn to_toml(&self) -> String {
        print::to_toml(self.role, &self.values)
    }
}

/// Reads keys of one section into a type. Tables within follow the dots of the names.
fn read<T: DeserializeOwned>(
    values: &BTreeMap<String, Value>,
    section: &str,
    keys: &[Key],
) -> Result<T, ConfigError> {
    let mut table = toml::Table::new();
    for key in keys {
        if let Some(found) = values.get(&key.full_name(section)) {
            place(&mut table, key.name, found.value.clone());
        }
    }
    let unreadable = |e: toml::de::Error| ConfigError::Contradiction(format!("[{section}]: {}", e.message()));
    table.try_into().map_err(unreadable)
}

fn place(table: &mut toml::Table, name: &str, value: toml::Value) {
    let Some((first, rest)) = name.split_once('.') else {
        table.insert(name.to_owned(), value);
        return;
    };
    let inner = table.entry(first).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(inner) = inner {
        place(inner, rest, value);
    }
}

#[cfg(test)]
mod tests;
