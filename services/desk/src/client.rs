//! A desk and its recorder, as those who hand statements in speak to them.

use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, BusError, Headers, Listener, RequestError};
use ledger_core::ids::{EntryIndex, StatementId, StreamId};
use ledger_core::wire::{
    EntriesRequest, Receipt, ReceiptRequest, SealedBatch, Submission, Submissions, Verdict, Verdicts,
    Versions, VersionsRequest, WireError,
};

use crate::{SUBMIT, Service, VERSIONS};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Nobody answered, or somebody said no.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The answer is none.
    #[error("the answer of {who} does not read: {why}")]
    Answer {
        /// Who answered.
        who: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Speaks to the desks and the recorder of one force.
#[derive(Debug, Clone)]
pub struct Client {
    bus: Bus,
    force: Force,
    timeout: Duration,
}

impl Client {
    /// A client that waits so long for each answer.
    #[must_use]
    pub fn new(bus: Bus, force: Force, timeout: Duration) -> Self {
        Self { bus, force, timeout }
    }

    /// Hands statements in, in order; one verdict for each comes back. None of them is a receipt.
    ///
    /// # Errors
    /// When no answer comes, or one that is none. The statements may have been taken nevertheless: hand them in again.
    pub async fn submit(
        &self,
        service: Service,
        submissions: Vec<Submission>,
        headers: Headers,
    ) -> Result<Vec<Verdict>, AskError> {
        let sent: Vec<_> = submissions.iter().map(Submission::digest).collect();
        let payload = Submissions(submissions).to_bytes();
        let Verdicts(verdicts) =
            self.ask(service.name(), SUBMIT, headers, payload, |bytes| Verdicts::parse(&bytes)).await?;
        if verdicts.iter().map(|verdict| verdict.digest).ne(sent) {
            let why = "its verdicts are on other statements".to_owned();
            return Err(AskError::Answer { who: service.to_string(), why });
        }
        Ok(verdicts)
    }

    /// How many entries streams hold.
    ///
    /// # Errors
    /// When no answer comes, or one that is none.
    pub async fn versions(&self, service: Service, streams: Vec<StreamId>) -> Result<Versions, AskError> {
        let asked = streams.len();
        let payload = VersionsRequest(streams).to_bytes();
        let parse = |bytes| Versions::parse(&bytes);
        let versions = self.ask(service.name(), VERSIONS, Headers::new(), payload, parse).await?;
        if versions.versions.len() != asked {
            let why = format!("{asked} streams were asked about, it knows of {}", versions.versions.len());
            return Err(AskError::Answer { who: service.to_string(), why });
        }
        Ok(versions)
    }

    /// The receipt of a statement; none when the recorder has not decided on it.
    ///
    /// # Errors
    /// When no answer comes, or one that is none.
    pub async fn receipt(&self, request: ReceiptRequest) -> Result<Option<Receipt>, AskError> {
        let parse = |bytes| Receipt::parse(&bytes);
        let asked = self.ask("recorder", "receipt", Headers::new(), request.to_bytes(), parse).await;
        match asked {
            Ok(receipt) if receipt.digest == request.digest => Ok(Some(receipt)),
            Ok(_) => {
                let why = "it is on another statement".to_owned();
                Err(AskError::Answer { who: "recorder".to_owned(), why })
            }
            Err(AskError::Request(RequestError::Refused { code: 404, .. })) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// The bytes of an entry, which are a stranger's until somebody checks a proof over them; none beyond the head.
    ///
    /// # Errors
    /// When no answer comes, or one that is none.
    pub async fn entry(&self, index: EntryIndex) -> Result<Option<Bytes>, AskError> {
        let payload = EntriesRequest { from: index, max: 1 }.to_bytes();
        let parse = |bytes| SealedBatch::parse(&bytes);
        let batch = self.ask("recorder", "entries", Headers::new(), payload, parse).await?;
        Ok(batch.entries.into_iter().next().filter(|_| batch.first == index))
    }

    /// Hears the receipts of one statement from now on. What is told before, or gets lost, [`Client::receipt`] asks.
    ///
    /// # Errors
    /// When the bus has drained.
    pub async fn listen(&self, service: Service, id: StatementId) -> Result<Listener, BusError> {
        self.bus.listen(&self.force.receipt(service.name(), id)).await
    }

    async fn ask<T>(
        &self,
        who: &str,
        endpoint: &str,
        headers: Headers,
        payload: Bytes,
        parse: impl FnOnce(Bytes) -> Result<T, WireError>,
    ) -> Result<T, AskError> {
        let subject = self.force.endpoint(who, endpoint);
        let message = self.bus.request(&subject, headers, payload, self.timeout).await?;
        parse(message.payload).map_err(|e| AskError::Answer { who: who.to_owned(), why: e.to_string() })
    }
}
