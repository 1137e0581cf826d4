//! Small facts that sources state, and the data-quality issues among them that nobody has resolved.
//!
//! An issue is one topic of one body: it is raised, looked at again, and at last resolved.

use std::collections::BTreeMap;

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::response::v1::ScrutinyFactRecorded;
use serde::Serialize;

use crate::table::Table;
use crate::when::{Happened, When};
use crate::{Projection, Provenance, Standing, decode, kind_of, signed_by, stream_parts};

/// The facts, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    facts: Vec<(Happened, Fact)>,
}

/// Facts on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactsView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for.
    pub as_of: String,
    /// How many facts there are of each word.
    pub words: BTreeMap<String, usize>,
    /// Data-quality issues that nobody has resolved.
    pub open_issues: Vec<Issue>,
    /// In the order of the ledger.
    pub facts: Vec<Fact>,
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// Its stream: the body and the topic.
    pub stream: String,
    /// The body.
    pub body: String,
    /// The registered word: "TrainingDelivered".
    pub fact: String,
    /// The fact, paraphrased.
    pub text: String,
    /// When.
    pub when: When,
    /// The streams it concerns.
    pub concerns: Vec<String>,
    /// Who signed.
    pub signed_by: String,
    /// The entry.
    pub entry: u64,
}

/// A data-quality issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// Its stream.
    pub stream: String,
    /// The body.
    pub body: String,
    /// What it is, as it was raised.
    pub text: String,
    /// Since when.
    pub raised: When,
    /// How often it was looked at since.
    pub reviews: usize,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

impl Projection for Facts {
    const NAME: &'static str = "facts";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        if kind_of(statement) != "ScrutinyFactRecorded" {
            return;
        }
        let Some(body) = decode::<ScrutinyFactRecorded>(statement) else { return };
        let happened = Happened::of(statement);
        let [of_body] = stream_parts(statement);
        let fact = Fact {
            stream: statement.stream.as_str().to_owned(),
            body: of_body.to_owned(),
            fact: body.fact,
            text: body.text,
            when: happened.view(),
            concerns: body.concerns,
            signed_by: signed_by(&statement.signers),
            entry: index.0,
        };
        self.facts.push((happened, fact));
    }
}

impl Facts {
    /// The facts on a day, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, as_of: Day, at: &Standing) -> FactsView {
        let past = self.facts.iter().filter(|(happened, _)| happened.by(as_of));
        let facts: Vec<Fact> = past.map(|(_, fact)| fact.clone()).collect();
        let mut words: BTreeMap<String, usize> = BTreeMap::new();
        for fact in &facts {
            *words.entry(fact.fact.clone()).or_default() += 1;
        }
        FactsView {
            provenance: Self::provenance(at),
            as_of: as_of.to_string(),
            words,
            open_issues: open_issues(&facts),
            facts,
        }
    }
}

fn open_issues(facts: &[Fact]) -> Vec<Issue> {
    let mut open: BTreeMap<&str, Issue> = BTreeMap::new();
    for fact in facts {
        match fact.fact.as_str() {
            "DataQualityIssueRaised" => {
                let issue = Issue {
                    stream: fact.stream.clone(),
                    body: fact.body.clone(),
                    text: fact.text.clone(),
                    raised: fact.when.clone(),
                    reviews: 0,
                    entries: vec![fact.entry],
                };
                open.insert(&fact.stream, issue);
            }
            "DataQualityIssueReviewed" => {
                if let Some(issue) = open.get_mut(fact.stream.as_str()) {
                    issue.reviews += 1;
                    issue.entries.push(fact.entry);
                }
            }
            "DataQualityIssueResolved" => {
                open.remove(fact.stream.as_str());
            }
            _ => {}
        }
    }
    open.into_values().collect()
}

impl FactsView {
    /// One line for each fact; open issues are its notes.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let line = |fact: &Fact| {
            vec![
                fact.stream.trim_start_matches("fact/").to_owned(),
                fact.fact.clone(),
                fact.text.clone(),
                fact.when.to_string(),
                fact.signed_by.clone(),
                fact.entry.to_string(),
            ]
        };
        let issue = |issue: &Issue| {
            format!("open data-quality issue of {}, raised {}: {}", issue.body, issue.raised, issue.text)
        };
        Table {
            title: format!("Facts, as of {}", self.as_of),
            columns: vec!["Topic", "Fact", "Text", "When", "Signed by", "Entry"],
            rows: self.facts.iter().map(line).collect(),
            notes: self.open_issues.iter().map(issue).collect(),
        }
    }
}
