//! From entries to rows.

use std::collections::HashSet;

use imports::source;
use ledger_core::hash::Hash;
use ledger_core::statement::Statement;
use scrutiny_proto::review::v1::{
    Answer, FootageRecorded, FootageState, Grounds, ReviewCompleted, ReviewPeriodAdopted, SourceFileImported,
    StopSearchRecorded, TacticKind, Unit, UseOfForceRecorded,
};

use super::month::Month;
use super::rows::{Completeness, Force, Home, Review, Said, Search, Subject};
use super::{Dataset, words};
use crate::when::Happened;
use crate::{decode, kind_of, stream_parts};

/// Why an entry stands behind a record's figures beside the record itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Because {
    Footage,
    Force,
    Review(u8),
}

/// A file whose rows are records of one body.
#[derive(Debug, Clone, Default)]
pub(super) struct SourceFile {
    /// None where the rows have to say it.
    body: Option<u16>,
    rows: u32,
    /// Another file took its place: its rows are counted no more.
    is_replaced: bool,
}

impl Dataset {
    pub(super) fn take(&mut self, entry: u64, statement: &Statement) {
        match kind_of(statement) {
            "StopSearchRecorded" => self.search(entry, statement),
            "UseOfForceRecorded" => self.force(entry, statement),
            "FootageRecorded" => self.footage(entry, statement),
            "ReviewCompleted" => self.review(entry, statement),
            "SourceFileImported" => self.source(statement),
            "ReviewPeriodAdopted" => self.period(statement),
            _ => self.oversight.take(entry, statement),
        }
    }

    fn source(&mut self, statement: &Statement) {
        let Some(file) = decode::<SourceFileImported>(statement) else { return };
        let [source] = stream_parts(statement);
        if !file.replaces.is_empty() {
            self.replace(&file.replaces);
        }
        let body = if file.force.is_empty() { None } else { Some(self.body(&file.force)) };
        let about = SourceFile { body, rows: file.rows, is_replaced: false };
        self.sources.insert(source.to_owned(), about);
        if let Some(body) = body.filter(|_| !file.period_words.is_empty()) {
            let streams = self.files.entry((body, file.period_words)).or_default();
            streams.push(statement.stream.as_str().to_owned());
        }
    }

    /// Takes a file's rows out of every month. What was said of them (footage, reviews) goes with them.
    fn replace(&mut self, stream: &str) {
        let name_of = stream.trim_start_matches("source/");
        let Some(earlier) = self.sources.get_mut(name_of) else { return };
        earlier.is_replaced = true;
        let rows = 1..=earlier.rows;
        let place = |row| self.places.get(&name(&format!("search/{name_of}-{row}"))).copied();
        let gone: HashSet<Subject> = rows.filter_map(place).collect();
        for subjects in self.months.values_mut() {
            subjects.retain(|subject| !gone.contains(subject));
        }
        self.months.retain(|_, subjects| !subjects.is_empty());
        for streams in self.files.values_mut() {
            streams.retain(|other| other != stream);
        }
    }

    fn search(&mut self, entry: u64, statement: &Statement) {
        let Some(record) = decode::<StopSearchRecorded>(statement) else { return };
        let read = if record.source_line.is_empty() {
            Some(own(&record, entry))
        } else {
            imported(&record.source_line, entry)
        };
        let Some((mut row, month)) = read else { return };
        row.home =
            Home { body: self.home_of_search(statement), month: month.or_else(|| month_of(statement)) };
        let subject = Subject::Search(u32::try_from(self.searches.len()).unwrap_or(u32::MAX));
        if !self.is_of_a_replaced_file(statement) {
            self.months.entry((row.home.body, row.home.month)).or_default().push(subject);
        }
        let place = name(statement.stream.as_str());
        // Officers often fill in the form on force before the one on the search.
        for force in self.awaited.remove(&place).unwrap_or_default() {
            row.force = Said::Yes;
            self.behind.push((subject, Because::Force, force));
        }
        self.places.insert(place, subject);
        self.searches.push(row);
    }

    /// An imported row belongs to the force that its file is about, a force's own record to who signed it.
    fn home_of_search(&mut self, statement: &Statement) -> u16 {
        let known = self.file_of_search(statement).and_then(|file| file.body);
        known.unwrap_or_else(|| self.body(signer(statement)))
    }

    /// A row may come after its file was replaced: an import that was killed is gone on with.
    fn is_of_a_replaced_file(&self, statement: &Statement) -> bool {
        self.file_of_search(statement).is_some_and(|file| file.is_replaced)
    }

    fn file_of_search(&self, statement: &Statement) -> Option<&SourceFile> {
        let [record] = stream_parts(statement);
        self.sources.get(record.split_once('-')?.0)
    }

    fn force(&mut self, entry: u64, statement: &Statement) {
        let Some(record) = decode::<UseOfForceRecorded>(statement) else { return };
        let joint = record.unit() == Unit::Joint;
        // An officer of a joint unit counts where it happened, one of the force's own with the force.
        let wheres = [&record.force_of_location, &record.force_of_officer];
        let wheres = if joint { wheres } else { [wheres[1], wheres[1]] };
        let body =
            wheres.into_iter().find(|b| !b.is_empty()).map_or_else(|| signer(statement), |b| b.as_str());
        let home = Home { body: self.body(body), month: month_of(statement) };
        let mut row = Force { home, entry, joint, taser: words::NO_TASER, ..Force::default() };
        for tactic in &record.tactics {
            row.tactics |= 1 << words::tactic(tactic.kind());
            if tactic.kind() == TacticKind::Taser {
                let used = words::taser_use(tactic.taser());
                row.taser = if row.taser == words::NO_TASER { used } else { row.taser.max(used) };
            }
        }
        let seen = words::Said { ode_words: &record.officer_defined_ethnicity, ..words::Said::default() };
        row.ethnicity = seen.ethnicity().0;
        (row.age, row.gender) = (words::age(&record.age_range), words::gender(&record.gender));
        row.footage = said(record.footage());
        let subject = Subject::Force(u32::try_from(self.forces.len()).unwrap_or(u32::MAX));
        self.months.entry((home.body, home.month)).or_default().push(subject);
        self.places.insert(name(statement.stream.as_str()), subject);
        self.forces.push(row);
        if record.search.is_empty() {
            return;
        }
        let search = name(&record.search);
        if let Some(&Subject::Search(at)) = self.places.get(&search) {
            self.searches[at as usize].force = Said::Yes;
            self.behind.push((Subject::Search(at), Because::Force, entry));
        } else {
            self.awaited.entry(search).or_default().push(entry);
        }
    }

    fn footage(&mut self, entry: u64, statement: &Statement) {
        let Some(footage) = decode::<FootageRecorded>(statement) else { return };
        let [power, record] = stream_parts(statement);
        let Some(&subject) = self.places.get(&name(&format!("{power}/{record}"))) else { return };
        let there = match footage.state() {
            FootageState::Referenced => Said::Yes,
            FootageState::Missing => Said::No,
            FootageState::Unspecified => return,
        };
        let entire = said(footage.entire());
        match subject {
            Subject::Search(at) => {
                let row = &mut self.searches[at as usize];
                (row.footage, row.entire) = (there, entire);
            }
            Subject::Force(at) => {
                let row = &mut self.forces[at as usize];
                (row.footage, row.entire) = (there, entire);
            }
        }
        self.behind.push((subject, Because::Footage, entry));
    }

    fn review(&mut self, entry: u64, statement: &Statement) {
        let Some(review) = decode::<ReviewCompleted>(statement) else { return };
        let Some((level, subject)) = self.reviewed(statement) else { return };
        let row = Review {
            grounds: match review.grounds() {
                Grounds::Reasonable => Said::Yes,
                Grounds::NotReasonable => Said::No,
                Grounds::Unclear | Grounds::Unspecified => Said::Nothing,
            },
            grounds_unclear: review.grounds() == Grounds::Unclear,
            concurs: said(review.concurs()),
            prior: !review.prior_review.is_empty(),
            entire: said(review.footage_entire()),
        };
        // A correction is a new review that counts from now on; the one before it stays in the ledger.
        self.reviews.insert((subject, level), row);
        self.behind.push((subject, Because::Review(level), entry));
    }

    /// `review/{level}/{power}/{record}`.
    fn reviewed(&self, statement: &Statement) -> Option<(u8, Subject)> {
        let [level, power, record] = stream_parts(statement);
        let level = words::LEVELS.iter().position(|l| *l == level)?;
        let subject = self.places.get(&name(&format!("{power}/{record}")))?;
        Some((u8::try_from(level).ok()?, *subject))
    }

    fn period(&mut self, statement: &Statement) {
        let Some(adopted) = decode::<ReviewPeriodAdopted>(statement) else { return };
        let [body, level] = stream_parts(statement);
        let body = self.body(body);
        self.counts_joint.insert((body, level.to_owned()), adopted.includes_joint_units);
    }

    fn body(&mut self, name: &str) -> u16 {
        if let Some(at) = self.bodies.iter().position(|body| body == name) {
            return u16::try_from(at).unwrap_or(u16::MAX);
        }
        self.bodies.push(name.to_owned());
        u16::try_from(self.bodies.len() - 1).unwrap_or(u16::MAX)
    }
}

/// A stream's name, short enough to keep ten million: half a digest, which nobody finds twice.
pub(super) fn name(stream: &str) -> [u8; 16] {
    let digest = Hash::of(stream.as_bytes()).0;
    digest[..16].try_into().expect("half of 32 bytes are 16")
}

fn own(record: &StopSearchRecorded, entry: u64) -> (Search, Option<Month>) {
    let ethnicity = words::own_ethnicity(record);
    let complete = ethnicity.has_self_defined() || (record.sde_refused && ethnicity.has_officer_defined());
    let (group, basis) = ethnicity.ethnicity();
    let row = Search {
        entry,
        ethnicity: group,
        basis,
        purpose: words::purpose(&record.object),
        search_type: words::search_type(&record.search_type),
        outcome: words::outcome(&record.outcome),
        age: words::age(&record.age_range),
        gender: words::gender(&record.gender),
        linked: said(record.outcome_linked()),
        footage: said(record.footage()),
        // A force's own record names the records of force; one without any says that there was none.
        force: if record.force_used.is_empty() { Said::No } else { Said::Yes },
        complete: if complete { Completeness::Yes } else { Completeness::No },
        ..Search::default()
    };
    (row, None)
}

fn imported(line: &[u8], entry: u64) -> Option<(Search, Option<Month>)> {
    let read = source::search(line).ok()?;
    let ethnicity = words::Said {
        sde_words: &read.self_defined_ethnicity,
        ode_words: &read.officer_defined_ethnicity,
        ..words::Said::default()
    };
    let complete = match (ethnicity.has_self_defined(), ethnicity.has_officer_defined()) {
        (true, _) => Completeness::Yes,
        (false, true) => Completeness::CannotTell,
        (false, false) => Completeness::No,
    };
    let (group, basis) = ethnicity.ethnicity();
    let row = Search {
        entry,
        ethnicity: group,
        basis,
        purpose: words::purpose(&read.object),
        search_type: words::search_type(&read.search_type),
        outcome: words::outcome(&read.outcome),
        age: words::age(&read.age_range),
        gender: words::gender(&read.gender),
        linked: match read.outcome_linked.known() {
            Some(true) => Said::Yes,
            Some(false) => Said::No,
            None => Said::Nothing,
        },
        complete,
        ..Search::default()
    };
    Some((row, read.when().map(|when| Month::of(when.day()))))
}

fn said(answer: Answer) -> Said {
    match answer {
        Answer::Unspecified => Said::Nothing,
        Answer::Yes => Said::Yes,
        Answer::No => Said::No,
    }
}

/// The month, where all the days on which it may have happened are in one.
fn month_of(statement: &Statement) -> Option<Month> {
    let (first, last) = Happened::of(statement).days?;
    let month = Month::of(first);
    (month == Month::of(last)).then_some(month)
}

fn signer(statement: &Statement) -> &str {
    statement.signers.first().map_or("", |signer| signer.body.as_str())
}
