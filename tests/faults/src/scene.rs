//! Brokers as provisioned, a founded ledger, its recorders and a desk as processes, a mirror and an officer here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use brokers::Cluster;
use bytes::Bytes;
use ed25519_dalek::SigningKey;
use host::bus::names::Force;
use host::bus::{Bus, Connection, Headers, Outgoing};
use host::provision::{Identity, seed_file};
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, StatementId};
use ledger_core::sshsig::write_private_key;
use ledger_core::wire::{Head, Submission, Submissions};
use ledger_store::{MemoryDisk, MemoryStore, Reader};
use load::{Load, Signed};
use mirror::{Following, LogKey, Mirror};
use tempfile::TempDir;

use crate::ledger::{hold_to, key_file, signer_of, statements};
use crate::services::Seat;
use crate::{Officer, Outcome, Process, Programs, Setting, servers};

/// How long everything together may take to be as it should be again.
pub const SETTLE: Duration = Duration::from_secs(90);

/// How long one part may take to be there.
pub(crate) const THERE: Duration = Duration::from_secs(30);

/// Whose ledger, where nothing else is said.
///
/// # Panics
/// Never: it is a constant that makes a slug.
#[must_use]
pub fn force() -> Force {
    Force::parse("cambridgeshire").expect("a slug")
}

/// Everything together.
pub struct Scene {
    /// The brokers: one, or three that are a cluster.
    pub servers: Cluster,
    /// Makes statements.
    pub load: Arc<Load>,
    /// Sends them.
    pub officer: Officer,
    /// Follows.
    pub mirror: Mirror,
    following: Option<Following>,
    pub(crate) force: Force,
    pub(crate) leaf: Option<String>,
    pub(crate) programs: Programs,
    pub(crate) folder: TempDir,
    pub(crate) seats: Vec<Seat>,
    pub(crate) desk: Option<Process>,
    pub(crate) checkpoint_ms: u64,
    pub(crate) next_fact: u64,
    pub(crate) singles: u64,
    founding: BTreeSet<StatementId>,
}

impl Scene {
    /// Everything at work, on a founded ledger. `None`, said loudly, without a nats-server.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(programs: Programs, setting: Setting) -> Outcome<Option<Scene>> {
        let Some(mut scene) = Scene::set_up(programs, setting).await? else { return Ok(None) };
        scene.begin().await?;
        Ok(Some(scene))
    }

    /// Starts every service, and founds the ledger. Where there are several recorders, the first does that alone: which
    /// ones may take over is in the ledger.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn begin(&mut self) -> Outcome {
        if self.seats.len() == 1 {
            self.start_services()?;
            return self.found().await;
        }
        self.start_recorder_alone()?;
        self.start_desk(Identity::Response)?;
        self.found().await?;
        self.stop_recorder()?;
        (0..self.seats.len()).try_for_each(|place| self.start_recorder_at(place))?;
        self.until_led(0).await.map(drop)
    }

    /// The same, with nothing founded, and no service at work yet.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn set_up(programs: Programs, setting: Setting) -> Outcome<Option<Scene>> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let started = servers::start(&setting, folder.path()).await?;
        let Some((servers, leaf)) = started else { return Ok(None) };
        fs::write(folder.path().join("log.key"), key_file(&setting.force)).map_err(|e| e.to_string())?;
        let force = setting.force.clone();
        let bus = connect(&servers, folder.path(), Identity::Officer).await?;
        let officer = Officer::new(bus, force.clone());
        let bus = connect(&servers, folder.path(), Identity::Projector).await?;
        let (mirror, following) = new_mirror(bus, force.clone())?;
        let load = Arc::new(statements(&force));
        let seats = seats(&setting, &load, folder.path())?;
        Ok(Some(Scene {
            servers,
            load,
            officer,
            mirror,
            following: Some(following),
            checkpoint_ms: setting.checkpoint_ms,
            force,
            leaf,
            programs,
            folder,
            seats,
            desk: None,
            next_fact: 0,
            singles: 0,
            founding: BTreeSet::new(),
        }))
    }

    /// A connection with somebody's key.
    ///
    /// # Errors
    /// When no broker is there.
    pub async fn bus(&self, who: Identity) -> Outcome<Bus> {
        connect(&self.servers, self.folder.path(), who).await
    }

    /// An officer with an empty outbox.
    ///
    /// # Errors
    /// When no broker is there.
    pub async fn new_officer(&self) -> Outcome<Officer> {
        Ok(Officer::new(self.bus(Identity::Officer).await?, self.force.clone()))
    }

    /// The desk and the mirror here are gone, and cost nothing any more.
    pub(crate) fn only_recorder(&mut self) {
        self.kill_desk();
        self.following = None;
    }

    /// A mirror that begins with nothing.
    ///
    /// # Errors
    /// When no broker is there.
    pub async fn another_mirror(&self) -> Outcome<(Mirror, Following)> {
        new_mirror(self.bus(Identity::Projector).await?, self.force.clone())
    }

    /// Records the statements that found the ledger, as a desk passes them on.
    ///
    /// # Errors
    /// When the recorder does not take them.
    pub async fn found(&mut self) -> Outcome {
        let bus = self.bus(Identity::Response).await?;
        let mut founding = self.load.founding();
        if self.seats.len() > 1 {
            founding.extend((0..self.seats.len() as u32).flat_map(|place| self.load.recorder(place).1));
        }
        self.founding = founding.iter().map(|signed| signed.id).collect();
        let entries = founding.len() as u64;
        bus.publish(self.message(founding)).await.map_err(|e| e.to_string())?;
        self.until(|standing| standing.size.0 >= entries, "the founding is recorded").await?;
        Ok(())
    }

    /// Statements as a desk passes them on.
    pub(crate) fn message(&self, statements: Vec<Signed>) -> Outgoing {
        let submission = |signed: Signed| Submission {
            statement: signed.statement,
            signatures: signed.signatures,
            addenda: Vec::new(),
        };
        let payload = Submissions(statements.into_iter().map(submission).collect()).to_bytes();
        Outgoing {
            subject: self.force.several("response"),
            id: Hash::of(&payload).to_hex(),
            headers: Headers::new(),
            payload,
            expect_last: None,
        }
    }

    /// Holds everything to every promise, and leaves recorder and desk at work.
    ///
    /// # Errors
    /// Says which promise is broken.
    pub async fn all_is_well(&mut self) -> Outcome {
        self.officer.settle(SETTLE).await?;
        let head = self.head().await?;
        let same = |standing: mirror::Standing| (standing.size, standing.root) == (head.size, head.root);
        self.until(same, "the mirror agrees with the recorder").await?;
        self.stop_recorder()?;
        let (size, root) = self.held_by(0)?;
        if (size, root) != (head.size.0, head.root) {
            return Err(format!("the recorder spoke of {} entries, and {size} are on disk", head.size));
        }
        self.start_recorder()?;
        self.head().await.map(drop)
    }

    /// The same with several recorders, all of them at work: their ledgers and the mirror agree. Gives the size.
    ///
    /// # Errors
    /// Says which promise is broken.
    pub async fn all_agree(&mut self) -> Outcome<u64> {
        if let Err(why) = self.officer.settle(SETTLE).await {
            let logs: Vec<String> = (0..self.seats.len()).map(|place| self.log_of(place)).collect();
            let desk = fs::read_to_string(self.folder.path().join("response.log")).unwrap_or_default();
            return Err(format!("{why}\n{}\nDESK\n{desk}", logs.join("\n--\n")));
        }
        let head = self.head().await?;
        let same = |standing: mirror::Standing| (standing.size, standing.root) == (head.size, head.root);
        self.until(same, "the mirror agrees with the recorder").await?;
        for place in 0..self.seats.len() {
            self.until_held_by(place, (head.size.0, head.root)).await?;
        }
        let now = self.head().await?;
        let (size, root) = (head.size, head.root);
        // A later checkpoint over the same entries is no change.
        if (now.size, now.root) != (size, root) {
            return Err(format!("{size} entries became {} by themselves", now.size));
        }
        Ok(size.0)
    }

    /// What follows comes a moment later, and an entry is published a moment after it is durable.
    async fn until_held_by(&self, place: usize, all: (u64, Hash)) -> Outcome {
        let begun = Instant::now();
        loop {
            let held = self.held_by(place);
            if held == Ok(all) {
                return Ok(());
            }
            if begun.elapsed() > THERE {
                return Err(format!("recorder {place} has {held:?}, not {all:?}\n{}", self.log_of(place)));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Holds one recorder's ledger to everything that was acknowledged.
    fn held_by(&self, place: usize) -> Outcome<(u64, Hash)> {
        self.held_in(&self.seats[place].ledger)
    }

    /// The same for a ledger's folder, whoever keeps it.
    pub(crate) fn held_in(&self, ledger: &Path) -> Outcome<(u64, Hash)> {
        hold_to(ledger, &signer_of(&self.force), &self.officer.durable, &self.founding)
    }

    /// Kills the recorder at some moment while statements are on their way, starts it again, and checks everything.
    /// Gives how many of them were entries when it was killed.
    ///
    /// # Errors
    /// Says which promise is broken.
    pub async fn kill_at_random(&mut self, round: u64, facts: u64, longest: Duration) -> Outcome<u64> {
        let before = self.entries()?;
        let first = round * facts;
        let some = self.load.facts(first..first + facts);
        let longest_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX).max(1);
        let dice = Hash::of(&round.to_be_bytes()).0;
        let after = u64::from_be_bytes(dice[..8].try_into().expect("32 bytes begin with 8")) % longest_ms;
        let officer = &mut self.officer;
        let sending = async {
            officer.send(some).await;
            officer.look().await
        };
        let recorder = &mut self.seats[0].process;
        let killing = async {
            tokio::time::sleep(Duration::from_millis(after)).await;
            if let Some(recorder) = recorder.take() {
                recorder.kill();
            }
        };
        let (sent, ()) = tokio::join!(sending, killing);
        sent?;
        let recorded = self.entries()? - before;
        self.start_recorder()?;
        self.all_is_well().await?;
        Ok(recorded)
    }

    /// Entries on disk.
    fn entries(&self) -> Outcome<u64> {
        let reader = Reader::open(&self.seats[0].ledger).map_err(|e| e.to_string())?;
        Ok(reader.entries(EntryIndex(0)).count() as u64)
    }

    /// Where the recorder stands that answers.
    pub(crate) async fn head(&self) -> Outcome<Head> {
        let bus = self.bus(Identity::Officer).await?;
        let subject = self.force.endpoint("recorder", "head");
        let begun = Instant::now();
        loop {
            match bus.request(&subject, Headers::new(), Bytes::new(), Duration::from_secs(2)).await {
                Ok(message) => return Head::parse(&message.payload).map_err(|e| e.to_string()),
                Err(e) if begun.elapsed() > THERE => return Err(format!("the recorder says nothing: {e}")),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Waits until the mirror stands as it should.
    pub(crate) async fn until(&self, is: impl Fn(mirror::Standing) -> bool, what: &str) -> Outcome {
        let begun = Instant::now();
        while !is(self.mirror.standing()) {
            if let Some(why) = self.mirror.halted() {
                return Err(format!("the mirror has halted: {why}"));
            }
            if begun.elapsed() > THERE {
                return Err(format!("not yet: {what} ({:?})\n{}", self.mirror.standing(), self.log_of(0)));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

/// A folder for each recorder, and a key where there are several.
fn seats(setting: &Setting, load: &Load, folder: &Path) -> Outcome<Vec<Seat>> {
    let seat = |place| {
        let ledger = setting.ledger.clone().filter(|_| place == 0);
        let name = |what: &str| if place == 0 { what.to_owned() } else { format!("{what}-{place}") };
        let key = SigningKey::from_bytes(&load.recorder(place).0);
        let file = folder.join(name("recorder.key"));
        let text = write_private_key(&key, "recorder").map_err(|e| e.to_string())?;
        private(&file, text.as_bytes()).map_err(|e| format!("{}: {e}", file.display()))?;
        Ok(Seat {
            ledger: ledger.unwrap_or_else(|| folder.join(name("ledger"))),
            log: folder.join(name("recorder.log")),
            key: (setting.recorders > 1).then_some(file),
            process: None,
        })
    };
    (0..setting.recorders as u32).map(seat).collect()
}

/// Nobody else may read a key.
fn private(file: &Path, content: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut open = fs::OpenOptions::new();
    open.write(true).create_new(true).mode(0o600).open(file)?.write_all(content)
}

pub(crate) fn connection(servers: &Cluster, folder: &Path, who: Identity) -> Connection {
    let seed: PathBuf = seed_file(folder, who);
    Connection { servers: servers.urls(), nkey_file: Some(seed), ..Connection::to("", who.name()) }
}

pub(crate) async fn connect(servers: &Cluster, folder: &Path, who: Identity) -> Outcome<Bus> {
    let bus = Bus::connect(&connection(servers, folder, who)).await.map_err(|e| e.to_string())?;
    bus.connected(THERE).await.map_err(|e| e.to_string())?;
    Ok(bus)
}

pub(crate) fn new_mirror(bus: Bus, force: Force) -> Outcome<(Mirror, Following)> {
    let store = MemoryStore::open(&MemoryDisk::new()).map_err(|e| e.to_string())?;
    let log = LogKey::Given(Box::new(signer_of(&force).verifier()));
    let mirror = Mirror::open(Box::new(store), log).map_err(|e| e.to_string())?;
    let following = mirror::follow(mirror.clone(), bus, force);
    Ok((mirror, following))
}
