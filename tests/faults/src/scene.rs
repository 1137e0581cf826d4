//! A broker as provisioned, a founded ledger, its recorder and a desk as processes, a mirror and an officer here.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use brokers::Server;
use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, Connection, Headers, Outgoing};
use host::provision::{self, Identity, Plan, seed_file};
use ledger_core::hash::Hash;
use ledger_core::ids::EntryIndex;
use ledger_core::wire::{Head, Submission, Submissions};
use ledger_store::{MemoryDisk, MemoryStore};
use load::Load;
use mirror::{Following, LogKey, Mirror};
use tempfile::TempDir;

use crate::ledger::{hold_to, key_file, signer, statements};
use crate::{Officer, Outcome, Process, Programs};

/// How long everything together may take to be as it should be again.
pub const SETTLE: Duration = Duration::from_secs(90);

/// How long one part may take to be there.
const THERE: Duration = Duration::from_secs(30);

/// Whose ledger.
///
/// # Panics
/// Never: it is a constant that makes a slug.
#[must_use]
pub fn force() -> Force {
    Force::parse("cambridgeshire").expect("a slug")
}

/// Everything together.
pub struct Scene {
    /// The broker.
    pub server: Server,
    /// Makes statements.
    pub load: Load,
    /// Sends them.
    pub officer: Officer,
    /// Follows.
    pub mirror: Mirror,
    _following: Following,
    pub(crate) programs: Programs,
    pub(crate) folder: TempDir,
    /// The ledger's folder.
    pub ledger: PathBuf,
    pub(crate) recorder: Option<Process>,
    pub(crate) desk: Option<Process>,
}

impl Scene {
    /// Everything at work, on a founded ledger. `None`, said loudly, without a nats-server.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(programs: Programs) -> Outcome<Option<Scene>> {
        let Some(mut scene) = Scene::set_up(programs, None).await? else { return Ok(None) };
        scene.start_services()?;
        scene.found().await?;
        Ok(Some(scene))
    }

    /// The same, with the ledger in a folder of one's own, and no service at work yet.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn set_up(programs: Programs, ledger: Option<PathBuf>) -> Outcome<Option<Scene>> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let store = PathBuf::from("{folder}/jetstream");
        let plan = Plan { force: force(), listen: "127.0.0.1:-1".to_owned(), store, tls: None };
        let written = provision::write(&plan, folder.path()).map_err(|e| e.to_string())?;
        let config = fs::read_to_string(written.config).map_err(|e| e.to_string())?;
        let Some(server) = Server::with_config(&config) else { return Ok(None) };
        let provisioning = connection(&server, folder.path(), Identity::Provisioning);
        provision::streams(&force(), 1, &provisioning).await.map_err(|e| e.to_string())?;
        fs::write(folder.path().join("log.key"), key_file()).map_err(|e| e.to_string())?;
        let officer = Officer::new(connect(&server, folder.path(), Identity::Officer).await?);
        let (mirror, following) = new_mirror(connect(&server, folder.path(), Identity::Projector).await?)?;
        let ledger = ledger.unwrap_or_else(|| folder.path().join("ledger"));
        Ok(Some(Scene {
            server,
            load: statements(),
            officer,
            mirror,
            _following: following,
            programs,
            folder,
            ledger,
            recorder: None,
            desk: None,
        }))
    }

    /// A connection with somebody's key.
    ///
    /// # Errors
    /// When the broker is not there.
    pub async fn bus(&self, who: Identity) -> Outcome<Bus> {
        connect(&self.server, self.folder.path(), who).await
    }

    /// A mirror that begins with nothing.
    ///
    /// # Errors
    /// When the broker is not there.
    pub async fn another_mirror(&self) -> Outcome<(Mirror, Following)> {
        new_mirror(self.bus(Identity::Projector).await?)
    }

    /// Records the statements that found the ledger, as a desk passes them on.
    ///
    /// # Errors
    /// When the recorder does not take them.
    pub async fn found(&mut self) -> Outcome {
        let bus = self.bus(Identity::Response).await?;
        let submission = |signed: load::Signed| Submission {
            statement: signed.statement,
            signatures: signed.signatures,
            addenda: Vec::new(),
        };
        let founding: Vec<_> = self.load.founding().into_iter().map(submission).collect();
        let entries = founding.len() as u64;
        let payload = Submissions(founding).to_bytes();
        let message = Outgoing {
            subject: force().several("response"),
            id: Hash::of(&payload).to_hex(),
            headers: Headers::new(),
            payload,
            expect_last: None,
        };
        bus.publish(message).await.map_err(|e| e.to_string())?;
        self.until(|standing| standing.size.0 >= entries, "the founding is recorded").await?;
        Ok(())
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
        let (size, root) = hold_to(&self.ledger, &self.officer.durable)?;
        if (size, root) != (head.size.0, head.root) {
            return Err(format!("the recorder spoke of {} entries, and {size} are on disk", head.size));
        }
        self.start_recorder()?;
        self.head().await.map(drop)
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
        let recorder = &mut self.recorder;
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
        let reader = ledger_store::Reader::open(&self.ledger).map_err(|e| e.to_string())?;
        Ok(reader.entries(EntryIndex(0)).count() as u64)
    }

    async fn head(&self) -> Outcome<Head> {
        let bus = self.bus(Identity::Officer).await?;
        let subject = force().endpoint("recorder", "head");
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
    async fn until(&self, is: impl Fn(mirror::Standing) -> bool, what: &str) -> Outcome {
        let begun = Instant::now();
        while !is(self.mirror.standing()) {
            if let Some(why) = self.mirror.halted() {
                return Err(format!("the mirror has halted: {why}"));
            }
            if begun.elapsed() > THERE {
                let log = fs::read_to_string(self.folder.path().join("recorder.log")).unwrap_or_default();
                return Err(format!("not yet: {what} ({:?})\n{log}", self.mirror.standing()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

fn connection(server: &Server, folder: &Path, who: Identity) -> Connection {
    Connection { nkey_file: Some(seed_file(folder, who)), ..Connection::to(server.url(), who.name()) }
}

async fn connect(server: &Server, folder: &Path, who: Identity) -> Outcome<Bus> {
    let bus = Bus::connect(&connection(server, folder, who)).await.map_err(|e| e.to_string())?;
    bus.connected(THERE).await.map_err(|e| e.to_string())?;
    Ok(bus)
}

pub(crate) fn new_mirror(bus: Bus) -> Outcome<(Mirror, Following)> {
    let store = MemoryStore::open(&MemoryDisk::new()).map_err(|e| e.to_string())?;
    let log = LogKey::Given(Box::new(signer().verifier()));
    let mirror = Mirror::open(Box::new(store), log).map_err(|e| e.to_string())?;
    let following = mirror::follow(mirror.clone(), bus, force());
    Ok((mirror, following))
}
