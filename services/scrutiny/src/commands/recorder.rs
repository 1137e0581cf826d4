//! `scrutiny recorder`: who may record, and which log keys come with it.

mod list;
mod take_over;

use std::path::PathBuf;

use ledger_core::checkpoint::LogVerifier;
use ledger_core::ids::Origin;
use ledger_rules::recorders::CheckpointKeys;
use ledger_rules::roles::REC;
use ledger_rules::{State, charter};
use recorder::Durable;
use scrutiny_proto::vocabulary::Vocabulary;
use serde_json::{Value, json};

use super::key;
use crate::cli::{
    Common, KeyEnrol, LogKeyRule, Recorder, RecorderAuthorise, RecorderEnrol, RecorderLogKeys, RecorderRule,
};
use crate::exit::{Done, Stop, io};
use crate::keyring::{self, Keyring};
use crate::output::Output;
use crate::reading::Book;
use crate::writing::Writer;

pub(crate) fn run(command: &Recorder, at: &Common, out: Output) -> Done {
    match command {
        Recorder::Enrol(args) => enrol(args, at, out),
        Recorder::Rule(args) => rule(args, at, out),
        Recorder::LogKeys(args) => log_keys(args, at, out),
        Recorder::Authorise(args) => authorise(args, at, out),
        Recorder::TakeOver(args) => take_over::run(args, at, out),
        Recorder::List => list::run(at, out),
    }
}

fn enrol(args: &RecorderEnrol, at: &Common, out: Output) -> Done {
    let body = match &args.body {
        Some(body) => body.clone(),
        None => Book::open(&at.ledger)?.founding_body()?,
    };
    let keyring = Keyring::new(&at.keys);
    if keyring.find(&args.name).is_err() {
        keyring.create(&args.name)?;
    }
    let enrolled = KeyEnrol {
        name: args.name.clone(),
        roles: vec![format!("{REC} of {body}")],
        from: None,
        to: None,
        pseudonym: None,
        holder: None,
        public_key: None,
        proof: None,
        by: args.by.clone(),
    };
    key::enrol_as("recorder enrol", &enrolled, at, out)?;
    out.say(&format!(
        "Next: give {} to the recorder's machine, and nobody else (its setting is recorder-key)",
        at.keys.join(&args.name).display()
    ));
    Ok(())
}

/// Adopts the charter in force with another rule. A ledger older than epochs gets their lines with it.
fn rule(args: &RecorderRule, at: &Common, out: Output) -> Done {
    let by = key::signers(&args.by, at)?;
    let writer = Writer::open(at, out)?;
    let wanted = match args.rule {
        LogKeyRule::HandedOver => CheckpointKeys::HandedOver,
        LogKeyRule::Rotated => CheckpointKeys::Rotated,
    };
    let lines = writer.look(charter_lines);
    let (word, words) = match wanted {
        CheckpointKeys::HandedOver => ("handed_over", "every recorder has the same log keys"),
        CheckpointKeys::Rotated => {
            ("rotated", "each recorder has its own log keys, which two root keys authorise")
        }
    };
    let act = json!({
        "kind": "CharterAdopted", "stream": "charter/ledger", "signed_by": by,
        "body": { "charter": { "lines": lines, "checkpoint_keys": word }, "reason": args.reason },
    });
    let recorded = writer.record_value(&act)?;
    writer.publish()?;
    let text = format!("From entry #{} on, {words}.", index_of(&recorded));
    out.result("recorder rule", &text, || json!({ "rule": word, "entry": index_of(&recorded) }));
    Ok(())
}

fn charter_lines(state: &State) -> Vec<Value> {
    let set = |set: &charter::SignerSet| {
        let require = |r: &charter::Requirement| json!({ "role": r.role, "count": r.count, "body": r.body.clone().unwrap_or_default() });
        let require: Vec<Value> = set.require.iter().map(require).collect();
        json!({ "require": require, "document": set.document })
    };
    let line = |kind: &str, sets: &[charter::SignerSet]| json!({ "kind": kind, "signers": sets.iter().map(set).collect::<Vec<_>>() });
    let mut lines: Vec<Value> = state.charter().lines().map(|(kind, sets)| line(kind, sets)).collect();
    let proposed = charter::Charter::from_wire(&Vocabulary::get().first_charter());
    for name in ["RecorderEpochStarted", "LogKeyAuthorised"] {
        let kind = &Vocabulary::get().kind(name).expect("the vocabulary has recorders").full_name;
        if state.charter().sets(kind).is_empty() {
            lines.push(line(kind, proposed.sets(kind)));
        }
    }
    lines
}

fn log_keys(args: &RecorderLogKeys, at: &Common, out: Output) -> Done {
    let origin: Origin = match &args.origin {
        Some(origin) => origin.parse().map_err(|e| Stop::Usage(format!("--origin: {e}")))?,
        None => Book::open(&at.ledger)?.origin()?,
    };
    let signer = keyring::write_log_keys(&args.to, &origin)?;
    let vkeys = signer.verifier().vkeys();
    let mut public = args.to.clone().into_os_string();
    public.push(".pub");
    let public = PathBuf::from(public);
    keyring::write_new(&public, format!("{}\n", vkeys.join("\n")).as_bytes(), 0o644)?;
    let text = format!(
        "{}: log keys of {origin} for one recorder. They sign nothing before two root keys authorise them.\n\
         {}: their public halves.",
        args.to.display(),
        public.display()
    );
    out.result("recorder log-keys", &text, || json!({ "file": args.to, "public": public, "vkeys": vkeys }));
    out.say(&format!("Next: scrutiny recorder authorise NAME --log-keys {} --reason TEXT", public.display()));
    Ok(())
}

fn authorise(args: &RecorderAuthorise, at: &Common, out: Output) -> Done {
    let by = key::signers(&args.by, at)?;
    let vkeys: Vec<String> = match &args.log_keys {
        Some(path) => std::fs::read_to_string(path).map_err(io(path))?.lines().map(str::to_owned).collect(),
        None => Vec::new(),
    };
    if let (Some(path), Err(e)) = (&args.log_keys, LogVerifier::from_vkeys(&vkeys)) {
        return Err(Stop::Usage(format!("{}: these are no log's public keys: {e}", path.display())));
    }
    let writer = Writer::open(at, out)?;
    let id = key::key_id(&writer.keyring, &args.name)?;
    let act = json!({
        "kind": "LogKeyAuthorised", "stream": "recorder/log-keys", "signed_by": by,
        "body": { "recorder_key": id.to_string(), "log_vkeys": vkeys, "reason": args.reason },
    });
    let recorded = writer.record_value(&act)?;
    writer.publish()?;
    let text = match args.none {
        true => format!("{id} may bring no log keys of its own into force any more."),
        false => format!("{id} may sign checkpoints with these keys once it has taken over."),
    };
    let entry = index_of(&recorded);
    out.result(
        "recorder authorise",
        &text,
        || json!({ "recorder": id.to_string(), "log_vkeys": vkeys, "entry": entry }),
    );
    Ok(())
}

/// The position of what a command recorded.
fn index_of(recorded: &[Durable]) -> u64 {
    recorded.last().map_or(0, |durable| durable.index.0)
}
