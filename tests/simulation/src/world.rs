//! The world of one schedule: machines, the broker, officers, a mirror, and what is looked at after every step.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Broker, Bus, DeliveryFault, Faults, Headers, Outgoing, PublishFault, Requests, ServiceSpec};
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::wire::{EntriesRequest, SealedBatch, Submissions};
use ledger_store::{Copy as Half, Fault, MemoryStore, SealedEntry, Store as _};

use crate::book::Book;
use crate::broken::{Broken, Promise};
use crate::machine::{Machine, Now};
use crate::mirror_copy::Copy;
use crate::pool::Pool;
use crate::process::{Desk, Said};
use crate::schedule::Schedule;
use crate::step::{Append, Delivery, Disk, Step, Who};
use crate::truth::Truth;

pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) faults: Faults,
    officers: Bus,
    questions: Requests,
    pub(crate) force: Force,
    pub(crate) now: Now,
    pub(crate) machines: Vec<Machine>,
    pub(crate) mirror: Copy,
    pub(crate) truth: Truth,
    pub(crate) book: Book,
    /// Statements that were handed in, in order.
    pub(crate) handed_in: Vec<u16>,
    /// Messages sent so far: each has an id of its own.
    sent: u64,
    pub(crate) trace: Trace,
}

/// What happened, as one digest, and as text where somebody wants to read it.
pub(crate) struct Trace {
    pub(crate) digest: Hash,
    pub(crate) text: Option<String>,
}

impl Trace {
    pub(crate) fn note(&mut self, line: &str) {
        let mut bytes = self.digest.0.to_vec();
        bytes.extend_from_slice(line.as_bytes());
        self.digest = Hash::of(&bytes);
        if let Some(text) = &mut self.text {
            text.push_str(line);
            text.push('\n');
        }
    }
}

impl World {
    /// A founded ledger on the first machine and in the stream, and every machine up.
    pub(crate) async fn new(schedule: &Schedule, tell: bool) -> Self {
        let (bus, faults) = Bus::in_process_with_faults();
        let broker = bus.broker().expect("this bus is in process");
        let force = Force::parse(load::BODY).expect("it is a slug");
        let sealed = force.sealed_log();
        for spec in [&force.inbox(), &sealed] {
            bus.ensure(spec).await.expect("nothing is there yet");
        }
        let now = Arc::new(AtomicU64::new(load::START_MS));
        let machines = (0..schedule.recorders).map(|n| Machine::new(Who(n), &broker, &force, &now));
        let questions = bus.serve(entries_service(&force)).await.expect("the bus is open");
        let text = tell.then(String::new);
        let mut world = Self {
            machines: machines.collect(),
            mirror: Copy::new(sealed.name.clone()),
            truth: Truth::new(sealed.name),
            book: Book::default(),
            handed_in: Vec::new(),
            sent: 0,
            trace: Trace { digest: Hash::ZERO, text },
            broker,
            faults,
            officers: bus,
            questions,
            force,
            now,
        };
        world.found().await;
        world
    }

    async fn found(&mut self) {
        let founding = &Pool::get().founding;
        let message = Outgoing {
            subject: self.force.sealed(),
            id: "founding".to_owned(),
            headers: Headers::new(),
            payload: founding.to_bytes(),
            expect_last: Some(0),
        };
        self.officers.publish(message).await.expect("the stream is empty");
        self.truth.observe(&self.broker, None).expect("the founding is in order");
        let mut store = MemoryStore::open(&self.machines[0].disk).expect("an empty disk opens");
        store.append(founding.entries.iter().map(as_sealed).collect()).expect("the founding is in order");
        let note = founding.checkpoint.clone().expect("the founding has one");
        store.put_checkpoint(founding.end(), note).expect("it is of this tree");
        drop(store);
        self.machines.iter_mut().for_each(Machine::start);
    }

    /// One step, and everything that must hold after it.
    pub(crate) async fn step(&mut self, step: &Step) -> Result<(), Broken> {
        self.trace.note(&step.to_string());
        self.act(step).await?;
        self.look()?;
        let line = self.summary();
        self.trace.note(&line);
        Ok(())
    }

    async fn act(&mut self, step: &Step) -> Result<(), Broken> {
        match step {
            Step::Submit(statements) => self.submit(statements).await,
            Step::Run(who, turns) => return self.run(*who, *turns).await,
            Step::Pass(ms) => self.pass(u64::from(*ms)).await,
            Step::Append(what, times) => {
                let fault = match what {
                    Append::Stored => PublishFault::StoredButUnknown,
                    Append::Lost => PublishFault::LostAndUnknown,
                    Append::Late => PublishFault::LateAndUnknown,
                };
                self.faults.on_publish(&self.force.sealed(), fault, u32::from(*times));
            }
            Step::Deliver(what, times) => {
                let fault = match what {
                    Delivery::Drop => DeliveryFault::Drop,
                    Delivery::Twice => DeliveryFault::Duplicate,
                    Delivery::Behind => DeliveryFault::Reorder,
                };
                self.faults.on_delivery("ev.>", fault, u32::from(*times));
            }
            Step::Arrive => {
                self.broker.arrive();
                return self.truth.observe(&self.broker, None);
            }
            Step::LoseTail(..) | Step::LoseMessage(_) | Step::FlipMessage(..) | Step::LoseInbox(_) => {
                self.hurt_the_broker(step);
            }
            Step::Mirror(messages) => self.mirror_takes(usize::from(*messages)),
            Step::Lead(who) => self.desk_of(*who).iter().for_each(|desk| desk.lead.set(true)),
            Step::Watch(who) => self.desk_of(*who).iter().for_each(|desk| desk.watch.set(true)),
            Step::Publish(who) => self.desk_of(*who).iter().for_each(|desk| desk.publish.set(true)),
            _ => self.act_on_a_machine(step),
        }
        Ok(())
    }

    fn act_on_a_machine(&mut self, step: &Step) {
        let who = match step {
            Step::Crash(who)
            | Step::CrashInStore(who, ..)
            | Step::Start(who)
            | Step::Pause(who)
            | Step::Wake(who)
            | Step::Cut(who)
            | Step::Heal(who)
            | Step::FlipEntry(who, ..)
            | Step::Disk(who, _)
            | Step::Clock(who, _) => *who,
            _ => return,
        };
        let Some(machine) = self.machine(who) else { return };
        match step {
            Step::Crash(_) => machine.crash(),
            Step::CrashInStore(_, calls, after) => machine.fuse.light(*calls, *after),
            Step::Start(_) => machine.start(),
            Step::Pause(_) => machine.paused = true,
            Step::Wake(_) => machine.paused = false,
            Step::Cut(_) => machine.link.cut(),
            Step::Heal(_) => machine.link.heal(),
            Step::FlipEntry(_, index, copy) => flip(machine, u64::from(*index), *copy),
            Step::Disk(_, what) => disk(machine, *what),
            Step::Clock(_, by) => machine.set_clock(i64::from(*by)),
            _ => {}
        }
    }

    pub(crate) fn machine(&mut self, who: Who) -> Option<&mut Machine> {
        self.machines.get_mut(usize::from(who.0))
    }

    fn desk_of(&self, who: Who) -> Option<Rc<Desk>> {
        self.machines.get(usize::from(who.0))?.desk()
    }

    pub(crate) async fn submit(&mut self, statements: &[u16]) {
        let pool = Pool::get();
        let known = |n: &&u16| usize::from(**n) < pool.statements.len();
        let numbers: Vec<u16> = statements.iter().filter(known).copied().collect();
        if numbers.is_empty() {
            return;
        }
        let submissions = numbers.iter().map(|n| pool.statements[usize::from(*n)].clone()).collect();
        self.sent += 1;
        let message = Outgoing {
            subject: self.force.several("review"),
            id: format!("sent-{}", self.sent),
            headers: Headers::new(),
            payload: Submissions(submissions).to_bytes(),
            expect_last: None,
        };
        self.officers.publish(message).await.expect("the inbox takes everything");
        for number in numbers {
            if !self.handed_in.contains(&number) {
                self.handed_in.push(number);
            }
        }
    }

    /// Lets a recorder go on, and looks after each of its turns.
    pub(crate) async fn run(&mut self, who: Who, turns: u16) -> Result<(), Broken> {
        for _ in 0..turns {
            let size_now = self.truth.size();
            let Some(machine) = self.machines.get_mut(usize::from(who.0)) else { return Ok(()) };
            let desk = machine.desk();
            if let Some(desk) = &desk {
                desk.size_now.set(size_now);
            }
            let holds = machine.checked;
            let goes_on = machine.turn()?;
            self.truth.observe(&self.broker, Some((who, holds)))?;
            if let Some(desk) = desk {
                let said = std::mem::take(&mut *desk.said.borrow_mut());
                said.into_iter().try_for_each(|said| self.hear(who, said))?;
            }
            self.look()?;
            self.answer_questions().await;
            if !goes_on {
                break;
            }
            self.pass(1).await;
        }
        Ok(())
    }

    fn hear(&mut self, who: Who, said: Said) -> Result<(), Broken> {
        let disk = &self.machines[usize::from(who.0)].disk;
        match said {
            Said::Recorded { digest, durable, heard } => {
                let on_disk = disk.entries(durable.index).into_iter().next();
                let on_disk = on_disk.filter(|_| durable.index.0 < disk.durable().0);
                self.book.recorded(who, digest, durable, on_disk.as_ref(), &self.truth)?;
                if heard {
                    self.book.heard(digest);
                }
            }
            Said::Refused { submission, code, since, heard } => {
                self.book.refused(who, &submission, &code, since, &self.truth)?;
                if heard {
                    self.book.heard(submission.digest());
                }
            }
            Said::Acknowledged { digests } => self.book.acknowledged(who, &digests, &self.truth)?,
        }
        Ok(())
    }

    pub(crate) async fn pass(&mut self, ms: u64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
        tokio::time::advance(Duration::from_millis(ms)).await;
    }

    fn hurt_the_broker(&mut self, step: &Step) {
        let sealed = self.force.sealed_log().name;
        // The founding stays: without it there is nothing to follow.
        let last = self.truth.last_sequence();
        let back = |back: u8| last.checked_sub(u64::from(back)).filter(|sequence| *sequence > 1);
        match step {
            Step::LoseTail(count, ids) => {
                let count = u64::from(*count).min(last - 1);
                self.broker.lose_tail(&sealed, count, *ids);
                self.mirror.went_back(last - count);
            }
            Step::LoseMessage(behind) => {
                if let Some(sequence) = back(*behind) {
                    self.broker.lose(&sealed, sequence);
                }
            }
            Step::FlipMessage(behind, bit) => {
                if let Some(sequence) = back(*behind) {
                    self.broker.flip_bit(&sealed, sequence, u64::from(*bit));
                }
            }
            Step::LoseInbox(count) => {
                self.broker.lose_tail(&self.force.inbox().name, u64::from(*count), false);
            }
            _ => {}
        }
        self.truth.look_again(&self.broker);
    }

    pub(crate) fn mirror_takes(&mut self, messages: usize) {
        let leader = self.machines.iter().find(|machine| machine.leads() && !machine.paused);
        let disk = leader.map(|machine| machine.disk.clone());
        self.mirror.take(&self.broker, messages, |from| {
            let entries = disk.as_ref()?.entries(EntryIndex(from));
            Some(SealedBatch { first: EntryIndex(from), entries, checkpoint: None })
        });
    }

    /// Whoever leads answers what others ask it; nobody does when nobody leads.
    async fn answer_questions(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            let asked = std::pin::pin!(self.questions.next()).poll(&mut context);
            let Poll::Ready(Some(request)) = asked else { return };
            let able = |machine: &&Machine| machine.leads() && !machine.paused && !machine.link.is_cut();
            // Of two that believe to lead, the one of the later epoch: the broker gives each its turn, sooner or later.
            let later = |machine: &&Machine| Some(machine.who) == self.truth.leader();
            let leader = self.machines.iter().filter(able).find(later);
            let leader = leader.or_else(|| self.machines.iter().find(able));
            let from = EntriesRequest::parse(&request.payload).map(|request| request.from).ok();
            if let (Some(leader), Some(first)) = (leader, from) {
                let entries = leader.disk.entries(first);
                let first = EntryIndex(first.0.min(leader.disk.durable().0));
                request.reply(Ok(SealedBatch { first, entries, checkpoint: None }.to_bytes()));
            }
        }
    }

    /// What must hold at every moment.
    fn look(&mut self) -> Result<(), Broken> {
        let truth = &self.truth;
        self.machines.iter_mut().try_for_each(|machine| look_at_disk(machine, truth))?;
        self.book.check(&self.truth)?;
        self.machines.iter().try_for_each(|machine| self.look_at_ending(machine))
    }

    /// Whoever ended by itself had to.
    fn look_at_ending(&self, machine: &Machine) -> Result<(), Broken> {
        use crate::process::Ending;
        let Some(ending) = &machine.ended else { return Ok(()) };
        let (why, had_to) = match ending {
            Ending::Closed(why) => (why.clone(), machine.flush_failed),
            Ending::Stopped(stop @ recorder::Stop::Disk(_)) => (stop.to_string(), machine.flush_failed),
            Ending::Stopped(stop @ recorder::Stop::Diverged(_)) => {
                (stop.to_string(), machine.astray || !self.truth.branches().is_empty())
            }
        };
        if had_to || self.truth.is_damaged(&self.broker) {
            return Ok(());
        }
        Promise::GoodReasons.broken(format!("{} ended without need: {why}", machine.who))
    }

    fn summary(&self) -> String {
        let mut line = format!("  {} entries, message {}", self.truth.size(), self.truth.last_sequence());
        for machine in &self.machines {
            let is = match (machine.is_up(), machine.leads(), machine.paused) {
                (false, ..) => "down",
                (_, true, false) => "leads",
                (_, false, false) => "follows",
                (_, true, true) => "leads, paused",
                (_, false, true) => "follows, paused",
            };
            line.push_str(&format!("; {} {is} with {}", machine.who, machine.disk.durable()));
        }
        line.push_str(&format!(
            "; {} acknowledged, {} refused",
            self.book.acknowledgements, self.book.refusals
        ));
        line
    }
}

/// What lies on a disk is the history, as far as it goes; or one that a lost tail took.
fn look_at_disk(machine: &mut Machine, truth: &Truth) -> Result<(), Broken> {
    let who = machine.who;
    let durable = machine.disk.durable().0;
    machine.checked = machine.checked.min(durable).min(truth.size());
    while machine.checked > 0
        && truth.branches().iter().any(|branch| branch.at < machine.checked)
        && !still(machine, truth)
    {
        machine.checked -= 1;
    }
    machine.astray = false;
    for (index, bytes) in (machine.checked..).zip(machine.disk.entries(EntryIndex(machine.checked))) {
        if !machine.astray && truth.has(index, &bytes) {
            machine.checked = index + 1;
        } else if truth.had(index, &bytes) {
            machine.astray = true;
        } else {
            return Promise::OneHistory
                .broken(format!("{who} keeps an entry {index} that no stream ever had"));
        }
    }
    for (size, note) in machine.disk.checkpoints(machine.checked_notes) {
        if !truth.has_note(size.0, &note) && !truth.had_note(size.0, &note) {
            let story = format!("{who} keeps a checkpoint of {size} entries that no stream ever had");
            return Promise::OneHistory.broken(story);
        }
        machine.checked_notes += 1;
    }
    Ok(())
}

fn still(machine: &Machine, truth: &Truth) -> bool {
    let last = machine.checked - 1;
    machine.disk.entries(EntryIndex(last)).first().is_some_and(|bytes| truth.has(last, bytes))
}

fn flip(machine: &mut Machine, index: u64, copy: Half) {
    // One copy only: what both copies lose is lost.
    if index < machine.disk.durable().0 && !machine.flipped.contains(&index) {
        machine.flipped.push(index);
        machine.disk.flip_bit(EntryIndex(index), copy);
    }
}

pub(crate) fn disk(machine: &mut Machine, what: Disk) {
    match what {
        Disk::FailWrite => machine.disk.inject(Fault::FailWrite),
        Disk::Tear => machine.disk.inject(Fault::TornWrite),
        Disk::FailFlush => {
            machine.flush_failed = true;
            machine.disk.inject(Fault::FailSync);
        }
        Disk::Full => machine.disk.fill(Some((1, 2))),
        Disk::Room => machine.disk.fill(None),
        // Somebody who checks a disk stops what runs on it.
        Disk::Scrub if !machine.is_up() => {
            machine.disk.scrub();
            machine.flipped.clear();
        }
        Disk::Scrub => {}
    }
}

fn as_sealed(bytes: &Bytes) -> SealedEntry {
    let entry = Entry::parse(bytes).expect("the founding holds entries");
    SealedEntry {
        bytes: bytes.clone(),
        leaf_hash: Hash::leaf(bytes),
        statement_id: entry.statement.id,
        stream: entry.statement.stream.clone(),
        stream_version: entry.stream_version,
    }
}

fn entries_service(force: &Force) -> ServiceSpec {
    ServiceSpec {
        name: "recorder".to_owned(),
        version: "0.1.0".to_owned(),
        description: "Whoever leads".to_owned(),
        subject: force.service("recorder"),
        endpoints: vec!["entries".to_owned()],
        metadata: std::collections::BTreeMap::new(),
        figures: None,
    }
}
