//! `scrutiny flow`: what bodies pass on to one another, and what never arrived.

use serde_json::json;

use crate::cli::{Common, View};
use crate::exit::Done;
use crate::output::Output;
use crate::viewing;

pub(crate) fn run(args: &View, at: &Common, out: Output) -> Done {
    let (views, standing) = viewing::views(&args.when, at, out)?;
    let mut view = views.flow;
    if let Some(body) = &args.body {
        view.undelivered.retain(|item| item.from == *body || item.to == *body);
        view.delivered.retain(|item| item.from == *body || item.to == *body);
        view.meetings.retain(|meeting| meeting.body == *body);
    }
    let table = view.to_table();
    viewing::csv(args.csv.as_deref(), &table, out)?;
    out.result("flow", &viewing::text(&table, "Nothing was passed on.", &standing), || json!(view));
    if !view.undelivered.is_empty() {
        out.say("\nAn item is delivered when the body it goes to records ItemReceived.");
    }
    Ok(())
}
