//! The outbox: what was signed here and has no verified receipt yet.
//!
//! ```text
//! keys/outbox/000000000007-<statement id>.json    one statement with signatures, sealed content, and where to
//! keys/outbox/memory.json                          what was seen of streams, what was recorded last
//! ```
//!
//! A statement is written here, and synced, before anything is sent, and forgotten only when a proof that its entry
//! is in the log was checked against the log's own keys. Neither a desk's answer nor a durable receipt is reason
//! enough: both are said by whoever says them. What is here is sent again for ever; the recorder gives the same
//! statement the same place however often it comes.
//!
//! The folder is as private as the keys beside it: sealed content lies here in plain.

pub(crate) mod memory;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use desk::Service;
use ledger_core::hash::Hash;
use ledger_core::ids::StatementId;
use ledger_core::statement::Statement;
use ledger_core::wire::Submission;
use serde::{Deserialize, Serialize};

use crate::exit::{Done, Stop, io};

/// Statements that may wait. An officer signs some dozens a day, an import some thousands.
const MOST: usize = 100_000;

/// Layout of a file.
const VERSION: u32 = 1;

/// A statement in the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) submission: Submission,
    pub(crate) statement: Statement,
    /// The desk that takes its kind.
    pub(crate) service: Service,
    pub(crate) file: File,
    path: PathBuf,
}

/// What stands in the file besides the bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct File {
    version: u32,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) stream: String,
    /// Where to, as it was typed.
    pub(crate) to: String,
    pub(crate) force: String,
    pub(crate) kept_at_ms: u64,
    /// Why it was refused, where it was: "INV-02: ...".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
    statement: String,
    signatures: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    addenda: Vec<String>,
}

impl Kept {
    pub(crate) fn digest(&self) -> Hash {
        self.submission.digest()
    }

    pub(crate) fn short_kind(&self) -> &str {
        self.file.kind.rsplit('.').next().unwrap_or(&self.file.kind)
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.file.refused.is_some()
    }
}

/// The folder.
pub(crate) struct Outbox {
    dir: PathBuf,
}

impl Outbox {
    /// The outbox of a key folder.
    pub(crate) fn of(keys: &Path) -> Self {
        Self { dir: keys.join("outbox") }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Everything in it, in the order in which it was put there.
    pub(crate) fn all(&self) -> Done<Vec<Kept>> {
        self.paths()?.into_iter().map(|(_, path)| read(path)).collect()
    }

    /// Keeps a statement. When it returns, a power cut cannot lose it.
    pub(crate) fn keep(&self, submission: Submission, to: &str, force: &str, now_ms: u64) -> Done<Kept> {
        let paths = self.paths()?;
        if paths.len() >= MOST {
            let sentence =
                format!("{}: {MOST} statements wait already; `scrutiny outbox retry`", self.dir.display());
            return Err(Stop::Io(sentence));
        }
        let statement = Statement::parse(&submission.statement)
            .map_err(|e| Stop::Usage(format!("what is to be sent is no statement: {e}")))?;
        let number = paths.last().map_or(1, |(number, _)| number + 1);
        let encode = |bytes: &Bytes| STANDARD.encode(bytes);
        let file = File {
            version: VERSION,
            id: statement.id.to_string(),
            kind: statement.kind.clone(),
            stream: statement.stream.to_string(),
            to: to.to_owned(),
            force: force.to_owned(),
            kept_at_ms: now_ms,
            refused: None,
            statement: encode(&submission.statement),
            signatures: submission.signatures.iter().map(encode).collect(),
            addenda: submission.addenda.iter().map(encode).collect(),
        };
        let path = self.dir.join(format!("{number:012}-{}.json", statement.id));
        let service = service_of(&statement.kind)?;
        let kept = Kept { submission, statement, service, file, path };
        self.write(&kept)?;
        Ok(kept)
    }

    /// Writes down that a statement was refused, and by which rule.
    pub(crate) fn refuse(&self, kept: &mut Kept, why: &str) -> Done {
        kept.file.refused = Some(why.to_owned());
        self.write(kept)
    }

    /// Forgets a statement. When it returns, it does not come back.
    pub(crate) fn forget(&self, kept: &Kept) -> Done {
        match fs::remove_file(&kept.path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(io(&kept.path)(e)),
            // Another command may have had its receipt at the same moment.
            _ => {}
        }
        self.sync()
    }

    fn write(&self, kept: &Kept) -> Done {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(io(&self.dir))?;
        let text = serde_json::to_vec_pretty(&kept.file).expect("texts are writable");
        self.replace(&kept.path, &text)
    }

    /// Writes a whole file beside the old one, syncs it, and puts it in its place.
    fn replace(&self, path: &Path, bytes: &[u8]) -> Done {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).map_err(io(&self.dir))?;
        let beside = path.with_extension(format!("{}.tmp", std::process::id()));
        let write = || -> std::io::Result<()> {
            let mut file =
                fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&beside, path)
        };
        write().map_err(io(path))?;
        self.sync()
    }

    /// A name in a folder is on the disk when the folder is.
    fn sync(&self) -> Done {
        fs::File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(io(&self.dir))
    }

    /// The files of statements with their numbers, in order.
    fn paths(&self) -> Done<Vec<(u64, PathBuf)>> {
        let listing = match fs::read_dir(&self.dir) {
            Ok(listing) => listing,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(io(&self.dir)(e)),
        };
        let number = |path: &Path| {
            let name = path.file_name()?.to_str()?;
            let (number, rest) = name.split_once('-')?;
            rest.ends_with(".json").then(|| number.parse().ok()).flatten()
        };
        let mut paths = Vec::new();
        for item in listing {
            let path = item.map_err(io(&self.dir))?.path();
            paths.extend(number(&path).map(|number: u64| (number, path)));
        }
        paths.sort();
        Ok(paths)
    }
}

fn read(path: PathBuf) -> Done<Kept> {
    let wrong = |why: &dyn std::fmt::Display| {
        Stop::VerificationFailed(format!(
            "{}: this is no statement that was kept here: {why}",
            path.display()
        ))
    };
    let text = fs::read(&path).map_err(io(&path))?;
    let file: File = serde_json::from_slice(&text).map_err(|e| wrong(&e))?;
    if file.version != VERSION {
        return Err(wrong(&format!("its layout is {}, this program reads {VERSION}", file.version)));
    }
    let decode = |text: &String| STANDARD.decode(text).map(Bytes::from);
    let submission = Submission {
        statement: decode(&file.statement).map_err(|e| wrong(&e))?,
        signatures: file.signatures.iter().map(decode).collect::<Result<_, _>>().map_err(|e| wrong(&e))?,
        addenda: file.addenda.iter().map(decode).collect::<Result<_, _>>().map_err(|e| wrong(&e))?,
    };
    let statement = Statement::parse(&submission.statement).map_err(|e| wrong(&e))?;
    let id: Result<StatementId, _> = file.id.parse();
    if id.ok() != Some(statement.id) {
        return Err(wrong(&"its id is not the statement's"));
    }
    Ok(Kept { service: service_of(&statement.kind)?, submission, statement, file, path })
}

fn service_of(kind: &str) -> Done<Service> {
    Service::of_name(kind).ok_or_else(|| Stop::Usage(format!("no desk takes the kind {kind}")))
}

#[cfg(test)]
mod tests;
