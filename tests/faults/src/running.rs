//! An officer who goes on handing in statements while something happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::{Officer, Outcome, SETTLE, Scene};

/// Statements that are handed in together, and the pause behind them: a hundred and sixty a second, of which a debug
/// build on two cores keeps up with many times as many.
const TOGETHER: u64 = 16;
const PAUSE: Duration = Duration::from_millis(100);

/// Somebody at work.
#[derive(Debug)]
pub struct Running {
    stop: Arc<AtomicBool>,
    work: JoinHandle<(Officer, u64)>,
}

impl Scene {
    /// From now on somebody hands in statements, good ones and bad ones, one batch after the other.
    ///
    /// # Errors
    /// When the broker is not there.
    pub async fn begin_load(&mut self) -> Outcome<Running> {
        let idle = self.new_officer().await?;
        let mut officer = std::mem::replace(&mut self.officer, idle);
        let (load, first) = (Arc::clone(&self.load), self.next_fact);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let work = tokio::spawn(async move {
            let mut next = first;
            while !stopped.load(Ordering::SeqCst) {
                officer.send(good_and_bad(&load, next..next + TOGETHER)).await;
                next += TOGETHER;
                tokio::time::sleep(PAUSE).await;
            }
            (officer, next)
        });
        Ok(Running { stop, work })
    }

    /// Nobody hands in anything new. Gives how many statements that were.
    ///
    /// # Errors
    /// When whoever handed them in panicked.
    pub async fn end_load(&mut self, running: Running) -> Outcome<u64> {
        running.stop.store(true, Ordering::SeqCst);
        let (mut officer, next) = running.work.await.map_err(|e| e.to_string())?;
        officer.durable.append(&mut self.officer.durable);
        self.officer = officer;
        let sent = next - self.next_fact;
        self.next_fact = next;
        Ok(sent)
    }

    /// Statements that were handed in so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.next_fact + self.singles
    }

    /// Hands in one statement more than those, a fact of a high number, and waits for its receipt. Says how long that took.
    ///
    /// # Errors
    /// When there is none within a minute and a half, or it is refused.
    pub async fn is_receipted(&mut self, fact: u64) -> Outcome<Duration> {
        let mut officer = self.new_officer().await?;
        let begun = Instant::now();
        officer.send(vec![self.load.fact(fact)]).await;
        officer.settle(SETTLE).await?;
        let took = begun.elapsed();
        if !officer.refused.is_empty() {
            return Err(format!("fact {fact}: {:?}", officer.refused));
        }
        self.singles += 1;
        self.officer.durable.extend(officer.durable);
        Ok(took)
    }
}

/// Every ninety-seventh fact names another ledger, and must be refused.
#[must_use]
pub fn good_and_bad(load: &load::Load, range: std::ops::Range<u64>) -> Vec<load::Signed> {
    let elsewhere = "elsewhere.example/ledger";
    let fact = |n| match n % 97 {
        96 => load.fact_with(n, |statement| statement.ledger = elsewhere.to_owned()),
        _ => load.fact(n),
    };
    range.map(fact).collect()
}
