//! A place that holds a record (a ledger, an export, a published log) as samples are read from it.

use ledger_audit::Source;
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
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
pub(super) fn each(
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

/// The root that a checkpoint of this size claims; `None` when none of this size was kept.
pub(super) fn checkpoint_root(source: &dyn Source, size: u64) -> Done<Option<Hash>> {
    for kept in source.checkpoints() {
        let kept = kept.map_err(unreadable)?;
        if kept.size == TreeSize(size) {
            return claimed_root(&kept.note).map(Some);
        }
    }
    Ok(None)
}

/// The root that the entries themselves come to.
pub(super) fn root_of_entries(source: &dyn Source, size: u64, out: Output) -> Done<Option<Hash>> {
    let mut tree = Frontier::new();
    let read = each(source, Some(size), out, |bytes, _| tree.push(Hash::leaf(bytes)))?;
    Ok((read == size).then(|| tree.root()))
}

/// Its signatures are for `scrutiny verify`.
fn claimed_root(note: &[u8]) -> Done<Hash> {
    let signed = SignedCheckpoint::parse(note);
    let wrong = |e| Stop::VerificationFailed(format!("a checkpoint that is kept does not read: {e}"));
    Ok(signed.map_err(wrong)?.claimed_root())
}
