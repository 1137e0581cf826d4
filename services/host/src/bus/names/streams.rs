//! The streams of a force, and those that the hub keeps of it.

use std::time::Duration;

use super::{Force, MAX_MESSAGE_BYTES};
use crate::bus::stream::{Keeps, Outlet, Source, StreamSpec};

/// Bytes the inbox of a force keeps for a recorder that is away: a month of 90,000 statements a day at 1.5 kB
/// each. Beyond that, publishers wait with their outboxes.
const INBOX_BYTES: u64 = 4 << 30;

/// What an in-process stream keeps in memory.
const IN_PROCESS_BYTES: u64 = 64 << 20;

/// How long a stream remembers an id. NATS's default: a convenience only, the recorder's index is the rule.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);

/// How long an addendum waits for recorders that are away. They are content that can be erased, so that no copy may stay
/// for ever where nobody looks; a recorder that comes later asks the one that leads.
const ADDENDA_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Who takes from the sealed stream beyond the force: the name of the [`Outlet`].
const HUB: &str = "hub";

impl Force {
    /// The stream that keeps statements until the recorder has them.
    pub fn inbox(&self) -> StreamSpec {
        StreamSpec {
            subjects: vec![format!("ev.{self}.>")],
            keeps: Keeps::UntilTaken,
            max_bytes: Some(INBOX_BYTES),
            ..self.log("INBOX")
        }
    }

    /// The stream of sealed batches.
    pub fn sealed_log(&self) -> StreamSpec {
        StreamSpec { subjects: vec![self.sealed()], ..self.log("SEALED") }
    }

    /// The stream of what sealed batches leave out because it can be erased, for recorders that stand by.
    pub fn addenda(&self) -> StreamSpec {
        StreamSpec {
            subjects: vec![self.addendum("*")],
            keeps: Keeps::AtMost(ADDENDA_AGE),
            ..self.log("ADDENDA")
        }
    }

    /// The force's own side of what the hub takes: sealed batches, and nothing else.
    pub fn outlet(&self) -> Outlet {
        Outlet {
            stream: self.stream("SEALED"),
            name: HUB.to_owned(),
            subject: self.sealed(),
            deliver: format!("deliver.{self}.sealed"),
        }
    }

    /// The hub's copy of [`Force::sealed_log`], of the same name: nobody publishes to it, it takes from the force's.
    /// Ids were compared where they came in, so that it remembers none.
    pub fn sealed_at_hub(&self) -> StreamSpec {
        let Outlet { stream, name, deliver, .. } = self.outlet();
        StreamSpec {
            duplicate_window: Duration::ZERO,
            source: Some(Source { stream, api: self.api(), outlet: name, deliver }),
            ..self.log("SEALED")
        }
    }

    /// How the API of a force's streams is called outside of the force.
    pub fn api(&self) -> String {
        format!("JS.{self}.API")
    }

    /// A stream that keeps everything, of nothing yet.
    fn log(&self, what: &str) -> StreamSpec {
        StreamSpec {
            name: self.stream(what),
            subjects: Vec::new(),
            keeps: Keeps::Everything,
            duplicate_window: DUPLICATE_WINDOW,
            max_bytes: None,
            max_message_bytes: MAX_MESSAGE_BYTES,
            memory_bytes: IN_PROCESS_BYTES,
            replicas: 1,
            source: None,
        }
    }

    fn stream(&self, what: &str) -> String {
        format!("{what}_{}", self.as_str().to_ascii_uppercase())
    }
}
