//! What the projector answers: one view, as of a day, as JSON or as a table.

use bytes::Bytes;
use host::bus::{Request, ServiceError};
use ledger_core::limits::MAX_MESSAGE_BYTES;
use ledger_core::wire::{Versions, VersionsRequest};
use ledger_rules::civil::Day;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Live;
use crate::Standing;
use crate::all::All;
use crate::table::Table;

/// The longest answer. A register of a whole nation is longer: ask for one body or one report.
pub const MAX_ANSWER_BYTES: usize = MAX_MESSAGE_BYTES;

/// Bytes in a question.
const MAX_QUESTION_BYTES: usize = 4 << 10;

pub(super) const ENDPOINTS: [&str; 3] = ["view", "standing", "versions"];

/// Which view, as of which day.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ask {
    /// "register" where nothing is said; see [`VIEWS`].
    pub view: String,
    /// YYYY-MM-DD; today in London where nothing is said.
    pub as_of: String,
    /// Of the register: only what this body owes.
    pub body: String,
    /// Of the register: only what belongs to this report.
    pub report: String,
    /// How it is wanted.
    pub form: Form,
}

/// How an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// The view's own fields.
    #[default]
    Json,
    /// Title, columns, rows and notes, ready to be printed.
    Table,
}

/// The views there are.
pub const VIEWS: [&str; 10] = [
    "register",
    "responses",
    "bodies",
    "judgments",
    "flow",
    "conduct",
    "series",
    "facts",
    "oversight",
    "offices",
];

/// Answers one question. `now_ms` is the time, for views that are asked for today.
///
/// # Errors
/// 400 for a question that does not read, 404 for a view that there is none of, 413 for an answer that is too long.
pub fn answer(live: &Live, request: &Request, now_ms: u64) -> Result<Bytes, ServiceError> {
    match request.endpoint.as_str() {
        "standing" => Ok(to_bytes(&standing(live, &live.standing()))),
        "versions" => {
            let bad = |error: ledger_core::wire::WireError| ServiceError::new(400, error.to_string());
            let asked = VersionsRequest::parse(&request.payload).map_err(bad)?;
            let (size, versions) = live.versions(&asked.0);
            Ok(Versions { size, versions }.to_bytes())
        }
        "view" => view(live, &ask(&request.payload)?, now_ms),
        other => Err(ServiceError::new(404, format!("the projector has no endpoint {other}"))),
    }
}

fn ask(payload: &[u8]) -> Result<Ask, ServiceError> {
    if payload.len() > MAX_QUESTION_BYTES {
        return Err(ServiceError::new(400, "the question is too long"));
    }
    if payload.is_empty() {
        return Ok(Ask::default());
    }
    serde_json::from_slice(payload)
        .map_err(|e| ServiceError::new(400, format!("the question does not read: {e}")))
}

fn view(live: &Live, ask: &Ask, now_ms: u64) -> Result<Bytes, ServiceError> {
    let name = if ask.view.is_empty() { "register" } else { ask.view.as_str() };
    let as_of = match ask.as_of.as_str() {
        "" => Day::in_london(now_ms),
        day => day.parse().map_err(|e| ServiceError::new(400, format!("as_of: {e}")))?,
    };
    let bytes = live.look(|all, at| {
        let (document, table) = shown(all, at, name, as_of, ask)?;
        let mut said = standing(live, at);
        said["view"] = json!(name);
        said["as_of"] = json!(as_of.to_string());
        match ask.form {
            Form::Json => said["document"] = document(),
            Form::Table => said["table"] = json!(table()),
        }
        Some(to_bytes(&said))
    });
    let known = || format!("there is no view {name:?}; there are: {}", VIEWS.join(", "));
    let bytes = bytes.ok_or_else(|| ServiceError::new(404, known()))?;
    if bytes.len() > MAX_ANSWER_BYTES {
        let long = format!("{name} has {} bytes, and an answer {MAX_ANSWER_BYTES} at most", bytes.len());
        return Err(ServiceError::new(413, format!("{long}; ask for one body or one report")));
    }
    Ok(bytes)
}

type Shown<'a> = (Box<dyn FnOnce() -> Value + 'a>, Box<dyn FnOnce() -> Table + 'a>);

/// The view as a document and as a table, whichever is wanted. `None` where there is none of that name.
fn shown<'a>(all: &'a All, at: &'a Standing, name: &str, as_of: Day, ask: &'a Ask) -> Option<Shown<'a>> {
    macro_rules! both {
        ($view:expr) => {{
            let view = std::rc::Rc::new($view);
            let same = std::rc::Rc::clone(&view);
            Some((Box::new(move || json!(*view)), Box::new(move || same.to_table())))
        }};
    }
    match name {
        "register" => Some((
            Box::new(move || register(all, at, as_of, ask)),
            Box::new(move || filtered(all, at, as_of, ask).to_table()),
        )),
        "responses" => both!(all.responses.view(as_of, at)),
        "bodies" => both!(all.bodies.view(at)),
        "judgments" => both!(all.judgments.view(at)),
        "flow" => both!(all.flow.view(as_of, at)),
        "conduct" => both!(all.conduct.view(as_of, at)),
        "series" => both!(all.series.view(as_of, at)),
        "facts" => both!(all.facts.view(as_of, at)),
        "oversight" => both!(all.oversight.view(as_of, at)),
        "offices" => both!(all.offices.view(as_of, at)),
        _ => None,
    }
}

fn filtered(all: &All, at: &Standing, as_of: Day, ask: &Ask) -> crate::register::RegisterView {
    let wanted = |text: &'_ str| Some(text.to_owned()).filter(|text| !text.is_empty());
    all.register.view_of(as_of, at, wanted(&ask.body).as_deref(), wanted(&ask.report).as_deref())
}

/// What `scrutiny register --json` prints: the register, the clocks of the responses, the judgments.
fn register(all: &All, at: &Standing, as_of: Day, ask: &Ask) -> Value {
    let mut register = filtered(all, at, as_of, ask);
    let mut responses = all.responses.view(as_of, at);
    let mut judgments = all.judgments.view(at);
    if !ask.body.is_empty() {
        responses.rows.retain(|row| row.body == ask.body);
    }
    if !ask.report.is_empty() {
        let (stream, finding) = (format!("report/{}", ask.report), format!("finding/{}/", ask.report));
        register.totals.retain(|totals| totals.report == stream);
        register.findings.retain(|found| found.finding.starts_with(&finding));
        responses.rows.retain(|row| row.report == stream);
        judgments.judgments.retain(|judgment| judgment.report == stream);
    }
    json!({ "register": register, "responses": responses, "judgments": judgments })
}

/// The tree that an answer stands on.
fn standing(live: &Live, at: &Standing) -> Value {
    let covered = live.covered().0.min(at.tree_size.0);
    json!({ "tree_size": at.tree_size.0, "root": at.root.to_string(), "covered_by_checkpoint": covered })
}

fn to_bytes(value: &Value) -> Bytes {
    serde_json::to_vec(value).expect("a value of our own serialises").into()
}
