//! `--print-config`: what a process would run with, as a file that says the same again.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{COMMON, Key, Value};
use crate::role::Role;

pub(super) fn to_toml(role: &Role, values: &BTreeMap<String, Value>) -> String {
    let mut text = String::new();
    let mut section = String::new();
    let common = COMMON.iter().map(|key| ("", key));
    let own = role.keys.iter().map(|key| (role.name, key));
    for (prefix, key) in common.chain(own) {
        let full = key.full_name(prefix);
        let (table, name) = full.rsplit_once('.').unwrap_or(("", &full));
        if table != section {
            section = table.to_owned();
            let _ = writeln!(text, "\n[{section}]");
        }
        line(&mut text, name, key, values.get(&full));
    }
    text
}

fn line(text: &mut String, name: &str, key: &Key, value: Option<&Value>) {
    let _ = match value {
        Some(Value { value, source }) => writeln!(text, "{name} = {value}  # {source}"),
        None => writeln!(text, "# {name} is not set: {}", key.help),
    };
}
