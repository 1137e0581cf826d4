//! Outside the door.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::UnixStream;
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;

use super::PATIENCE;
use super::frame::{self, Answer, Question};
use crate::bus::consume::Listener;
use crate::bus::error::{BusError, RequestError};
use crate::bus::message::{Headers, Message};
use crate::bus::service::ServiceSeen;
use crate::bus::stream::Tail;
use crate::bus::{BusEvent, WAITING};

/// What a client may not do, in its own words.
const SERVICES_ONLY: &str = "this is for services, and they do not come through the door of `scrutiny up`";

#[derive(Debug)]
pub(in crate::bus) struct Client {
    path: PathBuf,
    /// Nothing happens to a connection that is made anew for each question.
    events: broadcast::Sender<BusEvent>,
}

impl Client {
    pub(in crate::bus) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), events: broadcast::Sender::new(1) }
    }

    pub(in crate::bus) fn services_only<T>() -> Result<T, BusError> {
        Err(BusError::Refused(SERVICES_ONLY.to_owned()))
    }

    pub(in crate::bus) fn events(&self) -> broadcast::Receiver<BusEvent> {
        self.events.subscribe()
    }

    pub(in crate::bus) fn is_open(&self) -> bool {
        std::os::unix::net::UnixStream::connect(&self.path).is_ok()
    }

    pub(in crate::bus) async fn connected(&self) -> Result<(), BusError> {
        UnixStream::connect(&self.path).await.map(drop).map_err(|e| self.away(&e))
    }

    pub(in crate::bus) async fn request(
        &self,
        subject: &str,
        headers: &Headers,
        payload: &[u8],
        patience: Duration,
    ) -> Result<Message, RequestError> {
        let timeout_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let question =
            Question::Ask { subject: subject.to_owned(), headers: frame::plain(headers), timeout_ms };
        match self.ask(&question, payload, patience).await {
            Ok((Answer::Message { subject, headers }, payload)) => {
                Ok(frame::message(subject, &headers, payload))
            }
            Ok((Answer::NobodyThere(subject), _)) => Err(RequestError::NobodyThere(subject)),
            Ok((Answer::Refused { code, sentence }, _)) => Err(RequestError::Refused { code, sentence }),
            Ok(_) => Err(RequestError::TimedOut(subject.to_owned())),
            Err(Fault::Away(_)) => Err(RequestError::NobodyThere(subject.to_owned())),
            Err(_) => Err(RequestError::TimedOut(subject.to_owned())),
        }
    }

    pub(in crate::bus) async fn tell(
        &self,
        subject: &str,
        headers: &Headers,
        payload: &[u8],
    ) -> Result<(), BusError> {
        let question = Question::Tell { subject: subject.to_owned(), headers: frame::plain(headers) };
        self.ask(&question, payload, PATIENCE).await?;
        Ok(())
    }

    pub(in crate::bus) async fn survey(&self, wait: Duration) -> Result<Vec<ServiceSeen>, BusError> {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        match self.ask(&Question::Survey { wait_ms }, &[], wait).await?.0 {
            Answer::Seen(seen) => Ok(seen.into_iter().map(Into::into).collect()),
            other => Err(unexpected(&other)),
        }
    }

    pub(in crate::bus) async fn tail(&self, stream: &str) -> Result<Tail, BusError> {
        match self.ask(&Question::Tail { stream: stream.to_owned() }, &[], PATIENCE).await?.0 {
            Answer::Tail { first_sequence, last_sequence, messages, deleted } => {
                Ok(Tail { first_sequence, last_sequence, messages, deleted, last: None })
            }
            Answer::NoStream(stream) => Err(BusError::NoStream(stream)),
            other => Err(unexpected(&other)),
        }
    }

    pub(in crate::bus) async fn listen(&self, pattern: &str) -> Result<Listener, BusError> {
        let mut stream = UnixStream::connect(&self.path).await.map_err(|e| self.away(&e))?;
        let question = Question::Listen { pattern: pattern.to_owned() };
        let opened = async {
            frame::write(&mut stream, &question, &[]).await?;
            frame::read::<Answer, _>(&mut stream).await
        };
        match timeout(PATIENCE, opened).await.map_err(io::Error::from).flatten() {
            Ok((Answer::Done, _)) => {}
            Ok((other, _)) => return Err(unexpected(&other)),
            Err(e) => return Err(self.away(&e)),
        }
        let (heard, queue) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            loop {
                let next = tokio::select! {
                    next = frame::read::<Answer, _>(&mut stream) => next,
                    () = heard.closed() => return,
                };
                let Ok((Answer::Message { subject, headers }, payload)) = next else { return };
                if heard.send(frame::message(subject, &headers, payload)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Listener { queue })
    }

    /// One connection, one question, one answer.
    async fn ask(
        &self,
        question: &Question,
        payload: &[u8],
        patience: Duration,
    ) -> Result<(Answer, Bytes), Fault> {
        let mut stream = UnixStream::connect(&self.path).await.map_err(|e| Fault::Away(self.away(&e)))?;
        let asked = async {
            frame::write(&mut stream, question, payload).await?;
            frame::read::<Answer, _>(&mut stream).await
        };
        // The other side answers in time, also that it has no answer.
        match timeout(patience + PATIENCE, asked).await.map_err(io::Error::from).flatten() {
            Ok((Answer::Failed(why), _)) => Err(Fault::Said(why)),
            Ok(answer) => Ok(answer),
            Err(e) => Err(Fault::Broken(e)),
        }
    }

    fn away(&self, why: &io::Error) -> BusError {
        BusError::Unreachable(format!("nobody is behind {}: {why}", self.path.display()))
    }
}

/// Why a question got no answer. Only one that never went out surely changed nothing.
enum Fault {
    Away(BusError),
    Broken(io::Error),
    Said(String),
}

impl From<Fault> for BusError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Away(error) => error,
            Fault::Broken(error) => Self::Unreachable(format!("the door closed: {error}")),
            Fault::Said(why) => Self::Refused(why),
        }
    }
}

fn unexpected(answer: &Answer) -> BusError {
    BusError::Refused(format!("the other side of the door answered {answer:?}"))
}
