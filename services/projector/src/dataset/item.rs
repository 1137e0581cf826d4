//! A record on its way through a measure: what it is, what was reviewed of it, and where it stands in a breakdown.

use super::Dataset;
use super::measure::{Verdict, of};
use super::rows::{Force, Review, Said, Search, Subject};
use super::words::{self, Dimension as D};

/// One record as a measure sees it, at one level of review where the measure is by level.
pub(super) struct Item<'a> {
    pub(super) set: &'a Dataset,
    pub(super) subject: Subject,
    pub(super) level: Option<u8>,
}

impl<'a> Item<'a> {
    pub(super) fn search(&self) -> Option<&'a Search> {
        match self.subject {
            Subject::Search(at) => Some(&self.set.searches[at as usize]),
            Subject::Force(_) => None,
        }
    }

    pub(super) fn force(&self) -> Option<&'a Force> {
        match self.subject {
            Subject::Force(at) => Some(&self.set.forces[at as usize]),
            Subject::Search(_) => None,
        }
    }

    pub(super) fn review(&self, level: u8) -> Option<&'a Review> {
        if self.set.reviews.is_empty() { None } else { self.set.reviews.get(&(self.subject, level)) }
    }

    pub(super) fn level_called(&self, name: &str) -> u8 {
        D::Level.code(name)
    }

    pub(super) fn has_review(&self, level: &str) -> Verdict {
        if self.review(self.level_called(level)).is_some() { Verdict::Yes } else { Verdict::No }
    }

    /// Whether a level has to review this record: every Taser use, every one fired, every use by a joint unit.
    pub(super) fn is_for(&self, level: &str) -> bool {
        let Some(force) = self.force() else { return false };
        let taser = force.taser != words::NO_TASER;
        match level {
            "jps" => force.joint,
            "taser_tl" => taser && (!force.joint || self.set.counts_joint(force.home.body, level)),
            "taser_ttt" => force.taser == words::FIRED,
            _ => false,
        }
    }

    /// Of records with footage: whether it covers everything, by the record of footage or a reviewer who saw it.
    pub(super) fn entire(&self) -> Option<Verdict> {
        let (footage, entire) = match self.subject {
            Subject::Search(at) => {
                let s = &self.set.searches[at as usize];
                (s.footage, s.entire)
            }
            Subject::Force(at) => {
                let f = &self.set.forces[at as usize];
                (f.footage, f.entire)
            }
        };
        if footage != Said::Yes {
            return None;
        }
        let by_review = || {
            let levels = 0..u8::try_from(words::LEVELS.len()).unwrap_or(0);
            levels.filter_map(|level| self.review(level)).map(|r| r.entire).find(|e| *e != Said::Nothing)
        };
        Some(of(if entire == Said::Nothing { by_review().unwrap_or_default() } else { entire }))
    }

    /// The place of the record in a dimension; several for one with several tactics.
    pub(super) fn values(&self, dimension: D) -> Values {
        let one = |code: u8| Values(1 << code);
        match (self.subject, dimension) {
            (_, D::Level) => self.level.map_or(Values(0), one),
            (Subject::Search(at), _) => {
                let s = &self.set.searches[at as usize];
                match dimension {
                    D::Ethnicity => one(s.ethnicity),
                    D::Basis => one(s.basis),
                    D::Purpose => one(s.purpose),
                    D::SearchType => one(s.search_type),
                    D::Outcome => one(s.outcome),
                    D::Age => one(s.age),
                    D::Gender => one(s.gender),
                    _ => Values(0),
                }
            }
            (Subject::Force(at), _) => {
                let f = &self.set.forces[at as usize];
                match dimension {
                    D::Tactic => Values(f.tactics),
                    D::TaserUse => one(f.taser),
                    D::Unit => one(u8::from(f.joint)),
                    D::Ethnicity => one(f.ethnicity),
                    D::Age => one(f.age),
                    D::Gender => one(f.gender),
                    _ => Values(0),
                }
            }
        }
    }
}

/// Places in a dimension, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Values(u16);

impl Iterator for Values {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.0 == 0 {
            return None;
        }
        let at = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        u8::try_from(at).ok()
    }
}
