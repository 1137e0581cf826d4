//! A ledger opened for writing: the recorder and the keys, in this process.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ledger_core::entry::Entry;
use ledger_core::ids::{EntryIndex, KeyId, Origin, StreamId};
use ledger_draft::Draft;
use ledger_rules::civil::Day;
use ledger_rules::{Class, State};
use ledger_store::{Head, Options, SegmentStore, StoreError};
use prost::Message as _;
use recorder::{Answer, Config, Durable, Failure, OpenError, Recorder, Submission};
use scrutiny_proto::review::v1::SourceFileImported;

use crate::cli::Common;
use crate::exit::{Done, Stop};
use crate::keyring::Keyring;
use crate::output::Output;
use crate::signing;

/// A checkpoint follows the last of a run of statements at once; this is for long runs.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);

/// The single writer, while a command runs.
pub(crate) struct Writer {
    recorder: Recorder,
    pub(crate) keyring: Keyring,
    pub(crate) origin: Origin,
}

impl Writer {
    /// Opens an existing ledger.
    pub(crate) fn open(at: &Common, out: Output) -> Done<Self> {
        if !at.ledger.join("segments").is_dir() {
            let sentence =
                format!("{}: there is no ledger here; `scrutiny init` founds one", at.ledger.display());
            return Err(Stop::NotFound(sentence));
        }
        Self::start(&at.ledger, Keyring::new(&at.keys), out)
    }

    /// Opens a ledger, or an empty folder to found one in.
    pub(crate) fn start(ledger: &Path, keyring: Keyring, out: Output) -> Done<Self> {
        let signer = keyring.log_keys()?;
        let origin = signer.origin().clone();
        let options = Options { what: "scrutiny".to_owned(), ..Options::default() };
        let (store, report) = SegmentStore::open(ledger, options).map_err(store)?;
        for event in &report.healed {
            out.say(&format!("note: {event}"));
        }
        for finding in &report.findings {
            out.say(&format!("WARNING: {finding}; run `scrutiny scrub`"));
        }
        let config = Config {
            signer,
            clock: Arc::new(signing::now_ms),
            checkpoint_every: CHECKPOINT_EVERY,
            verify_threads: 0,
        };
        let recorder = Recorder::open(Box::new(store), config).map_err(open)?;
        Ok(Self { recorder, keyring, origin })
    }

    /// Looks at what the rules know.
    pub(crate) fn look<R: Send + 'static>(&self, look: impl FnOnce(&State) -> R + Send + 'static) -> R {
        self.recorder.read(move |_, state| look(state))
    }

    /// Looks at what the rules know, and at the head behind which the next entry stands.
    pub(crate) fn at_head<R: Send + 'static>(
        &self,
        look: impl FnOnce(Head, &State) -> R + Send + 'static,
    ) -> R {
        self.recorder.read(move |store, state| look(store.head(), state))
    }

    /// How many entries a stream holds now.
    pub(crate) fn version(&self, stream: &StreamId) -> u64 {
        let stream = stream.clone();
        self.recorder.read(move |store, _| store.stream_version(&stream)).unwrap_or(0)
    }

    /// The entries of a stream from version `from` on; version 1 is its first.
    pub(crate) fn entries_of(&self, stream: &StreamId, from: u64) -> Done<Vec<Entry>> {
        let stream = stream.clone();
        let bytes = self.recorder.read(move |store, _| {
            let places = store.stream(&stream, from.max(1), usize::MAX)?;
            places
                .into_iter()
                .filter_map(|index| store.entry(index).transpose())
                .collect::<Result<Vec<_>, _>>()
        });
        let parse = |bytes: bytes::Bytes| {
            Entry::parse(&bytes).map_err(|e| Stop::VerificationFailed(format!("an entry does not read: {e}")))
        };
        bytes.map_err(store)?.into_iter().map(parse).collect()
    }

    /// Signs a draft with keys at hand, and records it.
    pub(crate) fn record(&self, draft: &Draft, folder: &Path) -> Done<Durable> {
        let prepared = signing::prepare(draft, &self.origin, &self.keyring, folder, &|s| self.version(s))?;
        self.submit(signing::sign_all(&prepared, &self.keyring)?)
    }

    /// Signs and records what a command itself says, as one document or a list.
    pub(crate) fn record_value(&self, value: &serde_json::Value) -> Done<Vec<Durable>> {
        let drafts = signing::parse_drafts("this command's own statement", &value.to_string())?;
        drafts.iter().map(|draft| self.record(draft, Path::new("."))).collect()
    }

    /// Records what was signed.
    pub(crate) fn submit(&self, submission: Submission) -> Done<Durable> {
        self.recorder.submit_blocking(submission).map_err(failure)
    }

    /// Makes and records many statements, many on their way at once; each answer in their order.
    pub(crate) fn submit_many<T: Send>(
        &self,
        items: impl IntoIterator<Item = T>,
        make: impl Fn(T) -> Submission + Sync,
        tell: impl FnMut(Answer) -> ControlFlow<()>,
    ) {
        self.recorder.submit_many(items, make, tell);
    }

    /// The files that were imported so far, each with its stream.
    pub(crate) fn sources(&self) -> Done<Vec<(StreamId, SourceFileImported)>> {
        let stream = |name: &str| format!("source/{name}").parse::<StreamId>().ok();
        let streams: Vec<StreamId> =
            self.recorder.read(move |_, state| state.source_names().filter_map(stream).collect());
        let mut found = Vec::new();
        for stream in streams {
            let first = self.entries_of(&stream, 1)?.into_iter().next();
            let about = first.and_then(|entry| SourceFileImported::decode(entry.statement.body).ok());
            found.extend(about.map(|about| (stream, about)));
        }
        Ok(found)
    }

    /// How many entries each stream holds now.
    pub(crate) fn versions(&self, streams: Vec<StreamId>) -> Done<Vec<u64>> {
        let versions = self.recorder.read(move |store, _| {
            streams.iter().map(|stream| store.stream_version(stream)).collect::<Result<Vec<_>, _>>()
        });
        versions.map_err(store)
    }

    /// The keys that hold a role now, each with the body it is held at.
    pub(crate) fn holders(&self, role: &'static str) -> Vec<(KeyId, String)> {
        let today = Day::in_london(signing::now_ms());
        self.recorder.read(move |_, state| {
            let held = |id: &KeyId| {
                let roles = state.roles(id).iter().filter(|held| held.role == role && held.covers(today));
                roles.map(|held| (*id, held.body.clone())).collect::<Vec<_>>()
            };
            state.keys().flat_map(|(id, _)| held(id)).collect()
        })
    }

    /// Publishes a checkpoint over everything recorded.
    pub(crate) fn publish(&self) -> Done<u64> {
        self.recorder.publish().map(|size| size.0).map_err(|trouble| Stop::Io(trouble.to_string()))
    }

    /// The receipt of an entry; there is one once a checkpoint was published.
    pub(crate) fn receipt(&self, index: EntryIndex) -> Done<Option<String>> {
        let receipt = self.recorder.read(move |store, _| recorder::receipt(store, index)).map_err(store)?;
        Ok(receipt.map(|proof| String::from_utf8_lossy(&proof.to_bytes()).into_owned()))
    }
}

/// What an answer other than a receipt means for the exit code.
pub(crate) fn failure(failure: Failure) -> Stop {
    match failure {
        Failure::Refused(refusal) => {
            let sentence = format!("refused, {}: {}", refusal.code, refusal.sentence);
            match refusal.code.class() {
                Class::Conflict => Stop::Conflict(sentence),
                _ => Stop::Refused(sentence),
            }
        }
        Failure::Unavailable(reason) => Stop::Io(reason),
    }
}

/// Where relative paths in a file of statements start.
pub(crate) fn folder_of(file: &Path) -> PathBuf {
    file.parent().map_or_else(PathBuf::new, Path::to_owned)
}

/// What a store's error means for the exit code.
pub(crate) fn store(error: StoreError) -> Stop {
    match error {
        StoreError::RolledBack { .. } | StoreError::Damaged { .. } => {
            Stop::VerificationFailed(error.to_string())
        }
        _ => Stop::Io(error.to_string()),
    }
}

fn open(error: OpenError) -> Stop {
    match error {
        OpenError::Store(error) => store(error),
        other => Stop::VerificationFailed(other.to_string()),
    }
}
