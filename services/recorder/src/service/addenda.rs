//! Sealed content among several recorders: a stream of its own, because it must be able to go.
//!
//! Who leads puts an addendum there before the entry that commits to it; who stands by takes it onto its own disk before
//! it keeps that entry. What the ledger says is erased, every recorder erases from its disk when it keeps the entry that
//! says so, and who leads erases it from the stream. Nothing stays there for longer than thirty days.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, BusError, Headers, Outgoing, PublishError, RequestError};
use ledger_core::hash::Hash;
use ledger_core::limits::MAX_MESSAGE_BYTES;
use ledger_core::wire::{Addenda, AddendaRequest};
use ledger_store::{Store, StoreError};
use tokio::time::Instant;

use super::Shared;
use crate::commit_log::Away;

/// How long the answer of whoever leads may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Between two looks whether something was erased.
const LOOK: Duration = Duration::from_secs(1);

/// Between two rounds of asking for what nobody gave, and of looking again at what was erased: who led before and slept
/// may have put it there once more.
const AGAIN: Duration = Duration::from_secs(5);

/// Addenda that are asked for in one round, and erased ones that are looked at again: the newest.
const IN_A_ROUND: usize = 64;

/// Messages of one addendum that are erased at most: it is put there once, and again only when it was handed in again
/// after minutes.
const TIMES: usize = 64;

/// Room in a message for the framing of addenda.
const FRAMING: usize = 16 << 10;

/// Puts sealed content into the stream.
pub(super) async fn put(bus: &Bus, force: &Force, addenda: &[(Hash, Bytes)]) -> Result<(), Away> {
    let put = addenda.iter().map(|(digest, bytes)| put_one(bus, force, digest, bytes));
    futures::future::try_join_all(put).await.map(drop)
}

async fn put_one(bus: &Bus, force: &Force, digest: &Hash, bytes: &Bytes) -> Result<(), Away> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        let bytes = bytes.len();
        tracing::error!(%digest, bytes, "an addendum does not fit a message; no standby has it");
        return Ok(());
    }
    let hex = digest.to_hex();
    let subject = force.addendum(&hex);
    let message =
        Outgoing { subject, id: hex, headers: Headers::new(), payload: bytes.clone(), expect_last: None };
    let stored: Result<_, PublishError> = bus.publish(message).await;
    stored.map(drop).map_err(|error| Away(format!("the addenda stream: {error}")))
}

/// Sealed content from the stream, or from who leads; `None` when neither has it.
pub(super) async fn get(bus: &Bus, force: &Force, digest: Hash) -> Result<Option<Bytes>, Away> {
    let found = match bus.last_on(&force.addenda().name, &force.addendum(digest.to_hex())).await {
        Ok(found) => found,
        Err(BusError::NoStream(_)) => None,
        Err(error) => return Err(Away(format!("the addenda stream: {error}"))),
    };
    if let Some(message) = found.filter(|message| Hash::of(&message.payload) == digest) {
        return Ok(Some(message.payload));
    }
    let asked = AddendaRequest(vec![digest]).to_bytes();
    let subject = force.endpoint("recorder", "addenda");
    match bus.request(&subject, Headers::new(), asked, ANSWER_WITHIN).await {
        Ok(answer) => {
            let given = Addenda::parse(&answer.payload).map(|addenda| addenda.0).unwrap_or_default();
            Ok(given.into_iter().find(|bytes| Hash::of(bytes) == digest))
        }
        Err(RequestError::NobodyThere(_)) => Ok(None),
        Err(error) => {
            tracing::warn!(%digest, %error, "whoever leads does not give an addendum");
            Ok(None)
        }
    }
}

/// What is asked for and is here, as much as one message takes.
pub(super) fn answer(store: &dyn Store, asked: &AddendaRequest) -> Result<Bytes, StoreError> {
    let (mut found, mut room) = (Vec::new(), MAX_MESSAGE_BYTES - FRAMING);
    for digest in &asked.0 {
        let Some(bytes) = store.addendum(digest)? else { continue };
        if bytes.len() > room {
            break;
        }
        room -= bytes.len();
        found.push(bytes);
    }
    Ok(Addenda(found).to_bytes())
}

/// While this recorder leads: erases from the stream whatever the ledger says is erased. At the beginning that is all
/// that ever was, since the one that led before may have died in between.
pub(super) async fn erase_from_the_stream(shared: Arc<Shared>) {
    let mut gone: HashSet<Hash> = HashSet::new();
    let mut newest: VecDeque<Hash> = VecDeque::new();
    let mut again = Instant::now() + AGAIN;
    loop {
        if again <= Instant::now() {
            erase_again(&shared, &newest).await;
            again = Instant::now() + AGAIN;
        }
        let erased: Vec<Hash> = shared.recorder.look(|_, state| state.erased().collect()).await;
        for digest in erased {
            if gone.contains(&digest) {
                continue;
            }
            match erase(&shared, &digest).await {
                Ok(()) => {
                    gone.insert(digest);
                    newest.push_back(digest);
                    newest.drain(..newest.len().saturating_sub(IN_A_ROUND));
                }
                Err(BusError::NoStream(_)) => return,
                Err(error) => {
                    tracing::error!(%error, %digest, "an addendum is still to be erased from the stream");
                    break;
                }
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn erase_again(shared: &Shared, newest: &VecDeque<Hash>) {
    for digest in newest {
        if let Err(error) = erase(shared, digest).await {
            tracing::warn!(%error, "whether what was erased came again is not known");
            return;
        }
    }
}

/// Asks again for what nobody gave while this recorder followed: who led was busy or away.
pub(super) async fn ask_again(shared: Arc<Shared>) {
    let mut asked_last = Hash::ZERO;
    loop {
        tokio::time::sleep(AGAIN).await;
        let lacking = shared.recorder.lacking().await;
        for digest in a_round(&lacking, asked_last) {
            asked_last = digest;
            match get(&shared.bus, &shared.force, digest).await {
                Ok(Some(bytes)) => {
                    if let Err(error) = shared.recorder.complete(digest, bytes).await {
                        tracing::error!(%error, %digest, "an addendum that was missing is not kept");
                    }
                }
                Ok(None) => {}
                Err(why) => {
                    tracing::warn!(%why, "what is missing is asked for later");
                    break;
                }
            }
        }
    }
}

/// Some of what is lacking, in turn.
fn a_round(lacking: &BTreeSet<Hash>, asked_last: Hash) -> Vec<Hash> {
    let (before, behind): (Vec<_>, Vec<_>) = lacking.iter().partition(|digest| **digest <= asked_last);
    behind.into_iter().chain(before).take(IN_A_ROUND).copied().collect()
}

async fn erase(shared: &Shared, digest: &Hash) -> Result<(), BusError> {
    let (stream, subject) = (shared.force.addenda().name, shared.force.addendum(digest.to_hex()));
    for _ in 0..TIMES {
        let Some(sequence) = shared.bus.last_on(&stream, &subject).await?.and_then(|m| m.sequence) else {
            return Ok(());
        };
        shared.bus.erase(&stream, sequence).await?;
    }
    Ok(())
}
