//! Which records a sample is drawn from: a query, folded over the entries in the order of the log.

use std::collections::HashSet;

use imports::YesNo;
use imports::source::search;
use ledger_core::entry::Entry;
use ledger_rules::occurred;
use prost::Message as _;
use scrutiny_proto::review::v1::{
    Answer, FrameFilter, FrameQuery, Power, SourceFileImported, StopSearchRecorded, TacticKind, TaserUse,
    Unit, UseOfForceRecorded,
};

use crate::exit::{Done, Stop};

/// Fields of a search that a filter may name, as the vocabulary calls them.
const OF_SEARCHES: [&str; 10] = [
    "search_type",
    "legislation",
    "object",
    "outcome",
    "outcome_linked",
    "self_defined_ethnicity",
    "officer_defined_ethnicity",
    "gender",
    "age_range",
    "operation",
];

/// Fields of a use of force that a filter may name. A record has several tactics; one that fits is enough.
const OF_FORCE: [&str; 9] = [
    "unit",
    "tactic",
    "taser",
    "area",
    "force_of_officer",
    "force_of_location",
    "officer_defined_ethnicity",
    "gender",
    "age_range",
];

/// A query on its way through the log.
pub(super) struct Frame {
    query: FrameQuery,
    sources: HashSet<String>,
    /// Files whose place another one took, but for those that the query names.
    replaced: HashSet<String>,
    streams: Vec<String>,
}

impl Frame {
    pub(super) fn new(query: &FrameQuery) -> Done<Self> {
        let fields: &[&str] = match query.power() {
            Power::Search => &OF_SEARCHES,
            Power::Force => &OF_FORCE,
            Power::Unspecified => return Err(Stop::CannotDecide("the frame names no power".to_owned())),
        };
        if let Some(filter) = query.filters.iter().find(|f| !fields.contains(&f.field.as_str())) {
            let sentence =
                format!("a frame cannot ask for {:?}; it can for {}", filter.field, fields.join(", "));
            return Err(Stop::Usage(sentence));
        }
        let sources = query.sources.iter().map(|s| s.trim_start_matches("source/").to_owned()).collect();
        Ok(Self { query: query.clone(), sources, replaced: HashSet::new(), streams: Vec::new() })
    }

    /// Takes the next entry.
    pub(super) fn apply(&mut self, entry: &Entry) {
        let statement = &entry.statement;
        let fits = match (self.query.power(), statement.kind.as_str()) {
            (Power::Search, "scrutiny.review.v1.SourceFileImported") => {
                self.leave_out_what_is_replaced(entry);
                false
            }
            (Power::Search, "scrutiny.review.v1.StopSearchRecorded") => self.search_fits(entry),
            (Power::Force, "scrutiny.review.v1.UseOfForceRecorded") => self.force_fits(entry),
            _ => false,
        };
        if fits {
            self.streams.push(statement.stream.to_string());
        }
    }

    /// A frame has no record twice: of a file that another one replaced it has the rows only where it names the file.
    fn leave_out_what_is_replaced(&mut self, entry: &Entry) {
        let Ok(file) = SourceFileImported::decode(entry.statement.body.clone()) else { return };
        let earlier = file.replaces.trim_start_matches("source/");
        if earlier.is_empty() || self.sources.contains(earlier) {
            return;
        }
        let rows = format!("search/{earlier}-");
        self.streams.retain(|stream| !stream.starts_with(&rows));
        self.replaced.insert(earlier.to_owned());
    }

    /// The records, in the order of the log.
    pub(super) fn streams(&self) -> &[String] {
        &self.streams
    }

    /// The same, when nothing more is to come.
    pub(super) fn into_streams(self) -> Vec<String> {
        self.streams
    }

    fn search_fits(&self, entry: &Entry) -> bool {
        let Ok(body) = StopSearchRecorded::decode(entry.statement.body.clone()) else { return false };
        if body.source_line.is_empty() {
            return self.sources.is_empty()
                && self.month_fits(month_of(entry).as_deref())
                && self.filters_fit(|field| own_search(&body, field));
        }
        let name = entry.statement.stream.as_str().trim_start_matches("search/");
        let source = name.rsplit_once('-').map_or(name, |(source, _)| source);
        if self.replaced.contains(source) || (!self.sources.is_empty() && !self.sources.contains(source)) {
            return false;
        }
        let Ok(row) = search(&body.source_line) else { return false };
        self.month_fits(row.month().as_deref())
            && self.filters_fit(|field| vec![imported_search(&row, field)])
    }

    fn force_fits(&self, entry: &Entry) -> bool {
        let Ok(body) = UseOfForceRecorded::decode(entry.statement.body.clone()) else { return false };
        self.month_fits(month_of(entry).as_deref()) && self.filters_fit(|field| use_of_force(&body, field))
    }

    /// A record whose month is not known is in no month.
    fn month_fits(&self, month: Option<&str>) -> bool {
        let (from, to) = (self.query.from_month.as_str(), self.query.to_month.as_str());
        match month {
            None => from.is_empty() && to.is_empty(),
            Some(month) => (from.is_empty() || from <= month) && (to.is_empty() || month <= to),
        }
    }

    fn filters_fit(&self, values: impl Fn(&str) -> Vec<String>) -> bool {
        let fits = |filter: &FrameFilter| values(&filter.field).contains(&filter.equals);
        self.query.filters.iter().all(fits)
    }
}

/// The month in which a force's own record says that it happened.
fn month_of(entry: &Entry) -> Option<String> {
    let (first, last) = occurred::read(&entry.statement.occurred)?.days()?;
    let month = |day: ledger_rules::civil::Day| day.to_string().get(..7).map(str::to_owned);
    if month(first) == month(last) { month(first) } else { None }
}

fn imported_search(row: &imports::Search<'_>, field: &str) -> String {
    let yes_no = |value: &YesNo<'_>| match value {
        YesNo::Yes => "yes".to_owned(),
        YesNo::No => "no".to_owned(),
        YesNo::Empty => String::new(),
        YesNo::Other(words) => words.to_string(),
    };
    match field {
        "search_type" => row.search_type.to_string(),
        "legislation" => row.legislation.to_string(),
        "object" => row.object.to_string(),
        "outcome" => row.outcome.to_string(),
        "outcome_linked" => yes_no(&row.outcome_linked),
        "self_defined_ethnicity" => row.self_defined_ethnicity.to_string(),
        "officer_defined_ethnicity" => row.officer_defined_ethnicity.to_string(),
        "gender" => row.gender.to_string(),
        "age_range" => row.age_range.to_string(),
        _ => yes_no(&row.operation),
    }
}

fn own_search(body: &StopSearchRecorded, field: &str) -> Vec<String> {
    vec![match field {
        "search_type" => body.search_type.clone(),
        "legislation" => body.legislation.clone(),
        "object" => body.object.clone(),
        "outcome" => body.outcome.clone(),
        "outcome_linked" => answer(body.outcome_linked()).to_owned(),
        "self_defined_ethnicity" => body.self_defined_ethnicity.clone(),
        "officer_defined_ethnicity" => body.officer_defined_ethnicity.clone(),
        "gender" => body.gender.clone(),
        "age_range" => body.age_range.clone(),
        _ => answer(body.operation()).to_owned(),
    }]
}

fn use_of_force(body: &UseOfForceRecorded, field: &str) -> Vec<String> {
    let word = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_ascii_lowercase();
    let one = match field {
        "unit" if body.unit() != Unit::Unspecified => word(body.unit().as_str_name(), "UNIT_"),
        "unit" => String::new(),
        "tactic" => {
            let used = body.tactics.iter().filter(|tactic| tactic.kind() != TacticKind::Unspecified);
            return used.map(|tactic| word(tactic.kind().as_str_name(), "TACTIC_KIND_")).collect();
        }
        "taser" => {
            let used = body.tactics.iter().filter(|tactic| tactic.taser() != TaserUse::Unspecified);
            return used.map(|tactic| word(tactic.taser().as_str_name(), "TASER_USE_")).collect();
        }
        "area" => body.area.clone(),
        "force_of_officer" => body.force_of_officer.clone(),
        "force_of_location" => body.force_of_location.clone(),
        "officer_defined_ethnicity" => body.officer_defined_ethnicity.clone(),
        "gender" => body.gender.clone(),
        _ => body.age_range.clone(),
    };
    vec![one]
}

fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Unspecified => "",
    }
}

/// "searches of 2024-04 in source/7b8b… with object = Controlled drugs".
pub(super) fn words(query: &FrameQuery) -> String {
    let mut text = match query.power() {
        Power::Force => "uses of force".to_owned(),
        _ => "searches".to_owned(),
    };
    match (query.from_month.as_str(), query.to_month.as_str()) {
        ("", "") => {}
        (from, to) if from == to => text.push_str(&format!(" of {from}")),
        (from, "") => text.push_str(&format!(" from {from} on")),
        ("", to) => text.push_str(&format!(" up to {to}")),
        (from, to) => text.push_str(&format!(" from {from} to {to}")),
    }
    if !query.sources.is_empty() {
        text.push_str(&format!(" in {}", query.sources.join(", ")));
    }
    for filter in &query.filters {
        text.push_str(&format!(", {} = {:?}", filter.field, filter.equals));
    }
    text
}
