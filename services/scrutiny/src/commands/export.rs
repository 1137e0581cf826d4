//! `scrutiny export`: plain files for a stranger.

use std::fs;
use std::path::Path;

use ledger_store::ExportError;
use serde_json::json;

use crate::cli::Export;
use crate::exit::{Done, Stop};
use crate::output::{Output, count};
use crate::reading::Book;
use crate::writing;

pub(crate) fn run(args: &Export, out: Output) -> Done {
    let book = Book::open(&args.from)?;
    check_folder(&args.from, &args.to)?;
    let bar = out.progress(book.size().0, "exporting");
    let exported = ledger_store::export(&book.reader, &args.to, args.with_addenda, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })
    .map_err(stop)?;
    bar.finish_and_clear();
    let entries = count(exported.size.0, "entry", "entries");
    let sealed = if args.with_addenda {
        format!("with {}", count(exported.addenda, "addendum of sealed content", "addenda of sealed content"))
    } else {
        "sealed content left out".to_owned()
    };
    let text = format!("{entries} in {}, {sealed}.\nRoot {}", args.to.display(), exported.root);
    let (origin, vkeys) = (book.origin()?, book.vkeys()?);
    out.result("export", &text, || {
        json!({
            "dir": args.to, "tree_size": exported.size.0, "root": exported.root.to_string(),
            "addenda": exported.addenda, "origin": origin.as_str(), "vkeys": vkeys,
        })
    });
    out.say(&format!(
        "\nNext: hand over the folder and, by another way, the log's key:\n      {}\n      \
         scrutiny verify {} --vkey \"VKEY\"",
        vkeys.first().map_or("", String::as_str),
        args.to.display()
    ));
    Ok(())
}

/// An export goes into an empty folder or onto an earlier export: never into a ledger, and never between
/// files of something else.
fn check_folder(ledger: &Path, to: &Path) -> Done {
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if to.join("segments").is_dir() || absolute(to).starts_with(absolute(ledger)) {
        return Err(Stop::Usage(format!("{}: a ledger is here; name another folder", to.display())));
    }
    let Ok(mut listing) = fs::read_dir(to) else { return Ok(()) };
    if listing.next().is_some() && !to.join("tile").is_dir() {
        let sentence = format!("{}: holds other files; export into an empty folder", to.display());
        return Err(Stop::Conflict(sentence));
    }
    Ok(())
}

fn stop(error: ExportError) -> Stop {
    let sentence = error.to_string();
    match error {
        ExportError::Store(error) => writing::store(error),
        ExportError::NoCheckpoint => Stop::CannotDecide(sentence),
        ExportError::Differs(_) => Stop::Conflict(sentence),
        ExportError::Missing(_) | ExportError::NotAnEntry { .. } => Stop::VerificationFailed(sentence),
        ExportError::Io { .. } => Stop::Io(sentence),
    }
}
