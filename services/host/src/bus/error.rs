//! What can go wrong on the way, told apart by what the caller has to do next.

/// Why a message is not known to be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It may or may not be stored: read the stream again, or send the same bytes with the same id again.
    #[error("no answer from the bus, so the message may or may not be stored: {0}")]
    Unknown(String),
    /// Surely not stored, and sending it again will not help: not permitted, or too large.
    #[error("the bus refused the message: {0}")]
    Refused(String),
    /// Surely not stored: the stream holds all it may. Wait until its reader has caught up.
    #[error("the stream is full: {0}")]
    Full(String),
    /// Surely not stored: the stream's last sequence was not the expected one, so somebody else wrote.
    #[error("the stream has moved on: message {expected} is no longer its last")]
    Fenced {
        /// What the caller believed to be the last sequence.
        expected: u64,
    },
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Nobody serves the subject now.
    #[error("nobody serves {0} at the moment")]
    NobodyThere(String),
    /// No answer in time. It may have been done nevertheless.
    #[error("no answer from {0} in time")]
    TimedOut(String),
    /// The service, or the bus on its behalf (code 403), says no.
    #[error("{sentence} (code {code})")]
    Refused {
        /// As in HTTP: 4xx for what the caller can mend, 503 for "busy, ask again".
        code: u16,
        /// For a person.
        sentence: String,
    },
}

/// Why an acknowledgement is not known to have been taken: the message will come again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the acknowledgement was not confirmed, so the message will come again: {0}")]
pub struct AckError(pub String);

/// Why a follower stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// The stream has lost messages that were to come: get them elsewhere and follow from `got`.
    #[error("the stream {stream} goes on at message {got} where {expected} was next: it has lost messages")]
    Gap {
        /// Which stream.
        stream: String,
        /// The next one by count.
        expected: u64,
        /// The next one the stream has.
        got: u64,
    },
    /// The stream ends before a message that was delivered already, so its numbers will come again.
    #[error("the stream {stream} ends at message {last}, yet {expected} was next: it has lost its end")]
    WentBack {
        /// Which stream.
        stream: String,
        /// The next one by count.
        expected: u64,
        /// What the stream says is its last.
        last: u64,
    },
}

/// Why the bus could not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BusError {
    /// The broker cannot be reached now.
    #[error("the broker cannot be reached: {0}")]
    Unreachable(String),
    /// There is no such stream: it has not been provisioned, or it was deleted.
    #[error("there is no stream {0}: has it been provisioned?")]
    NoStream(String),
    /// Not permitted, or not as the broker wants it. Trying again does not help.
    #[error("the broker refused: {0}")]
    Refused(String),
    /// The connection's own settings are wrong.
    #[error("{0}")]
    Settings(String),
}
