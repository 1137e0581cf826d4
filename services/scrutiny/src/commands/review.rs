//! `scrutiny review`: completed reviews from CSV.

use serde_json::json;

use super::record::{self, Way};
use crate::cli::{Common, ReviewImport};
use crate::exit::{Done, Stop, io};
use crate::keyring::write_new;
use crate::output::Output;

pub(crate) fn import(args: &ReviewImport, at: &Common, out: Output) -> Done {
    let name = args.file.display();
    if args.template {
        write_new(&args.file, review::template().as_bytes(), 0o644)?;
        out.result(
            "review import",
            &format!("{name}: a batch to fill in"),
            || json!({ "template": args.file }),
        );
        return Ok(());
    }
    let size = std::fs::metadata(&args.file).map_err(io(&args.file))?.len();
    if size > review::MAX_BATCH_BYTES as u64 {
        let most = review::MAX_BATCH_BYTES;
        return Err(Stop::Usage(format!("{name}: it has {size} bytes; a batch has {most} at most")));
    }
    let bytes = std::fs::read(&args.file).map_err(io(&args.file))?;
    let drafts = review::batch(&bytes).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Stop::Usage(format!("{name}:\n{}", lines.join("\n")))
    })?;
    let (dry_run, resume, sending) = (args.dry_run, args.resume, &args.sending);
    let way = Way { command: "review import", file: &args.file, dry_run, resume, sending };
    record::all(&drafts, &way, at, out)
}
