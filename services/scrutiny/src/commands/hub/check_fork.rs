//! `scrutiny hub check-fork`: the evidence of a fork, checked by somebody who was not there.

use hub::Note;
use ledger_core::checkpoint::SignedCheckpoint;
use serde_json::json;

use crate::cli::HubCheckFork;
use crate::exit::{Done, Stop, io};
use crate::output::Output;
use crate::trust;

pub(crate) fn run(args: &HubCheckFork, out: Output) -> Done {
    let text = std::fs::read_to_string(&args.file).map_err(io(&args.file))?;
    let name = args.file.display();
    let fork = hub::evidence::read(&text).map_err(|e| Stop::VerificationFailed(format!("{name}: {e}")))?;
    let policy = trust::policy(&args.trust)?;
    let known = match &policy {
        Some(policy) => {
            for note in [&fork.smaller, &fork.larger] {
                let note = SignedCheckpoint::parse(&note.bytes).expect("it was parsed a moment ago");
                policy.open_strictly(&note).map_err(|error| trust::quorum(&args.file, &error))?;
            }
            "by the keys that you gave"
        }
        None => "by the keys in the file",
    };
    let sentence = format!("This is a fork: {}. Both notes are signed {known}.", fork.sentence());
    let note =
        |note: &Note| json!({ "tree_size": note.size.0, "root": note.root.to_string(), "vkeys": note.keys });
    out.result("hub check-fork", &sentence, || {
        json!({
            "fork": true,
            "sentence": fork.sentence(),
            "notes": [note(&fork.smaller), note(&fork.larger)],
            "begins_with": fork.begins_with.to_string(),
            "keys_given": policy.is_some(),
        })
    });
    if policy.is_none() {
        let why = "nobody vouches for the keys in the file; --policy or --vkey says which are the log's";
        return Err(Stop::CannotDecide(why.to_owned()));
    }
    Ok(())
}
