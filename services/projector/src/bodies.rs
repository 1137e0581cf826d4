//! Bodies, and what documents call them: every name as written, with its source, mistakes included.
//!
//! A mistake is stored with what is wrong about it and never silently put right: whoever looks up
//! "Herefordshire" finds the body that was meant, and is told that the document is wrong.

use std::collections::BTreeMap;

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use prost::Message as _;
use scrutiny_proto::governance::v1::{BodyAliasAdded, BodyLevel, BodyRegistered};
use serde::Serialize;

use crate::table::{Table, or_empty};
use crate::{Projection, Provenance, Standing, kind_of, stream_parts};

/// The bodies, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Bodies {
    bodies: BTreeMap<String, BodyView>,
}

/// All bodies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BodiesView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// In the order of their identifiers.
    pub bodies: Vec<BodyView>,
}

/// A body and its names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct BodyView {
    /// Its identifier.
    pub body: String,
    /// Its name.
    pub name: String,
    /// What it is: "local policing body".
    pub level: &'static str,
    /// The body it is part of.
    pub part_of: String,
    /// Where what it decides goes next.
    pub feeds_to: Vec<String>,
    /// From when it exists.
    pub valid_from: Option<String>,
    /// Until when.
    pub valid_to: Option<String>,
    /// Earlier names, where the registration was revised.
    pub former_names: Vec<String>,
    /// What documents call it.
    pub aliases: Vec<AliasView>,
    /// The last entry about it.
    pub last_entry: u64,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

/// A name as a document writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AliasView {
    /// The name as written, mistakes included.
    pub as_written: String,
    /// The document.
    pub source: String,
    /// What is wrong with it; empty where nothing is.
    pub correction: String,
    /// From when the name was used.
    pub valid_from: Option<String>,
    /// Until when.
    pub valid_to: Option<String>,
    /// The entry.
    pub entry: u64,
}

/// A body that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Match {
    /// Its identifier.
    pub body: String,
    /// Its registered name.
    pub name: String,
    /// What the text was found to equal: an identifier, a name or an alias as written.
    pub matched: String,
    /// The document that writes it so; empty for an identifier or a registered name.
    pub source: String,
    /// What is wrong with the name as written; empty where nothing is.
    pub correction: String,
    /// How the text matches.
    pub how: How,
}

/// How a text matches a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// To the letter.
    Exact,
    /// Apart from case, spacing, quotes and a leading "the".
    Alike,
    /// As a part of a longer name. Given only where nothing matches as a whole.
    Part,
}

impl Projection for Bodies {
    const NAME: &'static str = "bodies";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        let [body] = stream_parts(statement);
        match kind_of(statement) {
            "BodyRegistered" => self.register(body, index.0, statement),
            "BodyAliasAdded" => self.alias(body, index.0, statement),
            _ => {}
        }
    }
}

impl Bodies {
    /// The bodies that a name may mean: exact matches first, then in the order of identifiers. A name that
    /// two bodies share gives both; an unknown one gives none.
    #[must_use]
    pub fn resolve(&self, text: &str) -> Vec<Match> {
        let mut found: Vec<_> = self.bodies.values().filter_map(|body| best_match(body, text)).collect();
        found.sort_by_key(|m| m.how);
        if found.first().is_some_and(|best| best.how < How::Part) {
            found.retain(|m| m.how < How::Part);
        }
        found
    }

    /// All bodies, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, at: &Standing) -> BodiesView {
        BodiesView { provenance: Self::provenance(at), bodies: self.bodies.values().cloned().collect() }
    }

    fn register(&mut self, id: &str, entry: u64, statement: &Statement) {
        let Ok(registered) = BodyRegistered::decode(statement.body.clone()) else { return };
        let body = self.bodies.entry(id.to_owned()).or_default();
        if !body.name.is_empty() && body.name != registered.name {
            body.former_names.push(std::mem::take(&mut body.name));
        }
        body.level = level(registered.level());
        id.clone_into(&mut body.body);
        body.name = registered.name;
        body.part_of = registered.part_of;
        body.feeds_to = registered.feeds_to;
        (body.valid_from, body.valid_to) = (given(registered.valid_from), given(registered.valid_to));
        body.last_entry = entry;
        body.entries.push(entry);
    }

    fn alias(&mut self, id: &str, entry: u64, statement: &Statement) {
        let Ok(alias) = BodyAliasAdded::decode(statement.body.clone()) else { return };
        let Some(body) = self.bodies.get_mut(id) else { return };
        let BodyAliasAdded { as_written, source, correction, valid_from, valid_to } = alias;
        let (valid_from, valid_to) = (given(valid_from), given(valid_to));
        body.aliases.push(AliasView { as_written, source, correction, valid_from, valid_to, entry });
        body.last_entry = entry;
        body.entries.push(entry);
    }
}

fn best_match(body: &BodyView, text: &str) -> Option<Match> {
    let own = [&body.body, &body.name].into_iter().chain(&body.former_names).map(|name| (name, "", ""));
    let aliases = body.aliases.iter().map(|a| (&a.as_written, a.source.as_str(), a.correction.as_str()));
    let matching = own.chain(aliases).filter_map(|name| Some((how(name.0, text)?, name)));
    let (how, (matched, source, correction)) = matching.min_by_key(|(how, _)| *how)?;
    Some(Match {
        body: body.body.clone(),
        name: body.name.clone(),
        matched: matched.clone(),
        source: source.to_owned(),
        correction: correction.to_owned(),
        how,
    })
}

fn how(name: &str, text: &str) -> Option<How> {
    if name == text {
        return Some(How::Exact);
    }
    let (name, text) = (plain(name), plain(text));
    if name == text {
        return Some(How::Alike);
    }
    let split =
        |text: &str| text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>();
    let (words, wanted) = (split(&name), split(&text));
    let is_part = !text.is_empty() && words.windows(wanted.len()).any(|window| window == wanted);
    is_part.then_some(How::Part)
}

/// Case, spacing, quotes and a leading "the" aside.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase().replace(['\u{2018}', '\u{2019}'], "'");
    let words: Vec<_> = lower.split_whitespace().collect();
    let joined = words.join(" ");
    joined.strip_prefix("the ").unwrap_or(&joined).trim_end_matches(['.', ',']).to_owned()
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn level(level: BodyLevel) -> &'static str {
    match level {
        BodyLevel::Unspecified => "unknown",
        BodyLevel::National => "national",
        BodyLevel::Force => "force",
        BodyLevel::LocalPolicingBody => "local policing body",
        BodyLevel::Board => "board",
        BodyLevel::Tactical => "tactical",
        BodyLevel::External => "external",
        BodyLevel::Collaboration => "collaboration",
        BodyLevel::Department => "department",
    }
}

impl BodiesView {
    /// One line for each name of each body.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let mut rows = Vec::new();
        for b in &self.bodies {
            let own = [
                b.name.clone(),
                String::new(),
                String::new(),
                or_empty(b.valid_from.as_ref()),
                or_empty(b.valid_to.as_ref()),
            ];
            let aliases = b.aliases.iter().map(|a| {
                let dates = (or_empty(a.valid_from.as_ref()), or_empty(a.valid_to.as_ref()));
                [a.as_written.clone(), a.source.clone(), a.correction.clone(), dates.0, dates.1]
            });
            for names in std::iter::once(own).chain(aliases) {
                rows.push([b.body.clone(), b.level.to_owned()].into_iter().chain(names).collect());
            }
        }
        Table {
            title: "Bodies and the names they go by".to_owned(),
            columns: vec!["Body", "Level", "Name as written", "Source", "Correction", "From", "To"],
            rows,
            notes: Vec::new(),
        }
    }
}
