//! What can be said of a submission without knowing the ledger: its form and its signatures.

use std::sync::mpsc::SyncSender;

use ledger_core::addendum::Addendum;
use ledger_core::limits::{MAX_BATCH_BYTES, MAX_BATCH_ENTRIES};
use ledger_core::sshsig::{KeyCache, Signature};
use ledger_core::statement::{NAMESPACE, Statement, StatementError};
use ledger_core::wire::Submission;
use ledger_rules::{Code, Refusal};
use rayon::ThreadPool;
use rayon::prelude::*;
use tokio::sync::{mpsc, oneshot};

use crate::recorder::{Answer, Job, Message, Work};
use crate::verified::VERIFIED;

/// Checks everything that needs no state: the statement's form, one good signature for each signer it
/// names, and that every addendum is one it commits to. Who the signers *are* is for the rules.
///
/// # Errors
/// The refusal to keep and to answer with.
pub fn verify(submission: &Submission, keys: &KeyCache) -> Result<Statement, Refusal> {
    let statement = parse(submission)?;
    check_signatures(submission, &statement, keys)?;
    VERIFIED.remember(submission);
    check_addenda(submission, &statement)?;
    Ok(statement)
}

/// The recorder's own check: the same, without verifying again what this process has just verified.
pub(crate) fn verify_unless_known(submission: &Submission, keys: &KeyCache) -> Result<Statement, Refusal> {
    let statement = parse(submission)?;
    if !VERIFIED.take(submission) {
        check_signatures(submission, &statement, keys)?;
    }
    check_addenda(submission, &statement)?;
    Ok(statement)
}

fn parse(submission: &Submission) -> Result<Statement, Refusal> {
    Statement::parse(&submission.statement).map_err(|error| {
        let code = if let StatementError::TooLong(_) = error { Code::TooLong } else { Code::Malformed };
        refusal(code, error.to_string())
    })
}

fn check_signatures(submission: &Submission, statement: &Statement, keys: &KeyCache) -> Result<(), Refusal> {
    let (named, given) = (statement.signers.len(), submission.signatures.len());
    if named != given {
        let sentence = format!("the statement names {named} signers and carries {given} signatures");
        return Err(refusal(Code::Unsigned, sentence));
    }
    for (signer, blob) in statement.signers.iter().zip(&submission.signatures) {
        let who = || format!("{} of {} ({})", signer.role, signer.body, signer.key_id);
        let key = Signature::parse(blob)
            .and_then(|signature| keys.verify(&signature, NAMESPACE, &submission.statement))
            .map_err(|e| {
                refusal(Code::Signature, format!("the signature of {} does not hold: {e}", who()))
            })?;
        if key != signer.key_id {
            return Err(refusal(Code::Signature, format!("the signature of {} was made by {key}", who())));
        }
    }
    Ok(())
}

fn check_addenda(submission: &Submission, statement: &Statement) -> Result<(), Refusal> {
    for bytes in &submission.addenda {
        let addendum = Addendum::parse(bytes.to_vec()).map_err(|e| refusal(Code::Addendum, e.to_string()))?;
        let digest = addendum.digest();
        if !statement.sealed.iter().any(|commitment| commitment.digest == digest) {
            let sentence = format!("the statement commits to no addendum with digest {}", digest.to_hex());
            return Err(refusal(Code::Addendum, sentence));
        }
    }
    Ok(())
}

pub(crate) fn refusal(code: Code, sentence: String) -> Refusal {
    Refusal { code, sentence }
}

/// A submission that was checked: the statement, or why it is refused.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) submission: Submission,
    pub(crate) statement: Result<Statement, Refusal>,
}

/// A job whose submission was checked.
pub(crate) struct CheckedJob {
    pub(crate) checked: Checked,
    pub(crate) reply: oneshot::Sender<Answer>,
}

/// Takes what waits in the queue, checks it on all cores, and passes it on in order. Ends when every
/// sender is gone, or when the committer is.
pub(crate) fn run(mut queue: mpsc::Receiver<Message>, committer: &SyncSender<Work>, pool: &ThreadPool) {
    let keys = KeyCache::default();
    let mut held = None;
    while let Some(first) = held.take().or_else(|| queue.blocking_recv()) {
        let work = match first {
            Message::Ask(question) => Work::Ask(question),
            Message::Submit(job) => {
                let (jobs, next) = gather(job, &mut queue);
                held = next;
                Work::Batch(pool.install(|| check(jobs, &keys)))
            }
        };
        if committer.send(work).is_err() {
            return;
        }
    }
}

/// Statements that one core checks at a time: half a millisecond.
const TOGETHER: usize = 8;

/// Statements that are checked together at least, when so many wait: two milliseconds for one core.
const AT_LEAST: usize = 64;

/// One batch: half of what is there now, within the bounds, so that the committer has something to do while the
/// other half is checked. Nothing waits for company; while a batch commits, the next one gathers by itself.
fn gather(first: Job, queue: &mut mpsc::Receiver<Message>) -> (Vec<Job>, Option<Message>) {
    let most = queue.len().div_ceil(2).clamp(AT_LEAST, MAX_BATCH_ENTRIES);
    let mut bytes = first.submission.byte_count();
    let mut jobs = vec![first];
    while jobs.len() < most && bytes < MAX_BATCH_BYTES {
        match queue.try_recv() {
            Ok(Message::Submit(job)) => {
                bytes += job.submission.byte_count();
                jobs.push(job);
            }
            Ok(question @ Message::Ask(_)) => return (jobs, Some(question)),
            Err(_) => break,
        }
    }
    (jobs, None)
}

fn check(jobs: Vec<Job>, keys: &KeyCache) -> Vec<CheckedJob> {
    let check = |Job { submission, reply }: Job| {
        let statement = verify_unless_known(&submission, keys);
        CheckedJob { checked: Checked { submission, statement }, reply }
    };
    jobs.into_par_iter().with_min_len(TOGETHER).map(check).collect()
}
