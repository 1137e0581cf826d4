//! Faults of the in-process bus, for tests: what a broker does to us, on demand or at random from a seed.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::names::fits;

/// What happens to a message that is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishFault {
    /// It is stored, and the publisher gets no answer.
    StoredButUnknown,
    /// It is not stored, and the publisher gets no answer.
    LostAndUnknown,
    /// It is held up on its way, and the publisher gets no answer. It arrives when [`super::Broker::arrive`] says so,
    /// whatever its publisher has done since.
    LateAndUnknown,
    /// It is refused, as without permission.
    Refused,
}

/// What happens to a message that is delivered or told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryFault {
    /// It does not arrive. From a stream it comes again after the reader's `ack_wait`.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// It arrives after the message behind it.
    Reorder,
    /// It arrives late.
    Delay(Duration),
}

/// How often each fault happens by itself, of a thousand messages.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rates {
    /// [`PublishFault::StoredButUnknown`].
    pub stored_but_unknown: u16,
    /// [`PublishFault::LostAndUnknown`].
    pub lost_and_unknown: u16,
    /// [`DeliveryFault::Drop`].
    pub dropped: u16,
    /// [`DeliveryFault::Duplicate`].
    pub duplicated: u16,
    /// [`DeliveryFault::Reorder`].
    pub reordered: u16,
}

/// The handle by which a test makes faults. Clones act on the same bus.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    publish: Vec<(String, PublishFault, u32)>,
    deliver: Vec<(String, DeliveryFault, u32)>,
    rates: Rates,
    random: u64,
}

impl Faults {
    /// The next `times` messages published on subjects of this pattern meet this fault.
    pub fn on_publish(&self, pattern: &str, fault: PublishFault, times: u32) {
        self.plan().publish.push((pattern.to_owned(), fault, times));
    }

    /// The next `times` messages delivered (or told) on subjects of this pattern meet this fault.
    pub fn on_delivery(&self, pattern: &str, fault: DeliveryFault, times: u32) {
        self.plan().deliver.push((pattern.to_owned(), fault, times));
    }

    /// From now on, faults happen by themselves. The same seed and the same messages make the same faults.
    pub fn at_random(&self, seed: u64, rates: Rates) {
        let mut plan = self.plan();
        plan.random = seed;
        plan.rates = rates;
    }

    /// No more faults.
    pub fn stop(&self) {
        *self.plan() = Plan::default();
    }

    pub(super) fn publishing(&self, subject: &str) -> Option<PublishFault> {
        let mut plan = self.plan();
        if let Some(fault) = take(&mut plan.publish, subject) {
            return Some(fault);
        }
        let rates = plan.rates;
        plan.draw(&[
            (rates.stored_but_unknown, PublishFault::StoredButUnknown),
            (rates.lost_and_unknown, PublishFault::LostAndUnknown),
        ])
    }

    pub(super) fn delivering(&self, subject: &str) -> Option<DeliveryFault> {
        let mut plan = self.plan();
        if let Some(fault) = take(&mut plan.deliver, subject) {
            return Some(fault);
        }
        let rates = plan.rates;
        plan.draw(&[
            (rates.dropped, DeliveryFault::Drop),
            (rates.duplicated, DeliveryFault::Duplicate),
            (rates.reordered, DeliveryFault::Reorder),
        ])
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().expect("nothing panics while it holds the plan of faults")
    }
}

impl Plan {
    fn draw<F: Clone>(&mut self, faults: &[(u16, F)]) -> Option<F> {
        if faults.iter().all(|(rate, _)| *rate == 0) {
            return None;
        }
        let mut dice = (self.next() % 1000) as u16;
        for (rate, fault) in faults {
            if dice < *rate {
                return Some(fault.clone());
            }
            dice -= rate;
        }
        None
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): no need for more than an even spread.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn take<F: Clone>(planned: &mut Vec<(String, F, u32)>, subject: &str) -> Option<F> {
    let at = planned.iter().position(|(pattern, _, left)| *left > 0 && fits(pattern, subject))?;
    planned[at].2 -= 1;
    let fault = planned[at].1.clone();
    if planned[at].2 == 0 {
        planned.remove(at);
    }
    Some(fault)
}
