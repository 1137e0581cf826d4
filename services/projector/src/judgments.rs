//! Judgments: grades by area, counted by report, and what may not be compared.
//!
//! A grade that was carried over is shown with its cycle and counted apart. Grades on different scales are
//! not comparable, and a comparison of them says so instead of giving an answer.

use std::collections::BTreeMap;

use ledger_core::ids::EntryIndex;
use ledger_core::statement::Statement;
use prost::Message as _;
use scrutiny_proto::inspection::v1::{Grade, GradeScheme, JudgmentGiven};
use serde::Serialize;

use crate::table::Table;
use crate::{Projection, Provenance, Standing, is_attested, kind_of, stream_parts};

/// The judgments, as folded so far.
#[derive(Debug, Clone, Default)]
pub struct Judgments {
    /// Stream → judgment; a later one on the same stream corrects it.
    judgments: BTreeMap<String, JudgmentView>,
}

/// All judgments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JudgmentsView {
    /// Where it comes from.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// Grades counted by report, body and scale.
    pub counts: Vec<Counts>,
    /// One for each area.
    pub judgments: Vec<JudgmentView>,
    /// Pairs of reports on one body whose grades may not be compared.
    pub warnings: Vec<String>,
}

/// A grade for an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JudgmentView {
    /// Its stream.
    pub judgment: String,
    /// The report's stream.
    pub report: String,
    /// The body judged.
    pub body: String,
    /// The area as written; "unknown" where the source gives a count and no name.
    pub area: String,
    /// Grades on the scale: 4 or 5.
    pub scheme: u8,
    /// The grade.
    pub grade: &'static str,
    /// Whether the area was inspected this time.
    pub inspected: bool,
    /// The cycle that a carried-over grade comes from.
    pub carried_over_from: String,
    /// True when two people attested it and the inspectorate did not sign.
    pub attested: bool,
    /// The entry.
    pub entry: u64,
}

/// How many areas have which grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The report's stream.
    pub report: String,
    /// The body judged.
    pub body: String,
    /// Grades on the scale: 4 or 5.
    pub scheme: u8,
    /// Areas judged.
    pub areas: usize,
    /// Outstanding.
    pub outstanding: usize,
    /// Good.
    pub good: usize,
    /// Adequate; always 0 on the scale of four.
    pub adequate: usize,
    /// Requires improvement.
    pub requires_improvement: usize,
    /// Inadequate.
    pub inadequate: usize,
    /// Of all areas, how many were carried over and not inspected.
    pub carried_over: usize,
}

/// What setting two reports side by side gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Whether the grades are on the same scale.
    pub comparable: bool,
    /// Why not, in words; null when they are.
    pub warning: Option<String>,
}

impl Projection for Judgments {
    const NAME: &'static str = "judgments";
    const DEFINITION_VERSION: u32 = 1;

    fn apply(&mut self, index: EntryIndex, _recorded_at_ms: u64, statement: &Statement) {
        if kind_of(statement) != "JudgmentGiven" {
            return;
        }
        let Ok(body) = JudgmentGiven::decode(statement.body.clone()) else { return };
        let [report, _area] = stream_parts(statement);
        let view = JudgmentView {
            judgment: statement.stream.as_str().to_owned(),
            report: format!("report/{report}"),
            scheme: if body.scheme() == GradeScheme::Four { 4 } else { 5 },
            grade: grade(body.grade()),
            inspected: body.inspected,
            attested: is_attested(&statement.signers),
            body: body.judged_body,
            area: body.area,
            carried_over_from: body.carried_over_from,
            entry: index.0,
        };
        self.judgments.insert(view.judgment.clone(), view);
    }
}

impl Judgments {
    /// All judgments, from a tree of this size and root.
    #[must_use]
    pub fn view(&self, at: &Standing) -> JudgmentsView {
        let counts = self.counts();
        let mut warnings = Vec::new();
        for (i, one) in counts.iter().enumerate() {
            for other in counts[i + 1..].iter().filter(|other| other.body == one.body) {
                warnings.extend(compare(one, other).warning);
            }
        }
        JudgmentsView {
            provenance: Self::provenance(at),
            counts,
            judgments: self.judgments.values().cloned().collect(),
            warnings,
        }
    }

    /// Whether the grades of two reports (streams) may be compared. Reports without judgments may not.
    #[must_use]
    pub fn compare(&self, one: &str, other: &str) -> Comparison {
        let counts = self.counts();
        let of = |report: &str| counts.iter().filter(|c| c.report == report).cloned().collect::<Vec<_>>();
        let (ones, others) = (of(one), of(other));
        let empty = [(one, ones.is_empty()), (other, others.is_empty())];
        if let Some((report, _)) = empty.iter().find(|(_, is_empty)| *is_empty) {
            return Comparison {
                comparable: false,
                warning: Some(format!("no judgment of {report} is on the ledger")),
            };
        }
        let pairs = ones.iter().flat_map(|a| others.iter().map(move |b| compare(a, b)));
        pairs.into_iter().find(|c| !c.comparable).unwrap_or(Comparison { comparable: true, warning: None })
    }

    fn counts(&self) -> Vec<Counts> {
        let mut counts: BTreeMap<(&str, &str, u8), Vec<&JudgmentView>> = BTreeMap::new();
        for judgment in self.judgments.values() {
            let key = (judgment.report.as_str(), judgment.body.as_str(), judgment.scheme);
            counts.entry(key).or_default().push(judgment);
        }
        let count = |((report, body, scheme), of): (_, Vec<&JudgmentView>)| {
            let graded = |grade: &str| of.iter().filter(|j| j.grade == grade).count();
            Counts {
                report: str::to_owned(report),
                body: str::to_owned(body),
                scheme,
                areas: of.len(),
                outstanding: graded("outstanding"),
                good: graded("good"),
                adequate: graded("adequate"),
                requires_improvement: graded("requires improvement"),
                inadequate: graded("inadequate"),
                carried_over: of.iter().filter(|j| !j.inspected).count(),
            }
        };
        counts.into_iter().map(count).collect()
    }
}

fn compare(one: &Counts, other: &Counts) -> Comparison {
    if one.scheme == other.scheme {
        return Comparison { comparable: true, warning: None };
    }
    let warning = format!(
        "not comparable: {} grades on a scale of {}, {} on a scale of {}",
        one.report, one.scheme, other.report, other.scheme
    );
    Comparison { comparable: false, warning: Some(warning) }
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Unspecified => "unknown",
        Grade::Outstanding => "outstanding",
        Grade::Good => "good",
        Grade::Adequate => "adequate",
        Grade::RequiresImprovement => "requires improvement",
        Grade::Inadequate => "inadequate",
    }
}

impl JudgmentsView {
    /// One line for each area; counts and warnings are its notes.
    #[must_use]
    pub fn to_table(&self) -> Table {
        let line = |j: &JudgmentView| {
            let how = if j.inspected {
                "inspected".to_owned()
            } else {
                format!("carried over from {}", j.carried_over_from)
            };
            let report = j.report.trim_start_matches("report/").to_owned();
            vec![report, j.body.clone(), j.area.clone(), j.grade.to_owned(), format!("of {}", j.scheme), how]
        };
        let count = |c: &Counts| {
            format!(
                "{}, {}: {} areas: {} outstanding, {} good, {} adequate, {} requires improvement, {} inadequate; \
                 {} carried over",
                c.report,
                c.body,
                c.areas,
                c.outstanding,
                c.good,
                c.adequate,
                c.requires_improvement,
                c.inadequate,
                c.carried_over
            )
        };
        Table {
            title: "Judgments".to_owned(),
            columns: vec!["Report", "Body", "Area", "Grade", "Scale", "How"],
            rows: self.judgments.iter().map(line).collect(),
            notes: self.warnings.iter().cloned().chain(self.counts.iter().map(count)).collect(),
        }
    }
}
