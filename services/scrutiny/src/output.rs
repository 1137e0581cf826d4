//! What a person sees: data on standard output, everything else on standard error.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use ledger_draft::is_deceptive;
use serde_json::{Map, Value, json};

use crate::cli::Common;
use crate::exit::Stop;

/// The version of every `--json` shape. It goes up when a field changes its meaning or goes away.
const JSON_VERSION: u32 = 1;

/// Where a command prints.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    document: &'static Mutex<Document>,
}

/// The one document that `--json` prints.
#[derive(Default)]
struct Document {
    /// What is printed when the command is done.
    fields: Map<String, Value>,
    /// How many items of a list are printed already, where the result is one that is printed as it goes.
    listed: Option<u64>,
}

impl Output {
    pub(crate) fn new(common: &Common) -> Self {
        // A process runs one command, so this lives as long as it anyway.
        Self { json: common.json, quiet: common.quiet, document: Box::leak(Box::default()) }
    }

    /// Whether the result is a document and not for a person.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// The same place without hints, for a command that runs others.
    pub(crate) fn without_hints(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// The command's result: `text` for a person, `data` for `--json`.
    pub(crate) fn result(self, command: &str, text: &str, data: impl FnOnce() -> Value) {
        if self.json {
            let fields = &mut self.document().fields;
            fields.insert("command".to_owned(), json!(command));
            fields.insert("result".to_owned(), data());
        } else {
            print(text);
        }
    }

    /// Begins a result that is a list of any length, of which nothing is held: each [`Output::item`] is printed at once.
    pub(crate) fn begin_list(self, command: &str) {
        if self.json {
            self.document().listed = Some(0);
            print(&format!("{{\n  \"command\": {},\n  \"result\": [", json!(command)));
        }
    }

    /// The list's next item: `text` for a person, `data` for `--json`. One of the two is made.
    pub(crate) fn item(self, text: impl FnOnce() -> String, data: impl FnOnce() -> Value) {
        if !self.json {
            return print(&text());
        }
        let mut document = self.document();
        let listed = document.listed.get_or_insert(0);
        let comma = if *listed == 0 { "" } else { ",\n" };
        *listed += 1;
        let item: Vec<String> = pretty(&data()).lines().map(|line| format!("    {line}")).collect();
        print_part(&format!("{comma}{}", item.join("\n")));
    }

    /// A word on what is going on, or what to do next.
    pub(crate) fn say(self, text: &str) {
        if !self.quiet && !self.json {
            anstream::eprintln!("{}", harmless(text));
        }
    }

    /// Ends the command: prints the document of `--json`,
    /// `{"version": 1, "command": ..., "result": ..., "error": {"code", "kind", "message"}}`, or says why it
    /// stopped. A command that stopped half-way has both a result and an error.
    pub(crate) fn finish(self, stop: Option<&Stop>) {
        if !self.json {
            if let Some(stop) = stop {
                anstream::eprintln!("scrutiny: {}", harmless(&stop.to_string()));
            }
            return;
        }
        let Document { fields, listed } = &mut *self.document();
        if let Some(stop) = stop {
            let error = json!({ "code": stop.number(), "kind": stop.word(), "message": stop.to_string() });
            fields.insert("error".to_owned(), error);
        }
        if fields.is_empty() && listed.is_none() {
            return;
        }
        fields.insert("version".to_owned(), json!(JSON_VERSION));
        let text = pretty(&Value::Object(fields.clone()));
        match listed {
            None => print(&text),
            // The list is closed, and what else there is to say follows it.
            Some(_) => print(&format!("\n  ],{}", text.trim_start_matches('{'))),
        }
    }

    fn document(self) -> MutexGuard<'static, Document> {
        self.document.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A progress bar on standard error; invisible when that is no terminal.
    pub(crate) fn progress(self, total: u64, what: &'static str) -> ProgressBar {
        if self.quiet || self.json || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let style = "{msg} [{bar:40}] {human_pos}/{human_len} {per_sec} {eta}";
        let bar = ProgressBar::new(total).with_message(what);
        bar.set_style(ProgressStyle::with_template(style).expect("the template is a constant that parses"));
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }
}

/// A plain table that stays readable in a narrow terminal and in a file.
pub(crate) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = plain_table();
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    table.trim_fmt()
}

/// The same for a table whose shape came from elsewhere.
pub(crate) fn table_of(header: &[String], rows: &[Vec<String>]) -> String {
    let mut table = plain_table();
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    table.trim_fmt()
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if !std::io::stdout().is_terminal() {
        table.set_width(120);
    }
    table
}

/// Some columns of a projection's table, in this order.
pub(crate) fn columns(from: &projector::table::Table, picked: &[&str]) -> String {
    let places: Vec<usize> =
        picked.iter().filter_map(|name| from.columns.iter().position(|column| column == name)).collect();
    let mut plain = plain_table();
    plain.set_header(places.iter().map(|&at| from.columns[at]));
    for row in &from.rows {
        plain.add_row(places.iter().map(|&at| row[at].as_str()));
    }
    plain.trim_fmt()
}

/// Every line two spaces in.
pub(crate) fn indent(text: &str) -> String {
    text.lines().map(|line| format!(" {}\n", line.trim_end())).collect()
}

/// "1 entry", "2 entries".
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a JSON value is always writable")
}

fn print(text: &str) {
    // A closed pipe (`| head`) is how a reader says "enough".
    let _ = writeln!(anstream::stdout(), "{}", harmless(text.trim_end()));
}

/// What goes on in the next call.
fn print_part(text: &str) {
    let _ = write!(anstream::stdout(), "{}", harmless(text));
}

/// What was recorded, or sent by a stranger, is shown and never obeyed: a terminal gets no escape sequence
/// from it, and no text that reads backwards.
fn harmless(text: &str) -> Cow<'_, str> {
    let bad = |c: char| is_deceptive(c) && c != '\n';
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if bad(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_moves_no_cursor() {
        assert_eq!(harmless("two\nlines, çé"), "two\nlines, çé");
        assert_eq!(
            harmless("\u{1b}]0;owned\u{7}\r\u{9b}2J\u{202e}x"),
            "\\u{1b}]0;owned\\u{7}\\r\\u{9b}2J\\u{202e}x"
        );
    }
}
