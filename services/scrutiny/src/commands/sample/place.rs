//! A place that holds a record (a ledger, an export, a published log) as samples are read from it.

use std::collections::{BTreeMap, BTreeSet};

use ledger_audit::Source;
use ledger_audit::source::{Kept, SourceError};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::merkle::Frontier;
use prost::Message as _;
use scrutiny_proto::review::v1::{FrameQuery, SampleDrawn, SampleFrameCommitted};

use super::query::Frame;
use crate::commands::verify::unreadable;
use crate::exit::{Done, Stop};
use crate::output::Output;

/// Entries read at a time.
const TOGETHER: usize = 1_024;

const FRAME: &str = "scrutiny.review.v1.SampleFrameCommitted";
const DRAWN: &str = "scrutiny.review.v1.SampleDrawn";

/// A sample as it is recorded.
pub(super) struct Recorded {
    pub(super) name: String,
    pub(super) frame_at: EntryIndex,
    pub(super) frame: SampleFrameCommitted,
    pub(super) drawn: Option<(EntryIndex, SampleDrawn)>,
}

impl Recorded {
    pub(super) fn query(&self) -> FrameQuery {
        self.frame.query.clone().unwrap_or_default()
    }
}

/// Shows every entry below `size`, or all there are, in order. Says how many there were.
pub(crate) fn each(
    source: &dyn Source,
    size: Option<u64>,
    out: Output,
    mut look: impl FnMut(&[u8], Entry),
) -> Done<u64> {
    let bar = out.progress(size.unwrap_or(0), "reading");
    let mut at = 0;
    while size.is_none_or(|size| at < size) {
        let room =
            size.map_or(TOGETHER, |size| usize::try_from(size - at).map_or(TOGETHER, |n| n.min(TOGETHER)));
        let some = source.entries(EntryIndex(at), room).map_err(unreadable)?;
        if some.is_empty() {
            break;
        }
        for bytes in some {
            let entry = Entry::parse(&bytes).map_err(|e| {
                Stop::VerificationFailed(format!("entry #{at} is no entry: {e}; run `scrutiny verify`"))
            })?;
            look(&bytes, entry);
            at += 1;
        }
        bar.set_position(at);
    }
    bar.finish_and_clear();
    Ok(at)
}

/// Every sample among the first entries, in the order of their frames.
pub(super) fn samples(source: &dyn Source, size: Option<u64>, out: Output) -> Done<Vec<Recorded>> {
    let mut found: Vec<Recorded> = Vec::new();
    each(source, size, out, |_, entry| {
        let statement = &entry.statement;
        let name = statement.stream.as_str().trim_start_matches("sample/");
        if statement.kind == FRAME {
            let frame = SampleFrameCommitted::decode(statement.body.clone()).unwrap_or_default();
            found.push(Recorded { name: name.to_owned(), frame_at: entry.index, frame, drawn: None });
        } else if statement.kind == DRAWN
            && let Some(sample) = found.iter_mut().find(|sample| sample.name == name)
        {
            let drawn = SampleDrawn::decode(statement.body.clone()).unwrap_or_default();
            sample.drawn = Some((entry.index, drawn));
        }
    })?;
    Ok(found)
}

/// One sample by its name.
pub(super) fn sample(source: &dyn Source, name: &str, size: Option<u64>, out: Output) -> Done<Recorded> {
    let found = samples(source, size, out)?.into_iter().find(|sample| sample.name == name);
    found.ok_or_else(|| {
        Stop::NotFound(format!("no sample {name:?} in {}; see `scrutiny sample show`", source.name()))
    })
}

/// What the query gives over the first `tree_size` entries.
pub(super) fn evaluate(
    source: &dyn Source,
    query: &FrameQuery,
    tree_size: u64,
    out: Output,
) -> Done<Vec<String>> {
    let mut frame = Frame::new(query)?;
    let read = each(source, Some(tree_size), out, |_, entry| frame.apply(&entry))?;
    if read < tree_size {
        let sentence = format!("the frame is of {tree_size} entries, and {} holds {read}", source.name());
        return Err(Stop::CannotDecide(sentence));
    }
    Ok(frame.streams().to_vec())
}

/// The first published checkpoint over more entries than the frame's own: the seed's.
pub(super) fn seed(source: &dyn Source, frame_at: EntryIndex) -> Done<Option<(u64, Hash)>> {
    for kept in source.checkpoints() {
        let kept = kept.map_err(unreadable)?;
        if kept.size.0 > frame_at.0 + 1 {
            return Ok(Some((kept.size.0, claimed_root(&kept.note)?)));
        }
    }
    Ok(None)
}

/// Every checkpoint that is kept, with the root that it claims.
pub(super) fn checkpoints(source: &dyn Source) -> Done<BTreeMap<u64, Hash>> {
    let claimed = |kept: Result<Kept, SourceError>| {
        let kept = kept.map_err(unreadable)?;
        Ok((kept.size.0, claimed_root(&kept.note)?))
    };
    source.checkpoints().map(claimed).collect()
}

/// What samples come to when they are repeated from the entries, all in one reading.
pub(super) struct Computed {
    /// The records of each sample's frame; a sentence for a query that cannot be asked.
    pub(super) frames: Vec<Result<Vec<String>, String>>,
    /// Roots of the trees whose roots the draws name.
    pub(super) roots: BTreeMap<u64, Hash>,
}

/// Evaluates every frame over the entries that it names, and the trees that the seeds are the roots of.
pub(super) fn compute(source: &dyn Source, samples: &[Recorded], out: Output) -> Done<Computed> {
    let mut frames: Vec<_> =
        samples.iter().map(|s| Frame::new(&s.query()).map_err(|e| e.to_string())).collect();
    let seeds: BTreeSet<u64> =
        samples.iter().filter_map(|s| s.drawn.as_ref()).map(|(_, drawn)| drawn.checkpoint_size).collect();
    let needed = samples.iter().map(|s| s.frame.tree_size).chain(seeds.iter().copied()).max().unwrap_or(0);
    let (mut tree, mut roots) = (Frontier::new(), BTreeMap::new());
    let mut size = 0;
    each(source, Some(needed), out, |bytes, entry| {
        for (frame, sample) in frames.iter_mut().zip(samples) {
            if let Ok(frame) = frame
                && size < sample.frame.tree_size
            {
                frame.apply(&entry);
            }
        }
        tree.push(Hash::leaf(bytes));
        size += 1;
        if seeds.contains(&size) {
            roots.insert(size, tree.root());
        }
    })?;
    let frames = frames.into_iter().map(|frame| frame.map(Frame::into_streams)).collect();
    Ok(Computed { frames, roots })
}

/// Its signatures are for `scrutiny verify`.
fn claimed_root(note: &[u8]) -> Done<Hash> {
    let signed = SignedCheckpoint::parse(note);
    let wrong = |e| Stop::VerificationFailed(format!("a checkpoint that is kept does not read: {e}"));
    Ok(signed.map_err(wrong)?.claimed_root())
}
