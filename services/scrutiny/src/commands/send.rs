//! Handing statements in to services: sign here, keep in the outbox, send, wait for receipts, check them.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use host::bus::Bus;
use host::bus::names::Force;
use ledger_core::ids::{Origin, StreamId};
use ledger_core::limits::MAX_MESSAGE_BYTES;
use ledger_core::policy::Policy;
use ledger_core::statement::Statement;
use ledger_core::wire::{Durable, RefusalClass, Refused, Submission};
use ledger_draft::Draft;
use serde_json::{Value, json};

use super::record::Versions;
use crate::cli::{Common, Sending};
use crate::courier::{Courier, Fate, Proved};
use crate::exit::{Done, Stop, io};
use crate::keyring::Keyring;
use crate::outbox::memory::{Memory, gist};
use crate::outbox::{Kept, Outbox};
use crate::output::{Output, count};
use crate::{reach, reading, signing};

/// How long services have to say whose they are, the first time.
const SURVEY: Duration = Duration::from_secs(1);

/// Bytes around a submission in a message.
const AROUND: usize = 1_024;

/// Where the statements of one command go.
pub(crate) struct Sender<'a> {
    at: &'a Common,
    to: String,
    force: Force,
    origin: Origin,
    outbox: Outbox,
    memory: Memory,
    out: Output,
    /// None while nobody can be reached, and why.
    courier: Result<Courier, String>,
    /// The last entry that was recorded for us: whoever is asked about streams has to know it.
    last: Option<u64>,
    report: Report,
}

/// What came of the statements of a command.
#[derive(Default)]
struct Report {
    /// On the recorder's disk, in order; the proof once it was checked.
    durable: Vec<(Kept, Durable, Option<String>)>,
    waiting: Vec<(Kept, String)>,
    passed_over: u64,
}

impl<'a> Sender<'a> {
    /// Finds out where to, and connects. Nobody there is no error yet: the outbox takes it.
    pub(crate) async fn open(
        to: &str,
        sending: &'a Sending,
        at: &'a Common,
        out: Output,
    ) -> Done<Sender<'a>> {
        let to = place(to);
        let policy = policy(&to, sending, at)?;
        let origin = origin(&policy)?;
        let outbox = Outbox::of(&at.keys);
        let mut memory = outbox.memory();
        let bus = match reach::reach_at(Some(&to), &sending.broker, &at.ledger).await {
            Ok(bus) => Ok(bus),
            Err(Stop::Io(why)) => Err(why),
            Err(stop) => return Err(stop),
        };
        let force = force(sending.force.as_deref(), &to, bus.as_ref().ok(), &mut memory, &origin).await?;
        let wait = Duration::from_secs(sending.wait);
        let courier = bus.map(|bus| Courier::new(bus, force.clone(), policy, wait));
        let report = Report::default();
        Ok(Sender { at, to, force, origin, outbox, memory, out, courier, last: None, report })
    }

    /// Hands in what waited before, so that what comes now finds it recorded.
    pub(crate) async fn clear(&mut self) -> Done {
        for kept in self.outbox.all()? {
            if !kept.is_refused() && kept.file.to == self.to && kept.file.force == self.force.as_str() {
                self.send(kept).await?;
            }
        }
        Ok(())
    }

    /// Signs a draft, keeps it, and hands it in. `resume` passes over what was handed in before.
    pub(crate) async fn draft(&mut self, draft: &Draft, folder: &Path, resume: bool) -> Done {
        let keyring = Keyring::new(&self.at.keys);
        let version = self.version(draft).await?;
        let prepared = signing::prepare(draft, &self.origin, &keyring, folder, &|_| version)?;
        if draft.id.is_none()
            && let Some(said) = self.says_the_same(&prepared.parsed)?
        {
            if resume {
                self.report.passed_over += 1;
                return Ok(());
            }
            return Err(Stop::Conflict(format!(
                "{said}; `--resume` goes on behind it, and an `id:` says it again on purpose"
            )));
        }
        let submission = signing::sign_all(&prepared, &keyring)?;
        self.submission(submission).await
    }

    /// Keeps what was signed, and hands it in.
    pub(crate) async fn submission(&mut self, submission: Submission) -> Done {
        if submission.encoded_len() + AROUND > MAX_MESSAGE_BYTES {
            let sentence = format!(
                "with its sealed content the statement has {} bytes, and a message takes {MAX_MESSAGE_BYTES}; record it \
                 where the ledger is",
                submission.encoded_len()
            );
            return Err(Stop::Usage(sentence));
        }
        let kept = self.outbox.keep(submission, &self.to, self.force.as_str(), signing::now_ms())?;
        self.memory.signed(&kept.statement);
        self.outbox.remember(&self.memory)?;
        self.send(kept).await
    }

    /// Hands in one statement of the outbox, until it is durable.
    pub(crate) async fn send(&mut self, mut kept: Kept) -> Done {
        let fate = match &self.courier {
            Ok(courier) => courier.hand_in(&kept).await,
            Err(why) => Fate::Waiting(why.clone()),
        };
        match fate {
            Fate::Durable(durable) => {
                let (kind, stream) = (kept.short_kind(), &kept.file.stream);
                self.out.say(&format!("#{} {kind} in {stream}: durable", durable.index));
                self.last = self.last.max(Some(durable.index.0));
                self.report.durable.push((kept, durable, None));
                Ok(())
            }
            Fate::Refused(refused) => {
                self.outbox.refuse(&mut kept, &format!("{}: {}", refused.code, refused.sentence))?;
                Err(refusal(&refused))
            }
            Fate::Waiting(why) => {
                // Nobody asks the next one's desk again: what is away for this one is away for all.
                if self.courier.is_ok() {
                    self.courier = Err(why.clone());
                }
                self.report.waiting.push((kept, why));
                Ok(())
            }
        }
    }

    /// Waits for the proofs, forgets what has one, and says what came of everything.
    pub(crate) async fn finish(mut self, command: &str, stop: Option<Stop>) -> Done {
        let mut stop = stop;
        for (kept, _, proof) in &mut self.report.durable {
            let Ok(courier) = &self.courier else { break };
            match courier.prove(kept).await {
                Ok(Some(Proved { durable, proof: text })) => {
                    self.memory.recorded(&kept.statement, durable.index.0);
                    self.outbox.remember(&self.memory)?;
                    self.outbox.forget(kept)?;
                    *proof = Some(text);
                }
                Ok(None) => {}
                Err(why) => stop = Some(why),
            }
        }
        let Report { durable, waiting, passed_over } = &self.report;
        if *passed_over > 0 {
            let what = count(*passed_over, "statement was", "statements were");
            self.out.say(&format!("{what} handed in before, and passed over."));
        }
        let unproved = durable.iter().filter(|(_, _, proof)| proof.is_none()).count();
        let data = || {
            Value::Array(durable.iter().map(receipt_json).chain(waiting.iter().map(waiting_json)).collect())
        };
        if stop.is_none() || !durable.is_empty() || !waiting.is_empty() {
            let words = words(durable, waiting, self.outbox.dir(), &self.origin);
            self.out.result(command, &words, data);
        }
        match stop {
            Some(stop) => Err(stop),
            None if waiting.is_empty() && unproved == 0 => Ok(()),
            None => Err(kept_back(waiting, unproved)),
        }
    }

    /// What the signer has seen of a stream: asked of the desk, or, where nobody answers, remembered.
    async fn version(&mut self, draft: &Draft) -> Done<u64> {
        if draft.expected.is_some() || draft.kind.commutes {
            return Ok(0);
        }
        let stream = draft.stream.as_str().to_owned();
        let waits = self.report.waiting.iter().any(|(kept, _)| kept.file.stream == stream);
        if let Ok(courier) = &self.courier
            && !waits
        {
            let known = ask(courier, &draft.stream, draft.kind, self.last).await?;
            if let Some(version) = known {
                self.memory.see(&stream, version);
                return Ok(version);
            }
        }
        let seen = self.memory.seen(&stream);
        self.out.say(&format!(
            "note: no desk says how far {stream} has come; signing on what was last seen here, {}",
            count(seen, "entry", "entries")
        ));
        Ok(seen)
    }

    fn says_the_same(&self, statement: &Statement) -> Done<Option<String>> {
        let gist_of_it = gist(statement);
        let same = |kept: &&Kept| !kept.is_refused() && gist(&kept.statement) == gist_of_it;
        if let Some(kept) = self.outbox.all()?.iter().find(same) {
            return Ok(Some(format!("the same waits in the outbox already, as {}", kept.statement.id)));
        }
        let recorded = self.memory.entry_that_says(statement);
        Ok(recorded.map(|index| format!("entry #{index} says the same already, recorded from here")))
    }
}

/// What is known without asking anybody: the log's name, and how far streams had come when last seen from here.
pub(crate) fn known_here(to: &str, sending: &Sending, at: &Common) -> Done<(Origin, Versions)> {
    let origin = origin(&policy(&place(to), sending, at)?)?;
    Ok((origin, Versions::Seen(Outbox::of(&at.keys).memory())))
}

/// Asks the desk, until it knows of the last entry that was recorded for us.
async fn ask(
    courier: &Courier,
    stream: &StreamId,
    kind: &scrutiny_proto::vocabulary::Kind,
    last: Option<u64>,
) -> Done<Option<u64>> {
    let service = desk::Service::of(kind)
        .ok_or_else(|| Stop::Usage(format!("no desk takes the kind {}", kind.short_name)))?;
    for _ in 0..100 {
        let Ok(versions) = courier.client().versions(service, vec![stream.clone()]).await else {
            return Ok(None);
        };
        if last.is_none_or(|last| versions.size.0 > last) {
            return Ok(versions.versions.first().copied());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(None)
}

/// The log's keys: a file that was got from somewhere, or the ledger's own where its folder is at hand.
fn policy(to: &str, sending: &Sending, at: &Common) -> Done<Policy> {
    let pinned = at.keys.join("policy");
    let path = sending.policy.clone().or_else(|| pinned.exists().then_some(pinned.clone()));
    let text = match path {
        Some(path) => std::fs::read(&path).map_err(io(&path))?,
        None if !to.contains("://") && Path::new(to).join("segments").is_dir() => {
            reading::Book::open(Path::new(to))?.policy()?.into_bytes()
        }
        None => {
            return Err(Stop::CannotDecide(format!(
                "by which keys is the log known? Put what `scrutiny policy` prints, got from somewhere you trust, into {}, \
                 or give --policy FILE: receipts are checked against it",
                pinned.display()
            )));
        }
    };
    Policy::parse(&text).map_err(|e| Stop::Usage(format!("policy: {e}")))
}

/// The ledger that statements are for: the one log of the policy.
fn origin(policy: &Policy) -> Done<Origin> {
    let mut names: Vec<&str> = policy.logs().iter().map(|log| log.key.name()).collect();
    names.dedup();
    match names[..] {
        [name] => name.parse().map_err(|e| Stop::Usage(format!("policy: {e}"))),
        _ => Err(Stop::Usage(format!(
            "policy: it names {} logs, and statements are for one; give --policy FILE with that one alone",
            names.len()
        ))),
    }
}

/// A folder in full, so that it is the same one from everywhere; a broker as it was typed.
fn place(to: &str) -> String {
    let folder = (!to.contains("://")).then(|| std::fs::canonicalize(to).ok()).flatten();
    folder.map_or_else(|| to.to_owned(), |path| path.display().to_string())
}

/// Whose desks take it: as was said; else the founding body of the ledger in the folder; else the one force whose
/// services are at the broker, now or when last seen; else the last part of the log's name.
async fn force(
    given: Option<&str>,
    to: &str,
    bus: Option<&Bus>,
    memory: &mut Memory,
    origin: &Origin,
) -> Done<Force> {
    let parse = |text: &str| {
        Force::parse(text).map_err(|e| Stop::Usage(format!("--force says whose desks take it: {e}")))
    };
    if let Some(given) = given {
        return parse(given);
    }
    if !to.contains("://") && Path::new(to).join("segments").is_dir() {
        return parse(&reading::Book::open(Path::new(to))?.founding_body()?.replace('.', "-"));
    }
    if let Some(known) = memory.force_at(to) {
        return parse(known);
    }
    if let Some(bus) = bus
        && let Ok(seen) = bus.survey(SURVEY).await
    {
        let forces: BTreeSet<String> =
            seen.into_iter().filter_map(|s| s.metadata.get("force").cloned()).collect();
        if let [only] = &forces.into_iter().collect::<Vec<_>>()[..] {
            memory.found(to, only);
            return parse(only);
        }
    }
    parse(origin.as_str().rsplit('/').next().unwrap_or_default())
}

fn refusal(refused: &Refused) -> Stop {
    let sentence = format!("refused, {}: {}", refused.code, refused.sentence);
    match refused.class {
        RefusalClass::Conflict => Stop::Conflict(sentence),
        _ => Stop::Refused(sentence),
    }
}

fn kept_back(waiting: &[(Kept, String)], unproved: usize) -> Stop {
    let why = waiting.first().map_or_else(
        || {
            format!(
                "{} durable and not published yet",
                count(unproved as u64, "statement is", "statements are")
            )
        },
        |(_, why)| {
            format!(
                "{} not recorded yet: {why}",
                count(waiting.len() as u64, "statement is", "statements are")
            )
        },
    );
    Stop::Kept(format!("{why}\nThe outbox keeps what is signed; `scrutiny outbox retry` sends it again."))
}

fn words(
    durable: &[(Kept, Durable, Option<String>)],
    waiting: &[(Kept, String)],
    outbox: &Path,
    log: &Origin,
) -> String {
    let mut text = String::new();
    for (kept, durable, proof) in durable {
        let state = if proof.is_some() { "published, proof checked" } else { "durable, not published yet" };
        text.push_str(&format!(
            "#{} {} in {}: {state}\n",
            durable.index,
            kept.short_kind(),
            kept.file.stream
        ));
    }
    for (kept, _) in waiting {
        let place = outbox.display();
        text.push_str(&format!(
            "   {} in {}: kept in {place} as {}\n",
            kept.short_kind(),
            kept.file.stream,
            kept.file.id
        ));
    }
    let proved = durable.iter().filter(|(_, _, proof)| proof.is_some()).count();
    if proved > 0 {
        let what = count(proved as u64, "receipt", "receipts");
        text.push_str(&format!("{what} checked against the keys of {log}.\n"));
    }
    text
}

fn receipt_json((kept, durable, proof): &(Kept, Durable, Option<String>)) -> Value {
    json!({
        "index": durable.index.0,
        "id": kept.file.id,
        "kind": kept.short_kind(),
        "stream": kept.file.stream,
        "leaf_hash": durable.leaf_hash.to_string(),
        "recorded_at_ms": durable.recorded_at_ms,
        "state": if proof.is_some() { "published" } else { "durable" },
        "proof": proof,
    })
}

fn waiting_json((kept, why): &(Kept, String)) -> Value {
    json!({
        "id": kept.file.id,
        "kind": kept.short_kind(),
        "stream": kept.file.stream,
        "state": "kept",
        "problem": why,
    })
}
