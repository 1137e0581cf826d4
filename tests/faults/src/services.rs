//! The services of a scene: started, stopped, killed, started twice.

use std::fs;
use std::path::{Path, PathBuf};

use host::provision::{Identity, seed_file};

use crate::{Outcome, Process, RecorderHere, Scene};

/// One recorder: its folder, its log, its key where there are several, and its process while it runs.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) ledger: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) key: Option<PathBuf>,
    pub(crate) process: Option<Process>,
}

impl Scene {
    /// The first recorder and the desk.
    ///
    /// # Errors
    /// When one cannot be started.
    pub fn start_services(&mut self) -> Outcome {
        self.start_recorder()?;
        self.start_desk(Identity::Response)
    }

    /// The first recorder.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_recorder(&mut self) -> Outcome {
        self.start_recorder_at(0)
    }

    /// The first recorder, as if there were no other.
    pub(crate) fn start_recorder_alone(&mut self) -> Outcome {
        let seat = &self.seats[0];
        let process = Process::start(&self.programs.recorder, &self.recorder_args(&seat.ledger), &seat.log)?;
        self.seats[0].process = Some(process);
        Ok(())
    }

    /// One of several recorders.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_recorder_at(&mut self, place: usize) -> Outcome {
        let seat = &self.seats[place];
        let mut args = self.recorder_args(&seat.ledger);
        if let Some(key) = &seat.key {
            args.extend(["--recorder-key".to_owned(), key.display().to_string()]);
        }
        let process = Process::start(&self.programs.recorder, &args, &seat.log)?;
        self.seats[place].process = Some(process);
        Ok(())
    }

    /// A recorder's process.
    ///
    /// # Errors
    /// When it does not run.
    pub fn recorder_at(&mut self, place: usize) -> Outcome<&mut Process> {
        self.seats[place].process.as_mut().ok_or_else(|| format!("recorder {place} does not run"))
    }

    /// The recorder, in this process and with a clock of one's own.
    ///
    /// # Errors
    /// When the ledger does not open, or the broker is not there.
    pub async fn recorder_here(&self, clock: recorder::Clock) -> Outcome<RecorderHere> {
        RecorderHere::start(&self.seats[0].ledger, self.bus(Identity::Recorder).await?, clock)
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
        self.seats[0].process = Some(second);
        self.seats[0].ledger = self.folder.path().join("copy");
    }

    /// Kills the first recorder where it stands.
    pub fn kill_recorder(&mut self) {
        self.kill_recorder_at(0);
    }

    /// Kills one of several recorders where it stands.
    pub fn kill_recorder_at(&mut self, place: usize) {
        if let Some(recorder) = self.seats[place].process.take() {
            recorder.kill();
        }
    }

    /// Kills the desk where it stands.
    pub fn kill_desk(&mut self) {
        if let Some(desk) = self.desk.take() {
            desk.kill();
        }
    }

    /// True while the first recorder runs.
    pub fn recorder_runs(&mut self) -> bool {
        self.seats[0].process.as_mut().is_some_and(Process::is_running)
    }

    /// Asks the first recorder to stop, and waits.
    ///
    /// # Errors
    /// When it does not stop well.
    pub fn stop_recorder(&mut self) -> Outcome {
        self.seats[0].process.take().map_or(Ok(()), Process::stop)
    }

    /// Asks the desk to stop, and waits.
    ///
    /// # Errors
    /// When it does not stop well.
    pub fn stop_desk(&mut self) -> Outcome {
        self.desk.take().map_or(Ok(()), Process::stop)
    }

    /// A second recorder, on a copy of the ledger's folder.
    ///
    /// # Errors
    /// When the folder cannot be copied, or the process not be started.
    pub fn start_second_recorder(&self) -> Outcome<Process> {
        let copy = self.folder.path().join("copy");
        copy_dir(&self.seats[0].ledger, &copy).map_err(|e| e.to_string())?;
        let log = self.folder.path().join("second.log");
        Process::start(&self.programs.recorder, &self.recorder_args(&copy), &log)
    }

    /// What a recorder has said.
    #[must_use]
    pub fn log_of(&self, place: usize) -> String {
        fs::read_to_string(&self.seats[place].log).unwrap_or_default()
    }

    fn recorder_args(&self, ledger: &Path) -> Vec<String> {
        let mut args = self.args(Identity::Recorder);
        args.extend(["--ledger".to_owned(), ledger.display().to_string()]);
        args.extend(["--log-key".to_owned(), self.folder.path().join("log.key").display().to_string()]);
        args.extend(["--checkpoint-ms".to_owned(), self.checkpoint_ms.to_string()]);
        args.extend(["--free-mib", "1"].map(str::to_owned));
        args
    }

    fn args(&self, who: Identity) -> Vec<String> {
        let key = seed_file(self.folder.path(), who).display().to_string();
        let (force, url) = (self.force.to_string(), self.servers.urls().join(","));
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
