//! A ledger opened for reading: beside a writer or without one, from its segments alone.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, KeyId, Origin, StreamId, TreeSize};
use ledger_core::merkle;
use ledger_core::tlog_proof::TlogProof;
use ledger_rules::{State, evolve_entry};
use ledger_store::{Reader, Refusals};
use projector::Standing;
use prost::Message as _;
use scrutiny_proto::registry::v1::LedgerFounded;

use crate::exit::{Done, Stop};
use crate::output::Output;
use crate::writing;

/// A ledger's folder, read-only.
pub(crate) struct Book {
    pub(crate) reader: Reader,
}

/// An entry with the bytes it was read from.
pub(crate) struct Line {
    pub(crate) bytes: Bytes,
    pub(crate) entry: Entry,
}

impl Book {
    pub(crate) fn open(ledger: &Path) -> Done<Self> {
        if !ledger.join("segments").is_dir() {
            let sentence =
                format!("{}: there is no ledger here; `scrutiny init` founds one", ledger.display());
            return Err(Stop::NotFound(sentence));
        }
        Ok(Self { reader: Reader::open(ledger).map_err(writing::store)? })
    }

    pub(crate) fn size(&self) -> TreeSize {
        self.reader.size()
    }

    pub(crate) fn line(&self, index: EntryIndex) -> Done<Option<Line>> {
        let bytes = self.reader.entry(index).map_err(writing::store)?;
        bytes.map(|bytes| parse(index, bytes)).transpose()
    }

    /// Every entry, in order.
    pub(crate) fn each(&self, look: impl FnMut(Line) -> Done) -> Done {
        self.first(self.size(), look)
    }

    /// The first entries, in order: what the ledger held when it was so long.
    pub(crate) fn first(&self, size: TreeSize, mut look: impl FnMut(Line) -> Done) -> Done {
        for item in self.reader.entries(EntryIndex(0)) {
            let (index, _, bytes) = item.map_err(writing::store)?;
            if index.0 >= size.0 {
                break;
            }
            look(parse(index, bytes)?)?;
        }
        Ok(())
    }

    /// The state of the registry and the rules at the head, by replay.
    pub(crate) fn state(&self, out: Output) -> Done<State> {
        let mut state = State::default();
        let progress = out.progress(self.size().0, "replaying");
        self.each(|Line { entry, .. }| {
            evolve_entry(&mut state, &entry);
            progress.inc(1);
            Ok(())
        })?;
        progress.finish_and_clear();
        Ok(state)
    }

    /// What is known of the charter, keys, roles and recorders at the head: from the recorder's own snapshot and what
    /// came after it, so that a large ledger is not read for a line about its keys.
    pub(crate) fn registry(&self) -> Done<State> {
        let saved = self.reader.snapshot().filter(|(size, _)| *size <= self.size());
        let saved = saved.and_then(|(size, bytes)| Some((size, State::from_bytes(&bytes).ok()?)));
        let (from, mut state) = saved.unwrap_or_default();
        for item in self.reader.entries(EntryIndex(from.0)) {
            let (index, _, bytes) = item.map_err(writing::store)?;
            if index.0 >= self.size().0 {
                break;
            }
            evolve_entry(&mut state, &parse(index, bytes)?.entry);
        }
        Ok(state.registry())
    }

    pub(crate) fn stream_versions(&self) -> Done<HashMap<StreamId, u64>> {
        let mut versions = HashMap::new();
        self.each(|line| {
            versions.insert(line.entry.statement.stream, line.entry.stream_version);
            Ok(())
        })?;
        Ok(versions)
    }

    /// The tree that whatever is folded from this book stands on.
    pub(crate) fn standing(&self) -> Done<Standing> {
        self.standing_at(self.size())
    }

    /// The tree as it was when it was so long.
    pub(crate) fn standing_at(&self, tree_size: TreeSize) -> Done<Standing> {
        let root = merkle::tree_root(tree_size, &self.reader)
            .map_err(|e| Stop::VerificationFailed(format!("the tree cannot be read: {e}")))?;
        Ok(Standing { tree_size, root })
    }

    pub(crate) fn origin(&self) -> Done<Origin> {
        Ok(self.founding()?.0)
    }

    /// The log's keys that sign now.
    pub(crate) fn vkeys(&self) -> Done<Vec<String>> {
        Ok(self.registry()?.recorders().log_vkeys().to_vec())
    }

    /// A policy that trusts this log's keys, those that signed before among them, and needs no witness.
    pub(crate) fn policy(&self) -> Done<String> {
        let (origin, state) = (self.origin()?, self.registry()?);
        let mut text = format!("# Who may sign checkpoints of {origin} (c2sp.org/tlog-policy)\n");
        let mut seen: Vec<&[String]> = Vec::new();
        let sets: Vec<_> = state.recorders().log_vkeys_from().collect();
        for (from, vkeys) in &sets {
            if seen.contains(vkeys) {
                continue;
            }
            seen.push(vkeys);
            if sets.len() > 1 {
                text.push_str(&format!("# first in force for checkpoints of {from} entries\n"));
            }
            vkeys.iter().for_each(|vkey| text.push_str(&format!("log {vkey}\n")));
        }
        text.push_str("quorum none\n");
        Ok(text)
    }

    pub(crate) fn founding_body(&self) -> Done<String> {
        Ok(self.founding()?.1.body)
    }

    fn founding(&self) -> Done<(Origin, LedgerFounded)> {
        let line = self.line(EntryIndex(0))?;
        let line = line.ok_or_else(|| Stop::NotFound("the ledger has no entry yet".to_owned()))?;
        let founded = LedgerFounded::decode(line.entry.statement.body)
            .map_err(|e| Stop::VerificationFailed(format!("entry #0 founds no ledger: {e}")))?;
        Ok((line.entry.statement.ledger, founded))
    }

    pub(crate) fn addendum(&self, digest: &Hash) -> Done<Option<Bytes>> {
        self.reader.addendum(digest).map_err(writing::store)
    }

    /// The refusals that are kept.
    pub(crate) fn refusals(&self) -> Done<Refusals> {
        self.reader.kept_refusals().map_err(writing::store)
    }

    /// Where the entries are that are to be kept, in order.
    pub(crate) fn places(&self, keep: impl Fn(&Entry) -> bool) -> Done<Vec<EntryIndex>> {
        let mut kept = Vec::new();
        self.each(|line| {
            if keep(&line.entry) {
                kept.push(line.entry.index);
            }
            Ok(())
        })?;
        Ok(kept)
    }

    /// The proof of one entry under the first checkpoint that covers it, as the recorder's receipt has it.
    pub(crate) fn proof(&self, index: EntryIndex) -> Done<Option<TlogProof>> {
        let covering = self.reader.first_checkpoint_covering(index).map_err(writing::store)?;
        let Some((size, note)) = covering else { return Ok(None) };
        let path = merkle::inclusion_proof(index, size, &self.reader)
            .map_err(|e| Stop::VerificationFailed(format!("no proof for entry #{index}: {e}")))?;
        Ok(Some(TlogProof { extra: None, index, path, checkpoint: note.to_vec() }))
    }
}

/// The name of a key in an `allowed_signers` file: its id, without characters that mean something there.
pub(crate) fn principal(key: &KeyId) -> String {
    key.to_hex()
}

fn parse(index: EntryIndex, bytes: Bytes) -> Done<Line> {
    let entry = Entry::parse(&bytes).map_err(|e| {
        Stop::VerificationFailed(format!("entry #{index} is no entry: {e}; run `scrutiny verify`"))
    })?;
    Ok(Line { bytes, entry })
}
