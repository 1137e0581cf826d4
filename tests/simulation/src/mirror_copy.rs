//! A mirror that follows the sealed stream, as the projector's does, one message at a time.

use bytes::Bytes;
use host::bus::Broker;
use ledger_core::entry::Entry;
use ledger_core::ids::EntryIndex;
use ledger_core::wire::SealedBatch;
use ledger_rules::civil::Day;
use ledger_rules::{State, evolve_entry};
use ledger_store::{MemoryDisk, MemoryStore};
use mirror::{Break, LogKey, Mirror};
use projector::Standing;
use projector::all::All;

use crate::broken::{Broken, Promise};
use crate::excuse::Branch;

pub(crate) struct Copy {
    mirror: Mirror,
    stream: String,
    next: u64,
    /// It met what it does not take.
    pub(crate) stuck: Option<String>,
}

impl Copy {
    pub(crate) fn new(stream: String) -> Self {
        let store = MemoryStore::open(&MemoryDisk::new()).expect("an empty disk opens");
        let mirror = Mirror::open(Box::new(store), LogKey::FromFirstEntry).expect("an empty copy opens");
        Self { mirror, stream, next: 1, stuck: None }
    }

    pub(crate) fn size(&self) -> u64 {
        self.mirror.standing().size.0
    }

    /// The stream's numbers come again from here.
    pub(crate) fn went_back(&mut self, last: u64) {
        self.next = self.next.min(last + 1);
    }

    /// Takes up to so many messages. What the stream has lost or damaged, whoever leads is asked for.
    pub(crate) fn take(&mut self, broker: &Broker, most: usize, ask: impl Fn(u64) -> Option<SealedBatch>) {
        let (_, messages) = broker.look(&self.stream, self.next);
        for message in messages.into_iter().take(most) {
            let sequence = message.sequence.unwrap_or_default();
            let took = SealedBatch::parse(&message.payload).ok().map(|batch| self.mirror.take(&batch));
            match took {
                Some(Ok(_)) => {}
                // Between what it has and this message there is a gap, or the message is damaged.
                other => {
                    let helped = ask(self.size()).map(|batch| self.mirror.take(&batch));
                    if !matches!(helped, Some(Ok(_))) {
                        let why = other.map(|took| took.map_or_else(|e| e.to_string(), |_| String::new()));
                        self.stuck = Some(why.unwrap_or_else(|| "a damaged message".to_owned()));
                        return;
                    }
                    let again =
                        SealedBatch::parse(&message.payload).ok().map(|batch| self.mirror.take(&batch));
                    match again {
                        Some(Err(problem @ (Break::Differs(_) | Break::Root { .. }))) => {
                            self.stuck = Some(problem.to_string());
                        }
                        // Whoever was asked has no more either: an old leader, perhaps. Asked again later.
                        Some(Err(Break::Gap { .. })) => return,
                        _ => {}
                    }
                }
            }
            self.next = sequence + 1;
        }
    }

    /// Everything that the copy says must be what the history says.
    pub(crate) fn compare(&self, history: &[Bytes], branches: &[Branch]) -> Result<(), Broken> {
        let size = self.size();
        for index in 0..size {
            let held = self.mirror.look(|store, _| store.entry(EntryIndex(index)).ok().flatten());
            let held = held.unwrap_or_default();
            let at = usize::try_from(index).expect("a small index");
            if history.get(at) != Some(&held) {
                // It followed a history that a lost tail took, and can only halt.
                let followed = branches.iter().any(|branch| branch.has(index, &held));
                return if followed {
                    Ok(())
                } else {
                    Promise::SameProjections.broken(format!("the mirror has another entry {index}"))
                };
            }
        }
        let (state, fold) = replay(&history[..usize::try_from(size).expect("a small size")]);
        if self.mirror.look(|_, held| held.to_bytes()) != state.to_bytes() {
            return Promise::SameProjections.broken("the mirror's state is not that of its entries");
        }
        let standing = self.mirror.standing();
        let at = Standing { tree_size: standing.size, root: standing.root };
        let mut own = All::default();
        for bytes in self.mirror.entries(ledger_core::ids::TreeSize(0)).unwrap_or_default() {
            apply(&mut own, &bytes);
        }
        let day = Day::in_london(load::START_MS);
        if own.views(day, &at) != fold.views(day, &at) {
            return Promise::SameProjections.broken("the mirror's projections are not those of a replay");
        }
        Ok(())
    }
}

/// The rules' state and every projection, from entries.
pub(crate) fn replay(entries: &[Bytes]) -> (State, All) {
    let (mut state, mut all) = (State::default(), All::default());
    for bytes in entries {
        evolve_entry(&mut state, &Entry::parse(bytes).expect("the history holds entries"));
        apply(&mut all, bytes);
    }
    (state, all)
}

fn apply(all: &mut All, bytes: &Bytes) {
    let entry = Entry::parse(bytes).expect("the history holds entries");
    all.apply(entry.index, entry.recorded_at_ms, &entry.statement);
}
