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
use crate::{Officer, Outcome, Process, Programs, RecorderHere};

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
    programs: Programs,
    folder: TempDir,
    /// The ledger's folder.
    pub ledger: PathBuf,
    recorder: Option<Process>,
    desk: Option<Process>,
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
        provision::streams(&force(), &provisioning).await.map_err(|e| e.to_string())?;
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

    /// The recorder and the desk.
    ///
    /// # Errors
    /// When one cannot be started.
    pub fn start_services(&mut self) -> Outcome {
        self.start_recorder()?;
        self.start_desk(Identity::Response)
    }

    /// The recorder.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_recorder(&mut self) -> Outcome {
        let args = self.recorder_args(&self.ledger);
        let log = self.folder.path().join("recorder.log");
        self.recorder = Some(Process::start(&self.programs.recorder, &args, &log)?);
        Ok(())
    }

    /// The recorder, in this process and with a clock of one's own.
    ///
    /// # Errors
    /// When the ledger does not open, or the broker is not there.
    pub async fn recorder_here(&self, clock: recorder::Clock) -> Outcome<RecorderHere> {
        RecorderHere::start(&self.ledger, self.bus(Identity::Recorder).await?, clock)
    }

    /// The desk, with somebody's key.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_desk(&mut self, who: Identity) -> Outcome {
        let args = self.args(who);
        let log = self.folder.path().join("response.log");
        self.desk = Some(Process::start(&self.programs.response, &args, &log)?);
        Ok(())
    }

    /// From now on the second recorder is the one, and its folder is the ledger.
    pub fn take_over(&mut self, second: Process) {
        self.recorder = Some(second);
        self.ledger = self.folder.path().join("copy");
    }

    /// Kills the recorder where it stands.
    pub fn kill_recorder(&mut self) {
        if let Some(recorder) = self.recorder.take() {
            recorder.kill();
        }
    }

    /// Kills the desk where it stands.
    pub fn kill_desk(&mut self) {
        if let Some(desk) = self.desk.take() {
            desk.kill();
        }
    }

    /// True while the recorder runs.
    pub fn recorder_runs(&mut self) -> bool {
        self.recorder.as_mut().is_some_and(Process::is_running)
    }

    /// Asks the recorder to stop, and waits.
    ///
    /// # Errors
    /// When it does not stop well.
    pub fn stop_recorder(&mut self) -> Outcome {
        self.recorder.take().map_or(Ok(()), Process::stop)
    }

    /// Asks the desk to stop, and waits.
    ///
    /// # Errors
    /// When it does not stop well.
    pub fn stop_desk(&mut self) -> Outcome {
        self.desk.take().map_or(Ok(()), Process::stop)
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

    /// A second recorder, on a copy of the ledger's folder.
    ///
    /// # Errors
    /// When the folder cannot be copied, or the process not be started.
    pub fn start_second_recorder(&self) -> Outcome<Process> {
        let copy = self.folder.path().join("copy");
        copy_dir(&self.ledger, &copy).map_err(|e| e.to_string())?;
        let log = self.folder.path().join("second.log");
        Process::start(&self.programs.recorder, &self.recorder_args(&copy), &log)
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

    fn recorder_args(&self, ledger: &Path) -> Vec<String> {
        let mut args = self.args(Identity::Recorder);
        args.extend(["--ledger".to_owned(), ledger.display().to_string()]);
        args.extend(["--log-key".to_owned(), self.folder.path().join("log.key").display().to_string()]);
        args.extend(["--checkpoint-ms", "50", "--free-mib", "1"].map(str::to_owned));
        args
    }

    fn args(&self, who: Identity) -> Vec<String> {
        let key = seed_file(self.folder.path(), who).display().to_string();
        let (force, url) = (force().to_string(), self.server.url().to_owned());
        let flags =
            ["--force", &force, "--nats-url", &url, "--nats-nkey", &key, "--ops-listen", "127.0.0.1:0"];
        flags.map(str::to_owned).into()
    }
}

fn copy_dir(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for item in fs::read_dir(from)? {
        let (item, to) = item.map(|item| (item.path(), to.join(item.file_name())))?;
        if item.is_dir() { copy_dir(&item, &to)? } else { fs::copy(&item, &to).map(drop)? }
    }
    Ok(())
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
