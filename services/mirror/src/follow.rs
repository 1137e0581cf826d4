//! Following: the sealed stream into the mirror, and the recorder asked for what the stream lost.

use std::sync::Arc;
use std::time::Duration;

use host::bus::names::Force;
use host::bus::{Bus, FollowError, Follower, Headers, Message, RequestError, WAITING};
use ledger_core::ids::EntryIndex;
use ledger_core::wire::{EntriesRequest, SealedBatch, WireError};
use tokio::sync::{Notify, watch};
use tracing::Instrument as _;

use crate::sequence::sequence_beyond;
use crate::{Break, Mirror};

/// How long an answer of the recorder may take. It reads less than a megabyte.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Between two attempts to reach the bus or the recorder: doubled each time, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Times that the recorder is asked about one and the same break while it gives an answer that breaks as well.
const ASK_AT_MOST: u32 = 3;

/// Times that the recorder is asked for its signature, half a second apart, before two histories are two histories.
const SIGNED_AFTER_ASKING: u32 = 20;

/// A mirror that follows. Dropping it stops following; the mirror stays.
#[derive(Debug)]
pub struct Following {
    task: tokio::task::JoinHandle<()>,
    trouble: watch::Receiver<Option<String>>,
    missing: watch::Receiver<Option<String>>,
    ask: Arc<Notify>,
}

impl Following {
    /// What is in the way just now, as a sentence for `/readyz`; `None` while all is well.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.borrow().clone()
    }

    /// What the stream lost and the recorder does not supply; `None` once it came, or while nothing is lost.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        self.missing.borrow().clone()
    }

    /// Asks the recorder for what it has beyond what is held, as when the stream has lost something: for whoever knows
    /// that there is more than the stream tells.
    pub fn ask_the_recorder(&self) {
        self.ask.notify_one();
    }
}

impl Following {
    /// Stops following, and returns when nothing of it holds the mirror any more.
    pub async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Lets the mirror follow a force's sealed stream from now on.
#[must_use]
pub fn follow(mirror: Mirror, bus: Bus, force: Force) -> Following {
    follow_within(mirror, bus, force, WAITING)
}

/// The same with so many messages waiting at most: for whoever follows many.
#[must_use]
pub fn follow_within(mirror: Mirror, bus: Bus, force: Force, waiting: usize) -> Following {
    let (tell, trouble) = watch::channel(Some("it has not begun to follow yet".to_owned()));
    let (lacks, missing) = watch::channel(None);
    let ask = Arc::new(Notify::new());
    let follow = Follow { mirror, bus, force, waiting, tell, lacks, ask: Arc::clone(&ask) };
    Following { task: tokio::spawn(follow.run().in_current_span()), trouble, missing, ask }
}

struct Follow {
    mirror: Mirror,
    bus: Bus,
    force: Force,
    waiting: usize,
    tell: watch::Sender<Option<String>>,
    lacks: watch::Sender<Option<String>>,
    ask: Arc<Notify>,
}

impl Follow {
    async fn run(self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let before = self.mirror.standing();
            let reason = match self.begin_here().await {
                Ok(follower) => self.take_from(follower).await,
                Err(reason) => reason,
            };
            if let Some(halted) = self.mirror.halted() {
                self.tell.send_replace(Some(halted));
                return;
            }
            tracing::warn!(%reason, "the mirror begins to follow anew");
            self.tell.send_replace(Some(reason));
            // Progress means that the way is open again.
            pause =
                if self.mirror.standing() == before { (pause * 2).min(LONGEST_PAUSE) } else { FIRST_PAUSE };
            tokio::time::sleep(pause).await;
        }
    }

    async fn begin_here(&self) -> Result<Follower, String> {
        let stream = self.force.sealed_log().name;
        let size = self.mirror.standing().size;
        let sequence = sequence_beyond(&self.bus, &stream, size).await.map_err(|e| e.to_string())?;
        // The message before may carry the checkpoint over the last entries held.
        let first = sequence.saturating_sub(1).max(1);
        self.bus.follow_within(&stream, first, self.waiting).await.map_err(|e| e.to_string())
    }

    /// Takes what comes, until there is a reason to begin anew.
    async fn take_from(&self, mut follower: Follower) -> String {
        self.tell.send_replace(None);
        loop {
            let next = tokio::select! {
                next = follower.next() => next,
                () = self.ask.notified() => match self.fetch_more().await {
                    Ok(()) => continue,
                    Err(reason) => return reason,
                },
            };
            let message = match next {
                Some(Ok(message)) => message,
                Some(Err(lost @ FollowError::WentBack { .. })) => {
                    // What it lost is held here; there may be more where it came from.
                    let fetched = self.fetch().await;
                    return fetched.err().unwrap_or_else(|| lost.to_string());
                }
                Some(Err(lost)) => {
                    let fetched = self.fetch_lost().await;
                    return fetched.err().unwrap_or_else(|| lost.to_string());
                }
                None => return "the bus has drained".to_owned(),
            };
            if let Err(reason) = self.take(&message).await {
                return reason;
            }
            self.tell.send_if_modified(|trouble| trouble.take().is_some());
        }
    }

    /// Takes one message; where it breaks, asks the recorder for the same entries.
    async fn take(&self, message: &Message) -> Result<(), String> {
        let problem = match SealedBatch::parse(&message.payload) {
            Err(problem) => Problem::Message(problem),
            Ok(batch) => match self.keep(batch.clone()).await {
                Ok(()) => return Ok(()),
                Err(Break::Store(error)) => return Err(error.to_string()),
                Err(problem) => Problem::Batch(problem, batch),
            },
        };
        tracing::warn!(sequence = message.sequence, %problem, "the sealed stream cannot be believed here");
        self.fetch_lost().await?;
        match problem {
            Problem::Message(_) => Ok(()),
            Problem::Batch(_, batch) => self.take_after_fetching(batch).await,
        }
    }

    /// The recorder's own entries were taken. Does the message fit now, or was it damaged or made up on the way?
    async fn take_after_fetching(&self, batch: SealedBatch) -> Result<(), String> {
        match self.keep(batch).await {
            Ok(()) => Ok(()),
            // Signed by the log itself, over other entries: nothing explains that.
            Err(problem @ Break::Root { .. }) => self.halt(problem),
            Err(problem @ Break::Differs(index)) => {
                if self.is_signed_for(index).await {
                    tracing::error!(%problem, "the sealed stream has a batch that the log did not sign; left out");
                    return Ok(());
                }
                self.halt(problem)
            }
            Err(problem @ (Break::Store(_) | Break::Gap { .. })) => Err(problem.to_string()),
            Err(problem) => {
                tracing::error!(%problem, "a batch of the sealed stream is left out");
                Ok(())
            }
        }
    }

    /// Whether the log has signed the entry held at `index`, which it does soon after it was recorded.
    async fn is_signed_for(&self, index: EntryIndex) -> bool {
        for _ in 0..SIGNED_AFTER_ASKING {
            if self.mirror.standing().covered.0 > index.0 {
                return true;
            }
            tokio::time::sleep(LONGEST_PAUSE / 4).await;
            if let Err(reason) = self.fetch().await {
                tracing::warn!(%reason, "the log's signature is still to come");
            }
        }
        false
    }

    fn halt(&self, problem: Break) -> Result<(), String> {
        self.mirror.halt(&problem);
        Err(problem.to_string())
    }

    /// Fetches what the recorder has beyond what is held, up to where its answers break: while the stream is in order,
    /// nobody can halt the mirror by answering.
    async fn fetch_more(&self) -> Result<(), String> {
        loop {
            let from = EntryIndex(self.mirror.standing().size.0);
            let batch = self.ask(from).await.map_err(|e| format!("the recorder does not help: {e}"))?;
            let was_last = batch.entries.is_empty();
            self.keep(batch).await.map_err(|e| format!("the recorder's own entries break: {e}"))?;
            if was_last {
                return Ok(());
            }
        }
    }

    /// Fetches what the stream does not give; until the recorder does, it is missing.
    async fn fetch_lost(&self) -> Result<(), String> {
        let fetched = self.fetch().await;
        self.lacks.send_replace(fetched.as_ref().err().cloned());
        fetched
    }

    /// Asks the recorder for everything beyond what is held, and takes it. A recorder that answers with entries that
    /// break as well halts the mirror; one that does not answer is asked again later.
    async fn fetch(&self) -> Result<(), String> {
        let mut asked = 0;
        loop {
            let from = EntryIndex(self.mirror.standing().size.0);
            let batch = self.ask(from).await.map_err(|e| format!("the recorder does not help: {e}"))?;
            let was_last = batch.entries.is_empty();
            match self.keep(batch).await {
                Ok(()) if was_last => return Ok(()),
                Ok(()) => asked = 0,
                Err(Break::Store(error)) => return Err(error.to_string()),
                Err(problem) if asked >= ASK_AT_MOST => return self.halt(problem),
                Err(problem) => {
                    tracing::warn!(%problem, "the recorder's answer breaks as well");
                    asked += 1;
                }
            }
        }
    }

    /// Takes a batch on a thread that may wait for the disk.
    async fn keep(&self, batch: SealedBatch) -> Result<(), Break> {
        let mirror = self.mirror.clone();
        let before = mirror.standing().size;
        let taken = tokio::task::spawn_blocking(move || mirror.take(&batch)).await;
        let standing = taken.expect("taking a batch does not panic")?;
        if standing.size > before {
            self.lacks.send_if_modified(|lacking| lacking.take().is_some());
        }
        Ok(())
    }

    async fn ask(&self, from: EntryIndex) -> Result<SealedBatch, String> {
        let subject = self.force.endpoint("recorder", "entries");
        let request = EntriesRequest { from, max: 0 }.to_bytes();
        let answer = self.bus.request(&subject, Headers::new(), request, ANSWER_WITHIN).await;
        let answer = answer.map_err(|e: RequestError| e.to_string())?;
        SealedBatch::parse(&answer.payload).map_err(|e| e.to_string())
    }
}

/// What is wrong with a message of the sealed stream.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Message(WireError),
    #[error("{0}")]
    Batch(Break, SealedBatch),
}
