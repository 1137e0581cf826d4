//! After each fault: opens the ledger again and holds it to every promise.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use ledger_store::{Event, scrub};
use load::Signed;
use recorder::{Durable, Failure, Recorder};

use crate::answers::Line;
use crate::book::Book;
use crate::proof;
use crate::random::Random;
use crate::scene::{self, Unopened};
use crate::worker::ON_THEIR_WAY;

/// How a ledger is checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    /// The store's watermark.
    pub(crate) watermark_bytes: u64,
    /// A flush may have failed, after which `scrub` is the way back.
    pub(crate) may_be_poisoned: bool,
    /// Compare both copies in full.
    pub(crate) scrub: bool,
    /// Audit an export of it.
    pub(crate) audit: bool,
}

/// What a check found, all of it in order.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// From the call to a recorder that takes statements.
    pub(crate) reopened_in: Duration,
    /// What opening put right.
    pub(crate) events: Vec<Event>,
    /// Statements that were acknowledged, and are there.
    pub(crate) acknowledged: u64,
    /// Statements that were durable and nobody had been told.
    pub(crate) untold: u64,
    /// True when it opened only after a scrub.
    pub(crate) was_poisoned: bool,
}

/// One ledger through its faults.
pub(crate) struct Subject {
    pub(crate) dir: std::path::PathBuf,
    export: std::path::PathBuf,
    book: Book,
    load: load::Load,
    /// The first fact that was never submitted.
    pub(crate) next_fact: u64,
    random: Random,
}

impl Subject {
    /// A ledger that is to be at `dir`, and its exports beside `scratch`.
    pub(crate) fn new(dir: &Path, scratch: &Path, seed: u64) -> Self {
        Self {
            dir: dir.to_owned(),
            export: scratch.join("export"),
            book: Book::default(),
            load: scene::statements(),
            next_fact: 0,
            random: Random(seed),
        }
    }

    /// Opens the ledger after a fault and checks everything. `lines` is what the worker had said.
    ///
    /// # Errors
    /// Says what is wrong.
    pub(crate) fn check(&mut self, lines: &[Line], how: How, minute: u64) -> Result<Found, String> {
        let told: HashSet<&str> = lines.iter().filter_map(Line::acknowledged).collect();
        let mut found = Found { acknowledged: told.len() as u64, ..Found::default() };
        let recorder = self.reopen(how, minute, &mut found)?;
        let known = self.book.entries.len();
        self.book.read(&self.dir)?;
        found.untold = self.book.entries[known..]
            .iter()
            .filter(|(id, _)| !told.contains(id.to_string().as_str()))
            .count() as u64;
        self.book.hold_to(lines)?;
        self.compare_lookups(&recorder)?;
        let answers = lines.iter().filter(|line| line.is_answer()).count() as u64;
        self.resubmit(&recorder, answers + ON_THEIR_WAY)?;
        recorder.publish().map_err(|e| format!("publishing: {e}"))?;
        proof::receipts(&mut self.book, &recorder, &mut self.random)?;
        drop(recorder);
        if how.scrub {
            let report = scrub(&self.dir, &mut |_, _| {}).map_err(|e| format!("scrubbing: {e}"))?;
            if !report.findings.is_empty() || !report.events.is_empty() {
                return Err(format!("scrubbing found {:?} and healed {:?}", report.findings, report.events));
            }
        }
        if how.audit {
            proof::audit(&self.book, &self.dir, &self.export)?;
        }
        Ok(found)
    }

    fn reopen(&self, how: How, minute: u64, found: &mut Found) -> Result<Recorder, String> {
        let begun = Instant::now();
        let mut opened = scene::open(&self.dir, how.watermark_bytes, minute);
        if matches!(opened, Err(Unopened::Poisoned(_))) && how.may_be_poisoned {
            found.was_poisoned = true;
            let report = scrub(&self.dir, &mut |_, _| {}).map_err(|e| format!("scrubbing: {e}"))?;
            if !report.findings.is_empty() {
                return Err(format!("after a failed flush scrubbing found {:?}", report.findings));
            }
            opened = scene::open(&self.dir, how.watermark_bytes, minute);
        }
        found.reopened_in = begun.elapsed();
        let (recorder, report) = opened.map_err(|why| format!("it does not open: {why:?}"))?;
        if !report.findings.is_empty() {
            return Err(format!("opening lost {:?}", report.findings));
        }
        found.events = report.healed;
        Ok(recorder)
    }

    /// The index answers what the segments hold: every id, every stream's length, the head.
    fn compare_lookups(&self, recorder: &Recorder) -> Result<(), String> {
        let entries = self.book.entries.clone();
        let streams = self.book.streams.clone();
        let root = self.book.root;
        recorder.read(move |store, _| {
            let head = store.head();
            if (head.size.0, head.root) != (entries.len() as u64, root) {
                return Err(format!("the head is at {} and {} entries are read", head.size, entries.len()));
            }
            for (place, (id, _)) in (0..).zip(&entries) {
                let at = store.find(id).map_err(|e| e.to_string())?.map(|index| index.0);
                if at != Some(place) {
                    return Err(format!("entry {place}'s statement is found at {at:?}"));
                }
            }
            for (stream, length) in &streams {
                let version = store.stream_version(stream).map_err(|e| e.to_string())?;
                if version != *length {
                    return Err(format!("{stream} has {length} entries and version {version}"));
                }
            }
            Ok(())
        })
    }

    /// Submits everything again that the worker may have submitted: what is recorded gets its own place, what
    /// is not gets one now, and each is there once.
    fn resubmit(&mut self, recorder: &Recorder, facts: u64) -> Result<(), String> {
        let until = self.next_fact + facts;
        let good = (self.next_fact..until).filter(|n| !scene::is_bad(*n));
        let mut all = self.load.founding();
        all.extend(good.map(|n| scene::fact(&self.load, n)));
        let before = self.book.entries.len() as u64;
        let mut answers = Vec::with_capacity(all.len());
        for some in all.chunks(256) {
            answers.extend(submit_all(recorder, some)?);
        }
        for durable in &answers {
            let known = self.book.places.get(&durable.id.to_string());
            if durable.already != known.is_some() {
                return Err(format!("statement {}: {known:?}, and now {durable:?}", durable.id));
            }
        }
        self.book.read(&self.dir)?;
        for durable in &answers {
            self.book.hold_to_place(durable.index, durable.leaf_hash, &durable.id.to_string())?;
        }
        let new = answers.iter().filter(|durable| !durable.already).count() as u64;
        if self.book.entries.len() as u64 != before + new {
            return Err(format!("{new} statements made {} entries of {before}", self.book.entries.len()));
        }
        self.next_fact = until;
        Ok(())
    }
}

fn submit_all(recorder: &Recorder, some: &[Signed]) -> Result<Vec<Durable>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a thread may run tasks");
    let all = some.iter().map(|signed| recorder.submit(scene::submission(signed)));
    let answers = runtime.block_on(futures::future::join_all(all));
    let because = |failure: Failure| format!("a statement submitted again got no place: {failure}");
    answers.into_iter().map(|answer| answer.map_err(because)).collect()
}
