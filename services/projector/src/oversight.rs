//! Acts of oversight: what was looked into, assured and said, what was submitted and published, and how closely
//! the inspectorate watches a force.
//!
//! Each act stands for itself. None of them changes what is owed: to scrutinise is not to decide, and an
//! assurance is the word of whoever gave it.

mod read;

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use serde::Serialize;

use crate::table::Table;
use crate::when::{Happened, When};
use crate::{Projection, Provenance, Standing, is_attested, kind_of, signed_by, stream_parts};

/// The acts, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Oversight {
    acts: Vec<(Happened, Act)>,
}

/// Acts of oversight on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OversightView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// In the order of the ledger.
    pub acts: Vec<Act>,
}

/// An act of oversight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// The kind of statement: "AssuranceGiven".
    pub kind: String,
    /// Its stream.
    pub stream: String,
    /// The body that the stream belongs to: it scrutinises, is assured, answers, submits, publishes or is monitored.
    pub body: String,
    /// What was done or said, in words.
    pub what: String,
    /// The role code of who is quoted; empty where nobody is.
    pub speaker_role: String,
    /// The meeting it was done at, as a stream; empty where none is named.
    pub meeting: String,
    /// The streams it concerns: for words in a response, the report answered.
    pub concerns: Vec<String>,
    /// Digest of what was submitted or published; empty where there is nothing to digest.
    pub sha256: String,
    /// When.
    pub when: When,
    /// Who signed.
    pub signed_by: String,
    /// True when two people attested it from a document of the inspectorate.
    pub attested: bool,
    /// Every entry it rests on: an act is one.
    pub entries: [u64; 1],
}

impl Projection for Oversight {
    const NAME: &'static str = "oversight";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        let Some(read) = read::of(statement) else { return };
        let happened = Happened::of(statement);
        let [body] = stream_parts(statement);
        let act = Act {
            kind: kind_of(statement).to_owned(),
            stream: statement.stream.as_str().to_owned(),
            body: body.to_owned(),
            what: read.what,
            speaker_role: read.speaker_role,
            meeting: read.meeting,
            concerns: read.concerns,
            sha256: read.sha256,
            when: happened.view(),
            signed_by: signed_by(&statement.signers),
            attested: is_attested(&statement.signers),
            entries: [index.0],
        };
        self.acts.push((happened, act));
    }
}

impl Oversight {
    /// The acts on a day, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> OversightView {
        let past = self.acts.iter().filter(|(happened, _)| happened.by(as_of));
        let acts = past.map(|(_, act)| act.clone()).collect();
        OversightView { provenance: Self::provenance(at), as_of: as_of.to_string(), acts }
    }
}

impl OversightView {
    /// One line for each act.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let line = |act: &Act| {
            vec![
                act.when.to_string(),
                act.kind.clone(),
                act.stream.clone(),
                act.what.clone(),
                act.signed_by.clone(),
                act.concerns.join(" "),
                act.entries[0].to_string(),
            ]
        };
        Table {
            title: format!("Acts of oversight, as of {}", self.as_of),
            columns: vec!["When", "Act", "Stream", "What", "Signed by", "Concerns", "Entry"],
            rows: self.acts.iter().map(line).collect(),
            notes: Vec::new(),
        }
    }
}
