//! From what waits to one message.

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{CloudEvent, Headers, Outgoing as Message, TRACEPARENT};
use ledger_core::hash::Hash;
use ledger_core::limits::{MAX_SUBMISSIONS, SEND_TOGETHER_BYTES};
use ledger_core::wire::{RefusalNotice, RefusalNotices, Submission, Submissions};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::{Item, Name, Unsent, What};
use crate::Service;

/// Kinds of the messages that carry several, as CloudEvents names them.
const SEVERAL: &str = "scrutiny.wire.v1.Submissions";
const REFUSED: &str = "scrutiny.wire.v1.RefusalNotices";

/// A message, and everybody who waits for it.
pub(super) struct Parcel {
    pub(super) subject: String,
    pub(super) payload: Bytes,
    headers: Headers,
    digest: Hash,
    pub(super) replies: Vec<oneshot::Sender<Result<(), Unsent>>>,
    _room: Vec<OwnedSemaphorePermit>,
}

impl Parcel {
    /// The digest of the bytes, so that only the same bytes count as the same message. `other` counts up where
    /// somebody else used it.
    pub(super) fn id(&self, other: u32) -> String {
        let digest = self.digest.to_hex();
        if other == 0 { digest } else { format!("{digest}-{other}") }
    }

    pub(super) fn outgoing(&self, other: u32) -> Message {
        Message {
            subject: self.subject.clone(),
            id: self.id(other),
            headers: self.headers.clone(),
            payload: self.payload.clone(),
            expect_last: None,
        }
    }
}

/// Packs the first item and those of its sort that wait behind it. Returns the one that did not fit.
pub(super) fn pack(
    first: Item,
    waiting: &mut mpsc::Receiver<Item>,
    force: &Force,
    service: Service,
) -> (Parcel, Option<Item>) {
    let mut items = vec![first];
    let mut bytes = items[0].what.bytes();
    let mut left = None;
    while items.len() < MAX_SUBMISSIONS {
        let Ok(next) = waiting.try_recv() else { break };
        let same = std::mem::discriminant(&next.what) == std::mem::discriminant(&items[0].what);
        if !same || bytes + next.what.bytes() > SEND_TOGETHER_BYTES {
            left = Some(next);
            break;
        }
        bytes += next.what.bytes();
        items.push(next);
    }
    (parcel(items, force, service), left)
}

fn parcel(items: Vec<Item>, force: &Force, service: Service) -> Parcel {
    // The others' traces have their own spans at the desk that took them.
    let traceparent = items.iter().find_map(|item| item.traceparent.clone());
    let mut replies = Vec::with_capacity(items.len());
    let mut room = Vec::with_capacity(items.len());
    let mut submissions: Vec<Submission> = Vec::new();
    let mut notices: Vec<RefusalNotice> = Vec::new();
    let mut alone = None;
    for Item { what, reply, _room, .. } in items {
        replies.push(reply);
        room.extend(_room);
        match what {
            What::Statement(submission, name) => {
                submissions.push(submission);
                alone = name;
            }
            What::Notice(notice) => notices.push(notice),
            What::Mark => {}
        }
    }
    let alone = alone.filter(|_| submissions.len() == 1);
    let are_refusals = submissions.is_empty();
    let payload =
        if are_refusals { RefusalNotices(notices).to_bytes() } else { Submissions(submissions).to_bytes() };
    let digest = Hash::of(&payload);
    let (hex, source) = (digest.to_hex(), format!("/force/{force}/{service}"));
    let (subject, id, kind, about) = match &alone {
        Some(Name { id, kind, stream }) => {
            (force.event(service.name(), &kind.short_name, id), id, kind.full_name.as_str(), stream.as_str())
        }
        None if are_refusals => (force.refused(service.name()), &hex, REFUSED, ""),
        None => (force.several(service.name()), &hex, SEVERAL, ""),
    };
    let event = CloudEvent { id, source: &source, kind, time: "", subject: about };
    let mut headers = Headers::new().with_event(&event);
    if let Some(traceparent) = traceparent {
        headers.set(TRACEPARENT, &traceparent);
    }
    Parcel { subject, payload, headers, digest, replies, _room: room }
}
