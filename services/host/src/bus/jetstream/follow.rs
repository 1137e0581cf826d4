//! Following a stream: gap-free, or an error.

use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::{Ordered, OrderedConfig};
use futures::StreamExt;
use tokio::sync::{broadcast, mpsc, watch};

use super::{JetStream, events, headers_from_nats, until_closing};
use crate::bus::consume::Follower;
use crate::bus::error::{BusError, FollowError};
use crate::bus::message::Message;
use crate::bus::stream::Tail;
use crate::bus::{BusEvent, WAITING};

/// A follower who hears nothing asks so often whether the stream still is what it was. A stream that loses
/// its end uses numbers again, and the library, which only counts up, would not notice.
const DOUBT: Duration = Duration::from_secs(5);

/// After a failure, the next attempt waits so long.
const PAUSE: Duration = Duration::from_millis(250);

impl JetStream {
    pub(in crate::bus) async fn follow(&self, stream: &str, from: u64) -> Result<Follower, BusError> {
        let from = from.max(1);
        self.tail(stream).await?;
        let (sender, queue) = mpsc::channel(WAITING);
        let follow = Follow {
            bus: self.streams(),
            stream: stream.to_owned(),
            next: from,
            sender,
            closing: self.closing.subscribe(),
            events: self.events.clone(),
        };
        tokio::spawn(follow.run());
        Ok(Follower { queue })
    }
}

struct Follow {
    bus: super::streams::Streams,
    stream: String,
    next: u64,
    sender: mpsc::Sender<Result<Message, FollowError>>,
    closing: watch::Receiver<bool>,
    events: broadcast::Sender<BusEvent>,
}

/// Why one round of following ended.
enum Ended {
    /// Nobody wants more.
    Done,
    /// The stream has lost something.
    Lost(FollowError),
    /// The connection or the reader on the server is gone: try again.
    Interrupted(String),
}

impl Follow {
    async fn run(mut self) {
        loop {
            match self.round().await {
                Ended::Done => return,
                Ended::Lost(error) => {
                    let _ = self.sender.send(Err(error)).await;
                    return;
                }
                Ended::Interrupted(why) => {
                    tracing::debug!(stream = %self.stream, %why, "following is interrupted");
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => {}
                        () = until_closing(&mut self.closing) => return,
                        () = self.sender.closed() => return,
                    }
                }
            }
        }
    }

    async fn round(&mut self) -> Ended {
        let mut events = self.events.subscribe();
        if let Err(ended) = self.doubt().await {
            return ended;
        }
        let mut messages = match open(&self.bus.context, &self.stream, self.next).await {
            Ok(messages) => messages,
            Err(why) => return Ended::Interrupted(why),
        };
        let mut closing = self.closing.clone();
        loop {
            let item = tokio::select! {
                item = messages.next() => item,
                () = until_closing(&mut closing) => return Ended::Done,
                () = self.sender.closed() => return Ended::Done,
                // The reader on the server lives in memory, and is gone with it.
                () = events::reconnected(&mut events) => return Ended::Interrupted("reconnected".to_owned()),
                () = tokio::time::sleep(DOUBT) => {
                    match self.doubt().await {
                        Ok(false) => continue,
                        Ok(true) => return Ended::Interrupted("a message is there that did not come".to_owned()),
                        Err(ended) => return ended,
                    }
                }
            };
            let message = match item {
                Some(Ok(message)) => message,
                Some(Err(e)) => return Ended::Interrupted(e.to_string()),
                None => return Ended::Interrupted("the broker ended the delivery".to_owned()),
            };
            let Ok(got) = message.info().map(|info| info.stream_sequence) else { continue };
            if got != self.next {
                return Ended::Lost(self.gap(got));
            }
            self.next += 1;
            let headers = headers_from_nats(message.headers.as_ref());
            let message = message.message;
            let subject = message.subject.to_string();
            let message = Message { subject, headers, payload: message.payload, sequence: Some(got) };
            if self.sender.send(Ok(message)).await.is_err() {
                return Ended::Done;
            }
        }
    }

    fn gap(&self, got: u64) -> FollowError {
        FollowError::Gap { stream: self.stream.clone(), expected: self.next, got }
    }

    /// Asks the stream's leader whether what is next is there (`true`), or still to come.
    async fn doubt(&self) -> Result<bool, Ended> {
        let interrupted = |e: BusError| Ended::Interrupted(e.to_string());
        let tail: Tail = self.bus.tail(&self.stream).await.map_err(interrupted)?;
        if tail.last_sequence + 1 < self.next {
            let (stream, expected) = (self.stream.clone(), self.next);
            return Err(Ended::Lost(FollowError::WentBack { stream, expected, last: tail.last_sequence }));
        }
        if tail.last_sequence < self.next {
            return Ok(false);
        }
        match self.bus.message(&self.stream, self.next).await.map_err(interrupted)? {
            Some(_) => Ok(true),
            None if tail.last.is_none() => Err(Ended::Lost(self.gap(tail.last_sequence + 1))),
            // A later message will come and show the gap.
            None => Ok(false),
        }
    }
}

async fn open(context: &Context, stream: &str, from: u64) -> Result<Ordered, String> {
    let config = OrderedConfig {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
        ..OrderedConfig::default()
    };
    let consumer = context.create_consumer_on_stream(config, stream).await.map_err(|e| e.to_string())?;
    consumer.messages().await.map_err(|e| e.to_string())
}
