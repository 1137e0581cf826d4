//! Everything that a signature on a statement covers, decoded: what `--dry-run` and `show` print.

use ledger_core::statement::{Expected, Marking, Occurred, Precision, Regime, Signer, Statement};
use scrutiny_proto::vocabulary::Vocabulary;
use serde_json::{Map, Value, json};

/// The statement as JSON: every field, the body decoded, nothing left out.
#[must_use]
pub fn describe(statement: &Statement) -> Value {
    // Destructured in full: a field that is signed must not go unseen.
    let Statement {
        ledger,
        id,
        kind,
        stream,
        expected,
        occurred,
        signers,
        marking,
        regime,
        body,
        sealed,
        documents,
        causation,
        correlation,
        imported,
    } = statement;
    let known = Vocabulary::get().kind(kind);
    let decoded = known.and_then(|k| k.body_to_json(body).ok());
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("kind", kind.clone().into());
    if let Some(known) = known {
        put("title", known.title.clone().into());
    }
    put("stream", stream.as_str().into());
    put("ledger", ledger.as_str().into());
    put("id", id.to_string().into());
    put(
        "expected",
        match expected {
            Expected::Version(version) => (*version).into(),
            Expected::Any => "any".into(),
        },
    );
    put("occurred", occurred_json(occurred));
    put("imported", (*imported).into());
    put("signed_by", signers.iter().map(signer_line).collect());
    put("marking", marking_word(*marking).into());
    put("regime", regime_word(*regime).into());
    put("body", decoded.unwrap_or_else(|| json!({ "undecoded": hex::encode(body) })));
    let commitment = |c: &ledger_core::statement::Commitment| json!({ "field": c.field, "digest": c.digest.to_hex(), "reason_code": c.reason_code });
    put("sealed", sealed.iter().map(commitment).collect());
    let document = |d: &ledger_core::statement::Document| json!({ "title": d.title, "media_type": d.media_type, "sha256": d.sha256.to_hex() });
    put("documents", documents.iter().map(document).collect());
    for (name, id) in [("causation", causation), ("correlation", correlation)] {
        if let Some(id) = id {
            put(name, id.to_string().into());
        }
    }
    Value::Object(out)
}

/// The statement as text for a person, one line for each thing that is signed.
#[must_use]
pub fn render(statement: &Statement) -> String {
    let mut out = String::new();
    lines(&mut out, 0, &describe(statement));
    out
}

fn lines(out: &mut String, depth: usize, value: &Value) {
    let pad = "  ".repeat(depth);
    let fields: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(k, v)| (format!("{k}:"), v)).collect(),
        Value::Array(items) => items.iter().map(|v| ("-".to_owned(), v)).collect(),
        _ => return,
    };
    for (label, value) in fields {
        match value {
            Value::Object(inner) if inner.is_empty() => out.push_str(&format!("{pad}{label} (empty)\n")),
            Value::Array(inner) if inner.is_empty() => out.push_str(&format!("{pad}{label} none\n")),
            Value::Object(_) | Value::Array(_) => {
                out.push_str(&format!("{pad}{label}\n"));
                lines(out, depth + 1, value);
            }
            Value::String(text) => out.push_str(&format!("{pad}{label} {}\n", printable(text))),
            other => out.push_str(&format!("{pad}{label} {other}\n")),
        }
    }
}

/// Whether a character moves a cursor, speaks to a terminal, or turns the text around it. Line ends do.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line, and nothing that deceives: what is shown is what is signed.
fn printable(text: &str) -> String {
    let escaped = |c: char| if is_deceptive(c) { c.escape_default().collect() } else { vec![c] };
    text.chars().flat_map(escaped).collect()
}

fn signer_line(signer: &Signer) -> String {
    let Signer { key_id, role, body, acting, on_behalf_of } = signer;
    let acting = if *acting { "acting " } else { "" };
    let behalf =
        if on_behalf_of.is_empty() { String::new() } else { format!(" on behalf of {on_behalf_of}") };
    format!("{key_id} as {acting}{role} of {body}{behalf}")
}

/// The value alone, or with its words, as a draft takes it.
fn occurred_json(occurred: &Occurred) -> Value {
    let Occurred { precision, value, words } = occurred;
    let value = if *precision == Precision::Unknown { "unknown" } else { value };
    if words.is_empty() { value.into() } else { json!({ "value": value, "words": words }) }
}

fn marking_word(marking: Marking) -> &'static str {
    match marking {
        Marking::Unspecified => "unspecified",
        Marking::Official => "official",
        Marking::OfficialSensitive => "official-sensitive",
    }
}

fn regime_word(regime: Regime) -> &'static str {
    match regime {
        Regime::Unspecified => "unspecified",
        Regime::None => "none",
        Regime::Part3 => "part3",
        Regime::UkGdpr => "uk-gdpr",
    }
}
