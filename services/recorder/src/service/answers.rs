//! What becomes of a message once its statements are decided: committed, told, acknowledged, in that order.

use bytes::Bytes;
use host::bus::{Delivery, Headers, TRACEPARENT};
use ledger_core::hash::Hash;
use ledger_core::ids::StatementId;
use ledger_core::limits::{MAX_MESSAGE_BYTES, MAX_REFUSAL_BYTES};
use ledger_core::statement::Statement;
use ledger_core::wire::{Durable, Outcome, Receipt, Receipts};

use super::Shared;
use super::inbox::{acknowledge, put_off};
use super::receipts::{self, Unpublished, refused};
use crate::recorder::Pending;
use crate::{Answer, Failure};

/// In the place of a statement's id: all receipts of one message.
const SEVERAL: &str = "several";

/// A statement handed to the recorder.
pub(super) struct Handed {
    pub(super) digest: Hash,
    pub(super) statement: Bytes,
    pub(super) pending: Pending,
}

/// Waits for the answers, tells each, and acknowledges the message. An answer means that it counts: here, and in the
/// sealed stream.
pub(super) async fn settle(shared: &Shared, delivery: &Delivery, service: &str, handed: Vec<Handed>) {
    let trace = trace_of(delivery);
    let mut answers = Vec::with_capacity(handed.len());
    for Handed { digest, statement, pending } in handed {
        answers.push((digest, statement, pending.answer().await));
    }
    let mut unavailable = None;
    let mut receipts = Vec::with_capacity(answers.len());
    for (digest, statement, answer) in answers {
        match outcome(answer) {
            Ok((id, outcome)) => {
                // Only a refused one does not know its id, if it has one.
                let id = id.or_else(|| Statement::parse(&statement).ok().map(|statement| statement.id));
                receipts.push(Receipt { id, digest, outcome });
            }
            Err(why) => unavailable = Some(why),
        }
    }
    tell_together(shared, service, &trace, &receipts).await;
    for receipt in receipts {
        tell(shared, service, &trace, receipt).await;
    }
    tell_published(shared).await;
    match unavailable {
        None => {
            shared.health.ready("ledger");
            acknowledge(delivery).await;
        }
        Some(why) => put_off(shared, delivery, &why).await,
    }
}

fn outcome(answer: Answer) -> Result<(Option<StatementId>, Outcome), String> {
    match answer {
        Ok(recorded) => {
            let crate::Durable { id, index, leaf_hash, recorded_at_ms, already: _ } = recorded;
            Ok((Some(id), Outcome::Durable(Durable { index, leaf_hash, recorded_at_ms })))
        }
        Err(Failure::Refused(refusal)) => Ok((None, Outcome::Refused(refused(&refusal)))),
        Err(Failure::Unavailable(why)) => Err(why),
    }
}

/// Tells those who send many: all receipts of one message together, as many messages as it takes.
async fn tell_together(shared: &Shared, service: &str, trace: &Headers, receipts: &[Receipt]) {
    let subject = shared.force.receipt(service, SEVERAL);
    // A refusal may be 4 KiB long, and everything else is some hundred bytes.
    for some in receipts.chunks(MAX_MESSAGE_BYTES / (MAX_REFUSAL_BYTES + 256)) {
        say(shared, &subject, trace, Receipts(some.to_vec()).to_bytes()).await;
    }
}

/// Tells whoever listens for this one. At most once: who missed it asks.
async fn tell(shared: &Shared, service: &str, trace: &Headers, receipt: Receipt) {
    let subject = receipt_subject(shared, service, receipt.id, &receipt.digest);
    count(&receipt.outcome);
    say(shared, &subject, trace, receipt.to_bytes()).await;
    // Remembered after it was told, so that no proof is told before it.
    let Receipt { id, digest, outcome } = receipt;
    match (outcome, id) {
        (Outcome::Refused(refused), _) => shared.told().refused(digest, refused),
        (Outcome::Durable(durable), Some(id)) => {
            let trace = trace.clone();
            shared.told().durable(Unpublished { subject, id, digest, durable, trace });
        }
        _ => {}
    }
}

/// Tells the proofs of what was told as durable and has a checkpoint over it by now.
pub(super) async fn tell_published(shared: &Shared) {
    let published = shared.standing.borrow().published;
    let covered = shared.told().covered_by(published);
    for Unpublished { subject, id, digest, durable, trace } in covered {
        let found = shared.recorder.look(move |store, _| receipts::published(store, durable)).await;
        match found {
            Ok(Some(outcome)) => {
                let receipt = Receipt { id: Some(id), digest, outcome };
                say(shared, &subject, &trace, receipt.to_bytes()).await;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a proof could not be made; who wants it asks"),
        }
    }
}

/// By its id; by its digest where no id can be read.
fn receipt_subject(shared: &Shared, service: &str, id: Option<StatementId>, digest: &Hash) -> String {
    match id {
        Some(id) => shared.force.receipt(service, id),
        None => shared.force.receipt(service, digest.to_hex()),
    }
}

/// The trace that a message is part of, for what is told about it.
fn trace_of(delivery: &Delivery) -> Headers {
    let parent = delivery.headers.get(TRACEPARENT);
    parent.map_or_else(Headers::new, |parent| Headers::new().with(TRACEPARENT, parent))
}

async fn say(shared: &Shared, subject: &str, trace: &Headers, receipt: Bytes) {
    let mut headers = trace.clone();
    // Where this process takes traces, it is the span that follows the message's.
    host::telemetry::carry(&mut headers);
    if let Err(error) = shared.bus.tell(subject, headers, receipt).await {
        tracing::debug!(%error, "a receipt was not told; who wants it asks");
    }
}

fn count(outcome: &Outcome) {
    match outcome {
        Outcome::Refused(_) => metrics::counter!("scrutiny_recorder_refused_total").increment(1),
        _ => metrics::counter!("scrutiny_recorder_recorded_total").increment(1),
    }
}
