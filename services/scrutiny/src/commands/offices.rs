//! `scrutiny offices`: which key holds which role, where, and from when to when.

use serde_json::json;

use crate::cli::{Common, View};
use crate::exit::Done;
use crate::output::Output;
use crate::viewing;

pub(crate) fn run(args: &View, at: &Common, out: Output) -> Done {
    let (views, standing) = viewing::views(&args.when, at, out)?;
    let mut view = views.offices;
    if let Some(body) = &args.body {
        view.offices.retain(|office| office.body == *body);
        view.idle_keys.clear();
    }
    let table = view.to_table();
    viewing::csv(args.csv.as_deref(), &table, out)?;
    out.result("offices", &viewing::text(&table, "Nobody holds an office.", &standing), || json!(view));
    Ok(())
}
