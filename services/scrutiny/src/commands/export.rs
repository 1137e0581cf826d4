//! `scrutiny export`: plain files for a stranger.

use ledger_store::ExportError;
use serde_json::json;

use crate::cli::Export;
use crate::exit::{Done, Stop};
use crate::output::{Output, count};
use crate::reading::Book;
use crate::writing;

pub(crate) fn run(args: &Export, out: Output) -> Done {
    let book = Book::open(&args.from)?;
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
