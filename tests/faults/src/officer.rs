//! An officer with an outbox: sends until there is a receipt, and remembers what was acknowledged.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use desk::Service;
use desk::client::Client;
use host::bus::names::Force;
use host::bus::{Bus, Headers};
use ledger_core::hash::Hash;
use ledger_core::ids::StatementId;
use ledger_core::wire::{Durable, Outcome as Decided, Published, ReceiptRequest, Submission};
use load::Signed;

use crate::Outcome;

/// Statements that go together.
const TOGETHER: usize = 16;

/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(3);

/// Without a receipt for so long, a statement is sent again.
const AGAIN: Duration = Duration::from_secs(4);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Somebody who hands statements in.
#[derive(Debug)]
pub struct Officer {
    client: Client,
    outbox: Vec<Signed>,
    /// What was acknowledged as durable, for ever.
    pub durable: BTreeMap<StatementId, Durable>,
    /// What was refused, by code.
    pub refused: BTreeMap<StatementId, String>,
}

impl Officer {
    /// An officer with an empty outbox.
    #[must_use]
    pub fn new(bus: Bus, force: Force) -> Officer {
        let client = Client::new(bus, force, ANSWER);
        Officer { client, outbox: Vec::new(), durable: BTreeMap::new(), refused: BTreeMap::new() }
    }

    /// Puts statements into the outbox and sends each once. What gets no answer is sent again by
    /// [`Officer::settle`].
    pub async fn send(&mut self, statements: Vec<Signed>) {
        for together in statements.chunks(TOGETHER) {
            self.outbox.extend_from_slice(together);
            // Whatever comes of it, the receipt tells.
            let _ = self.hand_in(together).await;
        }
    }

    async fn hand_in(&self, some: &[Signed]) -> Result<(), desk::client::AskError> {
        let submission = |signed: &Signed| Submission {
            statement: signed.statement.clone(),
            signatures: signed.signatures.clone(),
            addenda: Vec::new(),
        };
        let all = some.iter().map(submission).collect();
        self.client.submit(Service::Response, all, Headers::new()).await.map(|_| ())
    }

    /// Looks once for receipts of what is in the outbox.
    ///
    /// # Errors
    /// When a statement that was acknowledged is acknowledged with another place.
    pub async fn look(&mut self) -> Outcome {
        let mut left = Vec::new();
        for signed in std::mem::take(&mut self.outbox) {
            let request = ReceiptRequest { id: signed.id, digest: Hash::of(&signed.statement) };
            match self.client.receipt(request).await.ok().flatten().map(|receipt| receipt.outcome) {
                Some(Decided::Durable(durable) | Decided::Published(Published { durable, .. })) => {
                    if self.durable.insert(signed.id, durable).is_some_and(|before| before != durable) {
                        return Err(format!("{} has another place than before", signed.id));
                    }
                }
                Some(Decided::Refused(refused)) => {
                    self.refused.insert(signed.id, refused.code.clone());
                }
                None => left.push(signed),
            }
        }
        self.outbox = left;
        Ok(())
    }

    /// Sends again and looks until everything that was ever sent has a receipt or a refusal.
    ///
    /// # Errors
    /// When that is not so within `within`.
    pub async fn settle(&mut self, within: Duration) -> Outcome {
        let begun = Instant::now();
        let mut sent = Instant::now();
        loop {
            self.look().await?;
            if self.outbox.is_empty() {
                return Ok(());
            }
            if begun.elapsed() > within {
                return Err(format!("{} statements have no receipt after {within:?}", self.outbox.len()));
            }
            if sent.elapsed() > AGAIN {
                for together in self.outbox.chunks(TOGETHER) {
                    let _ = self.hand_in(together).await;
                }
                sent = Instant::now();
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
