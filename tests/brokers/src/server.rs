//! One server: started, stopped, killed, paused, started again where it was, looked into, damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use host::broker::{Broker, Program};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::look::{self, Copy};
use crate::{free_ports, program};

/// How long a copy may take to write what it was told: as long as an election on a slow machine.
const WRITTEN_WITHIN: Duration = Duration::from_secs(60);

/// A server, and the folder it keeps everything in.
#[derive(Debug)]
pub struct Server {
    program: Program,
    folder: TempDir,
    config: PathBuf,
    broker: Option<Broker>,
    paused: bool,
    url: String,
    name: String,
    monitor: Option<u16>,
}

impl Server {
    /// A server that anybody may use, on a free port. `None`, said loudly, when there is no program.
    ///
    /// # Panics
    /// When the program does not start.
    pub fn start() -> Option<Server> {
        let program = program()?;
        let folder = tempfile::tempdir().expect("the folder for temporary files can be written");
        let broker = Broker::start_local(&program, folder.path(), 0).expect("the server starts");
        let config = folder.path().join("nats.conf");
        Some(Server::running(program, folder, config, broker))
    }

    /// A server with a configuration of one's own. `{folder}` in it stands for the server's folder. It gets a monitoring
    /// port on this machine, unless it names one itself.
    ///
    /// # Panics
    /// When the program does not start.
    pub fn with_config(text: &str) -> Option<Server> {
        let program = program()?;
        let folder = tempfile::tempdir().expect("the folder for temporary files can be written");
        let config = folder.path().join("nats.conf");
        let mut text = text.replace("{folder}", &folder.path().display().to_string());
        let monitor = (!text.contains("\nhttp")).then(|| free_ports(1)[0]);
        if let Some(port) = monitor {
            text.push_str(&format!("\nhttp: \"127.0.0.1:{port}\"\n"));
        }
        fs::write(&config, text).expect("the folder for temporary files can be written");
        let broker = Broker::start(&program, &config, folder.path()).expect("the server starts");
        let mut server = Server::running(program, folder, config, broker);
        server.monitor = monitor;
        let says = server.page("/varz").and_then(|varz| Some(varz["server_name"].as_str()?.to_owned()));
        server.name = says.unwrap_or_default();
        Some(server)
    }

    fn running(program: Program, folder: TempDir, config: PathBuf, broker: Broker) -> Server {
        let url = broker.url.clone();
        let (broker, name) = (Some(broker), String::new());
        let server = Server { program, folder, config, broker, paused: false, url, name, monitor: None };
        server.keep_the_port();
        server
    }

    /// Where it listens. The same after a restart.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it calls itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// True when it runs and is not paused.
    pub fn is_awake(&self) -> bool {
        self.broker.is_some() && !self.paused
    }

    /// A page of its monitoring port. `None` while it does not answer.
    pub fn page(&self, path: &str) -> Option<Value> {
        self.monitor.filter(|_| self.is_awake()).and_then(|port| look::page(port, path))
    }

    /// What it holds of a stream, by its own word. `None` while it does not answer, or has no copy.
    pub fn copy(&self, stream: &str) -> Option<Copy> {
        look::copy(&self.page("/jsz?accounts=true&streams=true")?, stream)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has logged since its last start.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("nats.log")).unwrap_or_default()
    }

    /// Stops it as an operator would.
    pub fn stop(&mut self) {
        if self.paused {
            self.resume();
        }
        if let Some(broker) = self.broker.take() {
            broker.stop();
        }
    }

    /// Kills it as a crash would.
    pub fn kill(&mut self) {
        self.paused = false;
        if let Some(broker) = self.broker.take() {
            broker.kill();
        }
    }

    /// Lets it fall silent, without its connections breaking.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pause(&mut self) {
        self.signal(Signal::STOP);
        // The signal is sent; its threads stop a moment later, and may still answer until then.
        let id = self.broker.as_ref().map(Broker::process_id).expect("the server runs");
        while !all_stopped(id) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        self.paused = true;
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// When it does not run.
    pub fn resume(&mut self) {
        self.signal(Signal::CONT);
        self.paused = false;
    }

    /// Changes its configuration, and has it read again while it runs.
    ///
    /// # Panics
    /// When it does not run, or its folder cannot be written.
    pub fn reload(&mut self, change: impl FnOnce(&str) -> String) {
        let text = fs::read_to_string(&self.config).expect("the server has read it");
        fs::write(&self.config, change(&text)).expect("the folder for temporary files can be written");
        self.signal(Signal::HUP);
    }

    fn signal(&mut self, signal: Signal) {
        let broker = self.broker.as_ref().expect("the server runs");
        let pid = i32::try_from(broker.process_id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process has a number above 0"), signal).expect("the server runs");
    }

    /// Starts it again where it was.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) {
        self.stop();
        let broker = Broker::start(&self.program, &self.config, self.folder.path());
        self.broker = Some(broker.expect("the server starts again"));
    }

    /// The files in which a stream keeps its messages, oldest first.
    ///
    /// # Panics
    /// When the folder cannot be read.
    pub fn blocks(&self, stream: &str) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = files(self.folder.path())
            .into_iter()
            .filter(|file| {
                file.extension().is_some_and(|e| e == "blk")
                    && file.parent().is_some_and(|dir| dir.ends_with(Path::new(stream).join("msgs")))
            })
            .collect();
        found.sort();
        found
    }

    /// Waits until some of a stream's messages are in its files. A copy follows when it comes to it: what it has not
    /// written is in its log, and a server that stops then has an empty file.
    ///
    /// # Panics
    /// When that takes longer than [`WRITTEN_WITHIN`].
    pub fn until_written(&self, stream: &str) {
        let begun = Instant::now();
        while !self.blocks(stream).iter().any(|block| has_bytes(block)) {
            assert!(begun.elapsed() < WRITTEN_WITHIN, "no message of {stream} is in a file");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Flips one bit in the middle of the oldest file of a stream's messages, as a disk might. The server must be down:
    /// one that runs does not look at what it has read already.
    ///
    /// # Panics
    /// When it runs, or has no such file.
    pub fn damage(&mut self, stream: &str) {
        assert!(self.broker.is_none(), "it runs");
        let block = self.blocks(stream).into_iter().find(|block| has_bytes(block));
        let block = block.expect("the stream has a file with messages");
        let mut bytes = fs::read(&block).expect("a file of our own folder");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&block, bytes).expect("a file of our own folder");
    }

    /// Clients come back to the port they know: the one that was free at the first start.
    fn keep_the_port(&self) {
        let port = self.url.rsplit(':').next().expect("a URL of ours ends in its port");
        let text = fs::read_to_string(&self.config).expect("the server has just read it");
        let fixed = text.replace("127.0.0.1:-1", &format!("127.0.0.1:{port}"));
        fs::write(&self.config, fixed).expect("the folder for temporary files can be written");
    }
}

fn has_bytes(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|file| file.len() > 0)
}

/// What `/proc` says of each thread: `T` is stopped (proc(5), field 3 of `stat`, behind the name in parentheses).
fn all_stopped(process: u32) -> bool {
    let stopped = |stat: String| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'));
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    tasks.map(|task| fs::read_to_string(task.path().join("stat")).unwrap_or_default()).all(stopped)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = item.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
