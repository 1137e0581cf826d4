//! `scrutiny recorder take-over`: an epoch on a ledger that is recorded by this machine alone.
//!
//! Where several recorders stand by on a bus, they take over by themselves. Here the recorder that holds the old log
//! keys writes the entry, signs nothing behind it, and the new keys sign from then on. A crash between the two leaves a
//! ledger that only the new keys open: `--log-keys` can be given again.

use std::fs;
use std::path::{Path, PathBuf};

use ledger_core::checkpoint::LogSigner;
use ledger_core::statement::NAMESPACE;
use ledger_rules::recorders::Takeover;
use recorder::Submission;
use serde_json::json;

use crate::cli::{Common, RecorderTakeOver};
use crate::exit::{Done, Stop, io};
use crate::keyring::{self, Keyring};
use crate::output::Output;
use crate::reading::Book;
use crate::signing;
use crate::writing::{self, Writer};

pub(super) fn run(args: &RecorderTakeOver, at: &Common, out: Output) -> Done {
    let keyring = Keyring::new(&at.keys);
    let new = match &args.log_keys {
        Some(path) => keyring::read_log_keys(path)?,
        None => keyring.log_keys()?,
    };
    if let Some(from) = &args.log_keys
        && let Some(epoch) = begun(&new, at)?
    {
        return finish(from, epoch, at, out);
    }
    let recorder = keyring.find(&args.name)?.public;
    let writer = Writer::open(at, out)?;
    let random = keyring::random()?;
    let id = recorder.key_id();
    let verifier = new.verifier();
    let statement = writer.at_head(move |head, state| {
        let takeover = Takeover {
            recorder: id,
            log: &verifier,
            tail_size: head.size,
            tail_leaf_hash: head.last_leaf_hash,
            now_ms: signing::now_ms(),
            random: *random.first_chunk().expect("ten of thirty-two bytes"),
        };
        takeover.statement(state)
    });
    let statement = statement.map_err(|no| writing::failure(recorder::Failure::Refused(no)))?;
    let signatures = vec![keyring.sign(&recorder, NAMESPACE, &statement)?.into()];
    let durable = writer.submit(Submission { statement, signatures, addenda: Vec::new() })?;
    let epoch = writer.look(|state| state.recorders().current());
    drop(writer);
    let kept = args.log_keys.as_deref().map(|from| change_over(from, at, epoch)).transpose()?;
    Writer::open(at, out)?.publish()?;
    let ids: Vec<String> = ids(&new);
    let text = format!(
        "Epoch {epoch} began with entry #{}: {id} records, and {} sign checkpoints from there on.",
        durable.index,
        ids.join(" and ")
    );
    out.result(
        "recorder take-over",
        &text,
        || json!({ "epoch": epoch, "entry": durable.index.0, "recorder": id.to_string(), "log_keys": ids }),
    );
    if let Some(kept) = kept {
        say_next(&kept, out);
    }
    Ok(())
}

/// The epoch that brought these log keys into force already, while others are still in the key folder: a take-over that
/// was interrupted.
fn begun(new: &LogSigner, at: &Common) -> Done<Option<u64>> {
    let registry = Book::open(&at.ledger)?.registry()?;
    let here = Keyring::new(&at.keys).log_keys()?.verifier();
    let in_force = registry.recorders().log_vkeys();
    let begun = in_force == new.verifier().vkeys() && in_force != here.vkeys();
    Ok(begun.then_some(registry.recorders().current()))
}

fn finish(from: &Path, epoch: u64, at: &Common, out: Output) -> Done {
    let kept = change_over(from, at, epoch)?;
    Writer::open(at, out)?.publish()?;
    let text = format!("Epoch {epoch} had begun already; its log keys sign checkpoints from now on.");
    out.result("recorder take-over", &text, || json!({ "epoch": epoch }));
    say_next(&kept, out);
    Ok(())
}

fn say_next(kept: &Path, out: Output) {
    out.say(&format!(
        "{}: the keys that signed before. Destroy them, unless another recorder still needs them.\n\
         Next: scrutiny policy > policy, and give it to everybody who checks receipts",
        kept.display()
    ));
}

/// Puts the new log keys in the place of the old ones; says where those are now. It may have been begun before.
fn change_over(from: &Path, at: &Common, epoch: u64) -> Done<PathBuf> {
    let (to, kept) = (at.keys.join("log.key"), at.keys.join(format!("log.key.before-epoch-{epoch}")));
    let read = |path: &Path| fs::read(path).map_err(io(path));
    let bytes = read(from)?;
    if !kept.exists() {
        // A link first: at no moment is there no log.key.
        fs::hard_link(&to, &kept).map_err(io(&kept))?;
    } else if read(&kept)? != read(&to)? {
        let sentence = format!("{}: is there already and will not be overwritten", kept.display());
        return Err(Stop::Conflict(sentence));
    }
    let beside = at.keys.join("log.key.new");
    if beside.exists() {
        fs::remove_file(&beside).map_err(io(&beside))?;
    }
    keyring::write_new(&beside, &bytes, 0o600)?;
    fs::rename(&beside, &to).map_err(io(&to))?;
    Ok(kept)
}

fn ids(signer: &LogSigner) -> Vec<String> {
    signer.verifier().keys().iter().map(|key| format!("{}+{}", key.name(), key.id())).collect()
}
