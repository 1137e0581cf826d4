//! Seeds and secrets: made once, kept by every later run, and readable to their owner alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nkeys::KeyPair;

use super::files::at;
use super::hub::HubIdentity;
use super::{Identity, ProvisionError};

/// The keys of one folder, as they are found or made.
#[derive(Debug)]
pub(super) struct Keys {
    folder: PathBuf,
    /// How many were there already.
    pub(super) kept: usize,
}

impl Keys {
    /// Of a folder, which is made.
    pub(super) fn of(folder: &Path) -> Result<Keys, ProvisionError> {
        let keys = folder.join("keys");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&keys).map_err(at(&keys))?;
        Ok(Keys { folder: keys, kept: 0 })
    }

    /// Somebody's pair, and where its seed is.
    pub(super) fn pair(&mut self, name: &str) -> Result<(KeyPair, PathBuf), ProvisionError> {
        let path = self.folder.join(format!("{name}.nk"));
        let key = match fs::read_to_string(&path) {
            Ok(text) => {
                self.kept += 1;
                read_seed(&path, &text)?
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let key = KeyPair::new_user();
                write_secret(&path, &seed(&key))?;
                key
            }
            Err(problem) => return Err(ProvisionError::File { path, problem }),
        };
        Ok((key, path))
    }

    /// The password by which the servers of one cluster know each other. Routes know no nkeys; a new seed's text is as hard
    /// to guess.
    pub(super) fn routes(&mut self) -> Result<String, ProvisionError> {
        let path = self.folder.join("routes.secret");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let secret = seed(&KeyPair::new_user());
                write_secret(&path, &secret)?;
                Ok(secret)
            }
            Err(problem) => Err(ProvisionError::File { path, problem }),
        }
    }
}

/// Where an identity's seed is.
pub fn seed_file(folder: &Path, identity: Identity) -> PathBuf {
    named_seed_file(folder, identity.name())
}

/// Where the seed of somebody of this name is: of the hub's identities, and `leaf`, the link's.
pub fn named_seed_file(folder: &Path, name: &str) -> PathBuf {
    folder.join("keys").join(format!("{name}.nk"))
}

/// A name that a seed's file may have: somebody's at a force, or at a hub.
pub fn known_name(name: &str) -> Option<&'static str> {
    let at_force = Identity::parse(name).map(Identity::name);
    at_force.or_else(|| HubIdentity::ALL.into_iter().map(HubIdentity::name).find(|known| *known == name))
}

/// The private half, as text.
pub(super) fn seed(key: &KeyPair) -> String {
    key.seed().expect("a pair that was just made, or read from its seed, has its private half")
}

fn read_seed(path: &Path, text: &str) -> Result<KeyPair, ProvisionError> {
    let bad = |problem: String| ProvisionError::BadSeed { path: path.to_owned(), problem };
    let key = KeyPair::from_seed(text.trim()).map_err(|e| bad(e.to_string()))?;
    if key.public_key().starts_with('U') { Ok(key) } else { Err(bad("it is another kind of key".to_owned())) }
}

fn write_secret(path: &Path, text: &str) -> Result<(), ProvisionError> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(at(path))?;
    writeln!(file, "{text}").and_then(|()| file.sync_all()).map_err(at(path))
}
