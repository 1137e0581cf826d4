//! The courier: takes statements from the outbox to a desk, waits for receipts, and checks what they claim.

mod proof;

use std::time::Duration;

use desk::client::{AskError, Client};
use host::bus::{Bus, Headers, Listener, RequestError};
use ledger_core::policy::Policy;
use ledger_core::wire::{Answered, Durable, Outcome, Published, Receipt, ReceiptRequest, Refused};
use tokio::time::Instant;

use crate::exit::{Done, Stop};
use crate::outbox::Kept;

/// How long a desk or the recorder may take to answer. A desk that waits for its replica and for the inbox takes
/// twelve seconds at most.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// How soon the recorder is asked for a receipt that nobody told.
const ASK_AGAIN: Duration = Duration::from_millis(150);

/// How soon a statement without any receipt is handed in again.
const HAND_IN_AGAIN: Duration = Duration::from_secs(5);

/// Waiting between two tries while nobody answers.
const PAUSE: Duration = Duration::from_millis(300);

/// What became of a statement so far.
pub(crate) enum Fate {
    /// On the recorder's disk.
    Durable(Durable),
    /// The charter or a rule says no.
    Refused(Refused),
    /// Nobody knows yet, and why.
    Waiting(String),
}

/// A statement whose proof was checked.
pub(crate) struct Proved {
    pub(crate) durable: Durable,
    pub(crate) proof: String,
}

/// A connection to one place, and the log that is known to be there.
pub(crate) struct Courier {
    client: Client,
    policy: Policy,
    wait: Duration,
}

impl Courier {
    pub(crate) fn new(bus: Bus, force: host::bus::names::Force, policy: Policy, wait: Duration) -> Self {
        Self { client: Client::new(bus, force, ANSWER_WITHIN), policy, wait }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Hands a statement in, until it is durable or refused.
    pub(crate) async fn hand_in(&self, kept: &Kept) -> Fate {
        let until = Instant::now() + self.wait;
        let mut told = self.client.listen(kept.service, kept.statement.id).await.ok();
        loop {
            let submissions = vec![kept.submission.clone()];
            let why = match self.client.submit(kept.service, submissions, Headers::new()).await {
                Ok(verdicts) => match verdicts.into_iter().next().map(|verdict| verdict.answered) {
                    Some(Answered::Refused(refused)) => return Fate::Refused(refused),
                    Some(Answered::Accepted) => {
                        let again = (Instant::now() + HAND_IN_AGAIN).min(until);
                        match self.receipt(kept, &mut told, again).await {
                            Some(fate) => return fate,
                            None => "it is accepted, and has no receipt yet".to_owned(),
                        }
                    }
                    Some(Answered::Unavailable(why)) => why,
                    None => "the desk answered nothing".to_owned(),
                },
                Err(AskError::Request(RequestError::Refused { code: 400..=499, sentence })) => {
                    return Fate::Waiting(format!("the desk does not read what it was sent: {sentence}"));
                }
                Err(error) => error.to_string(),
            };
            if Instant::now() + PAUSE >= until {
                return Fate::Waiting(why);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The first word of the recorder: told, or asked for.
    async fn receipt(&self, kept: &Kept, told: &mut Option<Listener>, until: Instant) -> Option<Fate> {
        while Instant::now() < until {
            let next = (Instant::now() + ASK_AGAIN).min(until);
            let heard = match told {
                Some(listener) => tokio::time::timeout_at(next, listener.next()).await.ok().flatten(),
                None => {
                    tokio::time::sleep_until(next).await;
                    None
                }
            };
            let receipt = match heard {
                Some(message) => Receipt::parse(&message.payload).ok(),
                None => self.client.receipt(request(kept)).await.ok().flatten(),
            };
            match receipt.filter(|receipt| receipt.digest == kept.digest()).map(|receipt| receipt.outcome) {
                Some(Outcome::Durable(durable)) => return Some(Fate::Durable(durable)),
                Some(Outcome::Published(Published { durable, .. })) => return Some(Fate::Durable(durable)),
                Some(Outcome::Refused(refused)) => return Some(Fate::Refused(refused)),
                None => {}
            }
        }
        None
    }

    /// Waits until a durable statement is published, and checks its proof against the log's keys. `None`: not in time.
    pub(crate) async fn prove(&self, kept: &Kept) -> Done<Option<Proved>> {
        let until = Instant::now() + self.wait;
        loop {
            if let Ok(Some(receipt)) = self.client.receipt(request(kept)).await
                && let Outcome::Published(published) = receipt.outcome
            {
                return self.check(kept, published).await;
            }
            if Instant::now() + ASK_AGAIN >= until {
                return Ok(None);
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    async fn check(&self, kept: &Kept, published: Published) -> Done<Option<Proved>> {
        let Published { durable, proof } = published;
        let Ok(Some(entry)) = self.client.entry(durable.index).await else { return Ok(None) };
        let id = kept.statement.id;
        proof::check(kept, &durable, proof.as_bytes(), &entry, &self.policy).map_err(|doubt| match doubt {
            proof::Doubt::Bad(why) => Stop::VerificationFailed(format!(
                "the receipt of {id} does not hold: {why}. The statement stays in the outbox; whoever runs that log has \
                 to explain this"
            )),
            proof::Doubt::Open(why) => Stop::CannotDecide(format!(
                "the receipt of {id}: {why}. Until then the statement stays in the outbox, and nobody here can say that it is \
                 recorded"
            )),
        })?;
        Ok(Some(Proved { durable, proof }))
    }
}

fn request(kept: &Kept) -> ReceiptRequest {
    ReceiptRequest { id: kept.statement.id, digest: kept.digest() }
}
