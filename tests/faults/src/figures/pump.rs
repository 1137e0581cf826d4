//! Statements into a force's inbox as fast as receipts come back, so many on their way at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use desk::client::Client;
use host::bus::{Bus, Listener};
use host::provision::Identity;
use ledger_core::hash::Hash;
use ledger_core::ids::StatementId;
use ledger_core::wire::{Outcome as Decided, ReceiptRequest, Receipts};
use load::Signed;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::{Outcome, Scene};

/// Statements in one message.
const TOGETHER: usize = 256;

/// A receipt that is not heard within this time is asked for: it is told once.
const HEARD: Duration = Duration::from_secs(1);

/// What has no receipt yet.
type Waiting = Arc<Mutex<HashMap<StatementId, Sent>>>;

struct Sent {
    at: Instant,
    digest: Hash,
    _permit: OwnedSemaphorePermit,
}

/// Hands in at one force.
pub(super) struct Pump {
    bus: Bus,
    waiting: Waiting,
    done: mpsc::UnboundedReceiver<()>,
}

impl Pump {
    /// Begins to hear receipts.
    pub(super) async fn new(scene: &Scene) -> Outcome<Pump> {
        let bus = scene.bus(Identity::Response).await?;
        let heard =
            bus.listen(&scene.force.receipt("response", "several")).await.map_err(|e| e.to_string())?;
        let client = Client::new(scene.bus(Identity::Officer).await?, scene.force.clone(), HEARD);
        let (tell, done) = mpsc::unbounded_channel();
        let waiting = Waiting::default();
        tokio::spawn(ask(client, Arc::clone(&waiting), tell.clone()));
        tokio::spawn(hear(heard, Arc::clone(&waiting), tell));
        Ok(Pump { bus, waiting, done })
    }

    /// Until every one of them has a durable receipt.
    pub(super) async fn run(mut self, scene: &Scene, facts: &[Signed], in_flight: usize) -> Outcome {
        let room = Arc::new(Semaphore::new(in_flight));
        // A quarter of what may be on its way at once, so that there is always some of it at each stage.
        for some in facts.chunks((in_flight / 4).clamp(1, TOGETHER)) {
            for signed in some {
                let permit = Arc::clone(&room).acquire_owned().await.map_err(|e| e.to_string())?;
                let digest = Hash::of(&signed.statement);
                let sent = Sent { at: Instant::now(), digest, _permit: permit };
                self.waiting.lock().expect("nobody panics").insert(signed.id, sent);
            }
            let (bus, message) = (self.bus.clone(), scene.message(some.to_vec()));
            // One that was not stored has no receipt, and the run does not end.
            tokio::spawn(async move { bus.publish(message).await.map_err(|e| eprintln!("not stored: {e}")) });
        }
        for _ in facts {
            let next = tokio::time::timeout(Duration::from_secs(120), self.done.recv()).await;
            next.map_err(|_| "no receipt came for two minutes")?.ok_or("nobody listens")?;
        }
        Ok(())
    }
}

async fn hear(mut heard: Listener, waiting: Waiting, tell: mpsc::UnboundedSender<()>) {
    while let Some(told) = heard.next().await {
        let Ok(Receipts(receipts)) = Receipts::parse(&told.payload) else { continue };
        let mut waiting = waiting.lock().expect("nobody panics");
        let durable = receipts.into_iter().filter(|one| matches!(one.outcome, Decided::Durable(_)));
        for id in durable.filter_map(|receipt| receipt.id) {
            if waiting.remove(&id).is_some() && tell.send(()).is_err() {
                return;
            }
        }
    }
}

async fn ask(client: Client, waiting: Waiting, tell: mpsc::UnboundedSender<()>) {
    while !tell.is_closed() {
        tokio::time::sleep(HEARD).await;
        let late: Vec<ReceiptRequest> = {
            let waiting = waiting.lock().expect("nobody panics");
            let late = waiting.iter().filter(|(_, sent)| sent.at.elapsed() > HEARD);
            late.map(|(id, sent)| ReceiptRequest { id: *id, digest: sent.digest }).collect()
        };
        for request in late {
            let (id, known) = (request.id, client.receipt(request).await);
            let taken =
                matches!(known, Ok(Some(_))) && waiting.lock().expect("nobody panics").remove(&id).is_some();
            if taken && tell.send(()).is_err() {
                return;
            }
        }
    }
}
