//! The key folder: private keys of people who sign on this machine, and the log's own.
//!
//! ```text
//! keys/NAME        an Ed25519 private key as OpenSSH writes it, mode 0600; absent where an agent holds it
//! keys/NAME.pub    its public key
//! keys/log.key     the log's signing keys: two lines, Ed25519 and ML-DSA-44, mode 0600
//! ```
//!
//! The folder is trusted: whoever reads it can sign as its people. It is never inside a ledger, and a
//! private key that others than its owner may read is not used.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use ledger_core::checkpoint::LogSigner;
use ledger_core::ids::{KeyId, Origin};
use ledger_core::sshsig::{self, PublicKey};

use crate::agent;
use crate::exit::{Done, Stop, io};

/// SSHSIG namespace of a proof of possession.
pub(crate) const ENROLMENT: &str = "enrolment@scrutiny-ledger";

/// Names that would collide with the log's keys.
const RESERVED: [&str; 2] = ["log", "log.key"];

/// Bytes in a file with a private key: an Ed25519 one has about 400.
const MAX_KEY_FILE_BYTES: u64 = 64 << 10;

/// A folder of keys.
pub(crate) struct Keyring {
    dir: PathBuf,
}

/// A key as a command names it.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) public: PublicKey,
}

impl Keyring {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Makes a key pair. An existing one is never overwritten.
    pub(crate) fn create(&self, name: &str) -> Done<Named> {
        check_name(name)?;
        let key = SigningKey::from_bytes(&random()?);
        let text = sshsig::write_private_key(&key, name).map_err(|e| Stop::Usage(e.to_string()))?;
        let public = PublicKey::from_ed25519(key.verifying_key().as_bytes())
            .expect("a fresh key is a point of large order");
        self.make_dir()?;
        write_new(&self.dir.join(name), text.as_bytes(), 0o600)?;
        let line = format!("{}\n", public.to_openssh_line(name));
        write_new(&self.public_path(name), line.as_bytes(), 0o644)?;
        Ok(Named { name: name.to_owned(), public })
    }

    /// Remembers a public key whose private half is elsewhere. Remembering it again changes nothing.
    pub(crate) fn adopt(&self, name: &str, public: &PublicKey) -> Done {
        check_name(name)?;
        if self.read_public(&self.public_path(name)).is_ok_and(|known| known.public == *public) {
            return Ok(());
        }
        self.make_dir()?;
        let line = format!("{}\n", public.to_openssh_line(name));
        write_new(&self.public_path(name), line.as_bytes(), 0o644)
    }

    /// The public key of a name, or the key with that id.
    pub(crate) fn find(&self, name_or_id: &str) -> Done<Named> {
        if let Ok(id) = name_or_id.parse::<KeyId>() {
            let found = self.all()?.into_iter().find(|key| key.public.key_id() == id);
            return found.ok_or_else(|| Stop::NotFound(format!("{}: no key {id}", self.dir.display())));
        }
        check_name(name_or_id)?;
        self.read_public(&self.public_path(name_or_id))
    }

    /// Every public key in the folder that a ledger takes, by name. Others may lie beside them, as in `~/.ssh`.
    pub(crate) fn all(&self) -> Done<Vec<Named>> {
        let listing = match fs::read_dir(&self.dir) {
            Ok(listing) => listing,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(io(&self.dir)(e)),
        };
        let mut paths: Vec<PathBuf> = listing
            .filter_map(|item| item.ok().map(|i| i.path()))
            .filter(|p| p.extension().is_some_and(|e| e == "pub"))
            .collect();
        paths.sort();
        let read = |path: &PathBuf| match self.read_public(path) {
            Err(Stop::Usage(_)) => None,
            read => Some(read),
        };
        paths.iter().filter_map(read).collect()
    }

    /// Signs with the private key in the folder, or, where it is not there, with the agent.
    pub(crate) fn sign(&self, key: &PublicKey, namespace: &str, message: &[u8]) -> Done<Vec<u8>> {
        let id = key.key_id();
        let named = self.all()?.into_iter().find(|n| n.public.key_id() == id);
        if let Some(named) = named.filter(|named| self.dir.join(&named.name).exists()) {
            return Ok(sshsig::sign(&self.private(&named.name)?, namespace, message));
        }
        let Some(socket) = std::env::var_os("SSH_AUTH_SOCK") else {
            return Err(Stop::CannotDecide(format!(
                "the private half of {id} is neither in {} nor in an ssh-agent (SSH_AUTH_SOCK is not set); \
                 `scrutiny sign` prepares a file that can be signed elsewhere",
                self.dir.display()
            )));
        };
        agent::sign(Path::new(&socket), key, namespace, message)
            .map_err(|e| Stop::CannotDecide(format!("the ssh-agent did not sign with {id}: {e}")))
    }

    /// A private key in the folder, for a service that signs thousands of statements.
    pub(crate) fn private(&self, name: &str) -> Done<SigningKey> {
        check_name(name)?;
        let path = self.dir.join(name);
        let text = read_private(&path)?;
        sshsig::read_private_key(&text).map_err(|e| Stop::Usage(format!("{}: {e}", path.display())))
    }

    /// Makes the log's signing keys.
    pub(crate) fn create_log_keys(&self, origin: &Origin) -> Done<LogSigner> {
        self.make_dir()?;
        write_log_keys(&self.log_path(), origin)
    }

    /// The log's signing keys.
    pub(crate) fn log_keys(&self) -> Done<LogSigner> {
        let path = self.log_path();
        read_log_keys(&path).map_err(|stop| match stop {
            Stop::NotFound(_) => Stop::CannotDecide(format!(
                "{}: the log's signing keys are not here; --keys says where they are",
                path.display()
            )),
            other => other,
        })
    }

    fn read_public(&self, path: &Path) -> Done<Named> {
        let text = fs::read_to_string(path).map_err(io(path))?;
        let public = PublicKey::from_openssh_line(text.trim_end())
            .map_err(|e| Stop::Usage(format!("{}: {e}", path.display())))?;
        let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Named { name, public })
    }

    fn make_dir(&self) -> Done {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(io(&self.dir))
    }

    fn public_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.pub"))
    }

    fn log_path(&self) -> PathBuf {
        self.dir.join("log.key")
    }
}

/// Makes a log's signing keys, in a file that must not exist yet.
pub(crate) fn write_log_keys(path: &Path, origin: &Origin) -> Done<LogSigner> {
    let (ed25519, ml_dsa) = (random()?, random()?);
    let line = |what: &str, seed: &[u8; 32]| format!("{what} {origin} {}\n", STANDARD.encode(seed));
    let text = line("ed25519", &ed25519) + &line("ml-dsa-44", &ml_dsa);
    write_new(path, text.as_bytes(), 0o600)?;
    LogSigner::new(origin.clone(), &ed25519, &ml_dsa).map_err(|e| Stop::Usage(e.to_string()))
}

/// Reads a log's signing keys.
pub(crate) fn read_log_keys(path: &Path) -> Done<LogSigner> {
    LogSigner::parse_key_file(&read_private(path)?)
        .ok_or_else(|| Stop::Usage(format!("{}: these are no log keys", path.display())))
}

/// What a proof of possession signs: `<origin>\n<key id>\n`.
pub(crate) fn enrolment_text(origin: &Origin, key: KeyId) -> String {
    format!("{origin}\n{key}\n")
}

/// 32 bytes from the operating system's random source.
pub(crate) fn random() -> Done<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| Stop::Io(format!("the system gives no random bytes: {e}")))?;
    Ok(bytes)
}

fn check_name(name: &str) -> Done {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(good) {
        let sentence = format!("{name:?} is no name for a key: letters, digits, '.', '-' and '_'");
        return Err(Stop::Usage(sentence));
    }
    // A private half in a file called .pub would sooner or later be given to somebody.
    if RESERVED.contains(&name) || name.ends_with(".pub") {
        return Err(Stop::Usage(format!(
            "{name:?} is no name for a key: a file in the key folder is called so"
        )));
    }
    Ok(())
}

/// Reads a private key, unless others than its owner may read it too.
fn read_private(path: &Path) -> Done<String> {
    let file = fs::File::open(path).map_err(io(path))?;
    let mode = file.metadata().map_err(io(path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Stop::CannotDecide(format!(
            "{}: others on this machine may read or change this private key (mode {mode:03o}), so it is not used; \
             `chmod 600 {}`, and have it replaced if somebody may have copied it",
            path.display(),
            path.display()
        )));
    }
    let mut text = String::new();
    file.take(MAX_KEY_FILE_BYTES).read_to_string(&mut text).map_err(io(path))?;
    Ok(text)
}

/// Writes a file that must not exist yet, and syncs it: a key that is lost after it was enrolled is lost
/// for good.
pub(crate) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Done {
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(|e| {
            match e.kind() {
                std::io::ErrorKind::AlreadyExists => Stop::Conflict(format!(
                    "{}: is there already and will not be overwritten",
                    path.display()
                )),
                _ => io(path)(e),
            }
        })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io(path))
}
