//! What this machine remembers between two commands: how long streams were when last seen, and what was recorded.
//!
//! A statement says what its signer had seen. Where no desk can be asked, that is what is remembered here. It may be
//! lost: then nothing was seen, and a statement in an old stream goes back to its signer with a conflict.

use std::collections::BTreeMap;

use ledger_core::hash::Hash;
use ledger_core::statement::{Expected, Statement};
use serde::{Deserialize, Serialize};

use super::Outbox;
use crate::exit::{Done, Stop, io};

/// Streams and statements that are remembered. Of more, the memory begins anew.
const MOST: usize = 20_000;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Stream → entries it held.
    #[serde(default)]
    streams: BTreeMap<String, u64>,
    /// What was said → the entry that says it.
    #[serde(default)]
    recorded: BTreeMap<String, u64>,
    /// Place → the force whose desks are there.
    #[serde(default)]
    forces: BTreeMap<String, String>,
}

impl Memory {
    pub(crate) fn seen(&self, stream: &str) -> u64 {
        self.streams.get(stream).copied().unwrap_or(0)
    }

    pub(crate) fn see(&mut self, stream: &str, entries: u64) {
        if self.streams.len() >= MOST {
            self.streams.clear();
        }
        self.streams.insert(stream.to_owned(), entries);
    }

    /// What a statement was signed on top of, and itself.
    pub(crate) fn signed(&mut self, statement: &Statement) {
        let before = match statement.expected {
            Expected::Version(version) => version,
            Expected::Any => self.seen(statement.stream.as_str()),
        };
        self.see(statement.stream.as_str(), before + 1);
    }

    /// The entry that says the same, where one was recorded from here.
    pub(crate) fn entry_that_says(&self, statement: &Statement) -> Option<u64> {
        self.recorded.get(&gist(statement)).copied()
    }

    pub(crate) fn force_at(&self, place: &str) -> Option<&String> {
        self.forces.get(place)
    }

    pub(crate) fn found(&mut self, place: &str, force: &str) {
        self.forces.insert(place.to_owned(), force.to_owned());
    }

    pub(crate) fn recorded(&mut self, statement: &Statement, index: u64) {
        if self.recorded.len() >= MOST {
            self.recorded.clear();
        }
        self.recorded.insert(gist(statement), index);
    }
}

/// What a statement says, apart from when it was made: kind, stream, body, who signs.
pub(crate) fn gist(statement: &Statement) -> String {
    let mut text = format!("{}\n{}\n{}\n", statement.ledger, statement.kind, statement.stream);
    for signer in &statement.signers {
        text.push_str(&format!("{} of {}\n", signer.role, signer.body));
    }
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&statement.body);
    Hash::of(&bytes).to_hex()
}

impl Outbox {
    /// What is remembered; nothing where there is no memory yet, or none that reads.
    pub(crate) fn memory(&self) -> Memory {
        let text = std::fs::read(self.dir.join("memory.json")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(crate) fn remember(&self, memory: &Memory) -> Done {
        let path = self.dir.join("memory.json");
        let text = serde_json::to_vec(memory).map_err(|e| Stop::Io(e.to_string()))?;
        if !self.dir.is_dir() {
            std::fs::create_dir_all(&self.dir).map_err(io(&self.dir))?;
        }
        self.replace(&path, &text)
    }
}
