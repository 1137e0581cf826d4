//! Taking from the inbox: bounded, in order, and nothing is lost in silence.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Subject;
use host::bus::{BusError, Consumer, ConsumerSpec, Delivery};
use ledger_core::hash::Hash;
use ledger_core::wire::{RefusalNotice, RefusalNotices, Submissions};
use ledger_rules::Code;
use scrutiny_proto::ledger::v1::RefusalRecord;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::answers::{Handed, settle};
use super::{ACK_WAIT, MESSAGES_IN_FLIGHT, Shared, WINDOW_BYTES};

/// Messages asked for at once.
const AT_ONCE: usize = 64;

/// How long one question for messages waits.
const WAIT: Duration = Duration::from_secs(1);

/// Before a message that could not be recorded comes again, and before the inbox is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// A turn of the loop takes no longer, unless it hangs.
const TURN: Duration = Duration::from_secs(60);

/// What a message that says nothing is sent by, where its subject does not say.
const NOBODY: &str = "unknown";

/// Takes and settles messages until `stop`, then waits for those in hand. What was handed out and not looked at goes
/// back: another reader gets it at once.
pub(super) async fn take(shared: &Arc<Shared>, stop: impl Future<Output = ()>) {
    let mut settling = JoinSet::new();
    tokio::pin!(stop);
    take_until(shared, stop.as_mut(), &mut settling).await;
    shared.health.ended("inbox");
    while settling.join_next().await.is_some() {}
}

async fn hand_back(reader: &mut Consumer) {
    // Not for ever: what is handed back comes again at once, perhaps to this very reader.
    let mut left = MESSAGES_IN_FLIGHT;
    while left > 0
        && let Ok(deliveries) = reader.next(left, Duration::ZERO).await
        && !deliveries.is_empty()
    {
        left = left.saturating_sub(deliveries.len());
        for delivery in deliveries {
            delivery.again(Duration::ZERO).await;
        }
    }
}

async fn take_until(
    shared: &Arc<Shared>,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    settling: &mut JoinSet<()>,
) {
    loop {
        let spec = ConsumerSpec {
            stream: shared.force.inbox().name,
            durable: "recorder".to_owned(),
            max_in_flight: MESSAGES_IN_FLIGHT,
            ack_wait: ACK_WAIT,
        };
        let made = tokio::select! {
            biased;
            () = &mut stop => return,
            made = shared.bus.consume(spec) => made,
        };
        let why = match made {
            Ok(consumer) => match take_from(shared, consumer, stop.as_mut(), settling).await {
                Some(why) => why,
                None => return,
            },
            Err(error) => error.to_string(),
        };
        shared.health.turns("inbox", TURN);
        shared.health.waiting("inbox", &why);
        tokio::select! {
            biased;
            () = &mut stop => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}

/// Takes until the bus says why not; `None` when it is to stop. What was taken by then is settled all the same.
async fn take_from(
    shared: &Arc<Shared>,
    mut inbox: Consumer,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    settling: &mut JoinSet<()>,
) -> Option<String> {
    loop {
        shared.health.turns("inbox", TURN);
        while settling.try_join_next().is_some() {}
        let deliveries = tokio::select! {
            biased;
            () = &mut stop => {
                hand_back(&mut inbox).await;
                return None;
            }
            taken = next(shared, &mut inbox) => match taken {
                Ok(deliveries) => deliveries,
                Err(error) => return Some(error.to_string()),
            },
        };
        shared.health.ready("inbox");
        for delivery in deliveries {
            let permit = room_for(shared, &delivery.payload).await;
            if delivery.delivered > 1 {
                metrics::counter!("scrutiny_recorder_redelivered_total").increment(1);
            }
            begin(shared, delivery, permit, settling).await;
        }
    }
}

/// The next messages. While the disk hangs none are taken: they are for whoever takes over.
async fn next(shared: &Shared, inbox: &mut Consumer) -> Result<Vec<Delivery>, BusError> {
    if shared.disk_hangs() {
        shared.health.turns("inbox", TURN);
        shared.health.waiting("inbox", "the disk does not answer");
        shared.until_disk_hangs(false).await;
    }
    inbox.next(AT_ONCE, WAIT).await
}

/// Waits until what is in hand leaves room for so many bytes.
async fn room_for(shared: &Shared, payload: &Bytes) -> OwnedSemaphorePermit {
    let bytes =
        u32::try_from(payload.len().clamp(1, WINDOW_BYTES)).expect("the window is smaller than 4 GiB");
    let window = Arc::clone(&shared.window).acquire_many_owned(bytes).await;
    window.expect("the window is never closed")
}

/// Hands a message's statements in, in order, and leaves the rest to a task of its own.
async fn begin(
    shared: &Arc<Shared>,
    delivery: Delivery,
    permit: OwnedSemaphorePermit,
    settling: &mut JoinSet<()>,
) {
    let shared = Arc::clone(shared);
    match read(&delivery) {
        Message::Submissions { service, submissions } => {
            let mut handed = Vec::with_capacity(submissions.0.len());
            for submission in submissions.0 {
                let (digest, statement) = (submission.digest(), submission.statement.clone());
                let pending = shared.recorder.hand_in(submission).await;
                handed.push(Handed { digest, statement, pending });
            }
            let span = tracing::info_span!("record", sequence = delivery.sequence, service);
            host::telemetry::follow(&span, &delivery.headers);
            let settled = async move {
                settle(&shared, &delivery, &service, handed).await;
                drop(permit);
            };
            settling.spawn(settled.instrument(span));
        }
        Message::Refusals { service, notices } => {
            settling.spawn(async move {
                keep(&shared, &delivery, service, notices).await;
                drop(permit);
            });
        }
        Message::Nothing(why) => {
            settling.spawn(async move {
                bury(&shared, &delivery, why).await;
                drop(permit);
            });
        }
    }
}

enum Message {
    Submissions { service: String, submissions: Submissions },
    Refusals { service: String, notices: RefusalNotices },
    Nothing(String),
}

/// The door: a message becomes a type here, or nothing.
fn read(delivery: &Delivery) -> Message {
    let nothing = |error: ledger_core::wire::WireError| Message::Nothing(error.to_string());
    match Subject::parse(&delivery.subject) {
        Some(Subject::Event { service, .. } | Subject::Several { service, .. }) => {
            let submissions = Submissions::parse(&delivery.payload);
            submissions.map_or_else(nothing, |submissions| Message::Submissions { service, submissions })
        }
        Some(Subject::Refused { service, .. }) => {
            let notices = RefusalNotices::parse(&delivery.payload);
            notices.map_or_else(nothing, |notices| Message::Refusals { service, notices })
        }
        _ => Message::Nothing("its subject is none of the inbox's".to_owned()),
    }
}

/// Keeps what a desk refused.
async fn keep(shared: &Shared, delivery: &Delivery, service: String, notices: RefusalNotices) {
    let records = notices.0.iter().map(|notice| record_of(notice, &service)).collect();
    match shared.recorder.keep_refusals(records).await {
        Ok(()) => {
            notices.0.into_iter().for_each(|notice| shared.told().refused(notice.digest, notice.refused));
            acknowledge(delivery).await;
        }
        Err(error) => put_off(shared, delivery, &error.to_string()).await,
    }
}

fn record_of(notice: &RefusalNotice, service: &str) -> RefusalRecord {
    let RefusalNotice { id, digest, key_ids, refused, refused_at_ms } = notice;
    RefusalRecord {
        refused_at_ms: *refused_at_ms,
        statement_sha256: Bytes::copy_from_slice(digest.as_bytes()),
        statement_id: id.map_or_else(Bytes::new, |id| Bytes::copy_from_slice(id.as_bytes())),
        key_ids: key_ids.iter().map(|key| Bytes::copy_from_slice(&key.0)).collect(),
        code: refused.code.clone(),
        sentence: refused.sentence.clone(),
        told_by: service.to_owned(),
    }
}

/// A message that nothing can be made of: its digest and the reason are kept, then it is given up.
async fn bury(shared: &Shared, delivery: &Delivery, why: String) {
    let service = delivery.subject.split('.').nth(2).unwrap_or(NOBODY);
    let record = RefusalRecord {
        refused_at_ms: shared.recorder.now_ms(),
        statement_sha256: Bytes::copy_from_slice(Hash::of(&delivery.payload).as_bytes()),
        statement_id: Bytes::new(),
        key_ids: Vec::new(),
        code: Code::Malformed.to_string(),
        sentence: format!("a message of {} bytes from {service:.64}: {why}", delivery.payload.len()),
        told_by: String::new(),
    };
    tracing::warn!(
        subject = delivery.subject,
        why,
        "a message of the inbox does not read; refused and given up"
    );
    match shared.recorder.keep_refusals(vec![record]).await {
        Ok(()) => delivery.give_up().await,
        Err(error) => put_off(shared, delivery, &error.to_string()).await,
    }
}

/// Done: it shall not come again. Where that is not confirmed, it comes again and gets the same answer.
pub(super) async fn acknowledge(delivery: &Delivery) {
    if let Err(error) = delivery.ack().await {
        tracing::warn!(%error, sequence = delivery.sequence, "a message will come again");
    }
}

/// Not now: the message comes again, and `/readyz` says why.
pub(super) async fn put_off(shared: &Shared, delivery: &Delivery, why: &str) {
    shared.health.waiting("ledger", why);
    delivery.again(PAUSE).await;
}
