//! `scrutiny figures`: what bodies measure themselves, through time.

use serde_json::json;

use crate::cli::{Common, View};
use crate::exit::Done;
use crate::output::Output;
use crate::viewing;

pub(crate) fn run(args: &View, at: &Common, out: Output) -> Done {
    let (views, standing) = viewing::views(&args.when, at, out)?;
    let mut view = views.series;
    if let Some(body) = &args.body {
        view.series.retain(|one| one.body == *body);
    }
    let table = view.to_table();
    viewing::csv(args.csv.as_deref(), &table, out)?;
    out.result("figures", &viewing::text(&table, "No figure is recorded.", &standing), || json!(view));
    Ok(())
}
