//! One step of a schedule: what somebody does, or what goes wrong. As text, one line.

use std::fmt;
use std::str::FromStr;

use ledger_store::Copy;

/// A recorder: `a`, `b`, `c`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Who(pub u8);

/// What happens to the next appends to the sealed stream, whoever makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Append {
    /// Stored, and the answer is lost.
    Stored,
    /// Lost, and so is the answer.
    Lost,
    /// Held up on its way until [`Step::Arrive`].
    Late,
}

/// What happens to the next message that the inbox hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It does not arrive, and comes again later.
    Drop,
    /// It arrives twice.
    Twice,
    /// It arrives behind the next one.
    Behind,
}

/// What happens to a recorder's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// The next write fails.
    FailWrite,
    /// The next flush fails.
    FailFlush,
    /// The machine stops in the middle of the next write.
    Tear,
    /// It is full.
    Full,
    /// There is room again.
    Room,
    /// Somebody checks it, heals one copy from the other and lifts the poison.
    Scrub,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Officers hand in these statements of the pool, in one message.
    Submit(Vec<u16>),
    /// A recorder goes on for so many turns: each takes it to its next wait for the bus.
    Run(Who, u16),
    /// A recorder hears nobody lead, and tries to.
    Lead(Who),
    /// A recorder has nothing else to do, and looks how the stream stands.
    Watch(Who),
    /// A checkpoint is due at a recorder.
    Publish(Who),
    /// A recorder's power is cut.
    Crash(Who),
    /// It will be cut in its store's call so many calls from now: before the call has done anything, or after.
    CrashInStore(Who, u16, bool),
    /// A recorder that is down starts.
    Start(Who),
    /// A recorder stands still, whatever it was doing.
    Pause(Who),
    /// It goes on where it was.
    Wake(Who),
    /// A recorder's way to the bus is cut.
    Cut(Who),
    /// It is there again.
    Heal(Who),
    /// What happens to the next appends, and to how many.
    Append(Append, u8),
    /// What was held up arrives.
    Arrive,
    /// What happens to the next deliveries, and to how many.
    Deliver(Delivery, u8),
    /// The sealed stream loses its last messages; it remembers their ids, or does not.
    LoseTail(u8, bool),
    /// The sealed stream loses one message, so many before its last.
    LoseMessage(u8),
    /// A bit flips in the sealed stream, in a message so many before its last.
    FlipMessage(u8, u16),
    /// The inbox loses its last messages.
    LoseInbox(u8),
    /// A bit flips in one copy of an entry.
    FlipEntry(Who, u16, Copy),
    /// Something happens to a disk.
    Disk(Who, Disk),
    /// A recorder's clock is set forward or back by milliseconds.
    Clock(Who, i32),
    /// Time passes, in milliseconds.
    Pass(u32),
    /// The mirror takes so many messages.
    Mirror(u8),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(b'a' + self.0))
    }
}

const APPENDS: [(&str, Append); 3] =
    [("stored", Append::Stored), ("lost", Append::Lost), ("late", Append::Late)];
const DELIVERIES: [(&str, Delivery); 3] =
    [("drop", Delivery::Drop), ("twice", Delivery::Twice), ("behind", Delivery::Behind)];
const DISKS: [(&str, Disk); 6] = [
    ("fail-write", Disk::FailWrite),
    ("fail-flush", Disk::FailFlush),
    ("tear", Disk::Tear),
    ("full", Disk::Full),
    ("room", Disk::Room),
    ("scrub", Disk::Scrub),
];
const COPIES: [(&str, Copy); 2] = [("segments", Copy::Segments), ("index", Copy::Index)];
const IDS: [(&str, bool); 2] = [("with-ids", true), ("without-ids", false)];
const MOMENTS: [(&str, bool); 2] = [("before", false), ("after", true)];

fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, v)| v == value).expect("every value has its word").0
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Submit(statements) => {
                f.write_str("submit")?;
                statements.iter().try_for_each(|n| write!(f, " {n}"))
            }
            Step::Run(who, turns) => write!(f, "run {who} {turns}"),
            Step::Lead(who) => write!(f, "lead {who}"),
            Step::Watch(who) => write!(f, "watch {who}"),
            Step::Publish(who) => write!(f, "publish {who}"),
            Step::Crash(who) => write!(f, "crash {who}"),
            Step::CrashInStore(who, calls, after) => {
                write!(f, "crash-in-store {who} {calls} {}", word(&MOMENTS, after))
            }
            Step::Start(who) => write!(f, "start {who}"),
            Step::Pause(who) => write!(f, "pause {who}"),
            Step::Wake(who) => write!(f, "wake {who}"),
            Step::Cut(who) => write!(f, "cut {who}"),
            Step::Heal(who) => write!(f, "heal {who}"),
            Step::Append(what, times) => write!(f, "append {} {times}", word(&APPENDS, what)),
            Step::Arrive => f.write_str("arrive"),
            Step::Deliver(what, times) => write!(f, "deliver {} {times}", word(&DELIVERIES, what)),
            Step::LoseTail(count, ids) => write!(f, "lose-tail {count} {}", word(&IDS, ids)),
            Step::LoseMessage(back) => write!(f, "lose-message {back}"),
            Step::FlipMessage(back, bit) => write!(f, "flip-message {back} {bit}"),
            Step::LoseInbox(count) => write!(f, "lose-inbox {count}"),
            Step::FlipEntry(who, index, copy) => {
                write!(f, "flip-entry {who} {index} {}", word(&COPIES, copy))
            }
            Step::Disk(who, what) => write!(f, "disk {who} {}", word(&DISKS, what)),
            Step::Clock(who, by) => write!(f, "clock {who} {by}"),
            Step::Pass(ms) => write!(f, "pass {ms}"),
            Step::Mirror(messages) => write!(f, "mirror {messages}"),
        }
    }
}

/// A line that is no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a step: {0:?}")]
pub struct NoStep(pub String);

impl FromStr for Step {
    type Err = NoStep;

    fn from_str(line: &str) -> Result<Self, NoStep> {
        let mut words = line.split_whitespace();
        let step = read(&mut words).filter(|_| words.next().is_none());
        step.ok_or_else(|| NoStep(line.to_owned()))
    }
}

type Words<'a> = std::str::SplitWhitespace<'a>;

fn read(words: &mut Words<'_>) -> Option<Step> {
    Some(match words.next()? {
        "submit" => {
            let statements: Option<Vec<u16>> = words.map(|n| n.parse().ok()).collect();
            Step::Submit(statements.filter(|all| !all.is_empty())?)
        }
        "run" => Step::Run(who(words)?, number(words)?),
        "lead" => Step::Lead(who(words)?),
        "watch" => Step::Watch(who(words)?),
        "publish" => Step::Publish(who(words)?),
        "crash" => Step::Crash(who(words)?),
        "crash-in-store" => Step::CrashInStore(who(words)?, number(words)?, one_of(words, &MOMENTS)?),
        "start" => Step::Start(who(words)?),
        "pause" => Step::Pause(who(words)?),
        "wake" => Step::Wake(who(words)?),
        "cut" => Step::Cut(who(words)?),
        "heal" => Step::Heal(who(words)?),
        "append" => Step::Append(one_of(words, &APPENDS)?, number(words)?),
        "arrive" => Step::Arrive,
        "deliver" => Step::Deliver(one_of(words, &DELIVERIES)?, number(words)?),
        "lose-tail" => Step::LoseTail(number(words)?, one_of(words, &IDS)?),
        "lose-message" => Step::LoseMessage(number(words)?),
        "flip-message" => Step::FlipMessage(number(words)?, number(words)?),
        "lose-inbox" => Step::LoseInbox(number(words)?),
        "flip-entry" => Step::FlipEntry(who(words)?, number(words)?, one_of(words, &COPIES)?),
        "disk" => Step::Disk(who(words)?, one_of(words, &DISKS)?),
        "clock" => Step::Clock(who(words)?, number(words)?),
        "pass" => Step::Pass(number(words)?),
        "mirror" => Step::Mirror(number(words)?),
        _ => return None,
    })
}

fn who(words: &mut Words<'_>) -> Option<Who> {
    match words.next()?.as_bytes() {
        [letter @ b'a'..=b'e'] => Some(Who(letter - b'a')),
        _ => None,
    }
}

fn number<T: FromStr>(words: &mut Words<'_>) -> Option<T> {
    words.next()?.parse().ok()
}

fn one_of<T: std::marker::Copy>(words: &mut Words<'_>, all: &[(&str, T)]) -> Option<T> {
    let text = words.next()?;
    all.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}
