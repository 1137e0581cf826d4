//! The recorder as its callers see it: one queue in, one answer for each statement.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use ledger_core::checkpoint::LogSigner;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId, TreeSize};
use ledger_core::wire::Submission;
use ledger_rules::{Refusal, State};
use ledger_store::{Store, StoreError};
use scrutiny_proto::ledger::v1::RefusalRecord;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};

use crate::commit_log::CommitLog;
use crate::committer::{Committer, Driver, Standing};
use crate::intake;
use crate::node::{Counters, Node, Trouble};
use crate::recorder_key::RecorderKey;
use crate::step::Step;

/// Submissions waiting for the intake. Four full batches: enough to keep every core busy while one batch
/// commits; a caller beyond that waits in `submit`.
const QUEUE: usize = 4 * ledger_core::limits::MAX_BATCH_ENTRIES;

/// Batches that may wait for the committer, which takes all of them together. While the disk is quick, none
/// does; while it is slow, what gathers during one flush goes into the next.
pub(crate) const WAITING: usize = 3;

/// The clock, as a value: milliseconds since the Unix epoch.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What a recorder needs besides its store.
pub struct Config {
    /// Signs checkpoints. The only copy of the log's keys in the process.
    pub signer: LogSigner,
    /// The recorder's honest clock.
    pub clock: Clock,
    /// A checkpoint is published at most this long after an entry became durable.
    pub checkpoint_every: Duration,
    /// How many signatures are checked at once; 0 for one per core.
    pub verify_threads: usize,
}

/// An entry that a power cut cannot lose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durable {
    /// The statement.
    pub id: StatementId,
    /// Its place in the log.
    pub index: EntryIndex,
    /// Leaf hash of its entry.
    pub leaf_hash: Hash,
    /// When it was sealed, milliseconds since the Unix epoch.
    pub recorded_at_ms: u64,
    /// True when the same statement had been recorded before: this is the receipt it got then.
    pub already: bool,
}

/// Why a statement got no place. Nothing was recorded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The charter or a rule says no. The refusal is kept.
    #[error("{0}")]
    Refused(Refusal),
    /// The store cannot take it now. Nothing is kept; try again.
    #[error("the ledger cannot record now: {0}")]
    Unavailable(String),
}

/// The recorder's answer to one submission.
pub type Answer = Result<Durable, Failure>;

/// Why a recorder did not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store says no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The latest checkpoint was not signed by the keys at hand.
    #[error("the latest checkpoint is not signed by the log keys given: {0}")]
    WrongLogKey(String),
    /// What the store holds does not replay.
    #[error("entry {index} does not replay: {problem}")]
    Replay {
        /// Which entry.
        index: EntryIndex,
        /// What is wrong with it.
        problem: String,
    },
}

/// An answer that is on its way.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Answer>);

impl Pending {
    /// Waits for it.
    ///
    /// # Errors
    /// A refusal, or that the recorder cannot take it now.
    pub async fn answer(self) -> Answer {
        self.0.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn stopped() -> Failure {
    Failure::Unavailable("the recorder has stopped".to_owned())
}

pub(crate) struct Job {
    pub(crate) submission: Submission,
    pub(crate) reply: oneshot::Sender<Answer>,
}

pub(crate) type Question = Box<dyn FnOnce(&mut Committer) + Send>;

pub(crate) enum Message {
    Submit(Job),
    Ask(Question),
}

pub(crate) enum Work {
    Batch(Vec<intake::CheckedJob>),
    Ask(Question),
}

/// The single writer of one ledger. Dropping it publishes a last checkpoint and closes the store.
pub struct Recorder {
    queue: Option<mpsc::Sender<Message>>,
    clock: Clock,
    standing: watch::Receiver<Standing>,
    step: Step,
    give_up: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl Recorder {
    /// Starts a recorder on a store: replays what the snapshot does not cover, and compares the head with
    /// the latest checkpoint before anything can be signed.
    ///
    /// # Errors
    /// When the store does not replay or was signed with other keys.
    pub fn open(store: Box<dyn Store>, config: Config) -> Result<Self, OpenError> {
        Self::start(store, config, None)
    }

    /// Starts a recorder whose batches have to be in a commit log as well. It follows until it is told to lead. Call it
    /// inside the runtime in which the log waits; it blocks as long as replaying takes.
    ///
    /// # Errors
    /// As [`Recorder::open`].
    pub fn open_behind(
        store: Box<dyn Store>,
        config: Config,
        log: Box<dyn CommitLog>,
    ) -> Result<Self, OpenError> {
        Self::start(store, config, Some(log))
    }

    fn start(
        store: Box<dyn Store>,
        config: Config,
        log: Option<Box<dyn CommitLog>>,
    ) -> Result<Self, OpenError> {
        let (clock, every) = (Arc::clone(&config.clock), config.checkpoint_every);
        let pool = Arc::new(threads(config.verify_threads));
        let runtime = log.is_some().then(Handle::current);
        let node = Node::open(store, config, log)?.with_pool(Arc::clone(&pool));
        let tell = watch::Sender::new(Standing::of(&node));
        let (give_up, given_up) = watch::channel(false);
        let standing = tell.subscribe();
        let step = Step::default();
        let driver = Driver { runtime, give_up: given_up, step: step.clone(), gave_up: false };
        let committer = Committer::new(node, every, tell, driver);
        let (queue, from_callers) = mpsc::channel(QUEUE);
        let (to_committer, from_intake) = std::sync::mpsc::sync_channel(WAITING);
        let threads = vec![
            spawn("intake", move || intake::run(from_callers, &to_committer, &pool)),
            spawn("committer", move || committer.run(&from_intake)),
        ];
        Ok(Self { queue: Some(queue), clock, standing, step, give_up, threads })
    }

    /// How it stands, and whenever that changes.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// How long the disk has not answered; nothing while it does, or is not asked.
    #[must_use]
    pub fn disk_hangs_for(&self) -> Duration {
        self.step.takes()
    }

    /// Keeps what the commit log has and this disk lacks: [`Node::catch_up`].
    ///
    /// # Errors
    /// As there.
    pub async fn catch_up(&self) -> Result<TreeSize, Trouble> {
        self.ask_later(Committer::catch_up).await
    }

    /// Leads as the only recorder of its ledger: [`Node::lead_alone`].
    ///
    /// # Errors
    /// As there.
    pub async fn lead_alone(&self) -> Result<(), Trouble> {
        self.ask_later(Committer::lead_alone).await
    }

    /// Looks whether it still leads, and whether the log still has what was given to it: [`Node::watch`].
    ///
    /// # Errors
    /// As there.
    pub async fn watch(&self) -> Result<(), Trouble> {
        self.ask_later(Committer::watch).await
    }

    /// Sealed content to be asked for again: [`Node::lacking`].
    pub async fn lacking(&self) -> BTreeSet<Hash> {
        self.ask_later(|committer| committer.node.lacking().clone()).await
    }

    /// Keeps what was lacking: [`Node::complete`].
    ///
    /// # Errors
    /// As there.
    pub async fn complete(&self, digest: Hash, addendum: Bytes) -> Result<(), StoreError> {
        self.ask_later(move |committer| committer.complete(digest, addendum)).await
    }

    /// Takes over from whoever led: [`Node::take_over`]. Returns the epoch.
    ///
    /// # Errors
    /// As there.
    pub async fn take_over(&self, key: Arc<RecorderKey>) -> Result<u64, Trouble> {
        self.ask_later(move |committer| committer.take_over(&key)).await
    }

    /// Whether the rules would let this recorder take over now.
    ///
    /// # Errors
    /// Why not.
    pub async fn may_take_over(&self, key: Arc<RecorderKey>) -> Result<(), Refusal> {
        self.ask_later(move |committer| committer.node.may_take_over(&key)).await
    }

    /// Waits no longer for a commit log that does not answer. Nothing is recorded afterwards.
    pub fn give_up(&self) {
        self.give_up.send_replace(true);
    }

    /// Hands in a statement and waits for its answer. Waits for room when the queue is full.
    ///
    /// # Errors
    /// A refusal, or that the recorder cannot take it now.
    pub async fn submit(&self, submission: Submission) -> Answer {
        self.hand_in(submission).await.answer().await
    }

    /// Hands in a statement, waiting only for room in the queue: what is handed in one after the other is decided in
    /// that order.
    pub async fn hand_in(&self, submission: Submission) -> Pending {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Submit(Job { submission, reply })).await;
        Pending(answer)
    }

    /// Hands in a statement from a thread that may block.
    ///
    /// # Errors
    /// As [`Recorder::submit`].
    pub fn submit_blocking(&self, submission: Submission) -> Answer {
        self.hand_in_blocking(submission).blocking_recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// Hands in a statement from a thread that may block, and does not wait for its answer.
    pub(crate) fn hand_in_blocking(&self, submission: Submission) -> oneshot::Receiver<Answer> {
        let (reply, answer) = oneshot::channel();
        self.send_blocking(Message::Submit(Job { submission, reply }));
        answer
    }

    /// Publishes a checkpoint over everything recorded so far.
    ///
    /// # Errors
    /// When it cannot be kept, or another recorder leads.
    pub fn publish(&self) -> Result<TreeSize, Trouble> {
        self.ask(Committer::publish)
    }

    /// Looks at the store and the state between two commits.
    pub fn read<R: Send + 'static>(&self, look: impl FnOnce(&dyn Store, &State) -> R + Send + 'static) -> R {
        self.ask(move |committer| committer.look(look))
    }

    /// As [`Recorder::read`], from a task.
    pub async fn look<R: Send + 'static>(
        &self,
        look: impl FnOnce(&dyn Store, &State) -> R + Send + 'static,
    ) -> R {
        self.ask_later(move |committer| committer.look(look)).await
    }

    /// Publishes a checkpoint over everything recorded so far, from a task.
    ///
    /// # Errors
    /// As [`Recorder::publish`].
    pub async fn publish_now(&self) -> Result<TreeSize, Trouble> {
        self.ask_later(Committer::publish).await
    }

    /// Keeps refusals that were given elsewhere, or of what is no statement at all.
    ///
    /// # Errors
    /// When one could not be kept; those before it are.
    pub async fn keep_refusals(&self, records: Vec<RefusalRecord>) -> Result<(), StoreError> {
        self.ask_later(move |committer| committer.node.keep_refusals(&records)).await
    }

    /// What was done since the recorder was opened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.ask(|committer| committer.node.counters())
    }

    /// The recorder's clock, milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        (self.clock)()
    }

    fn ask<R: Send + 'static>(&self, question: impl FnOnce(&mut Committer) -> R + Send + 'static) -> R {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let ask = move |committer: &mut Committer| {
            let _ = reply.send(question(committer));
        };
        self.send_blocking(Message::Ask(Box::new(ask)));
        answer.recv().expect("the committer answers every question before it stops")
    }

    async fn ask_later<R: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Committer) -> R + Send + 'static,
    ) -> R {
        let (reply, answer) = oneshot::channel();
        let ask = move |committer: &mut Committer| {
            let _ = reply.send(question(committer));
        };
        self.send(Message::Ask(Box::new(ask))).await;
        answer.await.expect("the committer answers every question before it stops")
    }

    async fn send(&self, message: Message) {
        let queue = self.queue.as_ref().expect("only drop takes the queue");
        let _ = queue.send(message).await;
    }

    fn send_blocking(&self, message: Message) {
        let queue = self.queue.as_ref().expect("only drop takes the queue");
        let _ = queue.blocking_send(message);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        drop(self.queue.take());
        // Whoever drops it without waiting for its answers does not wait for a log that is away either.
        self.give_up();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Threads that check signatures; 0 for one per core.
fn threads(count: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(count)
        .thread_name(|i| format!("intake-{i}"))
        .build()
        .expect("a process may start a thread per core")
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(body).expect("a process may start two threads")
}
