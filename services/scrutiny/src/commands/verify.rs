//! `scrutiny verify`: recompute everything, report every finding.

mod contents;

use std::path::{Path, PathBuf};

use ledger_audit::{Export, ExportDir, Folder, Report, Source, Trust, Verdict, audit};
use ledger_core::checkpoint::LogVerifier;
use ledger_core::hash::Hash;

use crate::cli::{Common, Verify};
use crate::exit::{Done, Stop, io};
use crate::keyring::Keyring;
use crate::live::LiveLedger;
use crate::output::{Output, count};
use crate::reading::Book;
use crate::trust;
use crate::web::Web;

pub(crate) fn run(args: &Verify, at: &Common, out: Output) -> Done {
    let mut known = known(args)?;
    let target = target(args.target.as_ref(), at)?;
    // On the recorder's own machine its keys are at hand, and nobody needs to bring them.
    if matches!(target, Target::Ledger(_)) && known.log.is_none() && known.policy.is_none() {
        known.log = own_log(at)?;
    }
    let source = target.open()?;
    let report = audited(&*source, &known, out);
    out.result("verify", &report.to_string(), || {
        serde_json::to_value(&report).expect("a report is made of plain values")
    });
    outcome(&report)
}

/// The audit of the ledger at hand, under its own log keys where they are at hand too.
pub(crate) fn own_ledger(at: &Common, out: Output) -> Done<Report> {
    let log = own_log(at)?;
    let source = LiveLedger::new(&at.ledger, Book::open(&at.ledger)?.reader);
    Ok(audited(&source, &Trust { log, ..Trust::default() }, out))
}

/// The log's keys at hand, unless they are a standby recorder's: authorised, and never in force yet.
fn own_log(at: &Common) -> Done<Option<LogVerifier>> {
    let Ok(signer) = Keyring::new(&at.keys).log_keys() else { return Ok(None) };
    let log = signer.verifier();
    let waits = Book::open(&at.ledger)?.registry()?.recorders().is_waiting(&log.vkeys());
    Ok((!waits).then_some(log))
}

fn audited(source: &dyn Source, known: &Trust, out: Output) -> Report {
    let bar = out.progress(0, "verifying");
    let mut report = audit(source, known, &mut |progress| {
        bar.set_length(progress.of.unwrap_or(progress.entries));
        bar.set_position(progress.entries);
    });
    bar.finish_and_clear();
    // Of entries that are not the recorded ones there is nothing more to say.
    if report.verdict != Verdict::Findings {
        contents::check(source, &mut report, out);
    }
    report
}

/// Where a record to look at is.
pub(crate) enum Target {
    Web(String),
    Ledger(PathBuf),
    Export(PathBuf),
}

impl Target {
    pub(crate) fn open(self) -> Done<Box<dyn Source>> {
        Ok(match self {
            Self::Web(address) => Box::new(Export::open(Web::new(&address)).map_err(unreadable)?),
            Self::Ledger(dir) => Box::new(LiveLedger::new(&dir, Book::open(&dir)?.reader)),
            Self::Export(dir) => Box::new(ExportDir::open(Folder::new(dir)).map_err(unreadable)?),
        })
    }
}

/// The place that a person named, or the ledger at hand.
pub(crate) fn target(named: Option<&String>, at: &Common) -> Done<Target> {
    let Some(name) = named else { return Ok(Target::Ledger(at.ledger.clone())) };
    if name.starts_with("http://") || name.starts_with("https://") {
        return Ok(Target::Web(name.clone()));
    }
    let dir = PathBuf::from(name);
    if dir.join("segments").is_dir() {
        return Ok(Target::Ledger(dir));
    }
    if has_export(&dir) {
        return Ok(Target::Export(dir));
    }
    Err(Stop::NotFound(format!("{name}: there is neither a ledger nor an export here")))
}

fn has_export(dir: &Path) -> bool {
    dir.join("checkpoint").exists() || dir.join("tile").exists()
}

/// What the flags say about whom to trust.
fn known(args: &Verify) -> Done<Trust> {
    let mut known = Trust::default();
    if args.trust.vkey.is_empty() {
        known.policy = trust::policy(&args.trust)?;
    } else {
        let log = LogVerifier::from_vkeys(&args.trust.vkey);
        known.log = Some(log.map_err(|e| Stop::Usage(format!("--vkey: {e}")))?);
    }
    if let Some(hash) = &args.genesis {
        let read = Hash::from_base64(hash).or_else(|| Hash::from_hex(hash));
        let wrong =
            || Stop::Usage(format!("--genesis: {hash:?} is no leaf hash; `scrutiny show 0` prints it"));
        known.genesis = Some(read.ok_or_else(wrong)?);
    }
    for file in &args.remember {
        known.remembered.push(std::fs::read(file).map_err(io(file))?.into());
    }
    Ok(known)
}

pub(crate) fn outcome(report: &Report) -> Done {
    match &report.verdict {
        Verdict::Clean => Ok(()),
        Verdict::Findings => {
            let all: u64 = report.finding_counts.values().sum();
            Err(Stop::VerificationFailed(format!(
                "do not rely on this record: {}",
                count(all, "finding", "findings")
            )))
        }
        Verdict::CannotDecide(reason) => {
            Err(Stop::CannotDecide(format!("{reason} (--vkey, --policy or --genesis says it)")))
        }
    }
}

pub(crate) fn unreadable(error: ledger_audit::source::SourceError) -> Stop {
    Stop::Io(error.to_string())
}
