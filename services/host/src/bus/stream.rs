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
    /// For so long at most, and no longer than until somebody who may erases it
    /// ([`Bus::erase`](super::Bus::erase)): what must be able to go, and is nobody's only copy.
    AtMost(Duration),
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
    /// Copies in a cluster: 1 or 3.
    pub replicas: usize,
    /// Where its messages come from, when nobody publishes to it. A bus within one process has no elsewhere, and refuses.
    pub source: Option<Source>,
}

impl StreamSpec {
    /// The same stream, kept by so many servers of a cluster.
    #[must_use]
    pub fn with_replicas(self, replicas: usize) -> StreamSpec {
        StreamSpec { replicas, ..self }
    }
}

/// A stream of another account or domain, whose owner has made an [`Outlet`] of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name there.
    pub stream: String,
    /// How its server's API is called here: `JS.kent.API`.
    pub api: String,
    /// The outlet's name.
    pub outlet: String,
    /// Where the outlet delivers: `deliver.kent.sealed`.
    pub deliver: String,
}

/// A way out of a stream, made by whoever owns it: what goes out, and where to, is fixed here, so that whoever takes from
/// it needs no right to make a reader of its own (and could have such a reader deliver to any subject of the account).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlet {
    /// Of which stream.
    pub stream: String,
    /// Its name.
    pub name: String,
    /// What goes out.
    pub subject: String,
    /// Where to.
    pub deliver: String,
}

/// Where a stream ends, from its leader. No evidence of anything: compare the last message's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Sequence of the first message that is there; one beyond the last where none is.
    pub first_sequence: u64,
    /// Sequence of the last message ever stored; 0 when there was none.
    pub last_sequence: u64,
    /// How many are there.
    pub messages: u64,
    /// How many are missing between the first and the last. On a log, more than 0 is an alarm.
    pub deleted: u64,
    /// The last message, when it is still there and was asked for.
    pub last: Option<Message>,
}

/// Who keeps a stream, as its leader says. That copies agree, nobody but a reader of each can say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    /// The server that leads; `None` in process, and on a server without a cluster.
    pub leader: Option<String>,
    /// The other servers that keep it.
    pub followers: Vec<Copy>,
    /// Where it takes from, if it does.
    pub source: Option<SourceSeen>,
}

/// One server's copy of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The server.
    pub server: String,
    /// Whether the leader counts it among those that have everything.
    pub is_current: bool,
    /// Whether the leader believes the server to be gone.
    pub is_offline: bool,
    /// How many operations it is behind.
    pub lag: u64,
    /// How long the leader has not heard of it.
    pub silent: Duration,
}

/// The other end of a stream that takes from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSeen {
    /// The stream there.
    pub stream: String,
    /// How many messages are there and not here, when last heard of.
    pub lag: u64,
    /// How long nothing has been heard of it; `None`: nothing was heard since this stream's leader leads.
    pub silent: Option<Duration>,
    /// What stands in the way, in the server's words.
    pub problem: Option<String>,
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
