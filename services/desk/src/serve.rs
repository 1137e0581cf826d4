//! The desk on the bus.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use host::bus::{Bus, BusError, Request, ServiceError, ServiceSpec, TRACEPARENT};
use ledger_core::limits::MAX_MESSAGE_BYTES;
use ledger_core::wire::{Submissions, Verdicts, VersionsRequest};
use tokio::sync::Semaphore;

use crate::Desk;

/// Endpoint that takes `Submissions` and answers `Verdicts`.
pub const SUBMIT: &str = "submit";
/// Endpoint that takes `VersionsRequest` and answers `Versions`.
pub const VERSIONS: &str = "versions";

/// Messages in hand at once: each may wait for the replica or the inbox, and none holds up the others. Their bytes
/// come to 58 MiB at most.
const IN_HAND: usize = 64;

/// Serves a desk until `stop`, or until the bus has drained, and finishes what is in hand.
///
/// # Errors
/// When the bus does not take the service.
pub async fn serve(
    desk: Arc<Desk>,
    bus: &Bus,
    spec: ServiceSpec,
    stop: impl Future<Output = ()>,
) -> Result<(), BusError> {
    let mut requests = bus.serve(spec).await?;
    let in_hand = Arc::new(Semaphore::new(IN_HAND));
    let taking = async {
        while let Some(request) = requests.next().await {
            let place = in_hand.clone().acquire_owned().await.expect("nobody closes the semaphore");
            let desk = desk.clone();
            tokio::spawn(async move {
                answer(&desk, request).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = taking => {}
        () = stop => {}
    }
    let all = u32::try_from(IN_HAND).expect("a small number fits");
    let _ = in_hand.acquire_many(all).await;
    Ok(())
}

async fn answer(desk: &Desk, request: Request) {
    let answer = match request.endpoint.as_str() {
        SUBMIT => submit(desk, &request).await,
        VERSIONS => versions(desk, &request.payload),
        other => Err(ServiceError::new(404, format!("there is no endpoint {other}"))),
    };
    request.reply(answer);
}

async fn submit(desk: &Desk, request: &Request) -> Result<Bytes, ServiceError> {
    let Submissions(submissions) =
        Submissions::parse(&request.payload).map_err(|e| ServiceError::new(400, e.to_string()))?;
    let verdicts = desk.take(submissions, request.headers.get(TRACEPARENT)).await;
    let bytes = Verdicts(verdicts).to_bytes();
    if bytes.len() > MAX_MESSAGE_BYTES {
        let sentence =
            "everything was looked at, and the answers do not fit one message: send fewer together";
        return Err(ServiceError::new(413, sentence));
    }
    Ok(bytes)
}

fn versions(desk: &Desk, payload: &Bytes) -> Result<Bytes, ServiceError> {
    let request = VersionsRequest::parse(payload).map_err(|e| ServiceError::new(400, e.to_string()))?;
    let versions = desk.versions(&request);
    versions.map(|v| v.to_bytes()).ok_or_else(|| ServiceError::new(503, "the replica cannot be read now"))
}
