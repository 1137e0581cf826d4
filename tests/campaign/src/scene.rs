//! What the worker and the one who checks it share: the ledger's keys, its statements, how it is opened.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ledger_core::checkpoint::LogSigner;
use ledger_store::{OpenReport, Options, SegmentStore, StoreError};
use load::{Load, START_MS, Signed};
use recorder::{Config, Recorder, Submission};

/// Officers who sign facts.
const OFFICERS: u32 = 8;

/// One fact in so many names another ledger, and must be refused.
const BAD_EVERY: u64 = 97;

/// The log's keys.
pub(crate) fn signer() -> LogSigner {
    let origin = load::ORIGIN.parse().expect("the load's origin is one");
    LogSigner::new(origin, &[1; 32], &[2; 32]).expect("two seeds make a log's keys")
}

/// The statements of every ledger here.
pub(crate) fn statements() -> Load {
    Load::new(OFFICERS, signer().verifier().vkeys())
}

/// True for the facts that must be refused.
pub(crate) fn is_bad(n: u64) -> bool {
    n % BAD_EVERY == BAD_EVERY - 1
}

/// Fact number `n`, good or bad.
pub(crate) fn fact(load: &Load, n: u64) -> Signed {
    if is_bad(n) {
        load.fact_with(n, |statement| statement.ledger = "elsewhere.example/ledger".to_owned())
    } else {
        load.fact(n)
    }
}

/// What is submitted of a statement.
pub(crate) fn submission(signed: &Signed) -> Submission {
    Submission {
        statement: signed.statement.clone(),
        signatures: signed.signatures.clone(),
        addenda: Vec::new(),
    }
}

/// Why a ledger did not open.
#[derive(Debug)]
pub(crate) enum Unopened {
    /// A flush had failed: it wants a full check first.
    Poisoned(String),
    /// Anything else.
    Refused(String),
}

/// Opens a ledger as a user's process does. `minute` moves the clock, which ticks once a call.
pub(crate) fn open(
    dir: &Path,
    watermark_bytes: u64,
    minute: u64,
) -> Result<(Recorder, OpenReport), Unopened> {
    let options = Options { what: "campaign".to_owned(), watermark_bytes };
    let (store, report) = SegmentStore::open(dir, options).map_err(|error| match error {
        StoreError::Poisoned { reason } => Unopened::Poisoned(reason),
        other => Unopened::Refused(other.to_string()),
    })?;
    let ticks = AtomicU64::new(START_MS + minute * 60_000);
    let config = Config {
        signer: signer(),
        clock: Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed)),
        checkpoint_every: Duration::from_millis(40),
        verify_threads: 0,
    };
    let recorder = Recorder::open(Box::new(store), config).map_err(|e| Unopened::Refused(e.to_string()))?;
    Ok((recorder, report))
}
