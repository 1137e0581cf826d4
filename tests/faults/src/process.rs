//! A service as a process: started, asked to stop, killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::Outcome;

/// How long a service may take to finish what it has in hand.
const STOP: Duration = Duration::from_secs(30);

/// Where the services' programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The recorder.
    pub recorder: PathBuf,
    /// The desk.
    pub response: PathBuf,
    /// The hub.
    pub hub: PathBuf,
}

impl Programs {
    /// Beside the program that runs now; built first, since `cargo run` builds only what it runs.
    ///
    /// # Errors
    /// When they cannot be built, or are not there.
    pub fn beside_this() -> Outcome<Programs> {
        let this = std::env::current_exe().map_err(|e| e.to_string())?;
        if let Some(cargo) = std::env::var_os("CARGO") {
            let released = this.parent().is_some_and(|folder| folder.ends_with("release"));
            let profile = if released { "release" } else { "dev" };
            let build = ["build", "--quiet", "--package", "faults", "--bins", "--profile", profile];
            let built = Command::new(cargo).args(build).status().map_err(|e| e.to_string())?;
            if !built.success() {
                return Err("the services could not be built".to_owned());
            }
        }
        let beside = |name: &str| {
            let path = this.with_file_name(name);
            if path.is_file() { Ok(path) } else { Err(format!("{} is not built", path.display())) }
        };
        Ok(Programs {
            recorder: beside("faulty-recorder")?,
            response: beside("faulty-response")?,
            hub: beside("faulty-hub")?,
        })
    }
}

/// A process that is killed when it is dropped. Its log is in a file.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts one.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(program: &Path, args: &[String], log: &Path) -> Outcome<Process> {
        let open = || File::options().create(true).append(true).open(log);
        let file = open().map_err(|e| format!("{}: {e}", log.display()))?;
        let child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(|e| format!("{}: {e}", program.display()))?;
        Ok(Process { child, log: log.to_owned() })
    }

    /// True while it runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Lets it fall silent, without its connections breaking.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Outcome {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Outcome {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Outcome {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.ok_or("a process has a number")?, signal).map_err(|e| e.to_string())
    }

    /// Kills it at once.
    pub fn kill(self) {}

    /// Asks it to stop, and waits until it has.
    ///
    /// # Errors
    /// When it does not stop, or not well; its last words are in the error.
    pub fn stop(mut self) -> Outcome {
        self.signal(Signal::TERM)?;
        let asked = Instant::now();
        loop {
            match self.child.try_wait().map_err(|e| e.to_string())? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("{status}: {}", self.last_words())),
                None if asked.elapsed() > STOP => {
                    return Err(format!("it does not stop: {}", self.last_words()));
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        last.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
