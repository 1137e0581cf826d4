//! `scrutiny bodies`: who is who, under every name that documents use.

use projector::bodies::Bodies as Projected;
use projector::{Projection as _, table::Table};
use serde_json::json;

use crate::cli::{Bodies, Common};
use crate::exit::{Done, Stop};
use crate::output::{Output, columns, table};
use crate::reading::Book;

pub(crate) fn run(args: &Bodies, at: &Common, out: Output) -> Done {
    let book = Book::open(&at.ledger)?;
    let mut bodies = Projected::default();
    book.each(|line| {
        bodies.apply(line.entry.index, line.entry.recorded_at_ms, &line.entry.statement);
        Ok(())
    })?;
    let Some(name) = &args.name else {
        let view = bodies.view(&book.standing()?);
        let Table { columns: all, .. } = view.to_table();
        out.result("bodies", &columns(&view.to_table(), &all), || json!(view));
        return Ok(());
    };
    let found = bodies.resolve(name);
    if found.is_empty() {
        return Err(Stop::NotFound(format!("no body is registered under {name:?}")));
    }
    let rows = found.iter().map(|m| {
        let how = if m.correction.is_empty() {
            m.matched.clone()
        } else {
            format!("{} ({})", m.matched, m.correction)
        };
        [m.body.clone(), m.name.clone(), how, m.source.clone()]
    });
    out.result("bodies", &table(["body", "name", "as written", "source"], rows), || json!(found));
    Ok(())
}
