//! A stream in memory.

use std::collections::HashMap;
use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use super::queue::Reader;
use crate::bus::consume::ConsumerSpec;
use crate::bus::error::{FollowError, PublishError};
use crate::bus::message::{EXPECTED_LAST_ID, MESSAGE_ID, Message, Outgoing, Stored};
use crate::bus::names::fits;
use crate::bus::stream::{Keeps, StreamSpec, Tail};

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) spec: StreamSpec,
    pub(super) messages: BTreeMap<u64, Message>,
    pub(super) readers: BTreeMap<String, Reader>,
    last_sequence: u64,
    /// Id of the last message, as far as it is remembered.
    last_id: Option<String>,
    /// What the messages held weigh.
    bytes: u64,
    ids: HashMap<String, u64>,
    /// When each id was first seen, oldest first.
    ages: VecDeque<(Instant, String)>,
    /// When each message came, oldest first, where that is how long it stays.
    arrivals: VecDeque<(Instant, u64)>,
}

impl Stream {
    pub(super) fn new(spec: StreamSpec) -> Stream {
        Stream {
            spec,
            messages: BTreeMap::new(),
            readers: BTreeMap::new(),
            last_sequence: 0,
            last_id: None,
            bytes: 0,
            ids: HashMap::new(),
            ages: VecDeque::new(),
            arrivals: VecDeque::new(),
        }
    }

    pub(super) fn takes(&self, subject: &str) -> bool {
        self.spec.subjects.iter().any(|pattern| fits(pattern, subject))
    }

    /// The order of the checks is a single NATS server's: size, fence, duplicate, fence of content, room.
    pub(super) fn store(&mut self, message: Outgoing) -> Result<Stored, PublishError> {
        let weight = message.payload.len() + message.subject.len();
        if weight > self.spec.max_message_bytes {
            let most = self.spec.max_message_bytes;
            return Err(PublishError::Refused(format!("{weight} bytes, and a message may have {most}")));
        }
        if let Some(expected) = message.expect_last.filter(|expected| *expected != self.last_sequence) {
            return Err(PublishError::Fenced { expected });
        }
        self.forget_ids();
        self.forget_what_is_old();
        if let Some(sequence) = self.ids.get(&message.id) {
            return Ok(Stored { stream: self.spec.name.clone(), sequence: *sequence, duplicate: true });
        }
        let wanted = message.headers.get(EXPECTED_LAST_ID);
        if wanted.is_some_and(|wanted| self.last_id.as_deref() != Some(wanted)) {
            return Err(PublishError::Fenced { expected: self.last_sequence });
        }
        self.make_room(weight as u64)?;
        self.last_sequence += 1;
        let sequence = self.last_sequence;
        self.bytes += weight as u64;
        self.ids.insert(message.id.clone(), sequence);
        self.ages.push_back((Instant::now(), message.id.clone()));
        if let Keeps::AtMost(_) = self.spec.keeps {
            self.arrivals.push_back((Instant::now(), sequence));
        }
        let Outgoing { subject, mut headers, payload, id, .. } = message;
        headers.set(MESSAGE_ID, &id);
        self.last_id = Some(id);
        self.messages.insert(sequence, Message { subject, headers, payload, sequence: Some(sequence) });
        Ok(Stored { stream: self.spec.name.clone(), sequence, duplicate: false })
    }

    /// Loses its last messages, as a broker does that had not synced them or was restored: their numbers come again. It
    /// may or may not remember their ids.
    pub(super) fn lose_tail(&mut self, count: u64, remember_ids: bool) {
        self.last_sequence -= count.min(self.last_sequence);
        let last = self.last_sequence;
        let lost: Vec<u64> = self.messages.range(last + 1..).map(|(sequence, _)| *sequence).collect();
        lost.into_iter().for_each(|sequence| self.remove(sequence));
        self.readers.values_mut().for_each(|reader| reader.went_back(last));
        let last_one = self.messages.get(&last).and_then(|message| message.headers.get(MESSAGE_ID));
        self.last_id = last_one.filter(|_| remember_ids).map(str::to_owned);
        if !remember_ids {
            self.ids.retain(|_, sequence| *sequence <= last);
            let ids = &self.ids;
            self.ages.retain(|(_, id)| ids.contains_key(id));
        }
    }

    /// Flips one bit of a message's payload. False when there is none.
    pub(super) fn flip_bit(&mut self, sequence: u64, bit: u64) -> bool {
        let Some(message) = self.messages.get_mut(&sequence).filter(|m| !m.payload.is_empty()) else {
            return false;
        };
        let mut payload = message.payload.to_vec();
        let at = usize::try_from(bit / 8 % payload.len() as u64).expect("below a length");
        payload[at] ^= 1 << (bit % 8);
        message.payload = payload.into();
        true
    }

    fn make_room(&mut self, weight: u64) -> Result<(), PublishError> {
        let most = self.spec.max_bytes.unwrap_or(u64::MAX).min(self.spec.memory_bytes);
        if super::is_queue(&self.spec) && self.bytes + weight > most {
            return Err(PublishError::Full(format!(
                "{} holds {} bytes of {most}",
                self.spec.name, self.bytes
            )));
        }
        while self.bytes + weight > most && !self.messages.is_empty() {
            let oldest = *self.messages.keys().next().expect("there is one");
            self.remove(oldest);
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, sequence: u64) {
        if let Some(message) = self.messages.remove(&sequence) {
            self.bytes -= (message.payload.len() + message.subject.len()) as u64;
        }
    }

    fn forget_ids(&mut self) {
        let window = self.spec.duplicate_window;
        while self.ages.front().is_some_and(|(seen, _)| seen.elapsed() > window) {
            if let Some((_, id)) = self.ages.pop_front() {
                self.ids.remove(&id);
            }
        }
    }

    pub(super) fn forget_what_is_old(&mut self) {
        let Keeps::AtMost(age) = self.spec.keeps else { return };
        while self.arrivals.front().is_some_and(|(came, _)| came.elapsed() > age) {
            if let Some((_, sequence)) = self.arrivals.pop_front() {
                self.remove(sequence);
            }
        }
    }

    pub(super) fn last_on(&self, subject: &str) -> Option<Message> {
        self.messages.values().rev().find(|message| message.subject == subject).cloned()
    }

    /// The message a follower wants, or why it cannot have it. `None`: it has not been written yet.
    pub(super) fn next_for_follower(&self, next: u64) -> Result<Option<Message>, FollowError> {
        let stream = || self.spec.name.clone();
        if next > self.last_sequence + 1 {
            return Err(FollowError::WentBack { stream: stream(), expected: next, last: self.last_sequence });
        }
        match self.messages.range(next..).next() {
            Some((sequence, message)) if *sequence == next => Ok(Some(message.clone())),
            Some((sequence, _)) => Err(FollowError::Gap { stream: stream(), expected: next, got: *sequence }),
            None if next <= self.last_sequence => {
                Err(FollowError::Gap { stream: stream(), expected: next, got: self.last_sequence + 1 })
            }
            None => Ok(None),
        }
    }

    pub(super) fn message(&self, sequence: u64) -> Option<Message> {
        self.messages.get(&sequence).cloned()
    }

    /// The tail, as one sees it who knows nothing beyond this sequence.
    pub(super) fn tail(&self, until: u64) -> Tail {
        let last_sequence = self.last_sequence.min(until);
        let mut sequences = self.messages.range(..=last_sequence).map(|(sequence, _)| *sequence);
        let first = sequences.next();
        let span = first.map_or(0, |first| sequences.next_back().unwrap_or(first) - first + 1);
        let messages = self.count(last_sequence);
        let last = self.messages.get(&last_sequence).cloned();
        let first_sequence = first.unwrap_or(last_sequence + 1);
        Tail { first_sequence, last_sequence, messages, deleted: span - messages, last }
    }

    fn count(&self, until: u64) -> u64 {
        let all = self.messages.len();
        if until >= self.last_sequence { all as u64 } else { self.messages.range(..=until).count() as u64 }
    }

    pub(super) fn reader(&mut self, spec: &ConsumerSpec) -> &mut Reader {
        self.readers.entry(spec.durable.clone()).or_default()
    }
}
