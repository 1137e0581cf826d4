//! How every force is: what the hub answers, and what `scrutiny hub status` shows.

use serde::{Deserialize, Serialize};

/// How one force's ledger is, the worst that holds. In order of how bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Held, covered and consistent, by keys that the operator gave.
    Ok,
    /// The same, and nobody vouches for its first entry.
    NotPinned,
    /// Nothing was heard yet, and it is too early to worry.
    Waiting,
    /// Entries are known to exist and are not held yet.
    Behind,
    /// Nothing is heard.
    Silent,
    /// Entries were lost on the way, or are told of, and nobody supplies them.
    Gap,
    /// The mirror found what cannot be explained, or does not open.
    Halted,
    /// The force's recorder says that its log is shorter than the log once signed for.
    RolledBack,
    /// The log signed two histories.
    Fork,
}

impl State {
    /// Every state.
    pub const ALL: [State; 9] = [
        State::Ok,
        State::NotPinned,
        State::Waiting,
        State::Behind,
        State::Silent,
        State::Gap,
        State::Halted,
        State::RolledBack,
        State::Fork,
    ];

    /// Its name for programs: in logs and figures, and as JSON has it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::NotPinned => "not-pinned",
            State::Waiting => "waiting",
            State::Behind => "behind",
            State::Silent => "silent",
            State::Gap => "gap",
            State::Halted => "halted",
            State::RolledBack => "rolled-back",
            State::Fork => "fork",
        }
    }

    /// The word for it, for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::NotPinned => "not pinned",
            State::Waiting => "waiting",
            State::Behind => "behind",
            State::Silent => "silent",
            State::Gap => "gap",
            State::Halted => "halted",
            State::RolledBack => "rolled back",
            State::Fork => "FORK",
        }
    }

    /// Whether somebody has to act.
    #[must_use]
    pub fn is_alarm(self) -> bool {
        self >= State::Silent
    }

    /// Whether something does not prove what it claims; other alarms leave open whether it does.
    #[must_use]
    pub fn fails_verification(self) -> bool {
        self >= State::Halted
    }

    /// What to do about it; empty where there is nothing to do.
    #[must_use]
    pub fn what_to_do(self) -> &'static str {
        match self {
            State::Ok | State::Waiting | State::Behind => "",
            State::NotPinned => {
                "have the force print `scrutiny policy`, take the file by another way than this bus, and put it into \
                 the hub's folder of policies under the force's name"
            }
            State::Silent => {
                "ask the force whether its recorder and its broker run and whether the line to the hub is up; nothing \
                 is lost meanwhile, it comes when the line is back"
            }
            State::Gap => {
                "ask the force to start its recorder, which supplies the entries; if its ledger is lost, an export \
                 or a backup of it that holds them"
            }
            State::Halted => {
                "read the reason; when it is understood, move the force's mirror away and start the hub again: it \
                 makes the mirror anew and still remembers the last checkpoint"
            }
            State::RolledBack => {
                "ask the force whether a backup was restored; entries that the log signed for are missing there, and \
                 the mirror holds them (`scrutiny export` writes them out)"
            }
            State::Fork => {
                "keep the evidence and the mirror as they are, tell the force and its inspectorate, and trust \
                 neither history beyond where they part until it is explained; it is not lifted by itself"
            }
        }
    }
}

/// One force.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForceReport {
    /// Its short name.
    pub force: String,
    /// How it is.
    pub state: State,
    /// Why, in one sentence.
    pub why: String,
    /// What to do about it; empty where there is nothing to do.
    pub what_to_do: String,
    /// Everything that holds at present, the worst first: a forked force may be silent as well.
    pub all: Vec<State>,
    /// The ledger's name, once entry 0 is held.
    pub origin: Option<String>,
    /// Whether the log's keys were given by the operator.
    pub pinned: bool,
    /// Entries held.
    pub held: u64,
    /// Root of the tree over them.
    pub root: String,
    /// Entries that the force's recorder has, by its own word; `None` when it never answered.
    pub head: Option<u64>,
    /// When it last answered, milliseconds since the Unix epoch.
    pub head_at_ms: Option<u64>,
    /// Why it does not answer; `None` while it does.
    pub head_problem: Option<String>,
    /// Entries known to exist and not held.
    pub behind_entries: u64,
    /// For how long the first of them is known to exist.
    pub behind_seconds: u64,
    /// The last checkpoint that the log signed and that was seen here.
    pub checkpoint: Option<CheckpointReport>,
    /// When anything was last heard: an answer or a new entry.
    pub heard_at_ms: Option<u64>,
    /// The file with the evidence of a fork.
    pub evidence: Option<String>,
}

/// The last checkpoint seen of a force.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckpointReport {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: String,
    /// When it was seen, milliseconds since the Unix epoch.
    pub seen_at_ms: u64,
    /// Whether the mirror agrees with it at present. Not while a mirror that is made again is shorter.
    pub held: bool,
    /// How many checkpoints in a row were checked to be consistent with the one seen before.
    pub consistent: u64,
    /// Since when: when the first of them was seen.
    pub consistent_since_ms: u64,
}

/// Every force.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// When this was said, milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// After so many seconds without a word a force is silent.
    pub silence_seconds: u64,
    /// By name.
    pub forces: Vec<ForceReport>,
}

impl Report {
    /// How many forces are in a state.
    #[must_use]
    pub fn count(&self, state: State) -> usize {
        self.forces.iter().filter(|force| force.state == state).count()
    }

    /// The worst state of any force.
    #[must_use]
    pub fn worst(&self) -> State {
        self.forces.iter().map(|force| force.state).max().unwrap_or(State::Ok)
    }
}
