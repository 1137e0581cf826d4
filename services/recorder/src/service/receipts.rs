//! Receipts: what was told is forgotten, what is stored tells the same again.

use std::collections::{HashMap, VecDeque};

use host::bus::Headers;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{StatementId, TreeSize};
use ledger_core::wire::{Durable, Outcome, Published, Receipt, ReceiptRequest, RefusalClass, Refused};
use ledger_rules::{Class, Refusal};
use ledger_store::{Store, StoreError};
use prost::Message as _;
use scrutiny_proto::ledger::v1::RefusalRecord;

/// Refusals that are found again by their statement's digest: the latest ones. Whoever asks for an older one sends the
/// statement again, and it is decided again.
const REFUSALS: usize = 16_384;

/// Receipts that wait to be told a second time, when a checkpoint covers them. With more on their way, people ask.
const UNPUBLISHED: usize = 256;

/// What is remembered of what was told.
#[derive(Debug, Default)]
pub(super) struct Told {
    refusals: HashMap<Hash, Refused>,
    order: VecDeque<Hash>,
    unpublished: VecDeque<Unpublished>,
}

/// A durable receipt that was told, and where.
#[derive(Debug, Clone)]
pub(super) struct Unpublished {
    pub(super) subject: String,
    pub(super) id: StatementId,
    pub(super) digest: Hash,
    pub(super) durable: Durable,
    /// The trace that it is part of.
    pub(super) trace: Headers,
}

impl Told {
    /// The latest refusals, from the journal.
    pub(super) fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let from = store.refusal_count().saturating_sub(REFUSALS as u64);
        let mut told = Self::default();
        for record in store.refusals(from, REFUSALS)? {
            let Ok(record) = RefusalRecord::decode(record) else { continue };
            if let Some(digest) = Hash::from_slice(&record.statement_sha256) {
                told.refused(digest, refused_of(&record));
            }
        }
        Ok(told)
    }

    pub(super) fn refused(&mut self, digest: Hash, refused: Refused) {
        if self.refusals.insert(digest, refused).is_none() {
            self.order.push_back(digest);
        }
        if self.order.len() > REFUSALS
            && let Some(oldest) = self.order.pop_front()
        {
            self.refusals.remove(&oldest);
        }
    }

    /// Why the statement with this digest was refused last.
    pub(super) fn refusal(&self, digest: &Hash) -> Option<&Refused> {
        self.refusals.get(digest)
    }

    pub(super) fn durable(&mut self, told: Unpublished) {
        if self.unpublished.len() == UNPUBLISHED {
            self.unpublished.pop_front();
        }
        self.unpublished.push_back(told);
    }

    /// Those that a checkpoint of this size covers.
    pub(super) fn covered_by(&mut self, size: TreeSize) -> Vec<Unpublished> {
        let (covered, rest) = std::mem::take(&mut self.unpublished)
            .into_iter()
            .partition::<VecDeque<_>, _>(|told| told.durable.index.0 < size.0);
        self.unpublished = rest;
        covered.into()
    }
}

/// The receipt for one statement, from what is stored: published where a checkpoint covers it, durable
/// otherwise; `None` for a statement that is not recorded, or not with these bytes.
pub(super) fn stored_receipt(
    store: &dyn Store,
    asked: &ReceiptRequest,
) -> Result<Option<Receipt>, StoreError> {
    let Some(index) = store.find(&asked.id)? else { return Ok(None) };
    let lost = || StoreError::Damaged { what: format!("entry {index}") };
    let bytes = store.entry(index)?.ok_or_else(lost)?;
    let entry = Entry::parse(&bytes).map_err(|_| lost())?;
    if Hash::of(&entry.statement_bytes) != asked.digest {
        return Ok(None);
    }
    let durable = Durable { index, leaf_hash: Hash::leaf(&bytes), recorded_at_ms: entry.recorded_at_ms };
    let outcome = published(store, durable)?.unwrap_or(Outcome::Durable(durable));
    Ok(Some(Receipt { id: Some(asked.id), digest: asked.digest, outcome }))
}

/// The proof that an entry is under a checkpoint; `None` while there is none.
pub(super) fn published(store: &dyn Store, durable: Durable) -> Result<Option<Outcome>, StoreError> {
    let Some(proof) = crate::receipt(store, durable.index)? else { return Ok(None) };
    let proof = String::from_utf8(proof.to_bytes()).expect("a proof is text");
    Ok(Some(Outcome::Published(Published { durable, proof })))
}

/// A refusal as it travels.
pub(super) fn refused(refusal: &Refusal) -> Refused {
    let class = match refusal.code.class() {
        Class::Refused => RefusalClass::Refused,
        Class::Conflict => RefusalClass::Conflict,
    };
    Refused { code: refusal.code.to_string(), sentence: refusal.sentence.clone(), class }
}

fn refused_of(record: &RefusalRecord) -> Refused {
    let code = ledger_rules::Code::ALL.iter().find(|code| code.as_str() == record.code);
    let class = match code.map(|code| code.class()) {
        Some(Class::Conflict) => RefusalClass::Conflict,
        _ => RefusalClass::Refused,
    };
    Refused { code: record.code.clone(), sentence: record.sentence.clone(), class }
}
