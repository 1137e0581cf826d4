//! The statutory response as a letter to edit, and the statement to record once it is written.
//!
//! A draft is text from the ledger with gaps for what only the local policing body can say. Section 55(5B)
//! asks for the action that *it* has taken or proposes on each recommendation, or why there is none: the
//! force's answer stands beside the gap and does not fill it. Nothing here is signed, recorded or published.

use std::fmt::Write as _;

use crate::all::Views;
use crate::register::Row;
use crate::responses::TrackerRow;

/// A drafted response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The letter.
    pub letter: String,
    /// `StatutoryResponsePrepared` in YAML, with gaps of its own.
    pub statement: String,
    /// Obligations that the letter has a paragraph for: streams.
    pub obligations: Vec<String>,
}

/// Drafts the response of a local policing body to a report (its name, without "report/"); none where the
/// body owes none.
#[must_use]
pub fn draft(views: &Views, body: &str, report: &str) -> Option<Draft> {
    let stream = format!("report/{report}");
    let row = views.responses.rows.iter().find(|row| row.body == body && row.report == stream)?;
    let owed: Vec<&Row> = row
        .coverage
        .each
        .iter()
        .filter_map(|owed| views.register.rows.iter().find(|r| r.obligation == owed.obligation))
        .collect();
    let name = views.bodies.bodies.iter().find(|b| b.body == body).map_or(body, |b| b.name.as_str());
    Some(Draft {
        letter: letter(views, row, name, &owed),
        statement: statement(row, &owed),
        obligations: owed.iter().map(|row| row.obligation.clone()).collect(),
    })
}

fn letter(views: &Views, row: &TrackerRow, name: &str, owed: &[&Row]) -> String {
    let mut text = format!(
        "DRAFT, made from the ledger. [Square brackets] are for you to fill or to strike.\n\n\
         {name}\n[Date]\n\n\
         To: the Secretary of State for the Home Department\n\
         Copy: His Majesty's Inspectors of Constabulary\n\
         (Police Act 1996 s.55(6): both have a copy of every document that is published)\n\n\
         {}\n",
        row.title
    );
    let _ = writeln!(text, "{}\n", limit(row));
    text.push_str(
        "These are our comments under section 55(5) of the Police Act 1996.\n\n1. Our comments on the report\n\n\
         [What the local policing body makes of it.]\n\n2. The chief officer's comments, section 55(4)\n\n",
    );
    let _ = writeln!(text, "{}\n[Our response to them, if any.]\n", comments(row));
    text.push_str("3. Each recommendation: what we have done or propose, or why nothing, section 55(5B)\n\n");
    for (n, obligation) in (1..).zip(owed) {
        paragraph(&mut text, n, views, obligation);
    }
    if owed.is_empty() {
        text.push_str("[No obligation of this body's forces is on the ledger for this report.]\n\n");
    }
    aside(&mut text, views, row);
    let provenance = &row_provenance(views);
    let _ = write!(text, "{provenance}");
    text
}

fn limit(row: &TrackerRow) -> String {
    row.clock.as_ref().map_or_else(
        || "[The day on which the report was published is not on the ledger: no clock runs.]".to_owned(),
        |clock| {
            format!(
                "Published on {}. Our comments must be published by {} (day 56 of section 55(5A); {} is day 57).",
                clock.published_on, clock.last_day, clock.plain_56
            )
        },
    )
}

fn comments(row: &TrackerRow) -> String {
    match (row.comments_received.last(), &row.comments_wanted_by) {
        (Some(when), _) => format!("Received ({when}). [Attach them, or set them out.]"),
        (None, Some(day)) => {
            format!("Asked for by {day}; none are on the ledger. [Attach them, or say that none came.]")
        }
        (None, None) => {
            "None are on the ledger, nor an invitation. [Section 55(4) invites them first.]".to_owned()
        }
    }
}

fn paragraph(text: &mut String, n: usize, views: &Views, row: &Row) {
    let called = if row.labels.is_empty() {
        String::new()
    } else {
        format!(" (our papers call it {})", row.labels.join(", "))
    };
    let limb = if row.limb_text.is_empty() { String::new() } else { format!(": {}", row.limb_text) };
    let _ = writeln!(text, "3.{n} {}{limb}{called}", row.title);
    let duty = if row.strict_55_5b {
        "a recommendation: section 55(5B) asks for this answer"
    } else {
        "not a recommendation: an answer is expected, not strictly section 55(5B)"
    };
    let _ = writeln!(text, "    {}, {duty}", row.obligation);
    let found = views.register.findings.iter().find(|f| f.finding == row.finding).map(|f| f.text.as_str());
    if let Some(found) = found.filter(|text| !text.is_empty()) {
        let _ = writeln!(text, "    Found: {found}");
    }
    if !row.due.words.is_empty() {
        let by = row.due.due.as_ref().map_or_else(String::new, |day| format!(" ({day})"));
        let _ = writeln!(text, "    Due: {}{by}", row.due.words);
    }
    match row.response_type {
        Some(kind) => {
            let _ = writeln!(text, "    The force answered, {kind}: {}", row.response_text);
        }
        None => text.push_str("    The force has not answered.\n"),
    }
    text.push_str("    We: [action taken or proposed, or why none. The force's answer is not ours.]\n\n");
}

/// What the letter has no paragraph for, and why.
fn aside(text: &mut String, views: &Views, row: &TrackerRow) {
    let report = format!("finding/{}/", row.report.trim_start_matches("report/"));
    let area = crate::area(&row.body);
    let elsewhere =
        |r: &&Row| r.body == area && r.finding.starts_with(&report) && r.force_status == "not addressed";
    let others: Vec<_> = views.register.rows.iter().filter(elsewhere).collect();
    if !others.is_empty() {
        text.push_str("Not addressed to the force, and so without a paragraph:\n");
    }
    for other in &others {
        let _ = writeln!(text, "    {}: {}", other.obligation, other.title);
    }
    if !others.is_empty() {
        text.push('\n');
    }
}

fn row_provenance(views: &Views) -> String {
    let from = &views.register.provenance;
    format!(
        "[Strike before publishing: drafted from {} entries with root {}, as of {}.]\n",
        from.tree_size, from.root, views.register.as_of
    )
}

fn statement(row: &TrackerRow, owed: &[&Row]) -> String {
    let report = row.report.trim_start_matches("report/");
    let mut yaml = format!(
        "# To record once the letter is written. mode: blanket where it says nothing about that one in particular.\n\
         # The date on the letter decides nothing; StatutoryResponsePublished does.\n\
         kind: StatutoryResponsePrepared\nstream: response/{0}/{report}\nsigned_by: KEY as LPB of {0}\nbody:\n  \
         letter_dated: YYYY-MM-DD\n  addressed_to: Home Secretary\n  covers:\n",
        row.body
    );
    for obligation in owed {
        let _ = writeln!(yaml, "    - {{obligation: {}, mode: specific}}", obligation.obligation);
    }
    if owed.is_empty() {
        yaml = yaml.replace("  covers:\n", "");
    }
    yaml.push_str(
        "  cites_as_written: Section 55(5) of the Police Act 1996\n  cites_normalised: Police Act 1996 s.55(5), (6)\n",
    );
    yaml
}
