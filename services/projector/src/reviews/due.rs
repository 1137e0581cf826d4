//! What must be reviewed at which level, why, and by when (R9).

use std::collections::{BTreeMap, BTreeSet};

use ledger_rules::civil::Day;

use super::view::{LevelView, Outstanding, Why};
use super::{LEVELS, Record, Review, Reviews};
use crate::rate;

/// (record, level) → the day of its first draw, and the entries of every draw.
type Draws<'a> = BTreeMap<(&'a str, &'a str), (Option<Day>, Vec<u64>)>;

/// Why a record waits at a level, since when, and the entries that say so.
struct Cause {
    why: Why,
    since: Option<Day>,
    entries: Vec<u64>,
}

impl Reviews {
    /// Counts for each force and level, and what is outstanding.
    pub(super) fn due(&self, as_of: Day, period: Option<(Day, Day)>) -> (Vec<LevelView>, Vec<Outstanding>) {
        let drawn = self.drawn_by(as_of);
        let mut levels: BTreeMap<(&str, usize), LevelView> = BTreeMap::new();
        let mut outstanding = Vec::new();
        for (stream, record) in self.records.iter().filter(|(_, record)| record.within(as_of, period)) {
            for (place, level) in LEVELS.iter().enumerate() {
                let Some(cause) = self.cause(stream, record, level, &drawn, as_of) else { continue };
                let view = levels.entry((&record.force, place)).or_insert_with(|| self.level(record, level));
                let review = self.reviews.get(&(stream.clone(), (*level).to_owned()));
                let done = review.is_some_and(|review| review.done_by(as_of));
                view.count(&cause.why, done);
                if !done {
                    let waiting = self.outstanding(stream, record, level, cause, as_of);
                    view.overdue += u64::from(waiting.days_overdue.is_some());
                    outstanding.push(waiting);
                }
            }
        }
        for view in levels.values_mut() {
            view.percent = rate::percent(view.reviewed, view.all);
        }
        outstanding.sort_by(|a, b| b.days_overdue.cmp(&a.days_overdue).then_with(|| a.review.cmp(&b.review)));
        (levels.into_values().collect(), outstanding)
    }

    fn drawn_by(&self, as_of: Day) -> Draws<'_> {
        let mut all: Draws<'_> = BTreeMap::new();
        for sample in self.samples.values() {
            let Some((happened, entry, records)) = &sample.drawn else { continue };
            if !happened.by(as_of) {
                continue;
            }
            for record in records {
                let known =
                    all.entry((record, sample.level)).or_insert_with(|| (happened.last(), Vec::new()));
                known.0 = known.0.min(happened.last());
                known.1.push(*entry);
            }
        }
        all
    }

    fn cause(
        &self,
        stream: &str,
        record: &Record,
        level: &str,
        drawn: &Draws<'_>,
        as_of: Day,
    ) -> Option<Cause> {
        if let (Some(entry), Some(why)) = (record.entry, self.mandatory(record, level)) {
            return Some(Cause { why, since: record.happened.last(), entries: vec![entry] });
        }
        if let Some((since, entries)) = drawn.get(&(stream, level)) {
            return Some(Cause { why: Why::Drawn, since: *since, entries: entries.clone() });
        }
        let asked = (level == "superintendent").then(|| self.asked_for(stream, as_of)).flatten();
        asked.map(|(since, entry)| Cause { why: Why::AskedFor, since, entries: vec![entry] })
    }

    fn mandatory(&self, record: &Record, level: &str) -> Option<Why> {
        let joint_counts = || self.period_of(record, level).is_some_and(|period| period.joint_units);
        match level {
            "self" => Some(Why::OwnRecord),
            "taser_tl" if record.taser && (!record.joint || joint_counts()) => Some(Why::Taser),
            "taser_ttt" if record.fired => Some(Why::TaserFired),
            "jps" if record.joint => Some(Why::JointUnit),
            _ => None,
        }
    }

    fn asked_for(&self, stream: &str, as_of: Day) -> Option<(Option<Day>, u64)> {
        let levels =
            LEVELS.iter().filter_map(|level| self.reviews.get(&(stream.to_owned(), (*level).to_owned())));
        let mut all = levels.flat_map(|review| &review.escalated);
        all.find(|(happened, to, _)| *to == "superintendent" && happened.by(as_of))
            .map(|(happened, _, entry)| (happened.last(), *entry))
    }

    pub(super) fn period_of(&self, record: &Record, level: &str) -> Option<super::Period> {
        self.periods.get(&(record.force.clone(), level.to_owned())).copied()
    }

    fn level(&self, record: &Record, level: &'static str) -> LevelView {
        LevelView {
            body: record.force.clone(),
            level,
            days: self.period_of(record, level).map(|period| period.days),
            mandatory: 0,
            mandatory_reviewed: 0,
            drawn: 0,
            drawn_reviewed: 0,
            asked_for: 0,
            asked_for_reviewed: 0,
            all: 0,
            reviewed: 0,
            percent: None,
            overdue: 0,
        }
    }

    fn outstanding(
        &self,
        stream: &str,
        record: &Record,
        level: &str,
        cause: Cause,
        as_of: Day,
    ) -> Outstanding {
        let due_by = match (self.period_of(record, level), cause.since) {
            (Some(period), Some(since)) => Some(since.plus(period.days)),
            _ => None,
        };
        let review = self.reviews.get(&(stream.to_owned(), level.to_owned()));
        let more = review.into_iter().flat_map(Review::entries);
        let entries: BTreeSet<u64> = cause.entries.iter().copied().chain(more).collect();
        Outstanding {
            review: format!("review/{level}/{stream}"),
            record: stream.to_owned(),
            level: level.to_owned(),
            body: record.force.clone(),
            why: cause.why,
            since: cause.since.map(|day| day.to_string()),
            due_by: due_by.map(|day| day.to_string()),
            days_overdue: due_by.map(|day| as_of.since(day)).filter(|days| *days > 0),
            entries: entries.into_iter().collect(),
        }
    }
}

impl LevelView {
    fn count(&mut self, why: &Why, done: bool) {
        let done = u64::from(done);
        let (all, reviewed) = match why {
            Why::Drawn => (&mut self.drawn, &mut self.drawn_reviewed),
            Why::AskedFor => (&mut self.asked_for, &mut self.asked_for_reviewed),
            _ => (&mut self.mandatory, &mut self.mandatory_reviewed),
        };
        *all += 1;
        *reviewed += done;
        self.all += 1;
        self.reviewed += done;
    }
}

impl Review {
    pub(super) fn done_by(&self, as_of: Day) -> bool {
        self.completed.iter().any(|completed| completed.happened.by(as_of))
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = u64> {
        let completed = self.completed.iter().map(|completed| completed.entry);
        let told = self
            .told
            .iter()
            .flat_map(|t| std::iter::once(t.entry).chain(t.acknowledged.as_ref().map(|a| a.1)));
        let noted = self.recused.iter().chain(&self.escalated).map(|(_, _, entry)| *entry);
        self.assigned.iter().chain(&self.good_practice).copied().chain(completed).chain(told).chain(noted)
    }
}
