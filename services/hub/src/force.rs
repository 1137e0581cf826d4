//! One force: its mirror, what its recorder says, and what that comes to. Each has a task of its own and shares nothing
//! with the others but the bus, so that one that misbehaves disturbs nobody.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, Headers};
use host::{Clock, Stopping};
use ledger_core::checkpoint::SignedCheckpoint;
use ledger_core::ids::TreeSize;
use ledger_core::wire::{Head, SealedBatch};
use ledger_store::{Options, SegmentStore, mark_as_mirror};
use mirror::{Following, LogKey, Mirror, Standing, follow_within};
use tokio::time::Instant;

use crate::bounds::{MAX_EVIDENCE_BYTES, MESSAGES_WAITING};
use crate::compare::{Compared, compare, is_consistent};
use crate::evidence;
use crate::folder::{Folder, replace};
use crate::fork::Fork;
use crate::inquest::{Inquest, inquest};
use crate::note::Note;
use crate::remembered::Remembered;
use crate::reports::Reports;
use crate::say::{begin, report, tell};
use crate::watch::{Limits, Watch};

/// Between two looks at a force, and two questions to its recorder.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a recorder may take to say where its log stands.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// What is remembered is written so often at most: one sync of the disk for each force that goes on.
const REMEMBER_EVERY: Duration = Duration::from_secs(5);

/// A recorder that has more than the stream tells is asked for it, so often at most.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// What is asked of a recorder at one time takes no longer: one that answers slowly shall not keep its own state from
/// being told.
const INQUEST_WITHIN: Duration = Duration::from_secs(60);

/// Before a mirror that did not open is tried again.
const OPEN_AGAIN: Duration = Duration::from_secs(10);

/// What a force's task is given.
pub(crate) struct Given {
    pub(crate) force: Force,
    pub(crate) folder: Folder,
    pub(crate) bus: Bus,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) reports: Reports,
    pub(crate) stopping: Stopping,
}

/// Watches a force until the process stops.
pub(crate) async fn watch(given: Given) {
    let mut watch = Watch::new(given.limits, given.folder.policy.exists(), Instant::now());
    begin(&given.force);
    given.reports.put(report(&given, &watch, None, None, Instant::now()));
    loop {
        let opened = tokio::select! {
            opened = open(&given) => opened,
            () = given.stopping.asked() => return,
        };
        match opened {
            Ok((mirror, remembered)) => return Watching::new(given, watch, mirror, remembered).run().await,
            Err(why) => {
                watch.halts(Some(why));
                tell(&given.force, &mut watch, Instant::now());
                given.reports.put(report(&given, &watch, None, None, Instant::now()));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(OPEN_AGAIN) => {}
            () = given.stopping.asked() => return,
        }
    }
}

async fn open(given: &Given) -> Result<(Mirror, Option<Remembered>), String> {
    let (folder, what) = (given.folder.clone(), format!("hub, the mirror of {}", given.force));
    let open = move || -> Result<_, String> {
        let log = match folder.policy.exists() {
            true => LogKey::from_policy_file(&folder.policy).map_err(|e| e.to_string())?,
            false => LogKey::FromFirstEntry,
        };
        let remembered = Remembered::load(&folder.remembered)?;
        let at = |e: &dyn std::fmt::Display| format!("{}: {e}", folder.mirror.display());
        std::fs::create_dir_all(&folder.mirror).map_err(|e| at(&e))?;
        let options = Options { what, ..Options::default() };
        let (store, opened) = SegmentStore::open(&folder.mirror, options).map_err(|e| at(&e))?;
        mark_as_mirror(&folder.mirror).map_err(|e| at(&e))?;
        opened.healed.iter().for_each(|event| tracing::warn!("{event}"));
        Ok((Mirror::open(Box::new(store), log).map_err(|e| at(&e))?, remembered))
    };
    tokio::task::spawn_blocking(open).await.map_err(|panic| format!("opening its mirror failed: {panic}"))?
}

struct Watching {
    given: Given,
    watch: Watch,
    mirror: Mirror,
    /// `None` once two histories were found: then nothing more is taken.
    following: Option<Following>,
    remembered: Option<Remembered>,
    /// When it was written last, and whether there is something new since.
    saved: Option<Instant>,
    unsaved: bool,
    asked: Instant,
    /// What was compared last: nothing new needs no second look.
    compared: Option<(Standing, Option<Bytes>, bool)>,
    agrees: bool,
    /// The mirror's own latest note, the recorder's when it covers more, and why that one is not the log's.
    own: Option<Note>,
    beyond: Option<Note>,
    unsigned: Option<String>,
    evidence: Option<PathBuf>,
}

impl Watching {
    fn new(given: Given, mut watch: Watch, mirror: Mirror, remembered: Option<Remembered>) -> Self {
        let now = Instant::now();
        let standing = mirror.standing();
        watch.begins_with(standing.size, standing.root);
        watch.halts(None);
        if let Some(known) = &remembered {
            watch.remembers(known.note.size, now);
        }
        let evidence = given.folder.evidence();
        let following = match &evidence {
            Some(file) => {
                watch.forks(format!("two histories were found before: {}", file.display()));
                None
            }
            None => {
                Some(follow_within(mirror.clone(), given.bus.clone(), given.force.clone(), MESSAGES_WAITING))
            }
        };
        Self {
            given,
            watch,
            mirror,
            following,
            remembered,
            saved: None,
            unsaved: false,
            asked: now,
            compared: None,
            agrees: false,
            own: None,
            beyond: None,
            unsigned: None,
            evidence,
        }
    }

    async fn run(mut self) {
        let stopping = self.given.stopping.clone();
        loop {
            let turn = async {
                self.look().await;
                tokio::time::sleep(LOOK_EVERY).await;
            };
            tokio::select! {
                () = turn => {}
                () = stopping.asked() => break,
            }
        }
        if let Some(following) = self.following.take() {
            following.stop().await;
        }
        self.save_remembered();
        let mirror = self.mirror;
        let _ = tokio::task::spawn_blocking(move || mirror.save()).await;
    }

    /// One look at everything.
    async fn look(&mut self) {
        let asked = Instant::now();
        let head = self.ask_head().await;
        let now = Instant::now();
        let standing = self.mirror.standing();
        self.watch.holds(standing.size, standing.root, now);
        self.look_at_follower(now).await;
        self.compare(standing, head.as_ref().ok().and_then(|head| head.checkpoint.clone()), now).await;
        match head.and_then(|head| self.is_the_logs(&head).map(|()| head)) {
            Ok(head) => self.watch.answered(head.size, asked, now),
            Err(why) => self.watch.did_not_answer(why),
        }
        self.ask_for_more(now).await;
        if self.unsaved && self.saved.is_none_or(|at| now - at >= REMEMBER_EVERY) {
            self.save_remembered();
        }
        self.say(now);
    }

    fn say(&mut self, now: Instant) {
        // What was compared may be more by now than what was held before.
        let standing = self.mirror.standing();
        self.watch.holds(standing.size, standing.root, now);
        tell(&self.given.force, &mut self.watch, now);
        let evidence = self.evidence.as_deref();
        let known = self.remembered.as_ref().map(|known| (known, self.agrees));
        let mut said = report(&self.given, &self.watch, known, evidence, now);
        said.origin = self.mirror.log_at(TreeSize(0)).map(|log| log.origin().to_string());
        self.given.reports.put(said);
    }

    /// Where the recorder says that its log stands.
    async fn ask_head(&self) -> Result<Head, String> {
        let subject = self.given.force.endpoint("recorder", "head");
        let said = self.given.bus.request(&subject, Headers::new(), Bytes::new(), ANSWER_WITHIN).await;
        let said = said.map_err(|e| e.to_string())?;
        Head::parse(&said.payload).map_err(|e| format!("its answer does not read: {e}"))
    }

    /// Whoever answers without the log's word is not heard.
    fn is_the_logs(&self, head: &Head) -> Result<(), String> {
        let nobody =
            |why: &str| Err(format!("whoever answers for its recorder does not have the log's keys: {why}"));
        let covers = |note: &Bytes| SignedCheckpoint::parse(note).map(|note| note.claimed_size());
        match &self.unsigned {
            Some(why) => nobody(why),
            // What it covers is not held yet, so that nobody has looked at its signature.
            None if head
                .checkpoint
                .as_ref()
                .is_some_and(|note| covers(note).is_ok_and(|size| size > head.size)) =>
            {
                nobody("its checkpoint covers more entries than it says there are")
            }
            None if head.checkpoint.is_none() && self.own.is_some() => {
                nobody("no checkpoint came with the answer")
            }
            None => Ok(()),
        }
    }

    async fn look_at_follower(&mut self, now: Instant) {
        self.watch.halts(self.mirror.halted());
        let Some(following) = &self.following else { return };
        let missing = match following.missing() {
            Some(why) => Some(format!("entries from {} on are missing: {why}", self.watch.held)),
            None => self.lost_tail().await,
        };
        self.watch.misses(missing, now);
    }

    /// Entries that the log signed for, that this hub saw, and that are neither here nor in the stream, with nobody to ask.
    async fn lost_tail(&self) -> Option<String> {
        let (held, signed) = (self.watch.held, self.watch.signed_for());
        if held.0 >= signed || self.watch.answers() {
            return None;
        }
        let tail = self.given.bus.tail(&self.given.force.sealed_log().name).await.ok()?;
        let last = tail.last.and_then(|message| SealedBatch::parse(&message.payload).ok());
        let ends = last.map_or(TreeSize(0), |batch| batch.end());
        (ends <= held).then(|| {
            format!("the log signed for {signed} entries; the stream ends at {ends}, and its recorder does not answer")
        })
    }

    async fn compare(&mut self, standing: Standing, told: Option<Bytes>, now: Instant) {
        let looked_at = (standing, told.clone(), self.mirror.contradiction().is_some());
        if self.compared.as_ref() == Some(&looked_at) || self.evidence.is_some() {
            return;
        }
        let (mirror, remembered) = (self.mirror.clone(), self.remembered.clone());
        let note = told.clone();
        let compared = tokio::task::spawn_blocking(move || {
            let known = remembered.as_ref().map(|known| &known.note);
            let found = compare(&mirror, known, note.as_ref()).map_err(|e| e.to_string())?;
            let later = found.latest.as_ref().zip(known).filter(|(new, known)| new.size > known.size);
            let consistent = match later.filter(|_| found.remembered == Some(true)) {
                Some((new, known)) => is_consistent(&mirror, known, new).map_err(|e| e.to_string())?,
                None => known.is_none(),
            };
            Ok::<_, String>((found, consistent))
        });
        match compared.await.unwrap_or_else(|panic| Err(panic.to_string())) {
            Ok((found, consistent)) => {
                self.compared = Some(looked_at);
                self.take(found, consistent, now).await;
            }
            Err(why) => self.watch.halts(Some(format!("its mirror cannot be compared: {why}"))),
        }
    }

    async fn take(&mut self, found: Compared, consistent: bool, now: Instant) {
        let Compared { latest, remembered, fork, suspect, beyond, unsigned } = found;
        self.agrees = remembered == Some(true);
        self.watch.suspects(suspect);
        (self.own, self.beyond, self.unsigned) = (latest.clone(), beyond, unsigned);
        if let Some(note) = latest.filter(|_| consistent) {
            let now_ms = self.given.clock.now_ms();
            self.watch.remembers(note.size, now);
            self.remembered = Some(match &self.remembered {
                Some(known) => known.then(note, now_ms),
                None => Remembered::first(note, now_ms),
            });
            (self.agrees, self.unsaved) = (true, true);
        }
        if let Some(fork) = fork {
            self.found(&fork).await;
        }
    }

    /// The recorder has more than the stream tells. Is that the same history? Then it may give it.
    async fn ask_for_more(&mut self, now: Instant) {
        let (entries, lag) = self.watch.behind(now);
        let is_due = lag >= ASK_EVERY && now - self.asked >= ASK_EVERY;
        if entries == 0 || !self.watch.answers() || !is_due || self.watch.is_forked() {
            return;
        }
        self.asked = now;
        let asked = match self.own.clone() {
            Some(own) => {
                let beyond = self.beyond.clone();
                let asking = inquest(&self.mirror, &self.given.bus, &self.given.force, own, beyond);
                tokio::time::timeout(INQUEST_WITHIN, asking).await.unwrap_or(Inquest::Unknown)
            }
            // Nothing is signed for here yet that another history could contradict.
            None => Inquest::Same,
        };
        match (asked, &self.following) {
            (Inquest::Fork(fork), _) => self.found(&fork).await,
            (Inquest::Same, Some(following)) => following.ask_the_recorder(),
            _ => {}
        }
    }

    /// Two histories: keeps the evidence, and takes nothing more.
    async fn found(&mut self, fork: &Fork) {
        let path = self.given.folder.evidence_of(fork.smaller.size);
        let text = evidence::write(self.given.force.as_str(), self.given.clock.now_ms(), fork);
        debug_assert!(text.len() <= MAX_EVIDENCE_BYTES);
        match replace(&path, text.as_bytes()) {
            Ok(()) => self.evidence = Some(path),
            // It is tried again at the next look.
            Err(e) => {
                tracing::error!("{}: the evidence cannot be kept: {e}", path.display());
                self.compared = None;
            }
        }
        self.watch.forks(fork.sentence());
        if self.mirror.halted().is_none() {
            self.mirror.halt(fork.sentence());
        }
        if let Some(following) = self.following.take() {
            following.stop().await;
        }
    }

    fn save_remembered(&mut self) {
        let Some(known) = self.remembered.as_ref().filter(|_| self.unsaved) else { return };
        match known.save(&self.given.folder.remembered) {
            Ok(()) => self.unsaved = false,
            Err(e) => {
                tracing::warn!("the last checkpoint cannot be remembered: {e}")
            }
        }
        self.saved = Some(Instant::now());
    }
}
