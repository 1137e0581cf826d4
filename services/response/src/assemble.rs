//! A filled-in form, as the statements to sign and the letter that they rest on.
//!
//! One form is one response of one local policing body to one report, obligation by obligation. It becomes, in this
//! order: what the force answers for the first time, the response as prepared (where the letter has a date), the
//! response as published (where it was), and the copies. What has no answer is counted and named: a response that
//! passes over a recommendation is not what section 55(5B) asks for, and whoever signs it should know.

use ledger_core::hash::Hash;
use ledger_draft::{Draft, DraftError};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use serde_saphyr::Spanned;

/// Bytes in a form: a hundred obligations with a page each.
pub const MAX_FORM_BYTES: usize = 1 << 20;

/// The law, as a response cites it and as it applies.
const CITES: (&str, &str) = ("Section 55(5) of the Police Act 1996", "Police Act 1996 s.55(5), (6)");

/// Why no response can be made of a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Not YAML, or fields that a form does not have.
    #[error("{0}")]
    Syntax(String),
    /// Something in it cannot be used.
    #[error("line {line}: {problem}")]
    Field {
        /// 1-based.
        line: u64,
        /// What, and what would do.
        problem: String,
    },
}

/// What a form comes to.
#[derive(Debug, Clone)]
pub struct Assembled {
    /// The statements, in the order in which they are to be signed.
    pub drafts: Vec<Draft>,
    /// The same as a person could have typed them.
    pub statements: Vec<Value>,
    /// The letter, where the form names no document of its own: the statements name its digest.
    pub letter: Option<String>,
    /// The body whose response it is.
    pub body: String,
    /// The report, without "report/".
    pub report: String,
    /// Obligations that the form has, answered or not: streams.
    pub obligations: Vec<String>,
    /// Obligations without an answer of their own and without a blanket one: streams.
    pub unanswered: Vec<String>,
    /// Obligations that only the comments as a whole cover.
    pub blanket: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    response: Spanned<Response>,
    force: Option<Force>,
    #[serde(default)]
    copies: Vec<Spanned<Copy>>,
    #[serde(default)]
    obligations: Vec<Spanned<Owed>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Response {
    body: String,
    report: String,
    signed_by: String,
    #[serde(default)]
    addressed_to: String,
    #[serde(default)]
    letter_dated: String,
    #[serde(default)]
    published_on: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    comments: String,
    occurred: Option<Value>,
    #[serde(default)]
    imported: bool,
    document: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Force {
    signed_by: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Copy {
    to: String,
    #[serde(default)]
    sent_on: String,
    #[serde(default)]
    channel: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Owed {
    obligation: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    blanket: bool,
    force: Option<Map<String, Value>>,
}

impl Owed {
    fn is_answered(&self) -> bool {
        !self.answer.trim().is_empty()
    }
}

/// Reads a filled-in form.
///
/// # Errors
/// Says which line is wrong.
pub fn assemble(text: &str) -> Result<Assembled, FormError> {
    if text.len() > MAX_FORM_BYTES {
        return Err(FormError::Syntax(format!(
            "a form has {MAX_FORM_BYTES} bytes at most, this one {}",
            text.len()
        )));
    }
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let form: Form =
        serde_saphyr::from_str_with_options(text, options).map_err(|e| FormError::Syntax(e.to_string()))?;
    let (line, response) = (form.response.defined.line(), &form.response.value);
    if response.letter_dated.is_empty() && response.published_on.is_empty() {
        let problem = "a response was prepared, with the date of its letter, or published: give letter_dated or published_on";
        return Err(FormError::Field { line, problem: problem.to_owned() });
    }
    let letter = response.document.is_none().then(|| letter(&form));
    let mut made = Made { drafts: Vec::new(), statements: Vec::new() };
    for owed in &form.obligations {
        check(owed)?;
        force_answer(&mut made, &form, owed)?;
    }
    let covers: Vec<Value> = form.obligations.iter().filter_map(|owed| cover(&owed.value)).collect();
    response_statements(&mut made, line, response, &covers, letter.as_deref())?;
    for copy in &form.copies {
        copy_sent(&mut made, response, copy)?;
    }
    let streams = |keep: &dyn Fn(&Owed) -> bool| {
        let kept = form.obligations.iter().filter(|owed| keep(&owed.value));
        kept.map(|owed| owed.value.obligation.clone()).collect::<Vec<_>>()
    };
    Ok(Assembled {
        drafts: made.drafts,
        statements: made.statements,
        letter,
        body: response.body.clone(),
        report: response.report.clone(),
        obligations: streams(&|_| true),
        unanswered: streams(&|owed| !owed.is_answered() && !owed.blanket),
        blanket: streams(&|owed| !owed.is_answered() && owed.blanket),
    })
}

fn check(owed: &Spanned<Owed>) -> Result<(), FormError> {
    let line = owed.defined.line();
    if owed.value.is_answered() && owed.value.blanket {
        let problem = format!(
            "{} has an answer of its own and is called blanket: strike one of them",
            owed.value.obligation
        );
        return Err(FormError::Field { line, problem });
    }
    Ok(())
}

fn cover(owed: &Owed) -> Option<Value> {
    let mode = if owed.is_answered() { "specific" } else { "blanket" };
    (owed.is_answered() || owed.blanket).then(|| json!({ "obligation": owed.obligation, "mode": mode }))
}

struct Made {
    drafts: Vec<Draft>,
    statements: Vec<Value>,
}

impl Made {
    /// Reads the statement through the door that a typed one goes through.
    fn add(&mut self, line: u64, statement: Value) -> Result<(), FormError> {
        let drafts = Draft::parse_many(&statement.to_string()).map_err(|e| {
            let problem = match e {
                DraftError::Field { field, problem, .. } => {
                    format!("{}: {problem}", field.trim_start_matches("body."))
                }
                other => other.to_string(),
            };
            FormError::Field { line, problem }
        })?;
        self.drafts.extend(drafts);
        self.statements.push(statement);
        Ok(())
    }
}

/// What the force answers for the first time. An answer that is on the ledger is not given again.
fn force_answer(made: &mut Made, form: &Form, owed: &Spanned<Owed>) -> Result<(), FormError> {
    let line = owed.defined.line();
    let Some(answer) = &owed.value.force else { return Ok(()) };
    if answer.get("text").and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
        return Ok(());
    }
    let Some(force) = &form.force else {
        let problem = "the force answers here, and nobody is named who signs for it: force: {signed_by: ...}";
        return Err(FormError::Field { line, problem: problem.to_owned() });
    };
    let response = &form.response.value;
    let mut statement = common("ForceResponseRecorded", &owed.value.obligation, &force.signed_by, response);
    statement.insert("body".to_owned(), Value::Object(answer.clone()));
    made.add(line, Value::Object(statement))
}

fn response_statements(
    made: &mut Made,
    line: u64,
    response: &Response,
    covers: &[Value],
    letter: Option<&str>,
) -> Result<(), FormError> {
    let stream = format!("response/{}/{}", response.body, response.report);
    let document = response.document.clone().unwrap_or_else(|| {
        let digest = Hash::of(letter.unwrap_or_default().as_bytes()).to_hex();
        json!({ "title": format!("Response of {} to report/{}", response.body, response.report),
                "media_type": "text/plain", "sha256": digest })
    });
    let both = |kind: &str, own: Vec<(&str, &str)>| {
        let mut body: Map<String, Value> = own
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name.to_owned(), json!(text)))
            .collect();
        body.insert("covers".to_owned(), json!(covers));
        body.insert("cites_as_written".to_owned(), json!(CITES.0));
        body.insert("cites_normalised".to_owned(), json!(CITES.1));
        if !response.comments.is_empty() {
            body.insert("text".to_owned(), json!(response.comments));
        }
        let mut statement = common(kind, &stream, &response.signed_by, response);
        statement.insert("documents".to_owned(), json!([document.clone()]));
        statement.insert("body".to_owned(), Value::Object(body));
        Value::Object(statement)
    };
    if !response.letter_dated.is_empty() {
        let own =
            vec![("letter_dated", &response.letter_dated[..]), ("addressed_to", &response.addressed_to)];
        made.add(line, both("StatutoryResponsePrepared", own))?;
    }
    if !response.published_on.is_empty() {
        let own = vec![("published_on", &response.published_on[..]), ("url", &response.url)];
        made.add(line, both("StatutoryResponsePublished", own))?;
    }
    Ok(())
}

fn copy_sent(made: &mut Made, response: &Response, copy: &Spanned<Copy>) -> Result<(), FormError> {
    let Copy { to, sent_on, channel } = &copy.value;
    let stream = format!("response/{}/{}", response.body, response.report);
    let mut statement = common("CopySent", &stream, &response.signed_by, response);
    let said = [("to", to), ("sent_on", sent_on), ("channel", channel)];
    let body: Map<String, Value> = said
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .collect();
    statement.insert("body".to_owned(), Value::Object(body));
    made.add(copy.defined.line(), Value::Object(statement))
}

fn common(kind: &str, stream: &str, signed_by: &str, response: &Response) -> Map<String, Value> {
    let mut statement = Map::new();
    for (name, text) in [("kind", kind), ("stream", stream), ("signed_by", signed_by)] {
        statement.insert(name.to_owned(), json!(text));
    }
    if let Some(occurred) = &response.occurred {
        statement.insert("occurred".to_owned(), occurred.clone());
    }
    if response.imported {
        statement.insert("imported".to_owned(), json!(true));
    }
    statement
}

/// The letter: comments, then each obligation with its answer.
fn letter(form: &Form) -> String {
    let response = &form.response.value;
    let mut text = String::new();
    let mut line = |part: &str| {
        text.push_str(part);
        text.push('\n');
    };
    line(&response.body);
    let date = if response.letter_dated.is_empty() { &response.published_on } else { &response.letter_dated };
    line(date);
    line("");
    if !response.addressed_to.is_empty() {
        line(&format!("To: {}", response.addressed_to));
    }
    line(&format!("Comments on report/{} under section 55(5) of the Police Act 1996", response.report));
    line("");
    if !response.comments.is_empty() {
        line(response.comments.trim());
        line("");
    }
    for (n, owed) in (1..).zip(&form.obligations) {
        let Owed { obligation, title, answer, blanket, .. } = &owed.value;
        let title = if title.is_empty() { obligation } else { title };
        line(&format!("{n}. {title} ({obligation})"));
        match (answer.trim(), blanket) {
            ("", true) => line("   Our comments as a whole cover this."),
            ("", false) => line("   No answer."),
            (answer, _) => line(&format!("   {answer}")),
        }
        line("");
    }
    text
}
