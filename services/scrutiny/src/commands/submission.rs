//! `scrutiny submission`: returns made from the ledger, approved by digest, made again by whoever doubts them.

mod again;
mod recorded;

use std::path::{Path, PathBuf};

use projector::dataset::Question;
use serde_json::{Value, json};
use submissions::fill::Stamp;
use submissions::manifest::{MANIFEST, Manifest};
use submissions::submission::{Submission, SubmissionError};
use submissions::template::{MAX_TEMPLATE_BYTES, OURS, Template};

use super::dataset::{population, which};
use crate::cli::{self, CheckSubmission, Common, DiffSubmissions, Prepare, Templates};
use crate::counting::{self, Count};
use crate::exit::{Done, Stop, io};
use crate::output::{Output, count, indent, table};

pub(crate) use again::Again;

pub(crate) fn run(command: &cli::Submission, at: &Common, out: Output) -> Done {
    match command {
        cli::Submission::Templates(args) => templates(args, out),
        cli::Submission::Prepare(args) => prepare(args, at, out),
        cli::Submission::Approve(args) => recorded::approve(args, at, out),
        cli::Submission::SendRecord(args) => recorded::send(args, at, out),
        cli::Submission::Check(args) => check(args, at, out),
        cli::Submission::Diff(args) => diff(args, out),
    }
}

fn templates(args: &Templates, out: Output) -> Done {
    let all = OURS.iter().chain(&submissions::publication::OURS);
    if let Some(name) = &args.name {
        let template = named(name)?;
        out.result(
            "submission templates",
            &template.file,
            || json!({ "template": name, "file": template.file }),
        );
        return Ok(());
    }
    let templates: Vec<Template> = all.filter_map(|(name, _)| Template::ours(name)).collect();
    let rows = templates.iter().map(|t| {
        [
            t.name.clone(),
            t.version.to_string(),
            format!("{:?}", t.cadence).to_lowercase(),
            t.tables.len().to_string(),
            t.title.clone(),
        ]
    });
    let text = indent(&table(["template", "version", "for a", "tables", "title"], rows));
    out.result("submission templates", &text, || {
        templates
            .iter()
            .map(|t| json!({ "template": t.name, "version": t.version, "title": t.title, "tables": t.tables.len() }))
            .collect::<Value>()
    });
    out.say("\nThe layouts are the ledger's own: no return's prescribed layout or date is known here.\nNext: scrutiny submission prepare TEMPLATE --period 2024-03");
    Ok(())
}

/// A template of ours, or of a file.
pub(crate) fn named(name: &str) -> Done<Template> {
    if let Some(template) = Template::ours(name) {
        return Ok(template);
    }
    let file = Path::new(name);
    if !file.is_file() {
        let sentence = format!(
            "{name}: neither a template's name nor a file; `scrutiny submission templates` lists ours"
        );
        return Err(Stop::NotFound(sentence));
    }
    let length = std::fs::metadata(file).map_err(io(file))?.len();
    if length > MAX_TEMPLATE_BYTES as u64 {
        return Err(Stop::Usage(format!(
            "{name}: {length} bytes are more than a template may have ({MAX_TEMPLATE_BYTES})"
        )));
    }
    let text = std::fs::read_to_string(file).map_err(io(file))?;
    Template::parse(&text).map_err(|e| Stop::Usage(format!("{name}: {e}")))
}

fn prepare(args: &Prepare, at: &Common, out: Output) -> Done {
    let template = named(&args.template)?;
    let population = population(&args.residents)?;
    let source = counting::source(&at.ledger)?;
    let mut counted = Count::new(&*source, out);
    let standing = counted.up_to(args.upto.at)?;
    let (body, period) = which(&args.which, &counted)?;
    let view = counted.dataset.view(&Question { body: &body, period, population: &population }, &standing);
    let stamp = Stamp { ledger: &counted.ledger, made: counted.made };
    let made = Submission::make(&template, &population, &view, stamp).map_err(stop)?;
    drop(counted);
    drop(source);
    let dir = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}-{body}-{period}", template.name)));
    write(&dir, &made)?;
    let digest = made.manifest.digest();
    let recorded = match &args.by {
        Some(by) => Some(recorded::prepared(&made.manifest, by, args.to.as_deref(), at, out)?),
        None => None,
    };
    let files = count(made.files.len() as u64 + 1, "file", "files");
    let entries = count(standing.tree_size.0, "entry", "entries");
    let mut text =
        format!("{}: {files} from {entries}, root {}\nmanifest {digest}", dir.display(), standing.root);
    if let Some(entry) = recorded {
        text.push_str(&format!("\n#{entry} records it as prepared"));
    }
    out.result("submission prepare", &text, || {
        json!({
            "dir": dir, "manifest": made.manifest, "manifest_sha256": digest, "entry": recorded,
            "files": made.files.len() + 1,
        })
    });
    let next = if recorded.is_some() {
        format!("scrutiny submission approve {} --by SIGNER", dir.display())
    } else {
        format!("scrutiny submission check {}", dir.display())
    };
    out.say(&format!("\nNext: {next}\n      scrutiny explain {}/FILE CELL", dir.display()));
    Ok(())
}

/// Writes a folder that is new, or that holds this very submission.
fn write(dir: &Path, made: &Submission) -> Done {
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    let manifest = (MANIFEST.to_owned(), made.manifest.to_bytes());
    if !strays(dir, |_| false)?.is_empty() {
        let same = std::fs::read(dir.join(MANIFEST)).is_ok_and(|bytes| bytes == manifest.1);
        if !same {
            let sentence = format!("{}: holds other files; name an empty folder with --out", dir.display());
            return Err(Stop::Conflict(sentence));
        }
    }
    for (name, bytes) in made.files.iter().chain([&manifest]) {
        let path = dir.join(name);
        std::fs::write(&path, bytes).map_err(io(&path))?;
    }
    Ok(())
}

/// Files in a folder that are not known.
fn strays(dir: &Path, known: impl Fn(&str) -> bool) -> Done<Vec<String>> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(dir).map_err(io(dir))? {
        let name = item.map_err(io(dir))?.file_name().to_string_lossy().into_owned();
        if !known(&name) {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

/// The manifest of a submission's folder.
pub(crate) fn manifest(dir: &Path) -> Done<Manifest> {
    let path = dir.join(MANIFEST);
    let bytes = std::fs::read(&path).map_err(io(&path))?;
    Manifest::parse(&bytes).map_err(|e| Stop::VerificationFailed(format!("{}: {e}", path.display())))
}

fn check(args: &CheckSubmission, at: &Common, out: Output) -> Done {
    let source = counting::source(args.from.as_ref().unwrap_or(&at.ledger))?;
    let again = Again::make(&args.dir, &*source, out)?;
    let manifest = &again.submission.manifest;
    let mut wrong = again.submission.differences(|name| std::fs::read(args.dir.join(name)).ok());
    let known = |name: &str| name == MANIFEST || again.submission.files.iter().any(|(file, _)| file == name);
    wrong.extend(
        strays(&args.dir, known)?.into_iter().map(|name| format!("{name} is no file of this submission")),
    );
    let stages = again.stages(&*source)?;
    let digest = manifest.digest();
    let mut text = format!(
        "{}: {} of {}, {} version {}, made again from {} with root {}\n",
        args.dir.display(),
        manifest.period,
        manifest.body,
        manifest.template,
        manifest.template_version,
        count(manifest.tree_size, "entry", "entries"),
        manifest.root
    );
    if wrong.is_empty() {
        text.push_str(&format!(
            "All {} files are the same, byte for byte.\n",
            again.submission.files.len() + 1
        ));
    } else {
        wrong.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    if stages.is_empty() {
        text.push_str(&format!("No entry carries the manifest's digest {digest}.\n"));
    }
    for stage in &stages {
        text.push_str(&format!("  #{} {}, by {}\n", stage.entry, stage.stage, stage.by));
    }
    text.push_str("That the entries are genuine is for `scrutiny verify`.");
    out.result("submission check", &text, || {
        json!({
            "same": wrong.is_empty(), "differences": wrong, "manifest_sha256": digest,
            "tree_size": manifest.tree_size, "root": manifest.root,
            "recorded": stages.iter().map(|s| json!({ "entry": s.entry, "stage": s.stage, "by": s.by })).collect::<Vec<_>>(),
        })
    });
    if wrong.is_empty() {
        return Ok(());
    }
    let differences = count(wrong.len() as u64, "difference", "differences");
    Err(Stop::VerificationFailed(format!("{}: {differences} from what the ledger gives", args.dir.display())))
}

fn diff(args: &DiffSubmissions, out: Output) -> Done {
    let read = |dir: &Path| -> Done<(Manifest, Vec<u8>)> {
        let manifest = manifest(dir)?;
        let path = dir.join(format!("{}.json", manifest.template));
        let bytes = std::fs::read(&path).map_err(io(&path))?;
        Ok((manifest, bytes))
    };
    let ((before, old), (after, new)) = (read(&args.before)?, read(&args.after)?);
    if before.template != after.template {
        let sentence = format!("one is a {}, the other a {}", before.template, after.template);
        return Err(Stop::Usage(sentence));
    }
    let changes = submissions::diff::diff(&old, &new)
        .map_err(|e| Stop::VerificationFailed(format!("a submission's JSON does not read: {e}")))?;
    let rows = changes
        .iter()
        .map(|c| vec![c.table.clone(), c.row.clone(), c.column.clone(), c.before.clone(), c.after.clone()]);
    let shown = projector::table::Table {
        title: format!(
            "{}, {}: {} entries; {}, {}: {} entries",
            before.body, before.period, before.tree_size, after.body, after.period, after.tree_size
        ),
        columns: vec!["Table", "Row", "Column", "Before", "After"],
        rows: rows.collect(),
        notes: Vec::new(),
    };
    crate::viewing::csv(args.csv.as_deref(), &shown, out)?;
    let body = if changes.is_empty() {
        "No cell differs.".to_owned()
    } else {
        crate::output::columns(&shown, &shown.columns)
    };
    out.result("submission diff", &format!("{}\n\n{body}", shown.title), || {
        json!({
            "before": { "tree_size": before.tree_size, "period": before.period, "template_version": before.template_version },
            "after": { "tree_size": after.tree_size, "period": after.period, "template_version": after.template_version },
            "changes": changes,
        })
    });
    Ok(())
}

/// What keeps a submission from being made, for the exit code.
pub(crate) fn stop(error: SubmissionError) -> Stop {
    Stop::Usage(error.to_string())
}
