//! The three stages, side by side.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::{io, thread};

use bytes::Bytes;
use ledger_core::checkpoint::{LogVerifier, SignedCheckpoint};
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_rules::recorders::Recorders;

use crate::examine::{ExaminedChunk, Examiner};
use crate::finding::{Code, Finding};
use crate::in_force::ids;
use crate::keys::Keys;
use crate::note::{Note, Opened, Place};
use crate::read::{Chunk, Reader, stray_note};
use crate::report::{CosignedBy, Head, LAYOUT, Recorded, Report, Verdict, Witnessed};
use crate::source::{Item, Source, SourceError};
use crate::suspects;
use crate::trust::{Founding, KeyBasis, Trust};
use crate::walk::Walk;

/// How far an audit has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries walked.
    pub entries: u64,
    /// How many there should be, where a checkpoint says so. Nobody has checked that yet.
    pub of: Option<u64>,
}

/// Recomputes everything in a ledger from its bytes, and reports every finding.
///
/// It does not stop at the first fault, and no content of the source makes it panic. `progress` is called after
/// every chunk.
pub fn audit(source: &dyn Source, trust: &Trust, progress: &mut dyn FnMut(Progress)) -> Report {
    let start = Start::look(source, trust);
    let mut walk = Walk::new(source, start.size, &start.keys);
    walk.findings.extend(start.findings);
    walk.obstacles.extend(start.obstacles);
    let examiner = Examiner::new(source, &start.keys);
    let reader = Reader::new(source, start.size, start.notes);
    let of = start.size.map(|size| size.0);
    let walked = run(reader, &examiner, |chunk| {
        let result = walk.chunk(chunk);
        progress(Progress { entries: walk.counts.entries, of });
        result
    });
    let walked = walked.and_then(|()| conclude(&mut walk, source, trust, start.founding.as_ref()));
    if let Err(e) = walked {
        walk.obstacles.push(format!("a temporary file could not be written: {e}"));
    }
    report(walk, source, trust, &start.keys, start.founding)
}

/// Reads on one thread, examines on all cores, walks on this one. The queues hold one chunk each.
fn run(
    reader: Reader<'_>,
    examiner: &Examiner<'_>,
    mut walk: impl FnMut(ExaminedChunk) -> io::Result<()>,
) -> io::Result<()> {
    let (read, to_examine) = sync_channel::<Chunk>(1);
    let (examined, to_walk) = sync_channel::<ExaminedChunk>(1);
    thread::scope(|scope| {
        scope.spawn(move || pump(reader, &read));
        scope.spawn(move || pump(to_examine.into_iter().map(|chunk| examiner.examine(chunk)), &examined));
        // Returning early drops the receiver, which stops the other two.
        to_walk.into_iter().try_for_each(&mut walk)
    })
}

fn pump<T>(items: impl Iterator<Item = T>, to: &SyncSender<T>) {
    for item in items {
        if to.send(item).is_err() {
            return;
        }
    }
}

/// What is looked at before the walk begins.
struct Start {
    keys: Keys,
    founding: Option<Founding>,
    size: Option<TreeSize>,
    /// The checkpoints that are not kept by the source under their size.
    notes: Vec<Note>,
    findings: Vec<Finding>,
    obstacles: Vec<String>,
}

impl Start {
    fn look(source: &dyn Source, trust: &Trust) -> Self {
        let mut findings = Vec::new();
        let mut obstacles = Vec::new();
        // A fault in entry 0 is told of when it is walked.
        let first = source.entries(EntryIndex(0), 1).ok().and_then(|entries| entries.into_iter().next());
        let founding = first.as_ref().and_then(Founding::read);
        let keys = Keys::choose(trust, founding.as_ref());
        let mut unread = true;
        let served = match source.checkpoint() {
            Ok(served) => {
                unread = false;
                served
            }
            Err(e @ SourceError::Damaged { .. }) => {
                findings.push(Finding::new(Code::CheckpointMalformed, e.to_string()).about("checkpoint"));
                None
            }
            Err(e @ SourceError::Unreachable { .. }) => {
                obstacles.push(e.to_string());
                None
            }
        };
        let size = size_hint(source, served.as_ref(), &keys);
        if served.is_none() && !unread && size.is_some() {
            let sentence = "checkpoints are kept, and none is served as the latest";
            findings.push(Finding::new(Code::CheckpointMissing, sentence).about("checkpoint"));
        }
        let mut notes = Vec::new();
        let served = served.map(|bytes| (Place::Served, bytes));
        let remembered = trust.remembered.iter().map(|bytes| (Place::Remembered, bytes.clone()));
        for (place, bytes) in served.into_iter().chain(remembered) {
            match stray_note(place, bytes) {
                Ok(note) => notes.push(note),
                Err(finding) => findings.push(*finding),
            }
        }
        Self { keys, founding, size, notes, findings, obstacles }
    }
}

/// The size of the tree, as the latest checkpoint that the log signed has it. Only a hint: it says which names the
/// last tiles have.
fn size_hint(source: &dyn Source, served: Option<&Bytes>, keys: &Keys) -> Option<TreeSize> {
    let served = served.and_then(|bytes| SignedCheckpoint::parse(bytes).ok());
    let signed = served.as_ref().filter(|checkpoint| keys.open(checkpoint).is_ok());
    let kept = || source.checkpoints().filter_map(Result::ok).map(|kept| kept.size).max();
    // Keys that came into force later are not known yet.
    let claimed = || served.as_ref().map(SignedCheckpoint::claimed_size);
    signed.map(SignedCheckpoint::claimed_size).or_else(kept).or_else(claimed)
}

/// What can only be said when every entry has been walked.
fn conclude(
    walk: &mut Walk<'_>,
    source: &dyn Source,
    trust: &Trust,
    founding: Option<&Founding>,
) -> io::Result<()> {
    walk.end();
    check_genesis(walk, trust, founding);
    inventory(walk, source)?;
    let unread = walk.has_gap();
    let Walk { findings, ids, streams, addenda, state, tree, counts, .. } = walk;
    take(ids).finish(|finding| findings.add(finding))?;
    take(streams).finish(|finding| findings.add(finding))?;
    counts.addenda =
        take(addenda).finish(source.addenda_policy(), unread, |finding| findings.add(finding))?;
    suspects::find(source, tree.size(), state, |finding| findings.add(finding));
    Ok(())
}

/// Takes what is gathered, to be judged; nothing is added behind it.
fn take<T: Default>(gathered: &mut T) -> T {
    std::mem::take(gathered)
}

fn check_genesis(walk: &mut Walk<'_>, trust: &Trust, founding: Option<&Founding>) {
    let found = founding.map(|founding| founding.leaf);
    if let Some(known) = trust.genesis.filter(|known| Some(*known) != found) {
        let sentence =
            "entry 0 is not the one that you know: this is another ledger, or one that was begun anew";
        let found = found.map_or_else(|| "no entry that founds a ledger".to_owned(), |leaf| leaf.to_string());
        walk.findings.add(Finding::new(Code::Genesis, sentence).at(0).expected(known, found));
    }
    let named = trust.log.as_ref().map(|log| log.origin().to_string());
    if let (Some(named), Some(founding)) = (named, founding)
        && named != founding.origin
    {
        let sentence = format!("entry 0 founds {}, and your key is for {named}", founding.origin);
        walk.findings.add(Finding::new(Code::Origin, sentence).at(0).expected(named, &founding.origin));
    }
}

fn inventory(walk: &mut Walk<'_>, source: &dyn Source) -> io::Result<()> {
    let mut result = Ok(());
    let size = TreeSize(walk.tree.size());
    let Walk { findings, addenda, obstacles, .. } = walk;
    let told = source.inventory(size, &mut |item| match item {
        Item::Addendum(digest) if result.is_ok() => result = addenda.kept(&digest),
        Item::Addendum(_) => {}
        Item::Stray(path, problem) => {
            findings.add(Finding::note(Code::Stray, format!("{path}: {problem}")).about(path));
        }
    });
    if let Err(e) = told {
        obstacles.push(e.to_string());
    }
    result
}

fn report(
    walk: Walk<'_>,
    source: &dyn Source,
    trust: &Trust,
    keys: &Keys,
    founding: Option<Founding>,
) -> Report {
    let root = walk.root();
    let entries = walk.tree.size().max(walk.counts.entries);
    let Walk { findings, mut obstacles, counts, head, tree_lost_at, in_force, state, .. } = walk;
    if let Some(at) = tree_lost_at {
        obstacles.push(format!("the tree could not be computed beyond entry {at}, which is not there"));
    }
    let head = head.map(|opened| {
        let basis = in_force.basis(opened.by.as_ref(), keys);
        head_of(opened, basis, trust)
    });
    let verdict = verdict(findings.weigh(), &obstacles, head.as_ref());
    let given = keys.given.first().map(|log| log.origin().to_string());
    let (findings, finding_counts) = findings.into_parts();
    Report {
        layout: LAYOUT,
        source: source.name(),
        verdict,
        origin: founding.map(|founding| founding.origin).or(given),
        entries,
        root,
        head,
        recorded: recorded(state.recorders()),
        counts,
        finding_counts,
        findings,
        obstacles,
    }
}

/// Who recorded from where, the founder first; none when the ledger was not founded.
fn recorded(recorders: &Recorders) -> Vec<Recorded> {
    let line = |epoch, from: u64, recorder: Option<String>| {
        let vkeys = recorders.log_vkeys_at(TreeSize(from + 1));
        let log_keys = LogVerifier::from_vkeys(vkeys).map(|log| ids(&log)).unwrap_or_default();
        Recorded { epoch, from, recorder, log_keys }
    };
    let founder = recorders.log_vkeys_from().next().map(|_| line(0, 0, None));
    let later = recorders.epochs().iter();
    let later = later.map(|epoch| line(epoch.number, epoch.started_at.0, Some(epoch.recorder.to_string())));
    founder.into_iter().chain(later).collect()
}

fn head_of(opened: Opened, basis: KeyBasis, trust: &Trust) -> Head {
    let by = opened.by.iter().flat_map(|log| log.keys());
    let log_keys = by.map(|k| format!("{}+{}", k.name(), k.id())).collect();
    let witnessed = match &trust.policy {
        Some(policy) if policy.quorum().is_some() => {
            let witnesses = policy.witnesses();
            let cosigned = |i: usize| opened.cosigners.iter().any(|c| c.key == witnesses[i].key);
            if policy.is_quorum(cosigned) { Witnessed::ByQuorum } else { Witnessed::BelowQuorum }
        }
        _ => Witnessed::NotAsked,
    };
    let by = |c: &crate::note::Cosigner| CosignedBy { name: c.key.name().to_owned(), time: c.time };
    let cosigned_by = opened.cosigners.iter().map(by).collect();
    Head { size: opened.size.0, root: opened.root, log_signature: basis, log_keys, cosigned_by, witnessed }
}

fn verdict(findings_weigh: bool, obstacles: &[String], head: Option<&Head>) -> Verdict {
    if findings_weigh {
        return Verdict::Findings;
    }
    if let Some(obstacle) = obstacles.first() {
        return Verdict::CannotDecide(obstacle.clone());
    }
    match head.map(|head| head.log_signature) {
        None => Verdict::CannotDecide("there is no checkpoint that the log signed".to_owned()),
        Some(KeyBasis::Given | KeyBasis::Followed | KeyBasis::KnownGenesis) => Verdict::Clean,
        Some(KeyBasis::Unreached) => Verdict::CannotDecide(
            "none of the checkpoints here is signed by the keys that you gave, so nothing leads from them to the keys \
             that sign now; get a new policy from the log's roots, or an export with its early checkpoints"
                .to_owned(),
        ),
        Some(KeyBasis::Pinned) => Verdict::CannotDecide(
            "the log's key was taken from the ledger itself, so somebody who forged all of it would pass; give the \
             log's key, or the leaf hash of entry 0, from another source"
                .to_owned(),
        ),
        Some(KeyBasis::None) => Verdict::CannotDecide("no key of the log is known".to_owned()),
    }
}
