//! `scrutiny recorder list`: who recorded from where, and who may take over.

use std::collections::HashMap;

use ledger_core::ids::{KeyId, TreeSize};
use ledger_rules::State;
use ledger_rules::keys::Standing;
use ledger_rules::recorders::CheckpointKeys;
use ledger_rules::roles::REC;
use serde_json::{Value, json};

use crate::cli::Common;
use crate::exit::Done;
use crate::keyring::Keyring;
use crate::output::Output;
use crate::reading::Book;

pub(super) fn run(at: &Common, out: Output) -> Done {
    let state = Book::open(&at.ledger)?.registry()?;
    let known = Keyring::new(&at.keys).all().unwrap_or_default();
    let names: HashMap<KeyId, String> = known.into_iter().map(|k| (k.public.key_id(), k.name)).collect();
    let called = |id: &KeyId| names.get(id).map_or_else(|| id.to_string(), |name| format!("{name}  {id}"));
    let (epochs, standing_by) = (epochs(&state), standing_by(&state));
    let rule = match state.charter().checkpoint_keys() {
        CheckpointKeys::HandedOver => ("handed-over", "handed over: every recorder has the same"),
        CheckpointKeys::Rotated => {
            ("rotated", "rotated: each recorder has its own, which two root keys authorise")
        }
    };
    let mut lines = vec![format!("Log keys are {}.", rule.1)];
    for epoch in &epochs {
        let who =
            epoch.recorder.as_ref().map_or_else(|| "the recorder that founded the ledger".to_owned(), called);
        lines.push(format!(
            "epoch {}  from entry #{}  {who}\n  log keys {}",
            epoch.number, epoch.from, epoch.keys
        ));
    }
    for (id, authorised) in &standing_by {
        let own =
            authorised.as_ref().map_or_else(String::new, |keys| format!("\n  may bring into force {keys}"));
        lines.push(format!("may take over  {}{own}", called(id)));
    }
    if standing_by.is_empty() {
        lines.push("Nobody else may take over. Next: scrutiny recorder enrol NAME".to_owned());
    }
    out.result("recorder list", &lines.join("\n"), || {
        let line =
            |(id, keys): &(KeyId, Option<String>)| json!({ "recorder": id.to_string(), "log_keys": keys });
        json!({
            "rule": rule.0,
            "epochs": epochs.iter().map(Epoch::to_json).collect::<Vec<Value>>(),
            "may_take_over": standing_by.iter().map(line).collect::<Vec<Value>>(),
        })
    });
    Ok(())
}

struct Epoch {
    number: u64,
    from: u64,
    recorder: Option<KeyId>,
    keys: String,
}

impl Epoch {
    fn to_json(&self) -> Value {
        let Self { number, from, recorder, keys } = self;
        json!({ "epoch": number, "from": from, "recorder": recorder.map(|id| id.to_string()), "log_keys": keys })
    }
}

fn epochs(state: &State) -> Vec<Epoch> {
    let recorders = state.recorders();
    let line = |number, from: u64, recorder| {
        let keys = short(recorders.log_vkeys_at(TreeSize(from + 1)));
        Epoch { number, from, recorder, keys }
    };
    let later = recorders.epochs().iter().map(|e| line(e.number, e.started_at.0, Some(e.recorder)));
    std::iter::once(line(0, 0, None)).chain(later).collect()
}

/// Keys in use that hold REC, and the log keys that each may bring into force.
fn standing_by(state: &State) -> Vec<(KeyId, Option<String>)> {
    let recorders = state
        .keys()
        .filter(|(_, key)| key.standing == Standing::Active && key.roles.iter().any(|held| held.role == REC));
    recorders.map(|(id, _)| (*id, state.recorders().authorised(id).map(short))).collect()
}

/// Log keys by name and id: a whole one has 1,800 characters.
fn short(vkeys: &[String]) -> String {
    let id = |key: &String| key.splitn(3, '+').take(2).collect::<Vec<_>>().join("+");
    vkeys.iter().map(id).collect::<Vec<_>>().join(" and ")
}
