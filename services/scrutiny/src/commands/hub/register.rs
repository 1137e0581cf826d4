//! `scrutiny hub register`: the register of findings over every mirror, each at the last checkpoint of its own log.

use std::fmt::Write as _;
use std::path::Path;

use bytes::Bytes;
use hub::Note;
use ledger_core::ids::TreeSize;
use ledger_core::policy::Policy;
use ledger_rules::civil::Day;
use projector::Standing;
use projector::all::Views;
use projector::register::Row;
use projector::table::csv_cell;
use serde_json::{Value, json};

use crate::cli::HubRegister;
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count, table};
use crate::reading::Book;
use crate::{viewing, writing};

/// One force's part.
struct Part {
    force: String,
    standing: Standing,
    pinned: bool,
    views: Views,
}

pub(crate) fn run(args: &HubRegister, out: Output) -> Done {
    let as_of = viewing::today_or(args.as_of)?;
    let forces = forces(args)?;
    let (mut parts, mut problems) = (Vec::new(), Vec::new());
    for force in forces {
        match part(&args.dir, &force, as_of, out) {
            Ok(Some(mut part)) => {
                part.keep(args.report.as_deref());
                parts.push(part);
            }
            Ok(None) => problems
                .push((force, Stop::CannotDecide("nothing that its log signed is held yet".to_owned()))),
            Err(stop) => problems.push((force, stop)),
        }
    }
    if let Some(file) = &args.csv {
        let text = csv(&parts);
        std::fs::write(file, &text).map_err(io(file))?;
        out.say(&format!("{}: {} rows", file.display(), text.lines().count() - 1));
    }
    out.result("hub register", &text(&parts, &problems, as_of), || document(&parts, &problems, as_of));
    // What does not verify comes before what is merely not there.
    let worst = problems.into_iter().min_by_key(|(_, stop)| stop.number());
    worst.map_or(Ok(()), |(force, stop)| Err(stop.about(&force)))
}

/// The forces that have a mirror, or those that were named.
fn forces(args: &HubRegister) -> Done<Vec<String>> {
    if !args.force.is_empty() {
        return Ok(args.force.clone());
    }
    let mirrors = args.dir.join("mirrors");
    let listed = std::fs::read_dir(&mirrors).map_err(|_| {
        let dir = args.dir.display();
        Stop::NotFound(format!(
            "{dir}: there are no mirrors here; the service `hub` keeps them in its folder"
        ))
    })?;
    let mut forces: Vec<String> = listed
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| mirrors.join(name).join("segments").is_dir())
        .collect();
    forces.sort();
    Ok(forces)
}

/// A force's views at the last checkpoint that its log signed. `None` while there is none.
fn part(dir: &Path, force: &str, as_of: Day, out: Output) -> Done<Option<Part>> {
    let mirror = dir.join("mirrors").join(force);
    if !mirror.join("segments").is_dir() {
        return Err(Stop::NotFound(format!("{}: there is no mirror here", mirror.display())));
    }
    let book = Book::open(&mirror)?;
    let Some((size, note)) = book.reader.latest_checkpoint().map_err(writing::store)? else {
        return Ok(None);
    };
    let (all, standing) = viewing::fold(&book, Some(size.0), out)?;
    let pinned = signed(dir, force, &book, size, note, &standing, out)?;
    Ok(Some(Part { force: force.to_owned(), standing, pinned, views: all.views(as_of, &standing) }))
}

/// Whether the log signed for these entries, and whether the operator gave its keys.
fn signed(
    dir: &Path,
    force: &str,
    book: &Book,
    size: TreeSize,
    note: Bytes,
    standing: &Standing,
    out: Output,
) -> Done<bool> {
    let state = book.state(out)?;
    let failed = |why: String| Stop::VerificationFailed(format!("the checkpoint of {size} entries: {why}"));
    let opened = Note::open(note, state.recorders().log_vkeys_at(size)).map_err(failed)?;
    if opened.root != standing.root {
        return Err(failed(format!(
            "the log signed the root {}, and the mirror has {}",
            opened.root, standing.root
        )));
    }
    let file = dir.join("policies").join(format!("{force}.policy"));
    if !file.exists() {
        return Ok(false);
    }
    let text = std::fs::read(&file).map_err(io(&file))?;
    let policy = Policy::parse(&text).map_err(|e| Stop::Usage(format!("{}: {e}", file.display())))?;
    let given = policy.log_sets(&opened.origin());
    let is_given = |vkeys: &[String]| given.iter().any(|log| log.vkeys() == vkeys);
    if !state.recorders().log_vkeys_from().any(|(_, vkeys)| is_given(vkeys)) {
        return Err(failed(format!("{} names other keys than the log ever had", file.display())));
    }
    Ok(true)
}

impl Part {
    fn keep(&mut self, report: Option<&str>) {
        let Some(report) = report else { return };
        let finding = format!("finding/{report}/");
        self.views.register.rows.retain(|row| row.finding.starts_with(&finding));
        self.views.responses.rows.retain(|row| row.report == format!("report/{report}"));
    }

    fn summary(&self) -> [String; 9] {
        let rows = &self.views.register.rows;
        let how_many = |is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count().to_string();
        let of = |colour: &str| how_many(&|row| row.rag.as_str() == colour);
        [
            self.force.clone(),
            rows.len().to_string(),
            how_many(&|row| row.response_type.is_some()),
            how_many(&|row| row.overdue),
            of("red"),
            of("amber"),
            of("green"),
            self.standing.tree_size.to_string(),
            if self.pinned { "pinned" } else { "not pinned" }.to_owned(),
        ]
    }

    fn json(&self) -> Value {
        json!({
            "force": self.force,
            "tree_size": self.standing.tree_size.0,
            "root": self.standing.root.to_string(),
            "pinned": self.pinned,
            "register": self.views.register,
            "responses": self.views.responses,
        })
    }
}

fn text(parts: &[Part], problems: &[(String, Stop)], as_of: Day) -> String {
    let mut text = format!(
        "What each body owes, as of {as_of}, over {}\n\n",
        count(parts.len() as u64, "ledger", "ledgers")
    );
    let rows: Vec<[String; 8]> =
        parts.iter().flat_map(|part| part.views.register.rows.iter().map(|row| cells(part, row))).collect();
    if parts.is_empty() {
        text.push_str("There is nothing to show.\n");
    } else if rows.is_empty() {
        text.push_str("Nothing is owed: no obligation is recorded in any of them.\n");
    } else {
        let header = ["FORCE", "BODY", "FINDING", "DUE", "ANSWER", "IT SAYS", "INSPECTORATE", "RAG"];
        text.push_str(&format!("{}\n", table(header, rows)));
    }
    if !parts.is_empty() {
        let header = ["FORCE", "OWED", "ANSWERED", "OVERDUE", "RED", "AMBER", "GREEN", "ENTRIES", "KEYS"];
        text.push_str(&format!("\n{}\n\n", table(header, parts.iter().map(Part::summary))));
        text.push_str(
            "Each force's part is computed at the last checkpoint that its own log signed, with the root:\n",
        );
    }
    for part in parts {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {} {}", part.standing.root, part.force);
    }
    if !problems.is_empty() {
        text.push('\n');
    }
    for (force, stop) in problems {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{force}: LEFT OUT: {stop}");
    }
    text
}

fn cells(part: &Part, row: &Row) -> [String; 8] {
    let finding = row.finding.trim_start_matches("finding/");
    let limb = if row.limb == ledger_rules::report::WHOLE { String::new() } else { format!(" {}", row.limb) };
    [
        part.force.clone(),
        row.body.clone(),
        format!("{finding}{limb}"),
        row.due.due.clone().unwrap_or_else(|| row.due.words.clone()),
        row.response_type.unwrap_or("none yet").replace('_', " "),
        row.force_status.to_owned(),
        row.inspectorate_status.to_owned(),
        row.rag.as_str().to_owned(),
    ]
}

/// The register's own columns, each row behind its force and the tree it was computed at.
fn csv(parts: &[Part]) -> String {
    let mut csv = String::new();
    for part in parts {
        let table = part.views.register.to_table();
        if csv.is_empty() {
            csv.push_str(&format!("Force,Tree size,Root,{}\r\n", table.columns.join(",")));
        }
        for row in &table.rows {
            let own =
                [part.force.clone(), part.standing.tree_size.to_string(), part.standing.root.to_string()];
            let cells: Vec<String> = own.iter().chain(row).map(|cell| csv_cell(cell)).collect();
            csv.push_str(&format!("{}\r\n", cells.join(",")));
        }
    }
    csv
}

fn document(parts: &[Part], problems: &[(String, Stop)], as_of: Day) -> Value {
    let left_out = problems.iter().map(|(force, stop)| json!({ "force": force, "why": stop.to_string() }));
    json!({
        "as_of": as_of.to_string(),
        "forces": parts.iter().map(Part::json).collect::<Vec<_>>(),
        "left_out": left_out.collect::<Vec<_>>(),
    })
}
