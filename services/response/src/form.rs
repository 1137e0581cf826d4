//! A form: what a local policing body owes an answer to on one report, with a gap for each answer.

use std::fmt::Write as _;

use projector::all::Views;
use projector::register::Row;

/// Writes the form for a body and a report (its name, without "report/"); none where the body owes no response.
#[must_use]
pub fn form(views: &Views, body: &str, report: &str) -> Option<String> {
    let stream = format!("report/{report}");
    let tracked = views.responses.rows.iter().find(|row| row.body == body && row.report == stream)?;
    let last_day = tracked.clock.as_ref().map_or_else(
        || "the report's day of publication is unknown, so no clock runs".to_owned(),
        |clock| format!("must be published by {}", clock.last_day),
    );
    let mut text = format!(
        "# Comments of {body} on {stream}, Police Act 1996 s.55(5): {last_day}.\n\
         # Fill in, then `scrutiny response assemble`. What is left empty is shown as unanswered.\n\
         response:\n  body: {body}\n  report: {report}\n  signed_by: KEY as LPB of {body}\n  \
         addressed_to: Home Secretary\n  letter_dated: \"\"      # the date on the letter; it decides nothing\n  \
         published_on: \"\"      # the day it was published; empty while it is not\n  url: \"\"\n  \
         comments: \"\"          # what you make of the report\n"
    );
    let force = tracked.coverage.each.iter().find_map(|owed| owed.obligation.split('/').nth(1));
    let force = force.unwrap_or("FORCE");
    let _ = writeln!(text, "# Who answers for the force, where it has not answered yet.");
    let _ = writeln!(text, "force:\n  signed_by: KEY as CC of {force}");
    text.push_str("# Copies, s.55(6): {to: secretary_of_state, sent_on: YYYY-MM-DD, channel: letter}; to: inspectors\ncopies: []\nobligations:");
    for owed in &tracked.coverage.each {
        if let Some(row) = views.register.rows.iter().find(|row| row.obligation == owed.obligation) {
            obligation(&mut text, row, owed.mode);
        }
    }
    if tracked.coverage.each.is_empty() {
        text.push_str(" []   # no obligation of this body's forces is on the ledger for this report");
    }
    text.push('\n');
    Some(text)
}

fn obligation(text: &mut String, row: &Row, covered: Option<&str>) {
    let limb = if row.limb_text.is_empty() { String::new() } else { format!(": {}", row.limb_text) };
    let due = if row.due.words.is_empty() { "no date" } else { &row.due.words };
    let _ = write!(text, "\n  # Due: {}.", one_line(due));
    match row.response_type {
        Some(kind) => {
            let _ = write!(text, " The force answered, {kind}: {}", one_line(&row.response_text));
        }
        None => text.push_str(" The force has not answered."),
    }
    if let Some(mode) = covered {
        let _ = write!(text, " Covered already, {mode}.");
    }
    let title = quoted(&format!("{}{limb}", row.title));
    let _ = write!(
        text,
        "\n  - obligation: {}\n    title: {title}\n    answer: \"\"            # what you have done or propose, or why nothing\n    \
         blanket: false        # true where only your comments as a whole cover it",
        row.obligation
    );
    if row.response_type.is_none() {
        text.push_str("\n    force: {type: action_proposed, text: \"\"}");
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Text between double quotes, as YAML reads it: the same as JSON does.
fn quoted(text: &str) -> String {
    serde_json::Value::from(one_line(text)).to_string()
}
