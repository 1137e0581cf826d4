//! A worker as its parent sees it: what it has said so far, and the ways to end it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::answers::Line;
use crate::worker::Order;

/// A running worker.
pub(crate) struct Worker {
    child: Child,
    said: Arc<Mutex<Vec<Line>>>,
    listener: JoinHandle<()>,
}

impl Worker {
    /// Starts one, under `before` (a tracer and its arguments) when that is not empty.
    pub(crate) fn start(before: &[String], order: &Order) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|e| format!("this program's own path: {e}"))?;
        let own = own.to_str().ok_or("this program's own path is no text")?.to_owned();
        let words: Vec<String> = before.iter().cloned().chain([own]).chain(order.to_args()).collect();
        let (program, args) = words.split_first().expect("there is this program at least");
        let mut command = Command::new(program);
        let mut child = command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("starting {program}: {e}"))?;
        let out = child.stdout.take().expect("its output is piped");
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        let listener = std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Some(line) = Line::parse(&line) {
                    heard.lock().expect("nobody panics while listening").push(line);
                }
            }
        });
        Ok(Self { child, said, listener })
    }

    /// Waits until what was said so far is enough, or the time is over. True when it is enough.
    pub(crate) fn wait_until(&self, longest: Duration, enough: impl Fn(&[Line]) -> bool) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < longest {
            if enough(&self.said.lock().expect("nobody panics while listening")) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    }

    /// How many lines were said so far.
    pub(crate) fn lines(&self) -> usize {
        self.said.lock().expect("nobody panics while listening").len()
    }

    /// `kill -9`, and everything it had said.
    pub(crate) fn kill(mut self) -> Vec<Line> {
        // Under a tracer the worker is the tracer's child: it is killed by its own number.
        let pid =
            self.said.lock().expect("nobody panics while listening").iter().find_map(|line| match line {
                Line::Pid(pid) => Some(*pid),
                _ => None,
            });
        if let Some(pid) = pid.filter(|pid| *pid != self.child.id()) {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
        let _ = self.child.kill();
        self.end()
    }

    /// Waits for it to end by itself; `false` when it took longer than that and was killed.
    pub(crate) fn wait(mut self, longest: Duration) -> (Vec<Line>, bool) {
        let begun = Instant::now();
        while begun.elapsed() < longest {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return (self.end(), true);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        (self.kill(), false)
    }

    fn end(mut self) -> Vec<Line> {
        let _ = self.child.wait();
        let _ = self.listener.join();
        std::mem::take(&mut *self.said.lock().expect("nobody panics while listening"))
    }
}
