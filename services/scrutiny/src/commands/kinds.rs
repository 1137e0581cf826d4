//! `scrutiny kinds`: the vocabulary.

use std::fmt::Write as _;

use scrutiny_proto::vocabulary::{Field, Kind, SignerSet, Vocabulary};
use serde_json::{Value, json};

use crate::cli::Kinds;
use crate::exit::{Done, Stop};
use crate::output::{Output, table};

pub(crate) fn run(args: &Kinds, out: Output) -> Done {
    match &args.name {
        None => {
            let kinds = Vocabulary::get().kinds();
            let data = || Value::Array(kinds.iter().map(summary_json).collect());
            out.result("kinds", &list(kinds), data);
            out.say("\nNext: `scrutiny kinds NAME` shows one with its fields and an example.");
        }
        Some(name) => {
            let kind = find(name)?;
            let text = if args.example { kind.example.to_owned() } else { describe(kind) };
            out.result("kinds", &text, || kind_json(kind));
        }
    }
    Ok(())
}

fn find(name: &str) -> Done<&'static Kind> {
    let vocabulary = Vocabulary::get();
    vocabulary.kind(name).ok_or_else(|| {
        let near = vocabulary.nearest(name).map(|k| format!("; did you mean {}?", k.short_name));
        Stop::NotFound(format!("there is no kind {name:?}{}", near.unwrap_or_default()))
    })
}

fn list(kinds: &[Kind]) -> String {
    let row = |kind: &Kind| {
        [
            kind.short_name.clone(),
            kind.group.clone(),
            kind.stream.as_str().to_owned(),
            signers_words(&kind.signers),
        ]
    };
    table(["kind", "group", "stream", "signed by"], kinds.iter().map(row))
}

fn describe(kind: &Kind) -> String {
    let mut text = format!("{} ({})\n{}\n\n", kind.title, kind.full_name, kind.doc.trim());
    let _ = writeln!(text, "Stream      {}", kind.stream.as_str());
    let _ = writeln!(text, "Signed by   {}", signers_words(&kind.signers));
    let order = if kind.commutes {
        "any: the order does not matter"
    } else {
        "the version of the stream that was seen"
    };
    let _ = writeln!(text, "Expects     {order}\n\nFields of the body");
    for field in &kind.fields {
        describe_field(&mut text, field, 1);
    }
    let _ = write!(text, "\nExample: `scrutiny kinds {} --example | scrutiny record -`\n", kind.short_name);
    for line in kind.example.lines() {
        let _ = writeln!(text, "    {line}");
    }
    text
}

fn describe_field(text: &mut String, field: &Field, depth: usize) {
    let indent = "  ".repeat(depth);
    let mut marks = String::new();
    if field.required {
        marks.push_str(", required");
    }
    if let Some(reason) = &field.sealed {
        let _ = write!(marks, ", sealed: {reason}");
    }
    let _ = writeln!(text, "{indent}{}: {}{marks}", field.name, field.type_words());
    for line in field.doc.trim().lines() {
        let _ = writeln!(text, "{indent}    {}", line.trim());
    }
    for choice in field.choices().iter().filter(|c| c.number != 0) {
        let doc = choice.doc.trim().replace('\n', " ");
        let _ = writeln!(
            text,
            "{indent}    - {}{}",
            choice.word,
            if doc.is_empty() { doc } else { format!("  {doc}") }
        );
    }
    for inner in field.fields() {
        describe_field(text, inner, depth + 2);
    }
}

/// "HMI, or two HMI-T with a document".
pub(crate) fn signers_words(sets: &[SignerSet]) -> String {
    let words: Vec<String> = sets.iter().map(set_words).collect();
    words.join(", or ")
}

fn set_words(set: &SignerSet) -> String {
    let need = |r: &scrutiny_proto::vocabulary::Requirement| {
        let who = if r.count > 1 { format!("{} × {}", r.count, r.role) } else { r.role.clone() };
        r.body.as_ref().map_or(who.clone(), |body| format!("{who} of the stream's {{{body}}}"))
    };
    let all: Vec<String> = set.require.iter().map(need).collect();
    format!("{}{}", all.join(" and "), if set.document { " with a document" } else { "" })
}

fn summary_json(kind: &Kind) -> Value {
    json!({
        "kind": kind.full_name, "name": kind.short_name, "group": kind.group, "title": kind.title,
        "stream": kind.stream.as_str(), "signers": signers_words(&kind.signers), "commutes": kind.commutes,
    })
}

fn kind_json(kind: &Kind) -> Value {
    let mut value = summary_json(kind);
    value["doc"] = json!(kind.doc.trim());
    value["fields"] = Value::Array(kind.fields.iter().map(field_json).collect());
    value["example"] = json!(kind.example);
    value
}

fn field_json(field: &Field) -> Value {
    let mut value = json!({
        "name": field.name, "type": field.type_words(), "doc": field.doc.trim(),
        "repeated": field.repeated, "required": field.required,
    });
    if let Some(reason) = &field.sealed {
        value["sealed"] = json!(reason);
    }
    if !field.choices().is_empty() {
        value["choices"] = field.choices().iter().filter(|c| c.number != 0).map(|c| json!(c.word)).collect();
    }
    if !field.fields().is_empty() {
        value["fields"] = Value::Array(field.fields().iter().map(field_json).collect());
    }
    value
}
