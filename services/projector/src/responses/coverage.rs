//! What a response covers of what it should (INV-09).

use std::collections::{BTreeMap, BTreeSet};

use scrutiny_proto::response::v1::{Coverage, CoverageMode};

use super::view::{CoverageView, ObligationCoverage};
use super::{Case, Tracker};

/// An obligation that should be covered, and how it is.
struct Owed<'a> {
    stream: &'a str,
    mode: Option<CoverageMode>,
}

impl Owed<'_> {
    fn is_covered(&self) -> bool {
        self.mode.is_some()
    }

    fn is_specific(&self) -> bool {
        self.mode == Some(CoverageMode::Specific)
    }

    fn view(&self) -> ObligationCoverage {
        let mode = self.mode.map(|mode| match mode {
            CoverageMode::Specific => "specific",
            CoverageMode::Blanket => "blanket",
            CoverageMode::Unspecified => "unknown",
        });
        ObligationCoverage { obligation: self.stream.to_owned(), mode }
    }

    fn finding(&self) -> &str {
        self.stream.split('/').nth(3).unwrap_or_default()
    }
}

impl Tracker {
    /// The last publication's coverage, or the last letter's where nothing is published.
    pub(super) fn coverage(&self, body: &str, report: &str, case: &Case) -> CoverageView {
        let published = case.published.last().map(|(_, p)| &p.covers);
        let covers = published.or_else(|| case.prepared.last().map(|(_, p)| &p.covers));
        let owed = self.owed(body, report, covers.map_or(&[], Vec::as_slice));
        let mut findings: BTreeMap<&str, Vec<&Owed<'_>>> = BTreeMap::new();
        for obligation in &owed {
            findings.entry(obligation.finding()).or_default().push(obligation);
        }
        let all = |is: fn(&Owed<'_>) -> bool| findings.values().filter(|of| of.iter().all(|o| is(o))).count();
        let covered = owed.iter().filter(|o| o.is_covered()).count();
        let specific = owed.iter().filter(|o| o.is_specific()).count();
        CoverageView {
            obligations: owed.len(),
            covered,
            specific,
            blanket: covered - specific,
            findings: findings.len(),
            findings_covered: all(|o| o.is_covered()),
            findings_specific: all(|o| o.is_specific()),
            each: owed.iter().map(Owed::view).collect(),
            missing: owed.iter().filter(|o| !o.is_covered()).map(|o| o.stream.to_owned()).collect(),
            gap_55_5b: covers.is_some() && specific < owed.len(),
        }
    }

    /// The report's obligations of the forces that the body answers for, those not addressed to them left out.
    fn owed<'a>(&'a self, body: &str, report: &str, covers: &[Coverage]) -> Vec<Owed<'a>> {
        let modes: BTreeMap<&str, CoverageMode> =
            covers.iter().map(|c| (c.obligation.as_str(), c.mode())).collect();
        let forces = self.forces_of(body, covers);
        let addressed = self.obligations.iter().filter(|(_, not_addressed)| !**not_addressed);
        let of_report = addressed.map(|(stream, _)| stream.as_str()).filter(|stream| {
            let mut parts = stream.split('/').skip(1);
            parts.next().is_some_and(|force| forces.contains(force)) && parts.next() == Some(report)
        });
        of_report.map(|stream| Owed { stream, mode: modes.get(stream).copied() }).collect()
    }

    fn forces_of<'a>(&'a self, body: &'a str, covers: &'a [Coverage]) -> BTreeSet<&'a str> {
        let named = covers.iter().filter_map(|c| c.obligation.split('/').nth(1));
        let parts = self.part_of.iter().filter(|(_, whole)| *whole == body).map(|(part, _)| part.as_str());
        named.chain(parts).chain([body, crate::area(body)]).collect()
    }
}
