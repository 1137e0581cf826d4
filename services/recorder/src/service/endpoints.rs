//! What the recorder is asked: where the log stands, entries, receipts, versions of streams.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use host::bus::{Request, Requests, ServiceError, ServiceSpec};
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::wire::{
    AddendaRequest, EntriesRequest, Head, Outcome, Receipt, ReceiptRequest, SealedBatch, Versions,
    VersionsRequest, WireError,
};
use ledger_rules::State;
use ledger_store::{Store, StoreError};
use tokio::sync::Semaphore;

use super::Shared;
use crate::Role;
use crate::node::entries_of;

/// Questions answered at the same time; each may read a megabyte.
const AT_ONCE: usize = 16;

/// Before the bus is asked again to let us serve.
const PAUSE: Duration = Duration::from_secs(1);

/// What the only recorder of a ledger is asked.
pub(super) static ALONE: [&str; 4] = ["head", "entries", "receipt", "versions"];

/// What the one that leads is asked: also for sealed content, by those that stand by and by nobody else.
pub(super) static AMONG: [&str; 5] = ["head", "entries", "receipt", "versions", "addenda"];

/// What one that stands by is asked: where it stands. A service is seen by its endpoints.
pub(super) static STANDBY: [&str; 1] = ["standby"];

/// Ends serving when it is dropped.
pub(super) struct Serving(tokio::task::JoinHandle<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Answers at these endpoints.
pub(super) fn serve(shared: &Arc<Shared>, endpoints: &'static [&'static str]) -> Serving {
    let shared = Arc::clone(shared);
    Serving(tokio::spawn(async move {
        loop {
            // The next one to ask is answered by whoever takes over.
            shared.until_disk_hangs(false).await;
            match shared.bus.serve(spec(&shared, endpoints)).await {
                Ok(mut requests) => {
                    shared.health.ready("questions");
                    let room = Arc::new(Semaphore::new(AT_ONCE));
                    while let Some(request) = next(&shared, &mut requests).await {
                        let room = Arc::clone(&room).acquire_owned().await.expect("it is never closed");
                        let shared = Arc::clone(&shared);
                        tokio::spawn(async move {
                            let answer = answer(&shared, &request).await;
                            request.reply(answer);
                            drop(room);
                        });
                    }
                    let why =
                        if shared.disk_hangs() { "the disk does not answer" } else { "the bus has drained" };
                    shared.health.waiting("questions", why);
                }
                Err(error) => shared.health.waiting("questions", &error.to_string()),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }))
}

/// The next question; none when the disk hangs, of which all answers come.
async fn next(shared: &Shared, requests: &mut Requests) -> Option<Request> {
    tokio::select! {
        biased;
        request = requests.next() => request,
        () = shared.until_disk_hangs(true) => None,
    }
}

fn spec(shared: &Arc<Shared>, endpoints: &[&str]) -> ServiceSpec {
    let told = Arc::downgrade(shared);
    let figures = move || {
        // The bus may ask for as long as it lives, and must not keep the ledger open for that.
        let Some(shared) = told.upgrade() else { return serde_json::json!({ "state": "stopping" }) };
        let (now, standing) = (shared.health.now(), shared.standing.borrow().clone());
        serde_json::json!({
            "state": now.state,
            "reasons": now.reasons,
            "note": now.note,
            "leads": matches!(standing.role, Role::Leading { .. }),
            "epoch": standing.epoch,
            "size": standing.size.0,
            "checkpoint_age_ms": shared.age.ms(),
        })
    };
    ServiceSpec {
        name: super::ROLE.name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        description: super::ROLE.about.to_owned(),
        subject: shared.force.service(super::ROLE.name),
        endpoints: endpoints.iter().map(|name| (*name).to_owned()).collect(),
        metadata: BTreeMap::from([("force".to_owned(), shared.force.to_string())]),
        figures: Some(Arc::new(figures)),
    }
}

async fn answer(shared: &Shared, request: &Request) -> Result<Bytes, ServiceError> {
    match request.endpoint.as_str() {
        "head" | "standby" => look(shared, head).await,
        "entries" => {
            let asked = EntriesRequest::parse(&request.payload).map_err(bad)?;
            look(shared, move |store, _| entries(store, asked)).await
        }
        "receipt" => receipt(shared, ReceiptRequest::parse(&request.payload).map_err(bad)?).await,
        "versions" => {
            let asked = VersionsRequest::parse(&request.payload).map_err(bad)?;
            look(shared, move |store, _| versions(store, &asked)).await
        }
        "addenda" => {
            let asked = AddendaRequest::parse(&request.payload).map_err(bad)?;
            look(shared, move |store, _| super::addenda::answer(store, &asked)).await
        }
        other => Err(ServiceError::new(404, format!("the recorder has no endpoint {other}"))),
    }
}

async fn look(
    shared: &Shared,
    look: impl FnOnce(&dyn Store, &State) -> Result<Bytes, StoreError> + Send + 'static,
) -> Result<Bytes, ServiceError> {
    shared.recorder.look(look).await.map_err(|error| ServiceError::new(503, error.to_string()))
}

fn bad(error: WireError) -> ServiceError {
    ServiceError::new(400, error.to_string())
}

fn head(store: &dyn Store, state: &State) -> Result<Bytes, StoreError> {
    let ledger_store::Head { size, root, last_leaf_hash } = store.head();
    let checkpoint = store.latest_checkpoint()?.map(|(_, note)| note);
    let origin = state.origin().cloned();
    Ok(Head { origin, size, root, last_leaf_hash, checkpoint }.to_bytes())
}

fn entries(store: &dyn Store, asked: EntriesRequest) -> Result<Bytes, StoreError> {
    let size = store.head().size;
    let from = asked.from.0.min(size.0);
    let most = if asked.max == 0 { u64::MAX } else { u64::from(asked.max) };
    let entries = entries_of(store, from, size.0.min(from.saturating_add(most)))?;
    let end = TreeSize(from + entries.len() as u64);
    let checkpoint = store.published_checkpoint(end)?;
    Ok(SealedBatch { first: EntryIndex(from), entries, checkpoint }.to_bytes())
}

async fn receipt(shared: &Shared, asked: ReceiptRequest) -> Result<Bytes, ServiceError> {
    let stored = shared.recorder.look(move |store, _| super::receipts::stored_receipt(store, &asked)).await;
    if let Some(receipt) = stored.map_err(|error| ServiceError::new(503, error.to_string()))? {
        return Ok(receipt.to_bytes());
    }
    match shared.told().refusal(&asked.digest) {
        Some(refused) => {
            let outcome = Outcome::Refused(refused.clone());
            Ok(Receipt { id: Some(asked.id), digest: asked.digest, outcome }.to_bytes())
        }
        None => {
            Err(ServiceError::new(404, format!("no statement {} with these bytes is known here", asked.id)))
        }
    }
}

fn versions(store: &dyn Store, asked: &VersionsRequest) -> Result<Bytes, StoreError> {
    let versions = asked.0.iter().map(|stream| store.stream_version(stream)).collect::<Result<_, _>>()?;
    Ok(Versions { size: store.head().size, versions }.to_bytes())
}
