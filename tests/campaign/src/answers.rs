//! What a worker says, a line at a time, and how it is read.
//!
//! ```text
//! pid <process id>
//! opened <milliseconds>          or  unopened <reason>
//! ack <index> <leaf hash> <statement id>
//! refused <SHA-256 of the statement>
//! no <reason>                    the recorder cannot take it now
//! seen <size> <root>             a checkpoint that anybody could have fetched
//! read ok                        or  read <reason>
//! done
//! ```

use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Pid(u32),
    Opened { ms: u64 },
    Unopened(String),
    Ack { index: EntryIndex, leaf: Hash, id: String },
    Refused(Hash),
    No(String),
    Seen { size: TreeSize, root: Hash },
    Read(Result<(), String>),
    Done,
}

impl Line {
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Pid(pid) => format!("pid {pid}\n"),
            Self::Opened { ms } => format!("opened {ms}\n"),
            Self::Unopened(why) => format!("unopened {}\n", one_line(why)),
            Self::Ack { index, leaf, id } => format!("ack {} {} {id}\n", index.0, leaf.to_hex()),
            Self::Refused(digest) => format!("refused {}\n", digest.to_hex()),
            Self::No(why) => format!("no {}\n", one_line(why)),
            Self::Seen { size, root } => format!("seen {} {}\n", size.0, root.to_hex()),
            Self::Read(Ok(())) => "read ok\n".to_owned(),
            Self::Read(Err(why)) => format!("read {}\n", one_line(why)),
            Self::Done => "done\n".to_owned(),
        }
    }

    /// Reads a line. A worker that was killed may have left half of one, which says nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut parts = rest.split(' ');
        Some(match word {
            "pid" => Self::Pid(rest.parse().ok()?),
            "opened" => Self::Opened { ms: rest.parse().ok()? },
            "unopened" => Self::Unopened(rest.to_owned()),
            "ack" => Self::Ack {
                index: EntryIndex(parts.next()?.parse().ok()?),
                leaf: Hash::from_hex(parts.next()?)?,
                id: parts.next().filter(|id| id.len() == 36)?.to_owned(),
            },
            "refused" => Self::Refused(Hash::from_hex(rest)?),
            "no" => Self::No(rest.to_owned()),
            "seen" => Self::Seen {
                size: TreeSize(parts.next()?.parse().ok()?),
                root: Hash::from_hex(parts.next()?)?,
            },
            "read" if rest == "ok" => Self::Read(Ok(())),
            "read" => Self::Read(Err(rest.to_owned())),
            "done" => Self::Done,
            _ => return None,
        })
    }

    /// The id of the statement that this line acknowledges.
    pub(crate) fn acknowledged(&self) -> Option<&str> {
        if let Self::Ack { id, .. } = self { Some(id) } else { None }
    }

    /// True for an answer to a fact that was submitted.
    pub(crate) fn is_answer(&self) -> bool {
        matches!(self, Self::Ack { .. } | Self::Refused(_) | Self::No(_))
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
