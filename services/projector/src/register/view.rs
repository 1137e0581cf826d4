//! The register on a day: rows, totals and what is missing.

use ledger_rules::due;
use ledger_rules::report::WHOLE;
use serde::Serialize;

use super::rag::Rag;
use crate::Provenance;
use crate::figure::{FigureView, Movement};
use crate::table::{Table, or_empty};
use crate::text::Text;
use crate::when::When;

/// The register on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// The day it was computed for, YYYY-MM-DD.
    pub as_of: String,
    /// Whether every report's findings add up to what the report says (INV-05).
    pub complete: bool,
    /// Findings by report, against the report's own totals.
    pub totals: Vec<Totals>,
    /// Rows by computed colour: red, amber, green, blue, grey.
    pub colours: [usize; 5],
    /// Every finding, whether anybody owes it an answer or not.
    pub findings: Vec<FindingView>,
    /// One row for each obligation.
    pub rows: Vec<Row>,
}

/// How many findings a report says it makes, and how many are on the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// The report's stream.
    pub report: String,
    /// Its title.
    pub title: String,
    /// What sort of inspection it reports: "national", "force", "thematic", "joint", "reinspection".
    pub inspection: &'static str,
    /// The programme it belongs to; empty for none.
    pub programme: String,
    /// The day it was published; null where the source does not say.
    pub published_on: Option<String>,
    /// The day a web copy says it was last updated. It is not a publication date.
    pub last_updated_on: Option<String>,
    /// One for each kind of finding that the report counts or the ledger holds.
    pub kinds: Vec<Gap>,
    /// What the inspectorate said about the report as a whole.
    pub remarks: Vec<Remark>,
    /// Null when they add up, else what is missing, in words.
    pub warning: Option<String>,
    /// Every entry the counts rest on.
    pub entries: Vec<u64>,
}

/// Expected and issued findings of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The kind: "recommendation".
    pub kind: &'static str,
    /// As the report says; null when it does not say.
    pub expected: Option<u32>,
    /// On the ledger.
    pub issued: u32,
}

/// A document's own number for a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alias {
    /// The document.
    pub source: String,
    /// The body whose document it is.
    pub used_by: String,
    /// The number.
    pub label: String,
}

/// What the inspectorate said that is not itself a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// "key finding", "expectation", "assessed met", "commitment", "progress", "practice".
    pub kind: &'static str,
    /// The remark, paraphrased.
    pub text: String,
    /// The figure it rests on; null where it has none. It measures what the text says.
    pub figure: Option<FigureView>,
    /// What the remark or its figure does not say.
    pub caveat: String,
    /// The entry.
    pub entry: u64,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingView {
    /// Its stream: the canonical id.
    pub finding: String,
    /// What sort of finding.
    pub kind: &'static str,
    /// Short title.
    pub title: String,
    /// Text or paraphrase.
    pub text: String,
    /// Chapter or theme.
    pub theme: String,
    /// Whom it is addressed to.
    pub addressees: Vec<String>,
    /// What documents call it.
    pub aliases: Vec<Alias>,
    /// By when, as the report says.
    pub due: DueView,
    /// The earlier finding or cycle it repeats.
    pub repeats: String,
    /// Figures at issue, in the order of the ledger.
    pub figures: Vec<FigureView>,
    /// Figures against the one before of the same measure.
    pub movements: Vec<Movement>,
    /// What the inspectorate said about it later: progress, expectations, "assessed met".
    pub remarks: Vec<Remark>,
    /// True when two people attested it and the inspectorate did not sign.
    pub attested: bool,
    /// How many obligations rest on it.
    pub obligations: usize,
    /// The last entry about it.
    pub last_entry: u64,
    /// Every entry it rests on.
    pub entries: Vec<u64>,
}

/// Due words, and what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DueView {
    /// The words as written.
    pub words: String,
    /// The date by the default reading; null where the words give none.
    pub due: Option<String>,
    /// The date by the strictest reading, where it differs.
    pub strict: Option<String>,
    /// The rule that read the words: "R3"; null when none does.
    pub rule: Option<due::Rule>,
    /// How precise the words are.
    pub precision: Option<due::DuePrecision>,
    /// True where the date rests on a convention that the words do not state.
    pub interpreted: bool,
}

/// One obligation on the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its stream.
    pub obligation: String,
    /// Who owes it.
    pub body: String,
    /// The finding's stream.
    pub finding: String,
    /// Kind of finding.
    pub kind: &'static str,
    /// Title of the finding.
    pub title: String,
    /// What documents of its force area call it; several where they differ.
    pub labels: Vec<String>,
    /// Key of the limb, "0" for the whole.
    pub limb: String,
    /// Text of the limb.
    pub limb_text: String,
    /// True where s.55(5B) strictly applies.
    pub strict_55_5b: bool,
    /// The date it is held to.
    pub due: DueView,
    /// Who set that date: "report", "body" or "" for nobody.
    pub due_set_by: &'static str,
    /// The role that owns it.
    pub owner_role: String,
    /// Bodies that oversee it.
    pub oversight: Vec<String>,
    /// What sort of answer; null before there is one.
    pub response_type: Option<&'static str>,
    /// The answer, paraphrased; empty before there is one.
    pub response_text: String,
    /// When it was given.
    pub response_when: Option<When>,
    /// The last word on progress.
    pub progress: Option<Progress>,
    /// Colour by the rules of this definition.
    pub rag: Rag,
    /// Why that colour.
    pub rag_reason: String,
    /// True when it is red and its date has passed.
    pub overdue: bool,
    /// Colour that the body declared last.
    pub rag_declared: Option<&'static str>,
    /// Where the body says it stands.
    pub force_status: &'static str,
    /// Where the inspectorate says it stands, in the words of its public register.
    pub inspectorate_status: &'static str,
    /// How it was closed, while it is.
    pub closure: Option<Closure>,
    /// Claims that name a figure or evidence, and pieces of evidence for completion.
    pub evidence: usize,
    /// Claims that name none.
    pub claims_unevidenced: usize,
    /// When it came to be.
    pub created: When,
    /// What happened to it, in the order of the ledger.
    pub history: Vec<Happening>,
    /// Days from the report's publication, or the obligation's creation, to closure or this day.
    pub days_open: Option<i32>,
    /// Who signed the last entry.
    pub last_signed_by: Text,
    /// The last entry about it, up to this day.
    pub last_entry: u64,
    /// Every entry it rests on, up to this day.
    pub entries: Vec<u64>,
    /// Of these, the ones signed with a key that is known to have been compromised by then (INV-34). They still count.
    pub suspect_entries: Vec<u64>,
}

/// Something that happened to an obligation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// When.
    pub when: When,
    /// What: "answered", "closed", "reopened".
    pub what: &'static str,
    /// Who signed.
    pub signed_by: Text,
    /// The entry.
    pub entry: u64,
}

/// A word on progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// When.
    pub when: When,
    /// What happened.
    pub note: String,
    /// Why it is late, where it is.
    pub delay_reason: String,
    /// The entry.
    pub entry: u64,
}

/// How an obligation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closure {
    /// When.
    pub when: When,
    /// How: "complete", "no further action", "superseded".
    pub outcome: &'static str,
    /// The inspectorate's words.
    pub wording: String,
    /// How it was verified.
    pub verification_method: String,
    /// What takes its place.
    pub successor: String,
    /// "signed by the inspectorate", or "attested, not inspectorate-signed".
    pub authority: &'static str,
    /// The entry.
    pub entry: u64,
}

/// "recommendations", "areas for improvement".
fn plural(kind: &str) -> String {
    match kind.split_once(' ') {
        Some((first, rest)) if rest != "practice" => format!("{first}s {rest}"),
        _ => format!("{kind}s"),
    }
}

impl Totals {
    /// "force inspection, PEEL 2018/19, last updated 2020-01-21".
    fn about(&self) -> String {
        let named = |word: &str, day: &Option<String>| day.as_ref().map(|day| format!("{word} {day}"));
        let parts = [
            Some(format!("{} inspection", self.inspection)),
            Some(self.programme.clone()).filter(|programme| !programme.is_empty()),
            named("published", &self.published_on),
            named("last updated", &self.last_updated_on),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Remark {
    /// The figure with what it does not say: "91 of 100 (91.0 %); …"; none where there is no figure.
    #[must_use]
    pub fn figure_words(&self) -> Option<String> {
        let figure = self.figure.as_ref()?;
        let caveat = if self.caveat.is_empty() { String::new() } else { format!("; {}", self.caveat) };
        Some(format!("{}: {}{caveat}", self.text.trim_end_matches('.'), figure.words))
    }
}

impl RegisterView {
    /// One line for each obligation; the totals and their warnings are its notes.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let line = |row: &Row| {
            let limb = if row.limb == WHOLE { String::new() } else { format!(" ({})", row.limb) };
            vec![
                format!("{}{limb}", row.finding.trim_start_matches("finding/")),
                row.labels.join(", "),
                row.body.clone(),
                row.title.clone(),
                row.due.words.clone(),
                or_empty(row.due.due.as_ref()),
                row.response_type.unwrap_or_default().to_owned(),
                row.force_status.to_owned(),
                row.inspectorate_status.to_owned(),
                row.rag.as_str().to_owned(),
                row.rag_reason.clone(),
                row.last_entry.to_string(),
            ]
        };
        let total = |t: &Totals| {
            let counts: Vec<_> = t
                .kinds
                .iter()
                .map(|g| {
                    let expected = g.expected.map_or("?".to_owned(), |e| e.to_string());
                    format!("{} of {expected} {}", g.issued, plural(g.kind))
                })
                .collect();
            let warning = t.warning.as_ref().map_or_else(String::new, |w| format!(" WARNING: {w}"));
            format!("{} ({}): {}{warning}", t.report, t.about(), counts.join(", "))
        };
        Table {
            title: format!("Register of findings and obligations, as of {}", self.as_of),
            columns: vec![
                "Finding",
                "Called",
                "Body",
                "Title",
                "Due words",
                "Due",
                "Response",
                "Body says",
                "Inspectorate says",
                "RAG",
                "Why",
                "Last entry",
            ],
            rows: self.rows.iter().map(line).collect(),
            notes: self.totals.iter().map(total).collect(),
        }
    }
}
