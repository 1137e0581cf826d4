//! The bus inside one process: everything behind one lock, nothing survives the process.

mod broker;
mod link;
mod listen;
mod queue;
mod stored;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{broadcast, mpsc, watch};

pub use self::broker::Broker;
pub use self::link::Link;
use self::listen::{Ear, Served};
pub(super) use self::queue::{Queue, Receipt};
use self::stored::Stream;
use super::consume::{ConsumerSpec, Follower, Listener};
use super::error::{BusError, FollowError, PublishError, RequestError};
use super::faults::{Faults, PublishFault};
use super::message::{Headers, Message, Outgoing, Stored};
use super::service::{Requests, ServiceSeen, ServiceSpec};
use super::stream::{Complaint, Keeps, StreamSpec, Tail};
use super::{BusEvent, EVENTS};

/// Why nothing comes from, or goes, elsewhere.
pub(super) const NO_ELSEWHERE: &str = "a bus within one process is alone: a stream of it neither takes from a stream elsewhere nor gives to one";

/// Whoever publishes where there is no quorum waits for an answer.
const NO_QUORUM: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct InProcess {
    shared: Arc<Shared>,
    link: Link,
    events: broadcast::Sender<BusEvent>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    faults: Faults,
    /// Counts up whenever a stream has something new, and ends when the bus has drained.
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    drained: bool,
    streams: BTreeMap<String, Stream>,
    /// Publications that a fault holds back on their way.
    late: VecDeque<Outgoing>,
    ears: Vec<Ear>,
    services: Vec<Served>,
    instances: u64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the bus")
    }

    fn tell_news(&self) {
        self.news.send_modify(|count| *count += 1);
    }
}

impl InProcess {
    pub(super) fn new(faults: Faults) -> InProcess {
        let shared = Shared { state: Mutex::new(State::default()), faults, news: watch::Sender::new(0) };
        InProcess::on(Arc::new(shared))
    }

    /// A handle of its own, with its own way to the bus.
    fn on(shared: Arc<Shared>) -> InProcess {
        let link = Link::to(&shared);
        InProcess { shared, link, events: broadcast::Sender::new(EVENTS) }
    }

    pub(super) fn broker(&self) -> Broker {
        Broker::of(&self.shared)
    }

    /// The way there.
    async fn reach(&self) -> Result<MutexGuard<'_, State>, BusError> {
        self.link.pass().await?;
        self.open()
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, BusError> {
        let state = self.shared.state();
        if state.drained {
            Err(BusError::Unreachable("the bus has been drained".to_owned()))
        } else {
            Ok(state)
        }
    }

    pub(super) fn connected(&self) -> Result<(), BusError> {
        self.open().map(|_| ())
    }

    pub(super) async fn publish(&self, message: Outgoing) -> Result<Stored, PublishError> {
        let unknown = |e: BusError| PublishError::Unknown(e.to_string());
        self.link.pass().await.map_err(unknown)?;
        if self.link.is_left_behind() {
            tokio::time::sleep(NO_QUORUM).await;
            return Err(unknown(BusError::Unreachable("the stream has no quorum".to_owned())));
        }
        let stored = self.publish_here(message)?;
        self.link.pass().await.map_err(unknown)?;
        Ok(stored)
    }

    fn publish_here(&self, message: Outgoing) -> Result<Stored, PublishError> {
        let subject = message.subject.clone();
        let mut state = self.open().map_err(|e| PublishError::Refused(e.to_string()))?;
        let fault = self.shared.faults.publishing(&subject);
        match fault {
            Some(PublishFault::LostAndUnknown) => return Err(PublishError::Unknown("a fault".to_owned())),
            Some(PublishFault::LateAndUnknown) => {
                state.late.push_back(message);
                return Err(PublishError::Unknown("a fault".to_owned()));
            }
            Some(PublishFault::Refused) => {
                let _ = self.events.send(BusEvent::Denied { subject: subject.clone() });
                return Err(PublishError::Refused(format!("no permission to publish to {subject}")));
            }
            Some(PublishFault::StoredButUnknown) | None => {}
        }
        let stored = state.store(message, &self.shared.faults, &self.events)?;
        drop(state);
        self.shared.tell_news();
        match fault {
            Some(_) => Err(PublishError::Unknown("a fault".to_owned())),
            None => Ok(stored),
        }
    }

    pub(super) async fn tell(&self, subject: &str, headers: Headers, payload: Bytes) -> Result<(), BusError> {
        if self.link.pass().await.is_ok() {
            self.open()?.tell(&self.shared.faults, &self.events, subject, headers, payload);
        }
        Ok(())
    }

    pub(super) fn listen(&self, pattern: &str) -> Result<Listener, BusError> {
        let (ear, queue) = Ear::new(pattern, self.link.clone());
        self.open()?.ears.push(ear);
        Ok(Listener { queue })
    }

    pub(super) async fn request(
        &self,
        subject: &str,
        headers: Headers,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Message, RequestError> {
        let timed_out = || RequestError::TimedOut(subject.to_owned());
        if self.link.pass().await.is_err() {
            tokio::time::sleep(timeout).await;
            return Err(timed_out());
        }
        let answer = {
            let nobody = || RequestError::NobodyThere(subject.to_owned());
            let mut state = self.open().map_err(|_| nobody())?;
            state.ask(subject, headers, payload).ok_or_else(nobody)?
        };
        let answer = tokio::time::timeout(timeout, answer).await;
        self.link.pass().await.map_err(|_| timed_out())?;
        match answer {
            Ok(Ok(payload)) => {
                Ok(Message { subject: subject.to_owned(), headers: Headers::new(), payload, sequence: None })
            }
            Ok(Err(e)) => Err(RequestError::Refused { code: e.code, sentence: e.sentence }),
            Err(_) => Err(timed_out()),
        }
    }

    pub(super) fn serve(&self, spec: ServiceSpec) -> Result<Requests, BusError> {
        let mut state = self.open()?;
        state.instances += 1;
        let (served, queue) = Served::new(spec, state.instances, self.link.clone());
        state.services.push(served);
        Ok(Requests { queue })
    }

    pub(super) fn survey(&self) -> Result<Vec<ServiceSeen>, BusError> {
        let mut state = self.open()?;
        state.services.retain(Served::is_there);
        let mut seen: Vec<ServiceSeen> = state.services.iter().map(Served::seen).collect();
        seen.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(seen)
    }

    pub(super) async fn consume(&self, spec: ConsumerSpec) -> Result<Queue, BusError> {
        self.reach().await?.stream(&spec.stream)?.reader(&spec).take_over();
        Ok(Queue::new(self.shared.clone(), self.link.clone(), spec))
    }

    pub(super) async fn follow(&self, stream: &str, from: u64, waiting: usize) -> Result<Follower, BusError> {
        self.reach().await?.stream(stream)?;
        let (sender, queue) = mpsc::channel(waiting);
        let link = self.link.clone();
        tokio::spawn(follow(self.shared.clone(), link, stream.to_owned(), from.max(1), sender));
        Ok(Follower { queue })
    }

    pub(super) async fn tail(&self, stream: &str) -> Result<Tail, BusError> {
        let until = self.link.sees_until(stream).unwrap_or(u64::MAX);
        let tail = self.reach().await?.stream(stream)?.tail(until);
        self.link.pass().await.map(|()| tail)
    }

    pub(super) async fn message(&self, stream: &str, sequence: u64) -> Result<Option<Message>, BusError> {
        let until = self.link.sees_until(stream).unwrap_or(u64::MAX);
        let message = self.reach().await?.stream(stream)?.message(sequence).filter(|_| sequence <= until);
        self.link.pass().await.map(|()| message)
    }

    pub(super) async fn last_on(&self, stream: &str, subject: &str) -> Result<Option<Message>, BusError> {
        let message = self.reach().await?.stream(stream)?.last_on(subject);
        self.link.pass().await.map(|()| message)
    }

    pub(super) async fn erase(&self, stream: &str, sequence: u64) -> Result<(), BusError> {
        self.reach().await?.erase(stream, sequence)?;
        self.link.pass().await
    }

    pub(super) fn ensure(&self, spec: &StreamSpec) -> Result<(), BusError> {
        if spec.source.is_some() {
            return Err(BusError::Refused(NO_ELSEWHERE.to_owned()));
        }
        let mut state = self.open()?;
        match state.streams.get(&spec.name) {
            Some(stream) if stream.spec == *spec => Ok(()),
            Some(_) => Err(BusError::Refused(format!("the stream {} exists and is different", spec.name))),
            None => {
                state.streams.insert(spec.name.clone(), Stream::new(spec.clone()));
                Ok(())
            }
        }
    }

    pub(super) fn check(&self, spec: &StreamSpec) -> Result<(), Vec<Complaint>> {
        let complaint = |e: BusError| vec![Complaint { setting: "stream", sentence: e.to_string() }];
        self.open().map_err(complaint)?.stream(&spec.name).map(|_| ()).map_err(complaint)
    }

    pub(super) fn events(&self) -> broadcast::Receiver<BusEvent> {
        self.events.subscribe()
    }

    pub(super) fn is_open(&self) -> bool {
        !self.shared.state().drained
    }

    /// Everything waits in bounded queues that their readers still empty; nothing new comes in.
    pub(super) fn drain(&self) {
        let mut state = self.shared.state();
        state.drained = true;
        state.ears.clear();
        state.services.clear();
        drop(state);
        self.shared.tell_news();
        let _ = self.events.send(BusEvent::Closed);
    }
}

impl State {
    /// Gives the stream that takes it one more message, and tells whoever listens.
    fn store(
        &mut self,
        message: Outgoing,
        faults: &Faults,
        events: &broadcast::Sender<BusEvent>,
    ) -> Result<Stored, PublishError> {
        let subject = message.subject.clone();
        let Some(stream) = self.streams.values_mut().find(|s| s.takes(&subject)) else {
            return Err(PublishError::Unknown(format!("no stream keeps {subject} at the moment")));
        };
        let copy = (message.headers.clone(), message.payload.clone());
        let stored = stream.store(message)?;
        if !stored.duplicate {
            self.tell(faults, events, &subject, copy.0, copy.1);
        }
        Ok(stored)
    }

    /// The last sequence of each stream.
    fn ends(&self) -> BTreeMap<String, u64> {
        self.streams
            .iter()
            .map(|(name, stream)| (name.clone(), stream.tail(u64::MAX).last_sequence))
            .collect()
    }

    fn erase(&mut self, stream: &str, sequence: u64) -> Result<(), BusError> {
        let stream = self.stream(stream)?;
        if !matches!(stream.spec.keeps, Keeps::AtMost(_)) {
            return Err(BusError::Refused(format!("nothing is erased from {}", stream.spec.name)));
        }
        stream.remove(sequence);
        Ok(())
    }

    fn stream(&mut self, name: &str) -> Result<&mut Stream, BusError> {
        let stream = self.streams.get_mut(name).ok_or_else(|| BusError::NoStream(name.to_owned()))?;
        stream.forget_what_is_old();
        Ok(stream)
    }
}

/// Hands a stream's messages to a follower, at the follower's pace.
async fn follow(
    shared: Arc<Shared>,
    link: Link,
    name: String,
    mut next: u64,
    sender: mpsc::Sender<Result<Message, FollowError>>,
) {
    let mut news = shared.news.subscribe();
    loop {
        news.borrow_and_update();
        let step = {
            let state = shared.state();
            if state.drained {
                return;
            }
            let stream = state.streams.get(&name).filter(|_| !link.is_cut());
            stream.map(|stream| stream.next_for_follower(next))
        };
        match step {
            Some(Ok(Some(message))) => {
                next += 1;
                if sender.send(Ok(message)).await.is_err() {
                    return;
                }
            }
            Some(Err(lost)) => {
                let _ = sender.send(Err(lost)).await;
                return;
            }
            Some(Ok(None)) | None => {
                let gone = tokio::select! {
                    biased;
                    changed = news.changed() => changed.is_err(),
                    () = sender.closed() => true,
                };
                if gone {
                    return;
                }
            }
        }
    }
}

/// A queue hands out; the others are logs, which are only read.
fn is_queue(spec: &StreamSpec) -> bool {
    spec.keeps == Keeps::UntilTaken
}
