//! Several recorders of one ledger, by word of mouth: the one that leads says so, and the others try when it is silent.
//!
//! The word decides only who *tries*. Who may write is decided by the fence on the sealed stream, whatever anybody
//! heard or missed.

use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use host::bus::{Headers, Listener, Message};
use ledger_core::ids::TreeSize;
use ledger_core::wire::Leading;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Shared, asked};
use crate::{RecorderKey, Role, Stop, Trouble};

/// Who leads says so this often.
const BEAT: Duration = Duration::from_millis(500);

/// After so long a silence a standby tries. Three words may be lost before.
const SILENCE: Duration = Duration::from_secs(2);

/// Standbys do not try all at once: each waits up to so much longer.
const SPREAD_MS: u64 = 500;

/// The same, after the one that led has said that it leaves.
const SPREAD_LEAVING_MS: u64 = 100;

/// A standby looks so often what is new in the stream.
const LOOK: Duration = Duration::from_millis(200);

/// Who leads looks at the stream so often, whether or not there is anything to record.
const WATCH: Duration = Duration::from_secs(2);

/// The part of the service's health that is about hearing who leads.
const HEARING: &str = "who leads";

/// What a standby is to do next.
pub(super) enum Turn {
    /// Nobody leads, as far as it hears.
    Try,
    /// It was asked to stop.
    Stop,
}

/// Follows until it is time to try. That is found right after it has read the stream: whoever took over in the meantime
/// may not have said so yet, and is not to be thrown out at once. Who cannot hear does not try.
pub(super) async fn follow(
    shared: &Arc<Shared>,
    key: &Arc<RecorderKey>,
    stopping: &watch::Receiver<bool>,
) -> Result<Turn, Stop> {
    let mut words = listen(shared, &shared.force.leading()).await;
    let mut standby = Standby::from_now(shared);
    loop {
        match shared.recorder.catch_up().await {
            Ok(size) => standby.read(shared, size),
            Err(Trouble::NotNow(why)) => shared.health.waiting("sealed stream", &why),
            Err(Trouble::Stopped(stop)) => return Err(stop),
        }
        match shared.recorder.may_take_over(Arc::clone(key)).await {
            Ok(()) => shared.health.ready("recorder-key"),
            Err(no) => shared.health.waiting("recorder-key", &no.to_string()),
        }
        // What was said while it read.
        while let Some(Some(word)) = words.as_mut().and_then(|words| words.next().now_or_never()) {
            standby.hear(shared, &word);
        }
        if words.is_some() {
            shared.health.ready(HEARING);
        } else {
            shared.health.waiting(HEARING, "whoever leads cannot be heard, so this recorder does not try to");
            standby.until = Instant::now() + silence();
            words = listen(shared, &shared.force.leading()).await;
        }
        standby.say(shared);
        if standby.until <= Instant::now() {
            return Ok(Turn::Try);
        }
        let look_again = standby.until.min(Instant::now() + LOOK);
        loop {
            tokio::select! {
                biased;
                () = asked(stopping) => return Ok(Turn::Stop),
                word = next(&mut words) => {
                    standby.hear(shared, &word);
                    standby.say(shared);
                }
                () = tokio::time::sleep_until(look_again) => break,
            }
        }
    }
}

/// What a standby knows.
struct Standby {
    head: TreeSize,
    /// The latest that it has read of.
    epoch: u64,
    leader: Option<Leading>,
    /// It tries then, if it hears nothing.
    until: Instant,
}

impl Standby {
    fn from_now(shared: &Shared) -> Self {
        let epoch = shared.standing.borrow().epoch;
        Self { head: TreeSize(0), epoch, leader: None, until: Instant::now() + silence() }
    }

    /// So much is in the stream. A later epoch is a word of its own.
    fn read(&mut self, shared: &Shared, size: TreeSize) {
        self.head = size;
        let epoch = shared.standing.borrow().epoch;
        if epoch > self.epoch {
            (self.epoch, self.until) = (epoch, Instant::now() + silence());
        }
    }

    fn hear(&mut self, shared: &Shared, word: &Message) {
        let Ok(word) = Leading::parse(&word.payload) else { return };
        // One that slept says that it leads until it hears better.
        if word.epoch < shared.standing.borrow().epoch {
            return;
        }
        self.until = Instant::now()
            + if word.leaving { Duration::from_millis(below(SPREAD_LEAVING_MS)) } else { silence() };
        self.leader = Some(word);
    }

    fn say(&self, shared: &Shared) {
        let (epoch, lacking) = {
            let standing = shared.standing.borrow();
            (standing.epoch, standing.lacking)
        };
        let behind = self.leader.as_ref().map_or(0, |leader| leader.size.0.saturating_sub(self.head.0));
        metrics::gauge!("scrutiny_recorder_behind_entries").set(behind as f64);
        let mut note = match &self.leader {
            Some(_) => format!("standby of epoch {epoch}, {behind} entries behind"),
            None => format!("standby of epoch {epoch}, nobody says that it leads"),
        };
        if lacking > 0 {
            note += &format!(", {lacking} addenda missing");
        }
        shared.health.note(&note);
    }
}

/// Says that this recorder leads, until it does so no more; hears when another one does.
pub(super) async fn beat(shared: Arc<Shared>, key: Arc<RecorderKey>, epoch: u64) {
    shared.health.note(&format!("leads in epoch {epoch}"));
    metrics::gauge!("scrutiny_recorder_behind_entries").set(0.0);
    say(&shared, &key, epoch, false).await;
    let mut words = listen(&shared, &shared.force.leading()).await;
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = beat.tick() => say(&shared, &key, epoch, false).await,
            word = next(&mut words) => {
                // Another one took over while this one slept: it follows as soon as it has read so.
                if Leading::parse(&word.payload).is_ok_and(|word| word.epoch > epoch)
                    && let Err(error) = shared.recorder.catch_up().await
                {
                    tracing::warn!(%error, "another recorder says that it leads");
                }
            }
        }
    }
}

/// Looks now and then whether what was appended is still in the stream, and whether this recorder still leads: one that
/// has nothing to record would not notice.
pub(super) async fn watch(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(WATCH).await;
        if let Err(error) = shared.recorder.watch().await {
            tracing::warn!(%error, "the sealed stream is not as it was left");
        }
    }
}

/// One word. A leader that can keep nothing is silent, so that another one tries.
pub(super) async fn say(shared: &Shared, key: &RecorderKey, epoch: u64, leaving: bool) {
    let standing = shared.standing.borrow().clone();
    let keeps_nothing = standing.disk_refuses || shared.disk_hangs();
    if standing.role != (Role::Leading { epoch }) || keeps_nothing && !leaving {
        return;
    }
    let word = Leading { epoch, recorder: key.id(), size: standing.size, leaving };
    if let Err(error) = shared.bus.tell(&shared.force.leading(), Headers::new(), word.to_bytes()).await {
        tracing::debug!(%error, "nobody heard that this recorder leads");
    }
}

async fn listen(shared: &Shared, subject: &str) -> Option<Listener> {
    shared.bus.listen(subject).await.inspect_err(|error| tracing::warn!(%error, subject, "not heard")).ok()
}

/// The next word; never, where nothing can be heard.
async fn next(words: &mut Option<Listener>) -> Message {
    if let Some(listener) = words {
        if let Some(word) = listener.next().await {
            return word;
        }
        *words = None;
    }
    std::future::pending().await
}

fn silence() -> Duration {
    SILENCE + Duration::from_millis(below(SPREAD_MS))
}

/// Chance enough that two standbys do not try at the same moment for ever.
fn below(bound: u64) -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish() % bound
}
