//! `scrutiny response`: what a local policing body owes under the Police Act 1996 s.55, and a letter to begin with.

use projector::letter;
use serde_json::json;

use super::record::{self, Way};
use crate::cli::{AsOf, Common, ResponseAssemble, ResponseDraft, ResponseForm, View};
use crate::exit::{Done, Stop, io};
use crate::keyring::write_new;
use crate::output::{Output, count};
use crate::viewing;

pub(crate) fn draft(args: &ResponseDraft, at: &Common, out: Output) -> Done {
    let (views, _) = viewing::views(&args.when, at, out)?;
    let report = args.report.trim_start_matches("report/");
    let Some(draft) = letter::draft(&views, &args.body, report) else {
        return Err(owes_none(&args.body, report));
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

pub(crate) fn form(args: &ResponseForm, at: &Common, out: Output) -> Done {
    let (views, _) = viewing::views(&args.when, at, out)?;
    let report = args.report.trim_start_matches("report/");
    let Some(form) = response::form(&views, &args.body, report) else {
        return Err(owes_none(&args.body, report));
    };
    let text = match &args.out {
        Some(file) => {
            write_new(file, form.as_bytes(), 0o644)?;
            format!("{}: a form to fill in", file.display())
        }
        None => form.clone(),
    };
    out.result("response form", &text, || json!({ "form": form }));
    out.say("\nNext: fill it in, then scrutiny response assemble FILE --letter letter.txt");
    Ok(())
}

pub(crate) fn assemble(args: &ResponseAssemble, at: &Common, out: Output) -> Done {
    let name = args.file.display();
    let text = std::fs::read_to_string(&args.file).map_err(io(&args.file))?;
    let made = response::assemble(&text).map_err(|e| Stop::Usage(format!("{name}: {e}")))?;
    let unanswered = unanswered(&made, at, out)?;
    for stream in &unanswered {
        out.say(&format!("unanswered: {stream}"));
    }
    for stream in &made.blanket {
        out.say(&format!("covered by the comments as a whole only: {stream}"));
    }
    if !unanswered.is_empty() && !args.incomplete && !args.dry_run {
        let what = count(unanswered.len() as u64, "obligation is", "obligations are");
        let sentence = format!(
            "{name}: {what} unanswered: {}. Section 55(5B) asks for each; --incomplete records it as it is",
            unanswered.join(", ")
        );
        return Err(Stop::CannotDecide(sentence));
    }
    match (&made.letter, &args.letter) {
        (Some(letter), Some(file)) if !args.dry_run => keep_letter(file, letter)?,
        (Some(_), None) if !args.dry_run => {
            let sentence = format!(
                "{name}: the statements name the digest of the letter, which has to be kept: --letter FILE says where, or \
                 response.document names one that there is"
            );
            return Err(Stop::Usage(sentence));
        }
        _ => {}
    }
    let (dry_run, resume, sending) = (args.dry_run, args.resume, &args.sending);
    let way = Way { command: "response assemble", file: &args.file, dry_run, resume, sending };
    record::all(&made.drafts, &way, at, out)
}

/// What the form leaves open, and what is owed and not in the form, where a ledger is at hand to say so.
fn unanswered(made: &response::Assembled, at: &Common, out: Output) -> Done<Vec<String>> {
    let mut open = made.unanswered.clone();
    if at.ledger.join("segments").is_dir() {
        let (views, _) = viewing::views(&AsOf::default(), at, out)?;
        let report = format!("report/{}", made.report);
        let row = views.responses.rows.iter().find(|row| row.body == made.body && row.report == report);
        let owed = row.map_or(&[][..], |row| &row.coverage.each);
        let missing =
            owed.iter().map(|owed| &owed.obligation).filter(|stream| !made.obligations.contains(stream));
        open.extend(missing.cloned());
    }
    Ok(open)
}

fn owes_none(body: &str, report: &str) -> Stop {
    Stop::NotFound(format!(
        "{body} owes no response to report/{report}, as far as the ledger shows; `scrutiny response status` lists those \
         that are owed"
    ))
}

/// The same letter may be there from a first attempt; another one is not overwritten.
fn keep_letter(file: &std::path::Path, letter: &str) -> Done {
    match std::fs::read(file) {
        Ok(there) if there == letter.as_bytes() => Ok(()),
        _ => write_new(file, letter.as_bytes(), 0o644),
    }
}
