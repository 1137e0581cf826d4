//! What is known of one force, and what that comes to. Nothing here asks, waits or writes: times are given.

use std::collections::VecDeque;
use std::time::Duration;

use ledger_core::hash::Hash;
use ledger_core::ids::TreeSize;
use tokio::time::Instant;

use crate::bounds::SIZES_TOLD;
use crate::report::State;

/// A recorder may still be keeping a checkpoint that it has published: its word counts against it from then on.
const SETTLES: Duration = Duration::from_secs(5);

/// Something that may be over in a moment is said after so long.
const GRACE: Duration = Duration::from_secs(5);

/// When to worry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Without a word for so long, a force is silent.
    pub(crate) silence: Duration,
    /// With an entry outstanding for so long, it is behind.
    pub(crate) behind: Duration,
}

/// What the recorder said last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadSaid {
    pub(crate) size: TreeSize,
    pub(crate) asked: Instant,
}

/// Something that is so since a moment.
#[derive(Debug)]
struct Since<T> {
    since: Instant,
    what: T,
}

/// One force.
#[derive(Debug)]
pub(crate) struct Watch {
    limits: Limits,
    pub(crate) pinned: bool,
    began: Instant,
    /// When entries came last.
    grew: Instant,
    /// An answer or a new entry.
    pub(crate) heard: Option<Instant>,
    pub(crate) held: TreeSize,
    pub(crate) root: Hash,
    pub(crate) head: Option<HeadSaid>,
    pub(crate) head_problem: Option<String>,
    /// Sizes that the recorder named and that are not held, and when it did.
    told: VecDeque<(TreeSize, Instant)>,
    missing: Option<Since<String>>,
    halted: Option<String>,
    suspect: Option<String>,
    remembered: Option<Since<TreeSize>>,
    fork: Option<String>,
    /// What was said to be amiss.
    alarms: Vec<State>,
}

/// An alarm that is new, or over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Raised(State, String),
    Lifted(State),
}

impl Watch {
    pub(crate) fn new(limits: Limits, pinned: bool, now: Instant) -> Self {
        Self {
            limits,
            pinned,
            began: now,
            grew: now,
            heard: None,
            held: TreeSize(0),
            root: ledger_core::merkle::empty_root(),
            head: None,
            head_problem: None,
            told: VecDeque::new(),
            missing: None,
            halted: None,
            suspect: None,
            remembered: None,
            fork: None,
            alarms: Vec::new(),
        }
    }

    /// So much is held when the watch begins. Nobody was heard for that.
    pub(crate) fn begins_with(&mut self, held: TreeSize, root: Hash) {
        (self.held, self.root) = (held, root);
    }

    /// So much is held.
    pub(crate) fn holds(&mut self, held: TreeSize, root: Hash, now: Instant) {
        if held > self.held {
            (self.heard, self.grew) = (Some(now), now);
        }
        (self.held, self.root) = (held, root);
        while self.told.front().is_some_and(|(size, _)| *size <= held) {
            self.told.pop_front();
        }
    }

    /// The recorder said how long its log is.
    pub(crate) fn answered(&mut self, size: TreeSize, asked: Instant, now: Instant) {
        (self.heard, self.head_problem) = (Some(now), None);
        self.head = Some(HeadSaid { size, asked });
        self.told.retain(|(told, _)| *told <= size);
        if size > self.held && self.told.back().is_none_or(|(told, _)| *told < size) {
            if self.told.len() == SIZES_TOLD {
                self.told.pop_back();
            }
            self.told.push_back((size, now));
        }
    }

    /// The recorder did not.
    pub(crate) fn did_not_answer(&mut self, why: String) {
        self.head_problem = Some(why);
    }

    /// What the stream lost and nobody supplies; `None` when nothing is.
    pub(crate) fn misses(&mut self, what: Option<String>, now: Instant) {
        let since = self.missing.as_ref().map_or(now, |missing| missing.since);
        self.missing = what.map(|what| Since { since, what });
    }

    /// Why the mirror stopped; `None` while it goes on.
    pub(crate) fn halts(&mut self, why: Option<String>) {
        self.halted = why;
    }

    /// Two things do not fit, and it is not known yet which of them the log stands by.
    pub(crate) fn suspects(&mut self, what: Option<String>) {
        self.suspect = what;
    }

    /// The log has signed for so many entries.
    pub(crate) fn remembers(&mut self, size: TreeSize, now: Instant) {
        if self.remembered.as_ref().is_none_or(|known| known.what < size) {
            self.remembered = Some(Since { since: now, what: size });
        }
    }

    /// The log signed two histories. That stays.
    pub(crate) fn forks(&mut self, sentence: String) {
        self.fork.get_or_insert(sentence);
    }

    pub(crate) fn is_forked(&self) -> bool {
        self.fork.is_some()
    }

    /// The recorder answered the last time it was asked.
    pub(crate) fn answers(&self) -> bool {
        self.head.is_some() && self.head_problem.is_none()
    }

    /// Entries known to exist and not held, and for how long the first of them is known to.
    pub(crate) fn behind(&self, now: Instant) -> (u64, Duration) {
        let head = self.head.map_or(0, |head| head.size.0);
        let lag = self.told.front().map_or(Duration::ZERO, |(_, since)| now - *since);
        (head.max(self.signed_for()).saturating_sub(self.held.0), lag)
    }

    /// Entries that the log has signed for, as far as was ever seen.
    pub(crate) fn signed_for(&self) -> u64 {
        self.remembered.as_ref().map_or(0, |known| known.what.0)
    }

    /// Everything that holds, the worst first; never empty.
    pub(crate) fn conditions(&self, now: Instant) -> Vec<(State, String)> {
        let mut all = Vec::new();
        all.extend(self.fork.clone().map(|why| (State::Fork, why)));
        all.extend(self.rolled_back().map(|why| (State::RolledBack, why)));
        // That the mirror stops where the histories part is part of the fork.
        if self.fork.is_none() {
            let halted = self.halted.as_ref().or(self.suspect.as_ref());
            all.extend(halted.map(|why| (State::Halted, why.clone())));
            let missing = self.missing.as_ref().filter(|missing| now - missing.since >= GRACE);
            let missing = missing.map(|missing| missing.what.clone()).or_else(|| self.withheld(now));
            all.extend(missing.map(|why| (State::Gap, why)));
        }
        all.extend(self.silent(now).map(|why| (State::Silent, why)));
        let (entries, lag) = self.behind(now);
        if entries > 0 && lag >= self.limits.behind {
            all.push((
                State::Behind,
                format!("{entries} known to exist and not held for {} s", lag.as_secs()),
            ));
        }
        if self.held.0 == 0 && self.head.is_none() && all.is_empty() {
            all.push((State::Waiting, "nothing was heard of it yet".to_owned()));
        }
        if self.pinned {
            all.push((State::Ok, String::new()));
        } else {
            let why = "its keys are those that its own first entry names; nobody vouches for that entry";
            all.push((State::NotPinned, why.to_owned()));
        }
        all
    }

    /// What is new, or over, since the last call.
    pub(crate) fn changes(&mut self, now: Instant) -> Vec<Change> {
        let holds: Vec<_> = self.conditions(now).into_iter().filter(|(state, _)| state.is_alarm()).collect();
        let over = self.alarms.iter().filter(|was| !holds.iter().any(|(state, _)| state == *was));
        let mut changes: Vec<Change> = over.map(|state| Change::Lifted(*state)).collect();
        let new = holds.iter().filter(|(state, _)| !self.alarms.contains(state));
        changes.extend(new.map(|(state, why)| Change::Raised(*state, why.clone())));
        self.alarms = holds.into_iter().map(|(state, _)| state).collect();
        changes
    }

    fn rolled_back(&self) -> Option<String> {
        let (head, known) = (self.head.as_ref()?, self.remembered.as_ref()?);
        let shorter = head.size < known.what && head.asked >= known.since + SETTLES;
        shorter.then(|| {
            format!(
                "its recorder says that the log has {} entries, and the log has signed for {}",
                head.size, known.what
            )
        })
    }

    /// Whoever says that there is more, and gives nothing of it, is no better than one that lost it: it may be of another
    /// history.
    fn withheld(&self, now: Instant) -> Option<String> {
        let ((entries, lag), since) = (self.behind(now), now - self.grew);
        (entries > 0 && lag.min(since) >= self.limits.silence).then(|| {
            let since = since.as_secs();
            format!("its recorder says that there are {entries} more, and none of them came for {since} s")
        })
    }

    fn silent(&self, now: Instant) -> Option<String> {
        let quiet = now - self.heard.unwrap_or(self.began);
        (quiet >= self.limits.silence).then(|| {
            let why = self.head_problem.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
            format!("neither an answer nor a new entry for {} s{why}", quiet.as_secs())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { silence: Duration::from_secs(60), behind: Duration::from_secs(10) };
    const ROOT: Hash = Hash::ZERO;

    fn watch() -> (Watch, Instant) {
        let now = Instant::now();
        (Watch::new(LIMITS, true, now), now)
    }

    fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn state(watch: &Watch, now: Instant) -> State {
        watch.conditions(now)[0].0
    }

    #[test]
    fn the_lag_counts_from_when_the_first_outstanding_entry_was_known() {
        let (mut watch, t0) = watch();
        watch.answered(TreeSize(10), t0, t0);
        watch.answered(TreeSize(20), t0 + secs(8), t0 + secs(8));
        assert_eq!(state(&watch, t0 + secs(9)), State::Ok);
        assert_eq!(state(&watch, t0 + secs(10)), State::Behind);
        watch.holds(TreeSize(15), ROOT, t0 + secs(11));
        assert_eq!(watch.behind(t0 + secs(11)), (5, secs(3)));
        watch.holds(TreeSize(20), ROOT, t0 + secs(12));
        assert_eq!(watch.behind(t0 + secs(12)), (0, secs(0)));
    }

    #[test]
    fn sizes_told_are_bounded_and_the_oldest_stays() {
        let (mut watch, t0) = watch();
        for n in 1..1000 {
            watch.answered(TreeSize(n), t0 + secs(n), t0 + secs(n));
        }
        assert_eq!(watch.told.len(), SIZES_TOLD);
        assert_eq!(watch.behind(t0 + secs(1000)), (999, secs(999)));
    }

    #[test]
    fn an_alarm_is_raised_once_and_lifted_once() {
        let (mut watch, t0) = watch();
        assert_eq!(watch.changes(t0 + secs(59)), []);
        let raised = watch.changes(t0 + secs(60));
        assert!(matches!(&raised[..], [Change::Raised(State::Silent, _)]), "{raised:?}");
        assert_eq!(watch.changes(t0 + secs(61)), []);
        watch.answered(TreeSize(0), t0 + secs(62), t0 + secs(62));
        assert_eq!(watch.changes(t0 + secs(62)), [Change::Lifted(State::Silent)]);
    }

    #[test]
    fn a_fork_is_never_lifted() {
        let (mut watch, t0) = watch();
        watch.forks("two notes of 7 entries".to_owned());
        watch.halts(Some("two notes of 7 entries".to_owned()));
        assert!(matches!(&watch.changes(t0)[..], [Change::Raised(State::Fork, _)]));
        watch.answered(TreeSize(7), t0, t0);
        watch.holds(TreeSize(7), ROOT, t0);
        assert_eq!(state(&watch, t0), State::Fork);
        assert_eq!(watch.changes(t0), []);
    }

    #[test]
    fn a_shorter_head_is_a_rollback_only_when_it_was_asked_for_well_after_the_note() {
        let (mut watch, t0) = watch();
        watch.remembers(TreeSize(80), t0);
        watch.answered(TreeSize(79), t0 + secs(1), t0 + secs(1));
        assert_ne!(state(&watch, t0 + secs(1)), State::RolledBack);
        watch.answered(TreeSize(79), t0 + secs(6), t0 + secs(6));
        assert_eq!(state(&watch, t0 + secs(6)), State::RolledBack);
        watch.answered(TreeSize(80), t0 + secs(8), t0 + secs(8));
        assert_ne!(state(&watch, t0 + secs(8)), State::RolledBack);
    }

    #[test]
    fn what_is_missing_for_a_moment_is_no_gap() {
        let (mut watch, t0) = watch();
        watch.misses(Some("entries 5 to 9".to_owned()), t0);
        assert_ne!(state(&watch, t0 + secs(4)), State::Gap);
        watch.misses(Some("entries 5 to 9".to_owned()), t0 + secs(4));
        assert_eq!(state(&watch, t0 + secs(5)), State::Gap);
        watch.misses(None, t0 + secs(6));
        assert_ne!(state(&watch, t0 + secs(6)), State::Gap);
    }

    #[test]
    fn entries_that_are_told_of_and_never_given_are_a_gap_and_a_long_catching_up_is_none() {
        let (mut watch, t0) = watch();
        for second in 0..=90 {
            watch.answered(TreeSize(1_000), t0 + secs(second), t0 + secs(second));
            watch.holds(TreeSize(second.min(30)), ROOT, t0 + secs(second));
            let expected = if second < 10 { State::Ok } else { State::Behind };
            let expected = if second < 90 { expected } else { State::Gap };
            assert_eq!(state(&watch, t0 + secs(second)), expected, "{second}");
        }
        watch.holds(TreeSize(31), ROOT, t0 + secs(91));
        assert_eq!(state(&watch, t0 + secs(91)), State::Behind);
    }

    #[test]
    fn an_unpinned_force_is_never_just_ok() {
        let now = Instant::now();
        let mut watch = Watch::new(LIMITS, false, now);
        watch.answered(TreeSize(3), now, now);
        watch.holds(TreeSize(3), ROOT, now);
        assert_eq!(state(&watch, now), State::NotPinned);
    }
}
