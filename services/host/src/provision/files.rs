//! Writing configuration so that nothing that is there is lost, and the plan that it was written by.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ProvisionError;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    New,
    /// It was there, just so.
    Same,
    /// It was there and different; the one before lies beside it, with `.before` behind its name.
    Changed,
}

/// A file that a broker reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    /// Where it is.
    pub path: PathBuf,
    /// What this run made of it.
    pub change: Change,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Readable {
    /// Whoever may see the folder.
    ByAll = 0o644,
    /// Its owner: there is a secret in it.
    ByOwner = 0o600,
}

/// Writes a file, and keeps what was there before.
pub(super) fn put(path: PathBuf, text: &str, readable: Readable) -> Result<ConfigFile, ProvisionError> {
    let change = match fs::read_to_string(&path) {
        Ok(before) if before == text => return Ok(ConfigFile { path, change: Change::Same }),
        Ok(_) => {
            let mut kept = path.clone().into_os_string();
            kept.push(".before");
            fs::rename(&path, &kept).map_err(at(&path))?;
            Change::Changed
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Change::New,
        Err(problem) => return Err(ProvisionError::File { path, problem }),
    };
    let mode = readable as u32;
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&path)
        .map_err(at(&path))?;
    file.set_permissions(fs::Permissions::from_mode(mode)).map_err(at(&path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(at(&path))?;
    Ok(ConfigFile { path, change })
}

/// The file with the plan that a folder was written by.
fn plan_file(folder: &Path) -> PathBuf {
    folder.join("plan.toml")
}

/// The plan that a folder was written by. `None`: by none, or before there were plans.
pub(super) fn planned<P: DeserializeOwned>(folder: &Path) -> Result<Option<P>, ProvisionError> {
    let path = plan_file(folder);
    match fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text)
            .map(Some)
            .map_err(|e| ProvisionError::BadPlan { path, problem: e.message().to_owned() }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(problem) => Err(ProvisionError::File { path, problem }),
    }
}

/// Remembers a plan.
pub(super) fn remember<P: Serialize>(folder: &Path, plan: &P) -> Result<(), ProvisionError> {
    let text = toml::to_string(plan).expect("a plan is a table of texts, numbers and lists");
    let text = format!("# What `scrutiny bus provision` was told; a later run goes on from here.\n{text}");
    put(plan_file(folder), &text, Readable::ByAll).map(|_| ())
}

pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> ProvisionError {
    let path = path.to_owned();
    move |problem| ProvisionError::File { path, problem }
}
