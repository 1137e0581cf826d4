//! Inside the door.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncReadExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::frame::{self, Answer, Question};
use super::{LONGEST, PATIENCE, QUESTIONS};
use crate::bus::{Bus, BusError, RequestError};

/// An open door. Dropping it closes it and removes the socket: while the socket is there, whoever opened it is not done.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Door {
    /// Opens a door to a bus. A socket that nobody listens at is left from a crash and is replaced.
    ///
    /// # Errors
    /// When the folder or the socket cannot be made, or another process listens there.
    pub fn open(bus: &Bus, path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process is behind this door"));
        }
        if path.exists() {
            fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        let task = tokio::spawn(take_in(listener, bus.clone()));
        Ok(Self { path: path.to_owned(), task })
    }
}

impl Door {
    /// Takes no more questions.
    pub fn close(&self) {
        self.task.abort();
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
        // Somebody may have removed it already.
        let _ = fs::remove_file(&self.path);
    }
}

async fn take_in(listener: UnixListener, bus: Bus) {
    let room = Arc::new(Semaphore::new(QUESTIONS));
    loop {
        let place = Arc::clone(&room).acquire_owned().await.expect("nobody closes it");
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, mostly: the next attempt may find one.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let bus = bus.clone();
        tokio::spawn(async move {
            if let Err(e) = answer(stream, &bus).await {
                tracing::debug!("a question at the door ended early: {e}");
            }
            drop(place);
        });
    }
}

async fn answer(mut stream: UnixStream, bus: &Bus) -> io::Result<()> {
    let (question, payload) = timeout(PATIENCE, frame::read::<Question, _>(&mut stream)).await??;
    if let Question::Listen { pattern } = question {
        return listen(stream, bus, &pattern).await;
    }
    let (head, payload) = reply(question, payload, bus).await;
    timeout(PATIENCE, frame::write(&mut stream, &head, &payload)).await?
}

async fn reply(question: Question, payload: Bytes, bus: &Bus) -> (Answer, Bytes) {
    let answer = match question {
        Question::Ask { subject, headers, timeout_ms } => {
            let patience = Duration::from_millis(timeout_ms).min(LONGEST);
            match bus.request(&subject, frame::headers(&headers), payload, patience).await {
                Ok(said) => {
                    let head =
                        Answer::Message { subject: said.subject, headers: frame::plain(&said.headers) };
                    return (head, said.payload);
                }
                Err(RequestError::NobodyThere(subject)) => Answer::NobodyThere(subject),
                Err(RequestError::TimedOut(subject)) => Answer::TimedOut(subject),
                Err(RequestError::Refused { code, sentence }) => Answer::Refused { code, sentence },
            }
        }
        Question::Tell { subject, headers } => {
            said(bus.tell(&subject, frame::headers(&headers), payload).await.map(|()| Answer::Done))
        }
        Question::Survey { wait_ms } => {
            let seen = bus.survey(Duration::from_millis(wait_ms).min(LONGEST)).await;
            said(seen.map(|seen| Answer::Seen(seen.into_iter().map(Into::into).collect())))
        }
        Question::Tail { stream } => said(bus.extent(&stream).await.map(|tail| Answer::Tail {
            first_sequence: tail.first_sequence,
            last_sequence: tail.last_sequence,
            messages: tail.messages,
            deleted: tail.deleted,
        })),
        Question::Listen { .. } => Answer::Failed("listening has no single answer".to_owned()),
    };
    (answer, Bytes::new())
}

fn said(done: Result<Answer, BusError>) -> Answer {
    done.unwrap_or_else(|error| match error {
        BusError::NoStream(stream) => Answer::NoStream(stream),
        other => Answer::Failed(other.to_string()),
    })
}

/// Goes on until whoever listens hangs up, or the bus has drained.
async fn listen(mut stream: UnixStream, bus: &Bus, pattern: &str) -> io::Result<()> {
    let mut listener = match bus.listen(pattern).await {
        Ok(listener) => listener,
        Err(e) => return frame::write(&mut stream, &Answer::Failed(e.to_string()), &[]).await,
    };
    frame::write(&mut stream, &Answer::Done, &[]).await?;
    let (mut asks, mut told) = stream.split();
    loop {
        let heard = tokio::select! {
            heard = listener.next() => heard,
            // Nothing more is asked on this connection: whatever can be read, at its end above all, means gone.
            _ = asks.read_u8() => None,
        };
        let Some(message) = heard else { return Ok(()) };
        let head = Answer::Message { subject: message.subject, headers: frame::plain(&message.headers) };
        timeout(PATIENCE, frame::write(&mut told, &head, &message.payload)).await??;
    }
}
