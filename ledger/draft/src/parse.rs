//! Reads drafts from YAML, of which JSON is a part.

use ledger_core::hash::Hash;
use ledger_core::ids::{StatementId, StreamId};
use ledger_core::statement::{Expected, Marking, Regime};
use scrutiny_proto::vocabulary::{Kind, Vocabulary};
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::draft::{Draft, DraftDocument, SealedText, Source};
use crate::occurred;
use crate::raw::{OneOrMany, Raw, RawDocument};

/// Why a text holds no drafts, or one that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Not YAML, or fields that a draft does not have.
    #[error("{problem}")]
    Syntax {
        /// 1-based; 0 where the reader could not tell.
        line: u64,
        /// What is wrong and where, in the reader's words.
        problem: String,
    },
    /// A field that cannot be used.
    #[error("draft on line {line}: {field}: {problem}")]
    Field {
        /// The line the draft starts on, 1-based.
        line: u64,
        /// Path of the field.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// No draft at all.
    #[error("there is no draft in it")]
    Empty,
}

impl DraftError {
    pub(crate) fn syntax(e: serde_saphyr::Error) -> Self {
        Self::Syntax { line: e.location().map_or(0, |l| l.line()), problem: e.to_string() }
    }
}

impl Draft {
    /// Reads one draft, a list of them, or several documents separated by `---`.
    ///
    /// # Errors
    /// Says which line and which field is wrong, and what would do.
    pub fn parse_many(text: &str) -> Result<Vec<Self>, DraftError> {
        let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
        let documents: Vec<Spanned<OneOrMany>> = serde_saphyr::from_multiple_with_options(text, options)
            .map_err(|e| DraftError::Syntax {
                line: e.location().map_or(0, |l| l.line()),
                problem: e.to_string(),
            })?;
        let mut drafts = Vec::new();
        for document in documents {
            let line = document.defined.line();
            match document.value {
                OneOrMany::One(raw) => drafts.push(read(line, *raw)?),
                OneOrMany::Many(raws) => {
                    for raw in raws {
                        drafts.push(read(raw.defined.line(), raw.value)?);
                    }
                }
            }
        }
        if drafts.is_empty() { Err(DraftError::Empty) } else { Ok(drafts) }
    }
}

fn read(line: u64, raw: Raw) -> Result<Draft, DraftError> {
    let at = |field: &str| {
        let field = field.to_owned();
        move |problem: String| DraftError::Field { line, field, problem }
    };
    let kind = kind(&raw.kind).map_err(at("kind"))?;
    let (body, sealed) = body(kind, raw.body).map_err(|(path, problem)| {
        at(&if path.is_empty() { "body".into() } else { format!("body.{path}") })(problem)
    })?;
    Ok(Draft {
        line,
        kind,
        stream: stream(kind, &raw.stream).map_err(at("stream"))?,
        signed_by: signers(&raw.signed_by).map_err(at("signed_by"))?,
        occurred: raw.occurred.as_ref().map(occurred).transpose().map_err(at("occurred"))?,
        imported: raw.imported,
        marking: marking(raw.marking.as_deref()).map_err(at("marking"))?,
        regime: regime(raw.regime.as_deref()).map_err(at("regime"))?,
        expected: raw.expected.map(|v| expected(kind, &v)).transpose().map_err(at("expected"))?,
        documents: raw
            .documents
            .into_iter()
            .map(document)
            .collect::<Result<_, _>>()
            .map_err(at("documents"))?,
        body,
        sealed,
        id: id(raw.id.as_deref()).map_err(at("id"))?,
        causation: id(raw.causation.as_deref()).map_err(at("causation"))?,
        correlation: id(raw.correlation.as_deref()).map_err(at("correlation"))?,
    })
}

fn kind(name: &str) -> Result<&'static Kind, String> {
    let vocabulary = Vocabulary::get();
    vocabulary.kind(name).ok_or_else(|| {
        let hint = vocabulary.nearest(name).map(|k| format!("; did you mean {}?", k.short_name));
        format!("there is no kind {name:?}{}", hint.unwrap_or_default())
    })
}

fn stream(kind: &Kind, text: &str) -> Result<StreamId, String> {
    let stream: StreamId = text.parse().map_err(|e| format!("{e}"))?;
    match kind.stream.matches(text) {
        Some(_) => Ok(stream),
        None => Err(format!("a {} belongs to {}; got {text}", kind.short_name, kind.stream.as_str())),
    }
}

fn signers(value: &Value) -> Result<Vec<crate::DraftSigner>, String> {
    let one = std::slice::from_ref(value);
    let lines = value.as_array().map_or(one, Vec::as_slice);
    lines.iter().map(|line| line.as_str().unwrap_or_default().parse()).collect()
}

/// A value, or `{value, words}`. YAML reads a bare year as a number.
fn occurred(value: &Value) -> Result<ledger_core::statement::Occurred, String> {
    match value {
        Value::String(text) => occurred::read(text, ""),
        Value::Number(year) => occurred::read(&year.to_string(), ""),
        Value::Object(parts) => {
            if let Some(other) = parts.keys().find(|k| !["value", "words"].contains(&k.as_str())) {
                return Err(format!("has value and words, not {other}"));
            }
            let words = parts.get("words").and_then(Value::as_str).unwrap_or_default();
            let mut read = occurred(parts.get("value").unwrap_or(&Value::Null))?;
            read.words = words.to_owned();
            Ok(read)
        }
        other => occurred::read(&other.to_string(), ""),
    }
}

fn marking(word: Option<&str>) -> Result<Marking, String> {
    match word.unwrap_or("official").to_lowercase().as_str() {
        "official" => Ok(Marking::Official),
        "official-sensitive" => Ok(Marking::OfficialSensitive),
        other => Err(format!("must be official or official-sensitive; got {other:?}")),
    }
}

fn regime(word: Option<&str>) -> Result<Regime, String> {
    match word.unwrap_or("none").to_lowercase().as_str() {
        "none" => Ok(Regime::None),
        "part3" => Ok(Regime::Part3),
        "uk-gdpr" => Ok(Regime::UkGdpr),
        other => Err(format!("must be none, part3 or uk-gdpr; got {other:?}")),
    }
}

fn expected(kind: &Kind, value: &Value) -> Result<Expected, String> {
    match (value.as_u64(), value.as_str()) {
        (Some(version), _) => Ok(Expected::Version(version)),
        (_, Some("any")) if kind.commutes => Ok(Expected::Any),
        (_, Some("any")) => Err(format!("the order of a {} matters: say a version", kind.short_name)),
        _ => Err(format!("must be a number of entries, or any; got {value}")),
    }
}

fn document(raw: RawDocument) -> Result<DraftDocument, String> {
    let title = raw.title;
    let source = match (raw.sha256, raw.path) {
        (Some(hex), None) => {
            let digest = Hash::from_hex(&hex);
            Source::Digest(digest.ok_or_else(|| format!("{title}: sha256 must be 64 hexadecimal digits"))?)
        }
        (None, Some(path)) => Source::Path(path),
        _ => return Err(format!("{title}: give either sha256 or path")),
    };
    let by_ending = match &source {
        Source::Path(path) => media_type(path),
        Source::Digest(_) => "application/octet-stream",
    };
    let media_type = raw.media_type.unwrap_or_else(|| by_ending.to_owned());
    Ok(DraftDocument { title, media_type, source })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "md" => "text/markdown",
        "html" => "text/html",
        "csv" => "text/csv",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}

/// The encoded body and, apart from it, what must not stand in it.
fn body(kind: &Kind, mut value: Value) -> Result<(Vec<u8>, Vec<SealedText>), (String, String)> {
    if value.is_null() {
        value = Value::Object(serde_json::Map::new());
    }
    let mut sealed = Vec::new();
    for field in kind.sealed_fields() {
        let taken = value.as_object_mut().and_then(|b| b.remove(&field.name)).filter(|v| !v.is_null());
        let Some(taken) = taken else { continue };
        let text = taken.as_str().filter(|t| !t.is_empty());
        let text = text.ok_or_else(|| (field.name.clone(), format!("must be text; got {taken}")))?;
        let reason_code = field.sealed.clone().unwrap_or_default();
        sealed.push(SealedText { field: field.name.clone(), reason_code, text: text.to_owned() });
    }
    let wrong = |e: scrutiny_proto::vocabulary::BodyError| {
        let path = e.path().to_owned();
        let whole = e.to_string();
        let problem = whole.strip_prefix(&format!("{path}: ")).unwrap_or(&whole).to_owned();
        (path, problem)
    };
    let body = kind.body_from_json(&value).map_err(wrong)?;
    kind.validate_body(&body).map_err(wrong)?;
    Ok((body, sealed))
}

fn id(text: Option<&str>) -> Result<Option<StatementId>, String> {
    text.map(|t| t.parse().map_err(|e: ledger_core::ids::IdError| e.to_string())).transpose()
}
