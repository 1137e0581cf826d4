//! `scrutiny key list`: who may sign.

use std::collections::HashMap;

use ledger_core::ids::{EntryIndex, KeyId};
use ledger_rules::State;
use ledger_rules::keys::{Key, Standing};
use ledger_rules::roles::Held;
use serde_json::{Value, json};

use crate::cli::Common;
use crate::exit::Done;
use crate::keyring::Keyring;
use crate::output::Output;
use crate::reading::Book;

pub(crate) fn run(at: &Common, out: Output) -> Done {
    let state = Book::open(&at.ledger)?.state(out)?;
    let known = Keyring::new(&at.keys).all()?;
    let names: HashMap<KeyId, String> = known.into_iter().map(|k| (k.public.key_id(), k.name)).collect();
    let name = |id: &KeyId| names.get(id).cloned().unwrap_or_default();
    let mut keys: Vec<(&KeyId, &Key)> = state.keys().collect();
    keys.sort_by_key(|(id, key)| (key.enrolled_at, name(id)));
    let rows: Vec<Row> = keys.into_iter().map(|(id, key)| Row::of(&state, id, key, name(id))).collect();
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or_default();
    let text: Vec<String> = rows.iter().map(|row| row.text(width)).collect();
    out.result("key list", &text.join("\n"), || rows.iter().map(Row::to_json).collect::<Vec<Value>>().into());
    Ok(())
}

struct Row {
    name: String,
    key: String,
    status: String,
    roles: Vec<String>,
}

impl Row {
    fn of(state: &State, id: &KeyId, key: &Key, name: String) -> Self {
        let roles = state.roles(id).iter().map(held).collect();
        Self { name, key: id.to_string(), status: standing(key), roles }
    }

    /// The key on one line, each role on one of its own.
    fn text(&self, width: usize) -> String {
        let mut text = format!("{:<width$}  {}  {}", self.name, self.key, self.status);
        for role in &self.roles {
            text.push_str(&format!("\n{:<width$}    {role}", ""));
        }
        text
    }

    fn to_json(&self) -> Value {
        json!({ "name": self.name, "key": self.key, "status": self.status, "roles": self.roles })
    }
}

/// "active", "revoked at #41, suspect since #30".
pub(crate) fn standing(key: &Key) -> String {
    let suspect =
        |since: &Option<EntryIndex>| since.map_or_else(String::new, |s| format!(", suspect since #{s}"));
    match &key.standing {
        Standing::Active if key.root => "root".to_owned(),
        Standing::Active => "active".to_owned(),
        Standing::Suspended => "suspended".to_owned(),
        Standing::Rotated { to, compromised_since } => {
            format!("replaced by {to}{}", suspect(compromised_since))
        }
        Standing::Revoked { at, compromised_since } => {
            format!("revoked at #{at}{}", suspect(compromised_since))
        }
    }
}

/// "acting LPB of cambridgeshire-lpb from 2020-11-01 to 2021-05-12".
pub(crate) fn held(role: &Held) -> String {
    let acting = if role.acting { "acting " } else { "" };
    let from = role.from.map(|day| format!(" from {day}")).unwrap_or_default();
    let to = role.to.map(|day| format!(" to {day}")).unwrap_or_default();
    format!("{acting}{} of {}{from}{to}", role.role, role.body)
}
