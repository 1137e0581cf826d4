//! Health: what each part says of itself, and what that comes to.
//!
//! A role is *live* while its loops turn, and *ready* while each part it named says so. A part that found
//! something that cannot be explained *halts*: the process stays up as evidence, serves no more, and
//! `/readyz` says why until somebody has looked and started it anew.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// Characters of a reason that are kept. A reason is a sentence, and a probe reads it every few seconds.
const MAX_REASON: usize = 500;

/// How a role is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Everything it named says so.
    Ready,
    /// Something is missing; it may come.
    Waiting,
    /// It was asked to stop.
    Stopping,
    /// It has found something that cannot be explained, and does nothing until it is started anew.
    Halted,
}

/// One role's health, as `/readyz` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleHealth {
    /// Which role.
    pub role: String,
    /// How it is.
    pub state: State,
    /// Why it is not ready: "broker: cannot be reached".
    pub reasons: Vec<String>,
    /// What it is just now, where being ready does not say enough: "standby of epoch 3, 0 entries behind".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The health of every role in this process.
#[derive(Debug, Clone, Default)]
pub struct Board(Arc<Mutex<BTreeMap<String, Parts>>>);

#[derive(Debug, Default)]
struct Parts {
    parts: BTreeMap<&'static str, (State, String)>,
    loops: BTreeMap<&'static str, (Instant, Duration)>,
    note: Option<String>,
}

impl Board {
    /// One role's own health.
    #[must_use]
    pub fn role(&self, name: &str) -> Health {
        self.lock().entry(name.to_owned()).or_default();
        Health { board: self.clone(), role: name.to_owned() }
    }

    /// How every role is.
    #[must_use]
    pub fn roles(&self) -> Vec<RoleHealth> {
        self.lock().iter().map(|(role, parts)| parts.health(role)).collect()
    }

    /// Loops that have not turned for longer than they may: "recorder: inbox, for 31 s".
    #[must_use]
    pub fn stuck(&self) -> Vec<String> {
        let board = self.lock();
        let late = |role: &String, parts: &Parts| {
            let late = parts.loops.iter().filter(|(_, (at, most))| at.elapsed() > *most);
            late.map(|(name, (at, _))| format!("{role}: {name}, for {} s", at.elapsed().as_secs()))
                .collect::<Vec<_>>()
        };
        board.iter().flat_map(|(role, parts)| late(role, parts)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Parts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    fn health(&self, role: &str) -> RoleHealth {
        let state = self.parts.values().map(|(state, _)| *state).max().unwrap_or(State::Waiting);
        let mut reasons: Vec<String> = self
            .parts
            .iter()
            .filter(|(_, (state, _))| *state != State::Ready)
            .map(|(part, (_, why))| format!("{part}: {why}"))
            .collect();
        if self.parts.is_empty() {
            reasons.push("it is starting".to_owned());
        }
        RoleHealth { role: role.to_owned(), state, reasons, note: self.note.clone() }
    }
}

/// One role's health, for the role to tell.
#[derive(Debug, Clone)]
pub struct Health {
    board: Board,
    role: String,
}

impl Health {
    /// A part does what it is for.
    pub fn ready(&self, part: &'static str) {
        self.set(part, State::Ready, "");
    }

    /// A part cannot now, and may be able to later.
    pub fn waiting(&self, part: &'static str, why: &str) {
        self.set(part, State::Waiting, why);
    }

    /// A part will not any more until somebody has looked. Nothing a part says afterwards takes that back.
    pub fn halted(&self, part: &'static str, why: &str) {
        self.set(part, State::Halted, why);
    }

    /// A part is none of this role's any more, whatever it said last.
    pub fn without(&self, part: &'static str) {
        if let Some(parts) = self.board.lock().get_mut(&self.role) {
            parts.parts.remove(part);
        }
    }

    /// What the role is just now, where being ready does not say enough.
    pub fn note(&self, note: &str) {
        if let Some(parts) = self.board.lock().get_mut(&self.role) {
            parts.note = Some(note.chars().take(MAX_REASON).collect());
        }
    }

    /// The role was asked to stop.
    pub fn stopping(&self) {
        self.set("process", State::Stopping, "it is stopping");
    }

    /// How this role is.
    #[must_use]
    pub fn now(&self) -> RoleHealth {
        self.board.lock().get(&self.role).map(|parts| parts.health(&self.role)).unwrap_or(RoleHealth {
            role: self.role.clone(),
            state: State::Waiting,
            reasons: Vec::new(),
            note: None,
        })
    }

    /// A loop turns, and will again within `most`. One that ends on purpose says [`Health::ended`].
    pub fn turns(&self, name: &'static str, most: Duration) {
        if let Some(parts) = self.board.lock().get_mut(&self.role) {
            parts.loops.insert(name, (Instant::now(), most));
        }
    }

    /// A loop has ended on purpose.
    pub fn ended(&self, name: &'static str) {
        if let Some(parts) = self.board.lock().get_mut(&self.role) {
            parts.loops.remove(name);
        }
    }

    fn set(&self, part: &'static str, state: State, why: &str) {
        let why: String = why.chars().take(MAX_REASON).collect();
        let mut board = self.board.lock();
        let Some(parts) = board.get_mut(&self.role) else { return };
        let was = parts.parts.get(part).cloned();
        if was.as_ref().is_some_and(|(was, _)| *was == State::Halted) {
            return;
        }
        let new = (state, why);
        if was.as_ref() != Some(&new) {
            tell(&self.role, part, was.is_none(), &new);
            parts.parts.insert(part, new);
        }
    }
}

/// Every change is logged once, here, and nowhere else.
fn tell(role: &str, part: &str, first: bool, (state, why): &(State, String)) {
    match state {
        State::Ready => tracing::info!(role, part, "ready"),
        // Whatever starts is not ready at first.
        State::Waiting if first => tracing::info!(role, part, "not ready yet: {why}"),
        State::Stopping => tracing::info!(role, part, "{why}"),
        State::Waiting => tracing::warn!(role, part, "not ready: {why}"),
        State::Halted => tracing::error!(role, part, "HALTED: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_as_its_worst_part_and_says_why() {
        let board = Board::default();
        let health = board.role("recorder");
        assert_eq!(health.now().state, State::Waiting);
        health.ready("ledger");
        health.waiting("broker", "cannot be reached");
        let now = health.now();
        assert_eq!((now.state, now.reasons), (State::Waiting, vec!["broker: cannot be reached".to_owned()]));
        health.ready("broker");
        assert_eq!(
            health.now(),
            RoleHealth { role: "recorder".to_owned(), state: State::Ready, reasons: vec![], note: None }
        );
    }

    #[test]
    fn halted_stays_halted() {
        let health = Board::default().role("projector");
        health.halted("mirror", "entry 7 does not follow entry 6");
        health.ready("mirror");
        assert_eq!(health.now().state, State::Halted);
        assert_eq!(health.now().reasons, ["mirror: entry 7 does not follow entry 6"]);
    }

    #[test]
    fn a_reason_is_never_longer_than_its_bound() {
        let health = Board::default().role("projector");
        health.waiting("mirror", &"é".repeat(10_000));
        assert_eq!(health.now().reasons[0].chars().count(), "mirror: ".len() + MAX_REASON);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_does_not_turn_is_named() {
        let board = Board::default();
        let health = board.role("recorder");
        health.turns("inbox", Duration::from_secs(30));
        tokio::time::advance(Duration::from_secs(29)).await;
        assert!(board.stuck().is_empty());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(board.stuck(), ["recorder: inbox, for 31 s"]);
        health.ended("inbox");
        assert!(board.stuck().is_empty());
    }
}
