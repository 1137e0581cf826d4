//! Streams: what one is to be, what one is, and what is wrong with it.

use std::fmt;
use std::time::Duration;

use super::message::Message;

/// How long a stream keeps a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// Until its one reader has acknowledged it (a work queue).
    UntilTaken,
    /// For ever. In process, the newest [`StreamSpec::memory_bytes`] of them.
    Everything,
}

/// What a stream is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamSpec {
    /// Its name, unique in the account.
    pub name: String,
    /// What it keeps.
    pub subjects: Vec<String>,
    /// For how long.
    pub keeps: Keeps,
    /// How long it remembers a message's id.
    pub duplicate_window: Duration,
    /// Beyond this, publishers are told that it is full; nothing old is thrown away.
    pub max_bytes: Option<u64>,
    /// One message, headers included.
    pub max_message_bytes: usize,
    /// In process only: what is held in memory. A queue is full then; a log forgets its oldest messages, and
    /// a follower who wanted them is told so ([`super::FollowError::Gap`]).
    pub memory_bytes: u64,
    /// Copies in a cluster.
    pub replicas: usize,
}

/// Where a stream ends, from its leader. No evidence of anything: compare the last message's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Sequence of the last message ever stored; 0 when there was none.
    pub last_sequence: u64,
    /// How many are there.
    pub messages: u64,
    /// How many are missing between the first and the last. On a log, more than 0 is an alarm.
    pub deleted: u64,
    /// The last message, when it is still there.
    pub last: Option<Message>,
}

/// One thing that is wrong with a stream or its server, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Which setting.
    pub setting: &'static str,
    /// What is wrong, why that matters, and what to do.
    pub sentence: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}
