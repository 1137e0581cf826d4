//! Who recorded from where, and which log keys sign the checkpoints of which sizes.
//!
//! ```text
//! entry    0 ──────────────── 57 ─────────────── 912 ────────
//! epoch    0 (the founder)    1                  2
//! keys     those of entry 0   those it names     those it names
//! size     0 … 57             58 … 912           913 …            a checkpoint of size s covers the entries below s
//! ```
//!
//! A recorder that takes over says so in an entry of its own: `RecorderEpochStarted`, one more than the last, signed
//! by its key in the role REC, built on the entry before it. Under a charter whose checkpoint keys are handed over (the
//! default) it names the log keys in force; under one that rotates them, its own, which two root keys authorised before.
//! So which keys to expect under a checkpoint follows from the entries alone, and whoever knows the first keys and reads
//! the entries knows all of them.
//!
//! Out of scope: who *is* the recorder right now (`services/recorder`, by a fence on the stream), and what a checkpoint
//! signed by other keys means (`ledger-audit`).

mod takeover;

use std::collections::BTreeMap;

use ledger_core::checkpoint::{LogKeys, LogVerifier};
use ledger_core::ids::{EntryIndex, KeyId, TreeSize};
use ledger_core::statement::Signer;
use ledger_core::vkey::KeyKind;
use scrutiny_proto::registry::v1 as wire;
use scrutiny_proto::registry::v1::{LogKeyAuthorised, RecorderEpochStarted};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::civil::Day;
use crate::keys::Key;
use crate::kinds::Tag;
use crate::refusal::{Code, Refusal, refuse};
use crate::roles::{self, REC};
use crate::signers::effective_role;

pub use takeover::Takeover;

/// The stream of every epoch.
pub const EPOCHS_STREAM: &str = "recorder/epochs";

/// How the keys that sign checkpoints go from one recorder to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum CheckpointKeys {
    /// Every recorder has the same keys.
    #[default]
    HandedOver,
    /// Each recorder has its own, authorised by two root keys.
    Rotated,
}

impl CheckpointKeys {
    pub(crate) fn from_wire(rule: wire::CheckpointKeys) -> Self {
        match rule {
            wire::CheckpointKeys::Rotated => Self::Rotated,
            wire::CheckpointKeys::HandedOver | wire::CheckpointKeys::Unspecified => Self::HandedOver,
        }
    }
}

/// A recorder's time: from one takeover to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// Its number, from 1. Epoch 0, the founder's, has no entry.
    pub number: u64,
    /// The entry that started it.
    pub started_at: EntryIndex,
    /// The recorder's key.
    pub recorder: KeyId,
    /// Its log keys, by position among the sets.
    keys: u32,
}

/// Every epoch, the log keys of each, and the log keys that may come into force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recorders {
    /// Sets of log keys that were ever in force, in vkey form, each once; the first is entry 0's.
    sets: Vec<Vec<String>>,
    epochs: Vec<Epoch>,
    /// Recorder's key → the log keys that it may bring into force.
    authorised: BTreeMap<KeyId, Vec<String>>,
}

impl Recorders {
    /// The epochs after the founder's, in order.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// The number of the epoch in force; 0 while the recorder that founded the ledger writes.
    #[must_use]
    pub fn current(&self) -> u64 {
        self.epochs.last().map_or(0, |epoch| epoch.number)
    }

    /// The log keys, in vkey form, that sign checkpoints of this size; empty when entry 0 names none.
    #[must_use]
    pub fn log_vkeys_at(&self, size: TreeSize) -> &[String] {
        let begun = self.epochs.partition_point(|epoch| epoch.started_at.0 < size.0);
        let set = begun.checked_sub(1).map_or(0, |last| self.epochs[last].keys);
        self.sets.get(set as usize).map_or(&[], Vec::as_slice)
    }

    /// The log keys that sign checkpoints of the whole ledger now.
    #[must_use]
    pub fn log_vkeys(&self) -> &[String] {
        self.log_vkeys_at(TreeSize(u64::MAX))
    }

    /// Every set of log keys, and the size from which on it signs (0 for the first). A set that comes back into force
    /// is listed again.
    pub fn log_vkeys_from(&self) -> impl Iterator<Item = (TreeSize, &[String])> {
        let first = self.sets.first().map(|set| (TreeSize(0), set.as_slice()));
        let mut before = 0;
        let changed = self.epochs.iter().filter_map(move |epoch| {
            let changes = epoch.keys != before;
            before = epoch.keys;
            changes.then(|| (TreeSize(epoch.started_at.0 + 1), self.sets[epoch.keys as usize].as_slice()))
        });
        first.into_iter().chain(changed)
    }

    /// The log's keys over time, for checking checkpoints with; `None` when entry 0 names no log's keys.
    ///
    /// They are as good as the entries that they were read from: whoever has not checked those (an audit, a mirror) has
    /// not checked these.
    #[must_use]
    pub fn log_keys(&self) -> Option<LogKeys> {
        let mut sets = self.log_vkeys_from();
        let verifier = |vkeys: &[String]| LogVerifier::from_vkeys(vkeys).ok();
        let first = LogKeys::always(verifier(sets.next()?.1)?);
        sets.try_fold(first, |keys, (from, vkeys)| Some(keys.then(from, verifier(vkeys)?)))
    }

    /// The log keys that this recorder may bring into force, under a charter that rotates them.
    #[must_use]
    pub fn authorised(&self, recorder: &KeyId) -> Option<&[String]> {
        self.authorised.get(recorder).map(Vec::as_slice)
    }

    /// Whether these log keys are authorised for a recorder and were never in force.
    #[must_use]
    pub fn is_waiting(&self, vkeys: &[String]) -> bool {
        let is = |set: &Vec<String>| set == vkeys;
        self.authorised.values().any(is) && !self.sets.iter().any(is)
    }

    pub(crate) fn found(&mut self, log_vkeys: &[String]) {
        self.set_of(log_vkeys);
    }

    pub(crate) fn start(&mut self, body: &RecorderEpochStarted, at: EntryIndex) {
        let Ok(recorder) = body.recorder_key.parse() else { return };
        let keys = self.set_of(&body.log_vkeys);
        self.epochs.push(Epoch { number: body.epoch, started_at: at, recorder, keys });
    }

    pub(crate) fn authorise(&mut self, body: &LogKeyAuthorised) {
        let Ok(recorder) = body.recorder_key.parse() else { return };
        if body.log_vkeys.is_empty() {
            self.authorised.remove(&recorder);
        } else {
            self.authorised.insert(recorder, body.log_vkeys.clone());
        }
    }

    fn set_of(&mut self, vkeys: &[String]) -> u32 {
        let known = self.sets.iter().position(|set| set == vkeys);
        let position = known.unwrap_or_else(|| {
            self.sets.push(vkeys.to_vec());
            self.sets.len() - 1
        });
        u32::try_from(position).expect("four thousand million sets of log keys do not fit a ledger")
    }
}

/// A recorder's key signs epochs, and no other kind, not even beside others.
pub(crate) fn only_epochs(case: &Case<'_>) -> Result<(), Refusal> {
    let is_recorder = |signer: &&Signer| signer.role == REC || effective_role(signer) == REC;
    match case.statement.signers.iter().find(is_recorder) {
        Some(signer) if case.known.tag != Tag::RecorderEpochStarted => refuse(
            Code::RecorderRole,
            format!(
                "key {} is a recorder's and signs nothing but its epochs, this is a \"{}\"",
                signer.key_id, case.known.kind.title
            ),
        ),
        _ => Ok(()),
    }
}

/// A machine's key is nobody's: REC beside no other role and no delegation.
pub(crate) fn check_alone(id: &KeyId, key: &Key, role: &str, today: Day) -> Result<(), Refusal> {
    let alone = |holds: String| {
        refuse(Code::RecorderRole, format!("key {id} {holds}, so it cannot hold {role}: {REC} stands alone"))
    };
    if let Some(delegation) = key.delegations.first().filter(|_| role == REC) {
        return alone(format!("signs for {} of {}", delegation.from_role, delegation.body));
    }
    let clash = key.roles.iter().find(|held| !held.is_over(today) && (held.role == REC) != (role == REC));
    clash.map_or(Ok(()), |held| alone(format!("holds {} at {}", held.role, held.body)))
}

pub(crate) fn decide_started(case: &Case<'_>) -> Result<(), Refusal> {
    let body: RecorderEpochStarted = case.body()?;
    let recorder = check_signer(case, &body)?;
    let expected = case.state.recorders.current() + 1;
    if body.epoch != expected {
        return refuse(
            Code::EpochNumber,
            format!("epoch {expected} comes next, this statement starts epoch {}", body.epoch),
        );
    }
    if body.tail_size != case.context.index.0 {
        return refuse(
            Code::EpochTail,
            format!(
                "the epoch builds on {} entries, and would be entry {}",
                body.tail_size, case.context.index
            ),
        );
    }
    if body.tail_leaf_hash != case.context.previous.as_bytes()[..] {
        let got = ledger_core::hash::Hash::from_slice(&body.tail_leaf_hash)
            .map_or_else(|| format!("{} bytes", body.tail_leaf_hash.len()), |hash| hash.to_hex());
        return refuse(
            Code::EpochTail,
            format!(
                "the entry before it has leaf hash {}, the epoch names {got}",
                case.context.previous.to_hex()
            ),
        );
    }
    check_log_keys(case, &recorder, &body.log_vkeys)
}

fn check_signer(case: &Case<'_>, body: &RecorderEpochStarted) -> Result<KeyId, Refusal> {
    let recorder: KeyId = match body.recorder_key.parse() {
        Ok(id) => id,
        Err(e) => return refuse(Code::EpochSigner, format!("recorder_key: {e}")),
    };
    let [signer] = case.statement.signers.as_slice() else {
        let count = case.statement.signers.len();
        return refuse(
            Code::EpochSigner,
            format!("the recorder alone signs its epoch, got {count} signatures"),
        );
    };
    if signer.role != REC || !signer.on_behalf_of.is_empty() {
        return refuse(Code::EpochSigner, format!("an epoch is signed as {REC}, got {}", signer.role));
    }
    if signer.key_id != recorder {
        return refuse(
            Code::EpochSigner,
            format!("the epoch is for recorder {recorder} and signed by {}", signer.key_id),
        );
    }
    Ok(recorder)
}

/// Whether the epoch's log keys are those that the charter's rule demands.
fn check_log_keys(case: &Case<'_>, recorder: &KeyId, named: &[String]) -> Result<(), Refusal> {
    let recorders = &case.state.recorders;
    let (expected, whose) = match case.state.charter.checkpoint_keys() {
        CheckpointKeys::HandedOver => (recorders.log_vkeys(), "those in force, which are handed over"),
        CheckpointKeys::Rotated => {
            let Some(own) = recorders.authorised(recorder) else {
                return refuse(
                    Code::LogKeys,
                    format!(
                        "no two root keys authorised log keys for recorder {recorder}, and the charter rotates them"
                    ),
                );
            };
            (own, "those that two root keys authorised for it")
        }
    };
    if expected.is_empty() {
        return refuse(
            Code::LogKeys,
            "entry 0 names no log keys that could be handed over; adopt a charter that rotates them",
        );
    }
    if named == expected {
        return Ok(());
    }
    refuse(
        Code::LogKeys,
        format!("the epoch's log keys must be {whose} ({}); got {}", short(expected), short(named)),
    )
}

/// Log keys by their ids, as people compare them: a whole ML-DSA key has 1,800 characters.
fn short(vkeys: &[String]) -> String {
    let id = |key: &String| key.splitn(3, '+').take(2).collect::<Vec<_>>().join("+");
    let ids: Vec<_> = vkeys.iter().map(id).collect();
    if ids.is_empty() { "none".to_owned() } else { ids.join(" and ") }
}

pub(crate) fn decide_authorised(case: &Case<'_>) -> Result<(), Refusal> {
    let body: LogKeyAuthorised = case.body()?;
    if body.log_vkeys.is_empty() {
        let known = body.recorder_key.parse().ok().and_then(|id| case.state.recorders.authorised(&id));
        return match known {
            Some(_) => Ok(()),
            None => refuse(
                Code::LogKeyAuthority,
                format!("no log keys are authorised for {}, so none can be taken back", body.recorder_key),
            ),
        };
    }
    let (id, key) = roles::live_key(case, &body.recorder_key)?;
    if !key.roles.iter().any(|held| held.role == REC && !held.is_over(case.today)) {
        return refuse(
            Code::LogKeyAuthority,
            format!("key {id} is no recorder's: give it the role {REC} first"),
        );
    }
    check_vkeys(case, &body.log_vkeys)
}

fn check_vkeys(case: &Case<'_>, vkeys: &[String]) -> Result<(), Refusal> {
    let wrong = |why: String| refuse(Code::LogKeyAuthority, why);
    let verifier = match LogVerifier::from_vkeys(vkeys) {
        Ok(verifier) => verifier,
        Err(e) => return wrong(format!("log_vkeys: {e}")),
    };
    let kinds: Vec<_> = verifier.keys().iter().map(ledger_core::note::VerifierKey::kind).collect();
    if kinds != [KeyKind::Ed25519, KeyKind::CosignatureMlDsa44] {
        return wrong("log_vkeys: an Ed25519 key (01), then an ML-DSA-44 key (06)".to_owned());
    }
    if case.state.origin() != Some(verifier.origin()) {
        return wrong(format!("log_vkeys: they are of {}, not of this log", verifier.origin()));
    }
    Ok(())
}
