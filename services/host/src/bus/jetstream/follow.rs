//! Following a stream: gap-free, or an error.
//!
//! A follower asks the stream's leader for one message after the other, and hears the stream's subjects only to know
//! when to ask. It makes no reader (consumer) on the server: whoever may make one can have it deliver wherever it likes,
//! and a delivery without content to `$JS.API.STREAM.DELETE.<any>` deletes that stream, whatever the sender's own
//! permissions say.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use futures::StreamExt;
use tokio::sync::{Notify, broadcast, mpsc};

use super::{JetStream, events, until_closing};
use crate::bus::BusEvent;
use crate::bus::consume::Follower;
use crate::bus::error::{BusError, FollowError};
use crate::bus::message::Message;

/// A follower who hears nothing asks so often whether the stream still is what it was.
const DOUBT: Duration = Duration::from_secs(5);

/// A stream that is filled from another one has no subjects to hear: its follower looks so often.
const UNHEARD: Duration = Duration::from_millis(500);

/// After a failure, the next attempt waits so long.
const PAUSE: Duration = Duration::from_millis(250);

/// A message is heard before it is stored: the follower asks again after the first pause, then after twice that, and
/// from the last on waits to hear something.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(256);

/// Messages asked for at the same time while catching up: a few megabytes.
const AHEAD: usize = 4;

impl JetStream {
    pub(in crate::bus) async fn follow(
        &self,
        stream: &str,
        from: u64,
        waiting: usize,
    ) -> Result<Follower, BusError> {
        self.tail(stream).await?;
        let (sender, queue) = mpsc::channel(waiting);
        let follow = Follow {
            client: self.client.clone(),
            bus: self.streams(),
            stream: stream.to_owned(),
            next: from.max(1),
            sender,
            events: self.events.clone(),
        };
        let mut closing = self.closing.subscribe();
        let unwanted = follow.sender.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = follow.run() => {}
                () = until_closing(&mut closing) => {}
                () = unwanted.closed() => {}
            }
        });
        Ok(Follower { queue })
    }
}

struct Follow {
    client: Client,
    bus: super::streams::Streams,
    stream: String,
    next: u64,
    sender: mpsc::Sender<Result<Message, FollowError>>,
    events: broadcast::Sender<BusEvent>,
}

/// Why one round of following ended.
enum Ended {
    /// The stream has lost something.
    Lost(FollowError),
    /// The connection is gone: try again.
    Interrupted(String),
}

impl From<BusError> for Ended {
    fn from(error: BusError) -> Ended {
        Ended::Interrupted(error.to_string())
    }
}

impl Follow {
    async fn run(mut self) {
        loop {
            match self.round().await {
                Ended::Lost(error) => {
                    let _ = self.sender.send(Err(error)).await;
                    return;
                }
                Ended::Interrupted(why) => {
                    tracing::debug!(stream = %self.stream, %why, "following is interrupted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn round(&mut self) -> Ended {
        let mut events = self.events.subscribe();
        let heard = match self.hear().await {
            Ok(heard) => heard,
            Err(ended) => return ended,
        };
        let mut look = FIRST_LOOK;
        loop {
            match self.take_what_is_there().await {
                Ok(0) => look = (look * 2).min(LAST_LOOK),
                Ok(_) => look = FIRST_LOOK,
                Err(ended) => return ended,
            }
            let doubt = if heard.tasks.is_empty() { UNHEARD } else { DOUBT };
            let pause = if look == LAST_LOOK { doubt } else { look };
            tokio::select! {
                () = heard.something.notified() => look = FIRST_LOOK,
                () = events::reconnected(&mut events) => look = FIRST_LOOK,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Hears when something is sent to the stream. What exactly does not matter, and it is not kept.
    async fn hear(&self) -> Result<Heard, Ended> {
        let something = Arc::new(Notify::new());
        let mut tasks = tokio::task::JoinSet::new();
        let info = self.bus.info(&self.stream).await?;
        let subjects = info["config"]["subjects"].as_array().into_iter().flatten();
        for subject in subjects.filter_map(|subject| subject.as_str()) {
            let interrupted = |e: async_nats::SubscribeError| Ended::Interrupted(e.to_string());
            let mut messages = self.client.subscribe(subject.to_owned()).await.map_err(interrupted)?;
            let something = Arc::clone(&something);
            tasks.spawn(async move {
                while messages.next().await.is_some() {
                    something.notify_one();
                }
            });
        }
        Ok(Heard { something, tasks })
    }

    /// Passes on everything up to the stream's end, as its leader has it. Says how much that was.
    async fn take_what_is_there(&mut self) -> Result<u64, Ended> {
        let info = self.bus.info(&self.stream).await?;
        let last = info["state"]["last_seq"].as_u64().unwrap_or_default();
        if last + 1 < self.next {
            let (stream, expected) = (self.stream.clone(), self.next);
            return Err(Ended::Lost(FollowError::WentBack { stream, expected, last }));
        }
        let (bus, stream, first) = (self.bus.clone(), self.stream.clone(), self.next);
        let asked = (first..=last).map(|sequence| bus.message(&stream, sequence));
        let mut found = futures::stream::iter(asked).buffered(AHEAD);
        while let Some(message) = found.next().await {
            let Some(message) = message? else { return Err(Ended::Lost(self.gap(last).await?)) };
            self.next += 1;
            if self.sender.send(Ok(message)).await.is_err() {
                // Nobody wants more; the task ends at its next wait.
                break;
            }
        }
        Ok(self.next - first)
    }

    /// What comes after the lost ones.
    async fn gap(&self, last: u64) -> Result<FollowError, BusError> {
        let after = self.bus.message_from(&self.stream, self.next).await?;
        let got = after.and_then(|message| message.sequence).unwrap_or(last + 1);
        Ok(FollowError::Gap { stream: self.stream.clone(), expected: self.next, got })
    }
}

/// Dropping it stops hearing.
struct Heard {
    something: Arc<Notify>,
    tasks: tokio::task::JoinSet<()>,
}
