//! `scrutiny oversight`: what was looked into, assured, said, submitted and published, and who is monitored.

use serde_json::json;

use crate::cli::{Common, View};
use crate::exit::Done;
use crate::output::Output;
use crate::viewing;

pub(crate) fn run(args: &View, at: &Common, out: Output) -> Done {
    let (views, standing) = viewing::views(&args.when, at, out)?;
    let mut view = views.oversight;
    if let Some(body) = &args.body {
        view.acts.retain(|act| act.body == *body);
    }
    let table = view.to_table();
    viewing::csv(args.csv.as_deref(), &table, out)?;
    out.result("oversight", &viewing::text(&table, "No act of oversight is recorded.", &standing), || {
        json!(view)
    });
    Ok(())
}
