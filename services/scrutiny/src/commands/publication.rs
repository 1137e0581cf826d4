//! `scrutiny publication`: what the public may see, and how much of it is withheld.

use std::path::{Path, PathBuf};

use ledger_core::hash::Hash;
use projector::dataset::Question;
use projector::dataset::population::Population;
use serde_json::json;
use submissions::fill::Stamp;
use submissions::publication::{
    PAGE_FILE, Publication, PublicationError, REASON_CODE, SHOWN_FILE, ShownBefore,
};

use super::dataset::which;
use super::submission::named;
use crate::cli::{self, Common};
use crate::counting::{self, Count};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count};

pub(crate) fn run(args: &cli::Publication, at: &Common, out: Output) -> Done {
    let template = named(&args.template)?;
    let before = args.previous.as_deref().map(shown_before).transpose()?;
    let source = counting::source(&at.ledger)?;
    let mut counted = Count::new(&*source, out);
    let standing = counted.up_to(args.upto.at)?;
    let (body, period) = which(&args.which, &counted)?;
    let population = Population::census_2011();
    let view = counted.dataset.view(&Question { body: &body, period, population: &population }, &standing);
    let stamp = Stamp { ledger: &counted.ledger, made: counted.made };
    let made = Publication::make(&template, &view, stamp, before.as_ref()).map_err(|e| match e {
        PublicationError::Before(_) => Stop::Conflict(format!("--previous: {e}")),
        other => Stop::Usage(other.to_string()),
    })?;
    let name = format!("{}-{period}", template.name);
    check_previous(&counted, &format!("publication/{body}/{name}"), args.previous.as_deref(), &made)?;
    let dir = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}-{body}-{period}", template.name)));
    write(&dir, &made)?;
    let statement = statement(&made, &body, &name, standing.tree_size.0, before.is_some());
    if let Some(file) = &args.statement {
        std::fs::write(file, &statement).map_err(io(file))?;
    }
    let cells = count(made.withheld, "cell", "cells");
    let text = format!(
        "{}: {}; {cells} withheld ({REASON_CODE})\nPage {}",
        dir.join(PAGE_FILE).display(),
        count(made.files.len() as u64, "file", "files"),
        made.content_sha256
    );
    out.result("publication", &text, || {
        json!({
            "dir": dir, "content_sha256": made.content_sha256, "withheld": made.withheld, "reason_codes": [REASON_CODE],
            "tree_size": standing.tree_size.0, "root": standing.root.to_string(), "statement": statement,
        })
    });
    out.say("\nNothing is recorded by this. Put the page up, then record PublicationRecorded (--statement FILE writes it).");
    if args.previous.is_none() {
        out.say("Keep the folder: a later edition of the month is made with --previous, so that no difference gives anything away.");
    }
    Ok(())
}

/// A later edition is made from the one before it, or a number could be computed from the two.
fn check_previous(counted: &Count<'_>, stream: &str, previous: Option<&Path>, made: &Publication) -> Done {
    let Some((entry, digest)) = counted.published.get(stream) else { return Ok(()) };
    if *digest == made.content_sha256 {
        return Ok(());
    }
    let Some(dir) = previous else {
        return Err(Stop::Conflict(format!(
            "an edition was published already (entry #{entry}), and what differs between the two would give numbers \
             away: give the folder it was made in with --previous"
        )));
    };
    let page = dir.join(PAGE_FILE);
    let found = Hash::of(&std::fs::read(&page).map_err(io(&page))?).to_hex();
    if found == *digest {
        return Ok(());
    }
    Err(Stop::Conflict(format!(
        "--previous: {} has digest {found}, and what was published last (entry #{entry}) had {digest}",
        page.display()
    )))
}

fn shown_before(dir: &Path) -> Done<ShownBefore> {
    let path = dir.join(SHOWN_FILE);
    let bytes = std::fs::read(&path).map_err(io(&path))?;
    serde_json::from_slice(&bytes).map_err(|e| Stop::Usage(format!("{}: {e}", path.display())))
}

fn write(dir: &Path, made: &Publication) -> Done {
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    for (name, bytes) in &made.files {
        let path = dir.join(name);
        // An earlier edition is what the next one is compared with: it is not written over.
        if std::fs::read(&path).is_ok_and(|found| found != *bytes) {
            let sentence =
                format!("{}: an earlier edition is here; name another folder with --out", path.display());
            return Err(Stop::Conflict(sentence));
        }
        std::fs::write(&path, bytes).map_err(io(&path))?;
    }
    Ok(())
}

/// The statement to record, with what nobody knows yet left to fill in.
fn statement(made: &Publication, body: &str, name: &str, tree_size: u64, again: bool) -> String {
    let step = if again { "replaced" } else { "made" };
    let codes = if made.withheld > 0 { REASON_CODE } else { "" };
    format!(
        "kind: PublicationRecorded\nstream: publication/{body}/{name}\nsigned_by: KEY as G&I of {body}\nbody:\n  \
         step: {step}\n  url: https://ADDRESS\n  content_sha256: {}\n  withheld: {}\n  reason_codes: [{codes}]\n  \
         tree_size: {tree_size}\n",
        made.content_sha256, made.withheld
    )
}
