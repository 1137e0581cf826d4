//! Files of published records, and their rows: each row is recorded once, under its file's digest and its number.
//!
//! An imported row carries the bytes it has in the file and nothing else, and its stream tells which row of which file
//! it is; so importing twice changes nothing, and identical rows stay separate searches. That the file's digest is
//! the digest of head, rows and tail is checked by whoever puts the file together again (`scrutiny verify`, and
//! `scrutiny import export-source`): the rules do not keep millions of rows.

use ledger_core::statement::Statement;
use prost::Message;
use scrutiny_proto::review::v1::{SourceFileImported, SourceShape, TableRowImported};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::refusal::{Code, Refusal, refuse};
use crate::state::State;

/// Hexadecimal digits of a file's digest that name it.
pub const PREFIX_DIGITS: usize = 16;
/// How the streams of files begin.
const STREAMS: &str = "source/";
/// The role of the service that imports.
pub const IMPORTER: &str = "SVC:import";

/// What the rules remember of a source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// How many rows it has.
    pub rows: u32,
    /// Whether its rows are searches, and not counts.
    pub searches: bool,
    /// The body whose records these are; empty where the rows say it.
    pub force: String,
    /// The period that it is about, in the publisher's words.
    pub period: String,
    /// Stream of the file that took its place; empty while none has.
    pub replaced_by: String,
}

pub(crate) fn decide(case: &Case<'_>) -> Result<(), Refusal> {
    let body: SourceFileImported = case.body()?;
    let named = case.param("source");
    if body.sha256.get(..PREFIX_DIGITS) != Some(named) {
        return refuse(
            Code::Source,
            format!(
                "a source is named by the first {PREFIX_DIGITS} digits of its digest {}, got {named}",
                body.sha256
            ),
        );
    }
    if case.state.sources.contains_key(named) {
        return refuse(Code::Source, format!("{} is on the ledger already", case.stream()));
    }
    decide_replaced(case, &body)
}

/// What a file takes the place of is an earlier one of the same sort, body and period, whose place nobody took yet.
fn decide_replaced(case: &Case<'_>, body: &SourceFileImported) -> Result<(), Refusal> {
    let earlier = body.replaces.as_str();
    if earlier.is_empty() {
        return Ok(());
    }
    let Some(known) = earlier.strip_prefix(STREAMS).and_then(|name| case.state.sources.get(name)) else {
        return refuse(Code::Source, format!("replaces: {earlier} is no source file on the ledger"));
    };
    if !known.replaced_by.is_empty() {
        let sentence = format!("replaces: {} took the place of {earlier} already", known.replaced_by);
        return refuse(Code::Source, sentence);
    }
    if known.searches != is_searches(body) {
        return refuse(Code::Source, format!("replaces: the rows of {earlier} are of another shape"));
    }
    for (what, was, is) in
        [("force", &known.force, &body.force), ("period_words", &known.period, &body.period_words)]
    {
        if was != is {
            return refuse(
                Code::Source,
                format!("replaces: {what} of {earlier} is {was:?}, and of this one {is:?}"),
            );
        }
    }
    Ok(())
}

pub(crate) fn evolve(state: &mut State, name: &str, body: &SourceFileImported) {
    if let Some(earlier) = body.replaces.strip_prefix(STREAMS).and_then(|name| state.sources.get_mut(name)) {
        earlier.replaced_by = format!("{STREAMS}{name}");
    }
    let source = Source {
        rows: body.rows,
        searches: is_searches(body),
        force: body.force.clone(),
        period: body.period_words.clone(),
        replaced_by: String::new(),
    };
    state.sources.insert(name.to_owned(), source);
}

fn is_searches(body: &SourceFileImported) -> bool {
    matches!(body.shape(), SourceShape::StopSearchCsv | SourceShape::StopSearchJson)
}

pub(crate) fn decide_table_row(case: &Case<'_>) -> Result<(), Refusal> {
    let _: TableRowImported = case.body()?;
    check_row(case, case.param("row"), false)
}

/// The file and the row that `<source>-<row>` names, where such a file is on the ledger and has that row.
pub(crate) fn row_of<'a, 's>(state: &'s State, record: &'a str) -> Option<(&'a str, &'s Source)> {
    let (source, row) = record.rsplit_once('-')?;
    let known = state.sources.get(source)?;
    let number: u32 = row.parse().ok()?;
    (!row.starts_with(['0', '+']) && (1..=known.rows).contains(&number)).then_some((source, known))
}

/// Whether this statement is a row of a file on the ledger, recorded for the first time.
pub(crate) fn check_row(case: &Case<'_>, record: &str, searches: bool) -> Result<(), Refusal> {
    let Some((_, source)) = row_of(case.state, record) else {
        return refuse(
            Code::Source,
            format!("{record} is no row (<source>-<row>, from 1) of a source file on the ledger"),
        );
    };
    if source.searches != searches {
        return refuse(Code::Source, format!("the rows of {record}'s file are of another shape"));
    }
    if !case.statement.imported {
        return refuse(Code::Source, "a row of a file is imported, and says so");
    }
    if case.context.stream_version > 0 {
        return refuse(Code::Source, format!("{} is recorded already", case.stream()));
    }
    Ok(())
}

/// Whether a body holds the row's bytes and nothing else, and nothing under seal.
pub(crate) fn is_bare<M: Message + Default>(statement: &Statement, bare: &M) -> bool {
    statement.sealed.is_empty() && statement.body == bare.encode_to_vec()
}
