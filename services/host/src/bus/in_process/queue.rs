//! Work that is acknowledged: who has which message, and when it comes again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{Link, Shared, is_queue};
use crate::bus::consume::{ConsumerSpec, Delivery, Settle};
use crate::bus::error::{AckError, BusError};
use crate::bus::faults::DeliveryFault;
use crate::bus::message::Message;

/// Where a durable reader stands.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The last sequence that was handed out for the first time.
    passed: u64,
    in_flight: BTreeMap<u64, InFlight>,
}

#[derive(Debug)]
struct InFlight {
    delivered: u64,
    due: Instant,
}

/// A reader at work.
#[derive(Debug)]
pub(in crate::bus) struct Queue {
    shared: Arc<Shared>,
    link: Link,
    spec: ConsumerSpec,
    news: watch::Receiver<u64>,
}

impl Queue {
    pub(super) fn new(shared: Arc<Shared>, link: Link, spec: ConsumerSpec) -> Queue {
        let news = shared.news.subscribe();
        Queue { shared, link, spec, news }
    }

    pub(in crate::bus) async fn next(
        &mut self,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, BusError> {
        let deadline = Instant::now() + wait;
        loop {
            self.link.pass().await?;
            self.news.borrow_and_update();
            let (found, due) = self.take(max)?;
            if !found.is_empty() || Instant::now() >= deadline {
                return Ok(found);
            }
            let until = due.map_or(deadline, |due| due.min(deadline));
            let _ = tokio::time::timeout_at(until, self.news.changed()).await;
        }
    }

    /// What can be handed out now, and when something that is out is due again.
    fn take(&self, max: usize) -> Result<(Vec<Delivery>, Option<Instant>), BusError> {
        let mut state = self.shared.state();
        if state.drained {
            return Err(BusError::Unreachable("the bus has been drained".to_owned()));
        }
        let stream = state.stream(&self.spec.stream)?;
        let mut taken = Vec::new();
        let mut late = Vec::new();
        for sequence in stream.reader(&self.spec).ready(self.spec.max_in_flight, max) {
            self.hand_out(stream, sequence, &mut taken, &mut late);
        }
        let fresh: Vec<u64> = {
            let reader = stream.reader(&self.spec);
            let room = self.spec.max_in_flight.saturating_sub(reader.in_flight.len());
            let passed = reader.passed;
            let room = room.min(max.saturating_sub(taken.len() + late.len()));
            stream.messages.range(passed + 1..).take(room).map(|(sequence, _)| *sequence).collect()
        };
        for sequence in fresh {
            stream.reader(&self.spec).passed = sequence;
            self.hand_out(stream, sequence, &mut taken, &mut late);
        }
        taken.append(&mut late);
        let due = stream.reader(&self.spec).in_flight.values().map(|f| f.due).min();
        Ok((taken, due))
    }

    /// One message, as the faults will have it.
    fn hand_out(
        &self,
        stream: &mut super::stored::Stream,
        sequence: u64,
        taken: &mut Vec<Delivery>,
        late: &mut Vec<Delivery>,
    ) {
        let Some(message) = stream.message(sequence) else {
            stream.reader(&self.spec).in_flight.remove(&sequence);
            return;
        };
        let fault = self.shared.faults.delivering(&message.subject);
        let now = Instant::now();
        let flight = stream
            .reader(&self.spec)
            .in_flight
            .entry(sequence)
            .or_insert(InFlight { delivered: 0, due: now });
        if let Some(DeliveryFault::Delay(by)) = fault {
            flight.due = now + by;
            return;
        }
        flight.delivered += 1;
        flight.due = now + self.spec.ack_wait;
        let delivered = flight.delivered;
        let delivery = |message| self.delivery(message, sequence, delivered);
        match fault {
            Some(DeliveryFault::Drop) => {}
            Some(DeliveryFault::Reorder) => late.push(delivery(message)),
            Some(DeliveryFault::Duplicate) => taken.extend([delivery(message.clone()), delivery(message)]),
            Some(DeliveryFault::Delay(_)) | None => taken.push(delivery(message)),
        }
    }

    fn delivery(&self, message: Message, sequence: u64, delivered: u64) -> Delivery {
        let Message { subject, headers, payload, .. } = message;
        let (shared, link, spec) = (self.shared.clone(), self.link.clone(), self.spec.clone());
        let receipt = Receipt { shared, link, spec, sequence };
        Delivery { subject, headers, payload, sequence, delivered, settle: Settle::Here(receipt) }
    }
}

impl Reader {
    /// The stream lost everything behind `last`, whose numbers come again.
    pub(super) fn went_back(&mut self, last: u64) {
        self.passed = self.passed.min(last);
        self.in_flight.retain(|sequence, _| *sequence <= last);
    }

    /// What a reader before had out is due at once.
    pub(super) fn take_over(&mut self) {
        let now = Instant::now();
        self.in_flight.values_mut().for_each(|flight| flight.due = now);
    }

    /// What is out and due again, oldest first.
    fn ready(&self, max_in_flight: usize, max: usize) -> Vec<u64> {
        let now = Instant::now();
        let due = self.in_flight.iter().filter(|(_, flight)| flight.due <= now);
        due.map(|(sequence, _)| *sequence).take(max.min(max_in_flight)).collect()
    }
}

/// The way back for one delivery.
#[derive(Debug)]
pub(in crate::bus) struct Receipt {
    shared: Arc<Shared>,
    link: Link,
    spec: ConsumerSpec,
    sequence: u64,
}

impl Receipt {
    pub(in crate::bus) async fn ack(&self) -> Result<(), AckError> {
        let cut = |e: BusError| AckError(e.to_string());
        self.link.pass().await.map_err(cut)?;
        self.ack_here()?;
        self.link.pass().await.map_err(cut)
    }

    fn ack_here(&self) -> Result<(), AckError> {
        let mut state = self.shared.state();
        if state.drained {
            return Err(AckError("the bus has been drained".to_owned()));
        }
        let stream = state.stream(&self.spec.stream).map_err(|e| AckError(e.to_string()))?;
        stream.reader(&self.spec).in_flight.remove(&self.sequence);
        if is_queue(&stream.spec) {
            stream.remove(self.sequence);
        }
        drop(state);
        self.shared.tell_news();
        Ok(())
    }

    pub(in crate::bus) async fn again(&self, delay: Duration) {
        if self.link.pass().await.is_err() {
            return;
        }
        let mut state = self.shared.state();
        if let Ok(stream) = state.stream(&self.spec.stream)
            && let Some(flight) = stream.reader(&self.spec).in_flight.get_mut(&self.sequence)
        {
            flight.due = Instant::now() + delay;
        }
        drop(state);
        self.shared.tell_news();
    }

    pub(in crate::bus) async fn give_up(&self) {
        // In memory there is no difference but the intention.
        let _ = self.ack().await;
    }
}
