//! The thread that drives a [`Node`]: it takes what the intake has checked, commits together what waits, publishes
//! when that is due, and tells how things stand.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use ledger_rules::State;
use ledger_store::{Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use crate::intake::{Checked, CheckedJob};
use crate::node::{Node, Role, Trouble};
use crate::recorder::{Answer, Failure, Question, WAITING, Work};
use crate::recorder_key::RecorderKey;
use crate::step::Step;

/// How a recorder stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What it is to the ledger.
    pub role: Role,
    /// Entries that are durable: on this disk, and in the commit log where there is one.
    pub size: TreeSize,
    /// Entries under the latest checkpoint.
    pub published: TreeSize,
    /// The epoch that the ledger is in; 0 while no recorder has taken it over.
    pub epoch: u64,
    /// Addenda that nobody gave so far.
    pub lacking: usize,
    /// Its disk takes nothing now.
    pub disk_refuses: bool,
}

impl Standing {
    pub(crate) fn of(node: &Node) -> Self {
        Self {
            role: node.role().clone(),
            size: node.store().head().size,
            published: node.published(),
            epoch: node.state().recorders().current(),
            lacking: node.lacking().len(),
            disk_refuses: node.disk_refuses(),
        }
    }
}

pub(crate) struct Committer {
    pub(crate) node: Node,
    checkpoint_every: Duration,
    /// When the oldest entry that no checkpoint covers became durable.
    unpublished_since: Option<Instant>,
    tell: watch::Sender<Standing>,
    driver: Driver,
}

/// Where a node's futures are waited for.
pub(crate) struct Driver {
    /// None where nothing ever waits: without a commit log.
    pub(crate) runtime: Option<Handle>,
    /// Nobody waits for the commit log any more.
    pub(crate) give_up: watch::Receiver<bool>,
    /// Says how long the node has been at the disk.
    pub(crate) step: Step,
    /// A future was dropped on its way, and the node is no longer what it believes to be.
    pub(crate) gave_up: bool,
}

impl Driver {
    fn drive<T>(&mut self, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let gone = || Trouble::NotNow("the recorder is stopping".to_owned());
        if self.gave_up {
            return Err(gone());
        }
        let Some(runtime) = &self.runtime else { return at_once(work) };
        let (give_up, work) = (&mut self.give_up, self.step.watched(work));
        let outcome = runtime.block_on(async {
            tokio::select! {
                biased;
                outcome = work => Some(outcome),
                Ok(_) = give_up.wait_for(|give_up| *give_up) => None,
            }
        });
        self.gave_up = outcome.is_none();
        outcome.unwrap_or_else(|| Err(gone()))
    }
}

/// Without a commit log, a node's futures end when they are first polled.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => unreachable!("only a commit log makes a node wait"),
    }
}

impl Committer {
    pub(crate) fn new(
        node: Node,
        checkpoint_every: Duration,
        tell: watch::Sender<Standing>,
        driver: Driver,
    ) -> Self {
        Self { node, checkpoint_every, unpublished_since: None, tell, driver }
    }

    pub(crate) fn run(mut self, work: &Receiver<Work>) {
        loop {
            match work.recv_timeout(self.until_checkpoint()) {
                Ok(Work::Batch(batch)) => {
                    // A question is asked of what was recorded before it, so it waits for that.
                    if let Some(question) = self.commit(batch, work) {
                        question(&mut self);
                    }
                }
                Ok(Work::Ask(question)) => question(&mut self),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.look_at_the_clock();
        }
        if self.unpublished() {
            self.publish_or_log();
        }
        if !self.driver.gave_up && !matches!(self.node.role(), Role::Stopped(_)) {
            self.node.save_snapshot();
        }
    }

    pub(crate) fn look<R>(&self, look: impl FnOnce(&dyn Store, &State) -> R) -> R {
        look(self.node.store(), self.node.state())
    }

    /// Signs and keeps a checkpoint over the head, unless the latest one covers it already.
    pub(crate) fn publish(&mut self) -> Result<TreeSize, Trouble> {
        self.unpublished_since = None;
        let outcome = self.driver.drive(self.node.publish());
        self.tell();
        outcome
    }

    pub(crate) fn catch_up(&mut self) -> Result<TreeSize, Trouble> {
        let outcome = self.driver.drive(self.node.catch_up());
        self.tell();
        outcome
    }

    pub(crate) fn lead_alone(&mut self) -> Result<(), Trouble> {
        let outcome = self.driver.drive(self.node.lead_alone());
        self.tell();
        outcome
    }

    pub(crate) fn watch(&mut self) -> Result<(), Trouble> {
        let outcome = self.driver.drive(self.node.watch());
        self.tell();
        outcome
    }

    pub(crate) fn complete(&mut self, digest: Hash, addendum: Bytes) -> Result<(), StoreError> {
        let outcome = self.node.complete(digest, addendum);
        self.tell();
        outcome
    }

    pub(crate) fn take_over(&mut self, key: &RecorderKey) -> Result<u64, Trouble> {
        let outcome = self.driver.drive(self.node.take_over(key));
        self.tell();
        outcome
    }

    fn tell(&self) {
        let now = Standing::of(&self.node);
        self.tell.send_if_modified(|told| {
            let news = *told != now;
            *told = now;
            news
        });
    }

    fn unpublished(&self) -> bool {
        matches!(self.node.role(), Role::Leading { .. })
            && self.node.published() < self.node.store().head().size
    }

    /// A checkpoint is due so long after the first entry that it is to cover.
    fn look_at_the_clock(&mut self) {
        if !self.unpublished() {
            self.unpublished_since = None;
            return;
        }
        self.unpublished_since.get_or_insert_with(Instant::now);
        if self.until_checkpoint().is_zero() {
            self.publish_or_log();
            // Where it failed, it is tried again when the next interval is over, not at once.
            self.unpublished_since = self.unpublished().then(Instant::now);
        }
    }

    fn publish_or_log(&mut self) {
        if let Err(error) = self.publish() {
            tracing::error!(%error, "no checkpoint could be published");
        }
    }

    fn until_checkpoint(&self) -> Duration {
        match self.unpublished_since {
            Some(since) => self.checkpoint_every.saturating_sub(since.elapsed()),
            None => Duration::from_secs(3600),
        }
    }

    /// Commits a batch together with those that wait behind it: they share one flush of the disk. Returns the
    /// question that stood among them.
    fn commit(&mut self, batch: Vec<CheckedJob>, work: &Receiver<Work>) -> Option<Question> {
        let (mut queue, mut replies) = (VecDeque::new(), VecDeque::new());
        let mut question = None;
        let mut take = |batch: Vec<CheckedJob>, queue: &mut VecDeque<Checked>| {
            for CheckedJob { checked, reply } in batch {
                queue.push_back(checked);
                replies.push_back(reply);
            }
        };
        take(batch, &mut queue);
        // Not for ever: a checkpoint may be due.
        for _ in 0..WAITING {
            match work.try_recv() {
                Ok(Work::Batch(batch)) => take(batch, &mut queue),
                Ok(Work::Ask(asked)) => {
                    question = Some(asked);
                    break;
                }
                Err(_) => break,
            }
        }
        while !queue.is_empty() {
            self.commit_some(&mut queue, &mut replies);
        }
        question
    }

    /// One batch of the store's.
    fn commit_some(
        &mut self,
        queue: &mut VecDeque<Checked>,
        replies: &mut VecDeque<oneshot::Sender<Answer>>,
    ) {
        let commit = async { Ok(self.node.commit(queue).await) };
        let answers = self.driver.drive(commit);
        self.tell();
        match answers {
            Ok(answers) => {
                let answered = answers.len();
                for (answer, reply) in answers.into_iter().zip(replies.drain(..answered)) {
                    let _ = reply.send(answer);
                }
            }
            Err(why) => {
                queue.clear();
                for reply in replies.drain(..) {
                    let _ = reply.send(Err(Failure::Unavailable(why.to_string())));
                }
            }
        }
    }
}
