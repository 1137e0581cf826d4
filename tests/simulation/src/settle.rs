//! The end: no more faults, and a bounded time in which everything has to come right.

use std::collections::BTreeSet;

use ledger_core::ids::EntryIndex;

use crate::broken::{Broken, Promise};
use crate::mirror_copy::replay;
use crate::pool::Pool;
use crate::step::{Disk, Who};
use crate::world::{World, disk};

/// Rounds at most. Each is two seconds, in which everybody has a hundred turns.
const ROUNDS: u32 = 40;
const TURNS: u16 = 100;

impl World {
    /// Lets everything come right, and looks whether it did.
    pub(crate) async fn settle(&mut self) -> Result<(), Broken> {
        self.calm().await?;
        for round in 0..ROUNDS {
            self.one_round(round).await?;
            let line = format!("  round {round}: {}", self.standing());
            self.trace.note(&line);
            if self.is_settled() && self.compare().await? {
                return Ok(());
            }
        }
        let story = format!("after {ROUNDS} calm rounds: {}", self.standing());
        Promise::EverythingSettles.broken(story)
    }

    async fn calm(&mut self) -> Result<(), Broken> {
        self.faults.stop();
        self.broker.arrive();
        self.truth.observe(&self.broker, None)?;
        for machine in &mut self.machines {
            machine.fuse.put_out();
            machine.paused = false;
            machine.link.heal();
            disk(machine, Disk::Room);
        }
        Ok(())
    }

    async fn one_round(&mut self, round: u32) -> Result<(), Broken> {
        self.revive();
        let nobody = !self.machines.iter().any(|machine| machine.leads());
        if nobody || round % 8 == 7 {
            // Silence, or a leader that gets nowhere: somebody tries.
            self.wish_somebody_leads(round);
        }
        let open = self.open();
        for some in open.chunks(4) {
            self.submit(some).await;
        }
        for at in 0..self.machines.len() {
            let who = self.machines[at].who;
            if let Some(desk) = self.machines[at].desk().filter(|desk| desk.leads.get()) {
                desk.publish.set(true);
                desk.watch.set(true);
            }
            self.run(who, TURNS).await?;
        }
        self.mirror_takes(usize::MAX);
        self.pass(2_000).await;
        Ok(())
    }

    /// Whoever is down and may come back does, after somebody looked at the disk.
    fn revive(&mut self) {
        for machine in self.machines.iter_mut().filter(|machine| !machine.is_up() && !machine.astray) {
            disk(machine, Disk::Scrub);
            machine.start();
        }
    }

    fn wish_somebody_leads(&mut self, round: u32) {
        let able: Vec<usize> = (0..self.machines.len()).filter(|at| self.machines[*at].is_up()).collect();
        if able.is_empty() {
            return;
        }
        let at = able[round as usize % able.len()];
        if let Some(desk) = self.machines[at].desk() {
            desk.lead.set(true);
        }
    }

    /// Statements that nobody has heard an answer to.
    fn open(&self) -> Vec<u16> {
        let digests = &Pool::get().digests;
        let open = |n: &&u16| !self.book.has_answer(&digests[usize::from(**n)]);
        self.handed_in.iter().filter(open).copied().collect()
    }

    fn is_settled(&self) -> bool {
        let size = self.truth.size();
        let notes = self.truth.notes_for_all(&self.broker);
        let has_all = |machine: &crate::machine::Machine| {
            let held: BTreeSet<u64> = machine.disk.checkpoints(0).iter().map(|(size, _)| size.0).collect();
            machine.astray || machine.is_up() && machine.checked == size && held.is_superset(&notes)
        };
        let covered = self.truth.notes().contains_key(&size);
        let mirror = self.mirror.stuck.is_some() || self.mirror.size() == size;
        self.open().is_empty() && covered && mirror && self.machines.iter().all(has_all)
    }

    fn standing(&self) -> String {
        let size = self.truth.size();
        let notes = self.truth.notes().keys().copied().collect::<Vec<_>>();
        let of = |machine: &crate::machine::Machine| {
            format!(
                "{} {}{} has {} and checkpoints {:?}{}",
                machine.who,
                if machine.is_up() { "up" } else { "down" },
                if machine.leads() { ", leads," } else { "" },
                machine.checked,
                machine.disk.checkpoints(0).iter().map(|(size, _)| size.0).collect::<Vec<_>>(),
                machine.ended.as_ref().map_or(String::new(), |ending| format!(" ({ending:?})")),
            )
        };
        let machines: Vec<String> = self.machines.iter().map(of).collect();
        format!(
            "{size} entries, checkpoints {notes:?}, statements open {:?}, mirror {} {}; {}",
            self.open(),
            self.mirror.size(),
            self.mirror.stuck.as_deref().unwrap_or_default(),
            machines.join("; ")
        )
    }

    /// What was derived by different ways is the same. False when something is still recorded meanwhile.
    async fn compare(&mut self) -> Result<bool, Broken> {
        let history = self.truth.entries().to_vec();
        self.mirror.compare(&history, self.truth.branches())?;
        let expected = replay(&history).0.to_bytes();
        for at in 0..self.machines.len() {
            let Some(desk) = self.machines[at].desk() else { continue };
            desk.state_wanted.set(true);
            let who: Who = self.machines[at].who;
            for _ in 0..TURNS {
                self.run(who, 1).await?;
                if desk.state.borrow().is_some() {
                    break;
                }
            }
            // It may have found just now that it is astray, or been taken down; the next round says.
            if self.machines[at].desk().is_none() || self.machines[at].astray {
                return Ok(false);
            }
            let state = desk.state.take();
            let size = state.as_ref().map(|(size, _)| *size);
            if self.truth.size() != history.len() as u64 {
                return Ok(false);
            }
            if size != Some(history.len() as u64) || state.is_some_and(|(_, bytes)| bytes != expected) {
                let story = format!("{who}'s state of {size:?} entries is not what {} make", history.len());
                return Promise::SameProjections.broken(story);
            }
            let held = self.machines[at].disk.entries(EntryIndex(0));
            if held != history {
                return Promise::OneHistory.broken(format!("{who} holds another history in the end"));
            }
        }
        Ok(true)
    }
}
