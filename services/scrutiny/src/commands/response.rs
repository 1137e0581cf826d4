//! `scrutiny response`: what a local policing body owes under the Police Act 1996 s.55, and a letter to begin with.

use projector::letter;
use serde_json::json;

use crate::cli::{Common, ResponseDraft, View};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count};
use crate::viewing;

pub(crate) fn draft(args: &ResponseDraft, at: &Common, out: Output) -> Done {
    let (views, _) = viewing::views(&args.when, at, out)?;
    let report = args.report.trim_start_matches("report/");
    let Some(draft) = letter::draft(&views, &args.body, report) else {
        return Err(Stop::NotFound(format!(
            "{} owes no response to report/{report}, as far as the ledger shows; `scrutiny response status` lists those \
             that are owed",
            args.body
        )));
    };
    for (file, text) in [(&args.out, &draft.letter), (&args.statement, &draft.statement)] {
        if let Some(file) = file {
            std::fs::write(file, text).map_err(io(file))?;
        }
    }
    let text = match &args.out {
        Some(file) => format!(
            "{}: a letter with {}",
            file.display(),
            count(draft.obligations.len() as u64, "obligation", "obligations")
        ),
        None => draft.letter.clone(),
    };
    out.result(
        "response draft",
        &text,
        || json!({ "letter": draft.letter, "statement": draft.statement, "obligations": draft.obligations }),
    );
    out.say("\nNothing is recorded by this. Edit it, publish it, then record StatutoryResponsePublished.");
    Ok(())
}

pub(crate) fn status(args: &View, at: &Common, out: Output) -> Done {
    let (views, standing) = viewing::views(&args.when, at, out)?;
    let mut view = views.responses;
    if let Some(body) = &args.body {
        view.rows.retain(|row| row.body == *body);
    }
    let table = view.to_table();
    viewing::csv(args.csv.as_deref(), &table, out)?;
    out.result("response status", &viewing::text(&table, "No response is owed.", &standing), || json!(view));
    Ok(())
}
