//! Everything on the bus within one process, whose faults come from a seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use host::bus::{Bus, Headers, Outgoing, PublishError, Rates};
use ledger_core::hash::Hash;
use ledger_core::wire::{Outcome as Decided, Published, Receipt, ReceiptRequest, Submission, Submissions};
use load::Signed;

use crate::ledger::hold_to;
use crate::scene::{SETTLE, new_mirror};
use crate::{Outcome, RecorderHere, force, signer, statements};

/// A tenth of everything goes wrong in one of five ways.
const RATES: Rates =
    Rates { stored_but_unknown: 20, lost_and_unknown: 20, dropped: 5, duplicated: 40, reordered: 40 };

/// Records so many facts through a bus with faults from this seed, and holds the ledger and a mirror to every promise.
///
/// # Errors
/// Says which promise is broken.
pub async fn run(seed: u64, facts: u64) -> Outcome {
    let (bus, faults) = Bus::in_process_with_faults();
    for spec in [force().inbox(), force().sealed_log()] {
        bus.ensure(&spec).await.map_err(|e| e.to_string())?;
    }
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let ledger = folder.path().join("ledger");
    let ticks = AtomicU64::new(load::START_MS);
    let clock: recorder::Clock = Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed));
    let recorder = RecorderHere::start(&ledger, bus.clone(), clock)?;
    let (mirror, _following) = new_mirror(bus.clone(), force())?;
    let load = statements(&force());
    let mut sent = load.founding();
    send(&bus, &sent).await;
    // The founding comes first; everything after it commutes.
    let mut told = receipts(&bus, &sent).await?;
    faults.at_random(seed, RATES);
    for number in 0..facts.div_ceil(8) {
        let some = load.facts(number * 8..number * 8 + 8);
        send(&bus, &some).await;
        sent.extend(some);
    }
    told.extend(receipts(&bus, &sent[told.len()..]).await?);
    faults.stop();
    recorder.stop().await?;
    let (size, root) = hold_to(&ledger, &signer(), &told, &BTreeSet::new())?;
    if size != sent.len() as u64 {
        return Err(format!("{} statements were sent, and {size} are entries", sent.len()));
    }
    let begun = Instant::now();
    while (mirror.standing().size.0, mirror.standing().root) != (size, root) {
        if begun.elapsed() > SETTLE || mirror.halted().is_some() {
            return Err(format!("the mirror stands at {:?}: {:?}", mirror.standing(), mirror.halted()));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Sends until somebody says that it is stored.
async fn send(bus: &Bus, some: &[Signed]) {
    let submission = |signed: &Signed| Submission {
        statement: signed.statement.clone(),
        signatures: signed.signatures.clone(),
        addenda: Vec::new(),
    };
    let payload = Submissions(some.iter().map(submission).collect()).to_bytes();
    let message = Outgoing {
        subject: force().several("response"),
        id: Hash::of(&payload).to_hex(),
        headers: Headers::new(),
        payload,
        expect_last: None,
    };
    while let Err(PublishError::Unknown(_) | PublishError::Full(_)) = bus.publish(message.clone()).await {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The durable receipt of each, asked for until there is one.
async fn receipts(
    bus: &Bus,
    some: &[Signed],
) -> Outcome<BTreeMap<ledger_core::ids::StatementId, ledger_core::wire::Durable>> {
    let subject = force().endpoint("recorder", "receipt");
    let (mut told, begun) = (BTreeMap::new(), Instant::now());
    for signed in some {
        let asked: Bytes = ReceiptRequest { id: signed.id, digest: Hash::of(&signed.statement) }.to_bytes();
        loop {
            let answer = bus.request(&subject, Headers::new(), asked.clone(), Duration::from_secs(2)).await;
            let receipt = answer.ok().and_then(|message| Receipt::parse(&message.payload).ok());
            match receipt.map(|receipt| receipt.outcome) {
                Some(Decided::Durable(durable) | Decided::Published(Published { durable, .. })) => {
                    told.insert(signed.id, durable);
                    break;
                }
                Some(Decided::Refused(refused)) => {
                    return Err(format!("{}: {}", signed.id, refused.sentence));
                }
                None if begun.elapsed() > SETTLE => return Err(format!("{} has no receipt", signed.id)),
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }
    Ok(told)
}
