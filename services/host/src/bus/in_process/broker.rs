//! What a test does to the broker itself, and sees of it.

use std::sync::Arc;

use super::{InProcess, Link, Shared};
use crate::bus::message::Message;
use crate::bus::{Bus, Carrier};

/// The broker that a bus in this process stands for, in a test's hands. Clones are of the same broker.
#[derive(Debug, Clone)]
pub struct Broker(Arc<Shared>);

impl Broker {
    pub(super) fn of(shared: &Arc<Shared>) -> Broker {
        Broker(shared.clone())
    }

    /// Another handle, and its own way to the broker.
    #[must_use]
    pub fn handle(&self) -> (Bus, Link) {
        let here = InProcess::on(self.0.clone());
        let link = here.link.clone();
        (Bus(Arc::new(Carrier::Here(here))), link)
    }

    /// The last messages of a stream are lost, and their numbers come again. Whether the broker remembers their ids
    /// is its own affair.
    pub fn lose_tail(&self, stream: &str, count: u64, remember_ids: bool) {
        self.change(stream, |stream| stream.lose_tail(count, remember_ids));
    }

    /// One message of a stream is lost; those behind it are there.
    pub fn lose(&self, stream: &str, sequence: u64) {
        self.change(stream, |stream| stream.remove(sequence));
    }

    /// A bit of a message's payload flips, and nobody notices.
    pub fn flip_bit(&self, stream: &str, sequence: u64, bit: u64) {
        self.change(stream, |stream| {
            stream.flip_bit(sequence, bit);
        });
    }

    /// The stream's last sequence, and the messages from `from` on, as they are kept.
    #[must_use]
    pub fn look(&self, stream: &str, from: u64) -> (u64, Vec<Message>) {
        let mut state = self.0.state();
        let Ok(stream) = state.stream(stream) else { return (0, Vec::new()) };
        let messages = stream.messages.range(from..).map(|(_, message)| message.clone()).collect();
        (stream.tail(u64::MAX).last_sequence, messages)
    }

    /// What [`crate::bus::PublishFault::LateAndUnknown`] held up arrives now, in order. Whether it is stored is for
    /// fence and ids to say, and nobody hears it. Returns how many arrived.
    pub fn arrive(&self) -> usize {
        let events = tokio::sync::broadcast::Sender::new(1);
        let mut state = self.0.state();
        let late = std::mem::take(&mut state.late);
        let count = late.len();
        for message in late {
            let _ = state.store(message, &self.0.faults, &events);
        }
        drop(state);
        self.0.tell_news();
        count
    }

    fn change(&self, stream: &str, change: impl FnOnce(&mut super::stored::Stream)) {
        if let Ok(stream) = self.0.state().stream(stream) {
            change(stream);
        }
        self.0.tell_news();
    }
}
