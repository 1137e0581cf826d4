//! From the ledger's folder to what the projections make of it.

use std::path::Path;

use jiff::civil::Date;
use ledger_core::ids::TreeSize;
use ledger_rules::civil::Day;
use projector::Standing;
use projector::all::{All, Views};
use projector::table::Table;

use crate::cli::{AsOf, Common};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, columns};
use crate::reading::Book;
use crate::signing;

/// Every view, as the flags ask.
pub(crate) fn views(when: &AsOf, at: &Common, out: Output) -> Done<(Views, Standing)> {
    let as_of = today_or(when.as_of)?;
    let (all, standing) = fold(&Book::open(&at.ledger)?, when.at, out)?;
    Ok((all.views(as_of, &standing), standing))
}

/// Every projection over the first so many entries, or over all of them.
pub(crate) fn fold(book: &Book, size: Option<u64>, out: Output) -> Done<(All, Standing)> {
    let size = size.unwrap_or(book.size().0);
    if size > book.size().0 {
        return Err(Stop::NotFound(format!("--at: the ledger holds {} entries, not {size}", book.size())));
    }
    let mut all = All::default();
    let bar = out.progress(size, "replaying");
    book.first(TreeSize(size), |line| {
        all.apply(line.entry.index, line.entry.recorded_at_ms, &line.entry.statement);
        bar.inc(1);
        Ok(())
    })?;
    bar.finish_and_clear();
    Ok((all, book.standing_at(TreeSize(size))?))
}

pub(crate) fn today_or(date: Option<Date>) -> Done<Day> {
    date.map_or_else(|| Ok(Day::in_london(signing::now_ms())), day)
}

/// A date of the command line as the rules reckon with it.
pub(crate) fn day(date: Date) -> Done<Day> {
    Day::new(date.year(), date.month(), date.day())
        .ok_or_else(|| Stop::Usage(format!("{date} is beyond the calendar")))
}

/// Writes a table as CSV where a file is named.
pub(crate) fn csv(file: Option<&Path>, table: &Table, out: Output) -> Done {
    let Some(file) = file else { return Ok(()) };
    std::fs::write(file, table.to_csv()).map_err(io(file))?;
    out.say(&format!("{}: {} rows", file.display(), table.rows.len()));
    Ok(())
}

/// A whole table as a person reads it: title, rows, notes, and where it comes from.
pub(crate) fn text(table: &Table, nothing: &str, standing: &Standing) -> String {
    let rows = if table.rows.is_empty() { nothing.to_owned() } else { columns(table, &table.columns) };
    let notes: String = table.notes.iter().map(|note| format!("  {note}\n")).collect();
    format!("{}\n\n{}\n\n{notes}\n{}", table.title, rows.trim_end(), from(standing)).replace("\n\n\n", "\n\n")
}

/// "Computed from 212 entries with root …"
pub(crate) fn from(standing: &Standing) -> String {
    let entries = crate::output::count(standing.tree_size.0, "entry", "entries");
    format!("Computed from {entries} with root {}.", standing.root)
}
