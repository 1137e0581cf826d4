//! Waiting until the replica has seen everything that came before.
//!
//! An officer who records a finding and then an answer to it may hand in both before the first is sealed. A desk
//! that judged the second by a replica without the first would refuse what the recorder accepts. So before it
//! refuses, it makes sure, in this order:
//!
//! 1. what this desk was about to pass on has been passed on;
//! 2. the recorder has taken everything that stood in the inbox then, from this desk or another, before or after a
//!    restart;
//! 3. the recorder says how long the log is;
//! 4. the replica holds that many entries.
//!
//! Each step is finished before the next begins. When any of them takes too long the answer is "not sure", and the
//! statement goes on to the recorder, which decides. Those who wait at the same time share one round.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, Headers};
use ledger_core::wire::Head;
use tokio::sync::{mpsc, oneshot};

use crate::Replica;
use crate::outgoing::Outgoing;

/// Statements that may wait for a round: as many as messages may be in hand.
const WAITING: usize = 1_024;

/// How soon the inbox is looked at again, and how late at most.
const FIRST_LOOK: Duration = Duration::from_millis(2);
const LAST_LOOK: Duration = Duration::from_millis(50);

/// Asks for rounds.
#[derive(Clone)]
pub(crate) struct Freshness {
    ask: mpsc::Sender<oneshot::Sender<bool>>,
}

impl Freshness {
    pub(crate) fn start(
        bus: Bus,
        force: Force,
        replica: Arc<dyn Replica>,
        outgoing: Outgoing,
        limit: Duration,
    ) -> Self {
        let (ask, asked) = mpsc::channel(WAITING);
        let round = Round { bus, force, replica, outgoing };
        tokio::spawn(run(round, asked, limit));
        Self { ask }
    }

    /// Waits for a round that begins after this call. False: nobody can be sure.
    pub(crate) async fn reached(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        if self.ask.send(reply).await.is_err() {
            return false;
        }
        answer.await.unwrap_or(false)
    }
}

async fn run(round: Round, mut asked: mpsc::Receiver<oneshot::Sender<bool>>, limit: Duration) {
    while let Some(first) = asked.recv().await {
        let mut waiting = vec![first];
        while let Ok(another) = asked.try_recv() {
            waiting.push(another);
        }
        let sure = tokio::time::timeout(limit, round.go(limit)).await.ok().flatten().is_some();
        for reply in waiting {
            // Whoever asked may have stopped waiting.
            let _ = reply.send(sure);
        }
    }
}

struct Round {
    bus: Bus,
    force: Force,
    replica: Arc<dyn Replica>,
    outgoing: Outgoing,
}

impl Round {
    /// One round; none when somebody does not answer.
    async fn go(&self, limit: Duration) -> Option<()> {
        self.outgoing.passed_on().await?;
        self.inbox_taken().await?;
        let subject = self.force.endpoint("recorder", "head");
        let answer = self.bus.request(&subject, Headers::new(), Bytes::new(), limit).await.ok()?;
        let size = Head::parse(&answer.payload).ok()?.size;
        self.replica.caught_up_to(size, limit).await.then_some(())
    }

    async fn inbox_taken(&self) -> Option<()> {
        let inbox = self.force.inbox().name;
        let end = self.bus.extent(&inbox).await.ok()?.last_sequence;
        let mut look = FIRST_LOOK;
        while self.bus.extent(&inbox).await.ok()?.first_sequence <= end {
            tokio::time::sleep(look).await;
            look = (look * 2).min(LAST_LOOK);
        }
        Some(())
    }
}
