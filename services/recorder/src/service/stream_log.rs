//! The commit log on the bus: the sealed stream.
//!
//! One message is one batch. The fence is the stream's last sequence, which the broker compares with the one that we
//! expect before it stores anything; so of two recorders one is refused. A sequence alone is not believed, though: a
//! stream that lost its end gives the same numbers again (ABA). So the digest of the message at our place is
//! remembered, and looked at before anything is built on a place that was not seen for a while.
//!
//! Beside the sequence a bus within one process compares the last message's id, which is made from its digest, while it
//! remembers it. So a place that is another one under the same number is refused at once. A NATS server is not asked to
//! ([`EXPECTED_LAST_ID`]): there a place is looked at before it is built on, unless it was seen half a second ago, and
//! whoever follows finds the chain broken.
//!
//! | the broker says | it means |
//! |---|---|
//! | stored | committed |
//! | fenced, duplicate, no answer | look what stands behind our place: our own bytes (committed), others' (fenced), nothing (send again) |
//! | refused, full | wait and send again: nobody's history changes meanwhile |
//!
//! What a stream ends with is told by its leader, and one that was cut off from the others tells it for some seconds from
//! what it has. So nothing is told to anybody on such an answer alone: a refusal needs an append as well, its own (the
//! last entry once more) or one a moment before.
//!
//! Each batch carries the digest of its bytes in a header, so that a damaged one is told from what no recorder sent.

use std::time::Duration;

use bytes::Bytes;
use host::Health;
use host::bus::names::Force;
use host::bus::{Bus, BusError, EXPECTED_LAST_ID, Headers, MESSAGE_ID, Message, Outgoing, PublishError};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::wire::{EntriesRequest, SealedBatch};
use tokio::time::Instant;

use super::addenda;
use crate::commit_log::{Away, BoxFuture, CommitLog, Fate, Next};

/// Messages at the stream's very end that are no batches and are stepped over, looking for one that is.
const STEPS_BACK: u64 = 64;

/// Messages in a row that are lost or no batches and are stepped over, looking for one that tells how far the stream is.
const STEPS_OVER: u64 = 64;

/// Between attempts to reach the stream.
const PAUSE: Duration = Duration::from_millis(250);

/// A place that was seen within this time is built on. Another recorder takes over after a silence of two seconds at
/// the earliest, and only after that can the stream hold anything of it.
const FRESH: Duration = Duration::from_millis(500);

/// For so long after an append of ours, nobody else can have appended: half of the silence after which others try. A
/// refusal that comes later is marked in the stream; one that comes earlier rests on that append.
const HOLDS: Duration = Duration::from_secs(1);

/// How long the answer of whoever leads may take. It reads less than a megabyte.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The part of the service's health that this is.
const PART: &str = "sealed stream";

/// The header with the digest of a batch's bytes.
const DIGEST: &str = "Scrutiny-Digest";

/// The header with the id of the message before, as the publisher knew it: for readers, whatever the broker compares.
const AFTER: &str = "Scrutiny-After";

/// The sealed stream of one force.
#[derive(Debug)]
pub struct StreamLog {
    bus: Bus,
    force: Force,
    stream: String,
    health: Option<Health>,
    /// Whether other recorders want what the entries leave out.
    shares_addenda: bool,
    /// Our place: the last sequence that was read or appended.
    at: u64,
    /// Digest of the message there, where it is known.
    last: Option<Hash>,
    /// Id of the message there, where it is known: with it the broker itself compares what stands at our place.
    last_id: Option<String>,
    /// The broker seems to have forgotten that id: the next append goes without it.
    id_forgotten: bool,
    /// When the stream was last seen to end there.
    seen: Instant,
    /// When the last append was sent that the stream took.
    took: Option<Instant>,
    /// The message last found that says it follows another than the one before it: its sequence, and both.
    torn: Option<(u64, [Option<String>; 2])>,
    /// The stream's last sequence, as it was told last.
    end: u64,
    /// Messages behind the last batch that was read are lost.
    lost: bool,
    /// Publications that went wrong, and marks, so that the same bytes sent again have another id: a stream that lost a
    /// message may still remember its id.
    failures: u64,
}

/// What one look behind our place finds.
enum Behind {
    /// The stream ends there.
    Nothing,
    /// Our own message, under this id.
    Ours(Option<String>),
    Others,
    /// The stream ends before our place, or something else stands there.
    Shortened,
}

impl StreamLog {
    /// The sealed stream of a force. Its futures need a runtime with time.
    #[must_use]
    pub fn new(bus: Bus, force: Force) -> Self {
        let stream = force.sealed_log().name;
        let seen = Instant::now();
        Self {
            bus,
            force,
            stream,
            health: None,
            shares_addenda: false,
            at: 0,
            last: None,
            last_id: None,
            id_forgotten: false,
            seen,
            took: None,
            torn: None,
            end: 0,
            lost: false,
            failures: 0,
        }
    }

    /// For one of several recorders: sealed content goes to the addenda stream, and comes from there.
    #[must_use]
    pub fn sharing_addenda(self) -> Self {
        Self { shares_addenda: true, ..self }
    }

    /// Says in this health what is in the way.
    #[must_use]
    pub fn with_health(self, health: Health) -> Self {
        Self { health: Some(health), ..self }
    }

    fn waiting(&self, why: &str) {
        if let Some(health) = &self.health {
            health.waiting(PART, why);
        }
    }

    fn well(&self) {
        if let Some(health) = &self.health {
            health.ready(PART);
        }
    }

    async fn append_batch(&mut self, batch: &SealedBatch) -> Fate {
        let payload = batch.to_bytes();
        let digest = Hash::of(&payload);
        loop {
            if self.seen.elapsed() > FRESH {
                match self.look_behind(&digest).await {
                    Behind::Nothing => {}
                    Behind::Ours(id) => return self.appended(digest, id, self.at + 1),
                    Behind::Others => return Fate::Fenced,
                    Behind::Shortened => return Fate::Shortened,
                }
            }
            let asked = Instant::now();
            match self.publish(&payload, &digest).await {
                Ok(stored) if !stored.duplicate && stored.sequence == self.at + 1 => {
                    // Where the answer took its time, what stood at our place when it was stored is asked again.
                    if asked.elapsed() <= FRESH || self.stands(self.at).await {
                        self.took = Some(asked);
                        return self.appended(digest, Some(self.id(&digest)), stored.sequence);
                    }
                    return Fate::Shortened;
                }
                Err(PublishError::Refused(why)) | Err(PublishError::Full(why)) => {
                    self.waiting(&format!("it does not take what was sealed: {why}"));
                    tokio::time::sleep(PAUSE).await;
                }
                outcome => {
                    let fenced = matches!(outcome, Err(PublishError::Fenced { .. }));
                    self.failures += 1;
                    tracing::warn!(?outcome, "whether a batch was appended is not known; the stream is read");
                    match self.look_behind(&digest).await {
                        // Nobody has appended, and we are fenced out all the same.
                        Behind::Nothing => self.id_forgotten = fenced,
                        Behind::Ours(id) => return self.appended(digest, id, self.at + 1),
                        Behind::Others => return Fate::Fenced,
                        Behind::Shortened => return Fate::Shortened,
                    }
                }
            }
        }
    }

    async fn confirmed(&mut self) -> Fate {
        match self.look_behind(&Hash::ZERO).await {
            Behind::Nothing => Fate::Committed,
            Behind::Ours(_) | Behind::Others => Fate::Fenced,
            Behind::Shortened => Fate::Shortened,
        }
    }

    async fn held(&mut self, mark: &SealedBatch) -> Fate {
        let took_lately = |log: &Self| log.took.is_some_and(|took| took.elapsed() <= HOLDS);
        if took_lately(self) {
            let fate = self.confirmed().await;
            if fate != Fate::Committed || took_lately(self) {
                return fate;
            }
        }
        self.failures += 1;
        self.append_batch(mark).await
    }

    fn id(&self, digest: &Hash) -> String {
        format!("{}-{}", digest.to_hex(), self.failures)
    }

    fn appended(&mut self, digest: Hash, id: Option<String>, sequence: u64) -> Fate {
        (self.last_id, self.id_forgotten) = (id, false);
        (self.at, self.last, self.end, self.lost) = (sequence, Some(digest), sequence, false);
        self.seen = Instant::now();
        self.well();
        Fate::Committed
    }

    async fn publish(&self, payload: &Bytes, digest: &Hash) -> Result<host::bus::Stored, PublishError> {
        let mut headers = Headers::new().with(DIGEST, &digest.to_hex());
        if let Some(id) = &self.last_id {
            headers.set(AFTER, id);
        }
        if let Some(id) = self.last_id.as_ref().filter(|_| !self.id_forgotten) {
            headers.set(EXPECTED_LAST_ID, id);
        }
        let message = Outgoing {
            subject: self.force.sealed(),
            id: self.id(digest),
            headers,
            payload: payload.clone(),
            expect_last: Some(self.at),
        };
        self.bus.publish(message).await
    }

    /// Looks until it is known what stands behind our place. What no recorder sent is stepped over.
    async fn look_behind(&mut self, ours: &Hash) -> Behind {
        loop {
            match self.try_look_behind(ours).await {
                Ok(behind) => {
                    self.well();
                    return behind;
                }
                Err(error) => {
                    self.waiting(&format!("its end is not known: {error}"));
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn try_look_behind(&mut self, ours: &Hash) -> Result<Behind, BusError> {
        let began = Instant::now();
        let tail = self.bus.tail(&self.stream).await?;
        if tail.last_sequence < self.at {
            return Ok(Behind::Shortened);
        }
        if self.at > 0 {
            let message = self.bus.message(&self.stream, self.at).await?;
            // Our own message may stand there under another of the ids that it was sent with.
            let id = id_of(message.as_ref());
            if !self.is_known(message) {
                return Ok(Behind::Shortened);
            }
            self.last_id = id.or(self.last_id.take());
        }
        while self.at < tail.last_sequence {
            let message = self.bus.message(&self.stream, self.at + 1).await?;
            if !self.follows(message.as_ref()) {
                return Ok(Behind::Shortened);
            }
            let id = id_of(message.as_ref());
            match Read::of(message) {
                Read::Batch(_, digest) if digest == *ours => return Ok(Behind::Ours(id)),
                Read::Batch(..) | Read::Lost => return Ok(Behind::Others),
                Read::Nothing(digest) => {
                    (self.at, self.last, self.last_id) = (self.at + 1, Some(digest), id);
                }
            }
        }
        self.end = self.at;
        self.seen = began;
        Ok(Behind::Nothing)
    }

    /// Whether the message at our place is the one that we know. One that was lost in place changes no history.
    fn is_known(&self, message: Option<Message>) -> bool {
        match (message, &self.last) {
            (Some(message), Some(known)) => {
                let digest = Hash::of(&message.payload);
                digest == *known || message.headers.get(DIGEST) == Some(&known.to_hex())
            }
            // Nothing stood there when it was read: the stream had just lost its end, and the number has come again.
            (Some(_), None) => !self.lost || self.last_id.is_some(),
            (None, _) => true,
        }
    }

    /// Whether a message was appended behind the one at our place: each carries the id of the one before it, where its
    /// publisher knew it. When it was not, that one was lost, and its number has come again.
    fn follows(&self, message: Option<&Message>) -> bool {
        let before = message.and_then(|message| message.headers.get(AFTER));
        before.is_none() || self.last_id.is_none() || before == self.last_id.as_deref()
    }

    /// Where the stream changed while it was read, reading it anew finds something else. Where it does not, a message
    /// took the place of a lost one and others stayed behind it: only somebody who looks can say what was lost.
    fn found_torn(&mut self, message: Option<&Message>) -> Next {
        let (sequence, says) = (self.at + 1, message.and_then(|m| m.headers.get(AFTER)).map(str::to_owned));
        let found = (sequence, [says, self.last_id.clone()]);
        if self.torn.as_ref() != Some(&found) {
            self.torn = Some(found);
            return Next::Shortened;
        }
        let [says, stands] = found.1.map(Option::unwrap_or_default);
        Next::Torn(format!(
            "message {sequence} of the stream was sent behind the message {says}, and {stands} stands there"
        ))
    }

    /// Whether what stands at a place is still what stood there.
    async fn stands(&self, at: u64) -> bool {
        loop {
            if at == 0 {
                return true;
            }
            match self.bus.message(&self.stream, at).await {
                Ok(message) => return self.is_known(message),
                Err(error) => {
                    self.waiting(&format!("its end is not known: {error}"));
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Halves the stream for the first batch that ends at `size` or beyond. Where much is lost or foreign in a row, that
    /// counts as new: reading begins before it, so that nothing that is there is passed over.
    async fn find(&mut self, size: TreeSize) -> Result<(), BusError> {
        let tail = self.bus.tail(&self.stream).await?;
        let last = tail.last_sequence;
        if tail.deleted > 0 {
            let (stream, deleted) = (&self.stream, tail.deleted);
            tracing::error!(stream, deleted, "the broker has lost sealed batches; followers ask for them");
        }
        // A bus within one process forgets its oldest messages: what is there then reaches to the end without a hole.
        let is_whole = tail.deleted == 0 && tail.last.is_some();
        let first = if is_whole { (last + 1).saturating_sub(tail.messages) } else { 1 };
        let (mut low, mut high) = (first.max(1), last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            // Of what is lost the next one that is there tells on which side it was.
            let (mut at, mut end) = (middle, None);
            while end.is_none() && at < high.min(middle + STEPS_OVER) {
                if let Read::Batch(batch, _) = Read::of(self.bus.message(&self.stream, at).await?) {
                    end = Some(batch.end());
                }
                at += 1;
            }
            match end {
                Some(end) if end < size => low = at,
                _ => high = middle,
            }
        }
        // Where none does, the last batch there is says whether this is the same history.
        for _ in 0..STEPS_BACK {
            if low <= 1 {
                break;
            }
            if low <= last
                && let Read::Batch(..) = Read::of(self.bus.message(&self.stream, low).await?)
            {
                break;
            }
            low -= 1;
        }
        (self.at, self.last, self.end, self.lost) = (low.max(1) - 1, None, 0, false);
        (self.last_id, self.id_forgotten) = (None, false);
        Ok(())
    }

    async fn read_next(&mut self) -> Result<Next, BusError> {
        loop {
            if self.at >= self.end {
                let began = Instant::now();
                let tail = self.bus.tail(&self.stream).await?;
                self.end = tail.last_sequence;
                if self.end < self.at {
                    return Ok(Next::Shortened);
                }
                if self.end == self.at {
                    if !self.is_known(tail.last) {
                        return Ok(Next::Shortened);
                    }
                    self.seen = began;
                    self.well();
                    return Ok(Next::End { lost: self.lost });
                }
                // What was read last may have been lost since, and the numbers behind it have come again.
                if self.at > 0 && !self.is_known(self.bus.message(&self.stream, self.at).await?) {
                    return Ok(Next::Shortened);
                }
            }
            let message = self.bus.message(&self.stream, self.at + 1).await?;
            if !self.follows(message.as_ref()) {
                return Ok(self.found_torn(message.as_ref()));
            }
            self.at += 1;
            (self.last_id, self.id_forgotten) = (id_of(message.as_ref()), false);
            match Read::of(message) {
                Read::Batch(batch, digest) => {
                    (self.last, self.lost) = (Some(digest), false);
                    return Ok(Next::Batch(batch));
                }
                Read::Lost => (self.last, self.lost) = (None, true),
                Read::Nothing(digest) => self.last = Some(digest),
            }
        }
    }

    async fn ask_leader(&self, from: EntryIndex) -> Result<SealedBatch, Away> {
        let subject = self.force.endpoint("recorder", "entries");
        let request = EntriesRequest { from, max: 0 }.to_bytes();
        let answer = self.bus.request(&subject, Headers::new(), request, ANSWER_WITHIN).await;
        let answer = answer.map_err(|error| Away(error.to_string()))?;
        SealedBatch::parse(&answer.payload).map_err(|error| Away(error.to_string()))
    }
}

/// The id under which the stream keeps a message.
fn id_of(message: Option<&Message>) -> Option<String> {
    message?.headers.get(MESSAGE_ID).map(str::to_owned)
}

impl CommitLog for StreamLog {
    fn append<'a>(&'a mut self, batch: &'a SealedBatch) -> BoxFuture<'a, Fate> {
        Box::pin(self.append_batch(batch))
    }

    fn confirm(&mut self) -> BoxFuture<'_, Fate> {
        Box::pin(self.confirmed())
    }

    fn hold<'a>(&'a mut self, mark: &'a SealedBatch) -> BoxFuture<'a, Fate> {
        Box::pin(self.held(mark))
    }

    fn seek(&mut self, size: TreeSize) -> BoxFuture<'_, Result<(), Away>> {
        Box::pin(async move { self.find(size).await.map_err(|error| self.away(&error)) })
    }

    fn next(&mut self) -> BoxFuture<'_, Result<Next, Away>> {
        Box::pin(async { self.read_next().await.map_err(|error| self.away(&error)) })
    }

    fn ask(&mut self, from: EntryIndex) -> BoxFuture<'_, Result<SealedBatch, Away>> {
        Box::pin(self.ask_leader(from))
    }

    fn put_addenda<'a>(&'a mut self, addenda: &'a [(Hash, Bytes)]) -> BoxFuture<'a, Result<(), Away>> {
        Box::pin(async {
            if self.shares_addenda { addenda::put(&self.bus, &self.force, addenda).await } else { Ok(()) }
        })
    }

    fn addendum(&mut self, digest: Hash) -> BoxFuture<'_, Result<Option<Bytes>, Away>> {
        Box::pin(async move {
            if self.shares_addenda { addenda::get(&self.bus, &self.force, digest).await } else { Ok(None) }
        })
    }
}

impl StreamLog {
    fn away(&self, error: &BusError) -> Away {
        let why = format!("its end is not known: {error}");
        self.waiting(&why);
        Away(format!("the sealed stream: {why}"))
    }
}

/// A message of the stream, read.
enum Read {
    Batch(SealedBatch, Hash),
    /// It is gone, or is not what was sent.
    Lost,
    /// What no recorder sent. Anybody who may ask the broker a question can name the sealed stream's subject for the
    /// answer, which is then stored there: no reason to stop recording.
    Nothing(Hash),
}

impl Read {
    fn of(message: Option<Message>) -> Self {
        let Some(message) = message else { return Read::Lost };
        let digest = Hash::of(&message.payload);
        let sent = message.headers.get(DIGEST);
        if sent.is_some_and(|sent| sent != digest.to_hex()) {
            tracing::error!(
                sequence = message.sequence,
                "a sealed batch is damaged; whoever leads is asked for it"
            );
            return Read::Lost;
        }
        match SealedBatch::parse(&message.payload) {
            Ok(batch) if !message.payload.is_empty() => Read::Batch(batch, digest),
            _ => {
                let sequence = message.sequence;
                tracing::error!(sequence, "the sealed stream holds what no recorder sent; stepped over");
                Read::Nothing(digest)
            }
        }
    }
}
