//! From a ledger or an export to the scrutiny dataset, with the root of what was read.
//!
//! The root is computed from the entries' own bytes, so figures stand on exactly the tree that they name. Whether
//! its entries are genuine is for `scrutiny verify`.

use std::collections::HashMap;
use std::path::Path;

use indicatif::ProgressBar;
use ledger_audit::{Export, ExportDir, Folder, Source};
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::Frontier;
use projector::dataset::Dataset;
use projector::{Projection as _, Standing};
use prost::Message as _;
use scrutiny_proto::governance::v1::PublicationRecorded;

use crate::exit::{Done, Stop};
use crate::live::LiveLedger;
use crate::output::Output;
use crate::reading::Book;

/// Entries read at a time: some sixteen megabytes of records.
const BATCH: usize = 16_384;

/// A dataset on its way through the log.
pub(crate) struct Count<'a> {
    source: &'a dyn Source,
    pub(crate) dataset: Dataset,
    frontier: Frontier,
    /// The ledger's name, as its first entry says.
    pub(crate) ledger: String,
    /// When the last entry was recorded, seconds since the Unix epoch.
    pub(crate) made: i64,
    /// What was published last, by stream: the entry that says so, and the digest of the page.
    pub(crate) published: HashMap<String, (EntryIndex, String)>,
    bar: ProgressBar,
}

/// A ledger's folder or an export's.
pub(crate) fn source(dir: &Path) -> Done<Box<dyn Source>> {
    if dir.join("segments").is_dir() {
        return Ok(Box::new(LiveLedger::new(dir, Book::open(dir)?.reader)));
    }
    if dir.join("checkpoint").exists() || dir.join("tile").exists() {
        let export: ExportDir = Export::open(Folder::new(dir.to_owned())).map_err(unreadable)?;
        return Ok(Box::new(export));
    }
    Err(Stop::NotFound(format!("{}: there is neither a ledger nor an export here", dir.display())))
}

impl<'a> Count<'a> {
    pub(crate) fn new(source: &'a dyn Source, out: Output) -> Self {
        Self {
            source,
            dataset: Dataset::default(),
            frontier: Frontier::new(),
            ledger: String::new(),
            made: 0,
            published: HashMap::new(),
            bar: out.progress(0, "counting"),
        }
    }

    /// Counts up to this many entries, or all there are.
    pub(crate) fn up_to(&mut self, size: Option<u64>) -> Done<Standing> {
        let upto = size.unwrap_or(u64::MAX);
        if let Some(size) = size {
            self.bar.set_length(size);
        }
        while self.frontier.size().0 < upto {
            let from = self.frontier.size().0;
            let wanted = usize::try_from(upto - from).unwrap_or(usize::MAX).min(BATCH);
            let batch = self.source.entries(EntryIndex(from), wanted).map_err(unreadable)?;
            if batch.is_empty() {
                break;
            }
            for bytes in batch.into_iter().take(wanted) {
                self.take(&bytes)?;
            }
            self.bar.set_position(self.frontier.size().0);
        }
        let standing = self.standing();
        match size {
            Some(size) if size > standing.tree_size.0 => {
                let sentence =
                    format!("{} holds {} entries, not {size}", self.source.name(), standing.tree_size);
                Err(Stop::NotFound(sentence))
            }
            _ => Ok(standing),
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        Standing { tree_size: TreeSize(self.frontier.size().0), root: self.frontier.root() }
    }

    fn take(&mut self, bytes: &bytes::Bytes) -> Done {
        let index = EntryIndex(self.frontier.size().0);
        let entry = Entry::parse(bytes).map_err(|e| {
            Stop::VerificationFailed(format!("entry #{index} is no entry: {e}; run `scrutiny verify`"))
        })?;
        if index.0 == 0 {
            self.ledger = entry.statement.ledger.as_str().to_owned();
        }
        self.made = i64::try_from(entry.recorded_at_ms / 1000).unwrap_or(i64::MAX);
        if entry.statement.kind == "scrutiny.governance.v1.PublicationRecorded" {
            let body = PublicationRecorded::decode(entry.statement.body.clone()).unwrap_or_default();
            // One that was withdrawn was seen all the same.
            if !body.content_sha256.is_empty() {
                let stream = entry.statement.stream.to_string();
                self.published.insert(stream, (index, body.content_sha256));
            }
        }
        self.dataset.apply(index, entry.recorded_at_ms, &entry.statement);
        self.frontier.push(Hash::leaf(bytes));
        Ok(())
    }
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn unreadable(error: ledger_audit::source::SourceError) -> Stop {
    Stop::Io(error.to_string())
}
