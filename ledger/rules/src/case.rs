//! One statement before the rules: everything a rule may look at, and nothing else.

use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use prost::Message;

use crate::civil::Day;
use crate::kinds::{self, Known};
use crate::refusal::{Code, Refusal};
use crate::state::State;

/// Where and when a statement is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The position it takes in the log.
    pub index: EntryIndex,
    /// Leaf hash of the entry before it; zeros for the first.
    pub previous: Hash,
    /// How many entries its stream holds before it.
    pub stream_version: u64,
    /// The recorder's clock, milliseconds since the Unix epoch.
    pub recorded_at_ms: u64,
}

impl Context {
    /// Where and when a recorded entry stands, as every replay sees it.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        Self {
            index: entry.index,
            previous: entry.previous,
            stream_version: entry.stream_version.saturating_sub(1),
            recorded_at_ms: entry.recorded_at_ms,
        }
    }
}

pub(crate) struct Case<'a> {
    pub(crate) state: &'a State,
    pub(crate) statement: &'a Statement,
    pub(crate) context: &'a Context,
    pub(crate) known: &'static Known,
    /// The day of recording in London.
    pub(crate) today: Day,
}

impl<'a> Case<'a> {
    pub(crate) fn stream(&self) -> &'a str {
        self.statement.stream.as_str()
    }

    /// A parameter of the stream, by the name the kind's pattern gives it.
    pub(crate) fn param(&self, name: &str) -> &'a str {
        kinds::param(self.known.kind.stream.as_str(), self.stream(), name)
    }

    /// The body's message. The body has been validated before any rule asks for it.
    pub(crate) fn body<M: Message + Default>(&self) -> Result<M, Refusal> {
        M::decode(self.statement.body.clone())
            .map_err(|e| Refusal { code: Code::BodyMalformed, sentence: e.to_string() })
    }

    /// Refuses a day that has not come yet.
    pub(crate) fn not_in_future(&self, what: &str, day: Option<Day>) -> Result<(), Refusal> {
        match day {
            Some(day) if day > self.today => Err(Refusal {
                code: Code::DateOrder,
                sentence: format!("{what} is {day}, after the day of recording, {}", self.today),
            }),
            _ => Ok(()),
        }
    }
}
