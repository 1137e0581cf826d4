//! `scrutiny inspection`: an inspection report from a workbook.

use std::path::Path;

use inspection::import::{Format, Import, MAX_WORKBOOK_BYTES, import as read, template};
use serde_json::json;

use super::record::{self, Way};
use crate::cli::{Common, InspectionImport};
use crate::exit::{Done, Stop, io};
use crate::keyring::write_new;
use crate::output::{Output, count};

pub(crate) fn import(args: &InspectionImport, at: &Common, out: Output) -> Done {
    let name = args.file.display();
    let format = Format::of(&name.to_string())
        .ok_or_else(|| Stop::Usage(format!("{name}: a workbook ends with .xlsx, .csv or .yaml")))?;
    if args.template {
        return write_template(&args.file, format, out);
    }
    let size = std::fs::metadata(&args.file).map_err(io(&args.file))?.len();
    if size > MAX_WORKBOOK_BYTES as u64 {
        return Err(Stop::Usage(format!(
            "{name}: it has {size} bytes; a workbook has {MAX_WORKBOOK_BYTES} at most"
        )));
    }
    let bytes = std::fs::read(&args.file).map_err(io(&args.file))?;
    let Import { drafts, statements, notes } =
        read(format, &bytes).map_err(|e| Stop::Usage(format!("{name}:\n{e}")))?;
    for note in &notes {
        out.say(&format!("note: {note}"));
    }
    if let Some(path) = &args.write {
        let text = serde_json::to_string_pretty(&statements).expect("a JSON value is always writable");
        write_new(path, text.as_bytes(), 0o644)?;
        let statements = count(drafts.len() as u64, "statement", "statements");
        let said = format!("{}: {statements}, to be signed", path.display());
        out.result(
            "inspection import",
            &said,
            || json!({ "written": path, "statements": drafts.len(), "notes": notes }),
        );
        out.say(&format!("\nNext: scrutiny sign {0}\n      scrutiny record {0}", path.display()));
        return Ok(());
    }
    let (dry_run, resume, sending) = (args.dry_run, args.resume, &args.sending);
    let way = Way { command: "inspection import", file: &args.file, dry_run, resume, sending };
    record::all(&drafts, &way, at, out)
}

fn write_template(path: &Path, format: Format, out: Output) -> Done {
    let bytes = template(format).map_err(|e| Stop::Io(format!("{}: {e}", path.display())))?;
    write_new(path, &bytes, 0o644)?;
    let said = format!("{}: a workbook to fill in", path.display());
    out.result("inspection import", &said, || json!({ "template": path }));
    out.say(&format!("\nNext: fill it in, then scrutiny inspection import --dry-run {}", path.display()));
    Ok(())
}
