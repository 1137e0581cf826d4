//! What is recorded of a submission: prepared, approved, sent, acknowledged, each by the digest of its manifest.

use std::path::Path;

use ledger_core::hash::Hash;
use serde_json::json;
use submissions::manifest::Manifest;

use super::manifest;
use crate::cli::{Approve, Common, SendRecord};
use crate::exit::{Done, Stop, io};
use crate::output::Output;
use crate::writing::Writer;

pub(super) fn prepared(
    manifest: &Manifest,
    by: &str,
    to: Option<&str>,
    at: &Common,
    out: Output,
) -> Done<u64> {
    record(manifest, "prepared", by, to, None, at, out)
}

pub(super) fn approve(args: &Approve, at: &Common, out: Output) -> Done {
    step(&args.dir, "approved", &args.by, None, None, at, out)?;
    out.say(&format!(
        "\nNext: send the folder, then scrutiny submission send-record {} --by SIGNER",
        args.dir.display()
    ));
    Ok(())
}

pub(super) fn send(args: &SendRecord, at: &Common, out: Output) -> Done {
    let stage = if args.receipt.is_some() { "acknowledged" } else { "sent" };
    step(&args.dir, stage, &args.by, args.to.as_deref(), args.receipt.as_deref(), at, out)
}

fn step(
    dir: &Path,
    stage: &str,
    by: &str,
    to: Option<&str>,
    receipt: Option<&str>,
    at: &Common,
    out: Output,
) -> Done {
    let manifest = manifest(dir)?;
    whole(dir, &manifest)?;
    let entry = record(&manifest, stage, by, to, receipt, at, out)?;
    let digest = manifest.digest();
    let text = format!("#{entry} {stage}: {} of {}, manifest {digest}", manifest.period, manifest.body);
    out.result("submission", &text, || json!({ "entry": entry, "stage": stage, "manifest_sha256": digest }));
    Ok(())
}

/// Nobody approves or sends files that are not those of the manifest.
fn whole(dir: &Path, manifest: &Manifest) -> Done {
    for file in manifest.inputs.iter().chain(&manifest.files) {
        let path = dir.join(&file.name);
        let bytes = std::fs::read(&path).map_err(io(&path))?;
        if Hash::of(&bytes).to_hex() != file.sha256 {
            let sentence = format!(
                "{}: it is not the file that the manifest names; nothing was recorded",
                path.display()
            );
            return Err(Stop::VerificationFailed(sentence));
        }
    }
    Ok(())
}

fn record(
    manifest: &Manifest,
    stage: &str,
    by: &str,
    to: Option<&str>,
    receipt: Option<&str>,
    at: &Common,
    out: Output,
) -> Done<u64> {
    let statement = json!({
        "kind": "SubmissionRecorded",
        "stream": format!("submission/{}/{}/{}", manifest.body, manifest.template, manifest.period),
        "signed_by": by,
        "body": {
            "stage": stage,
            "template_version": manifest.template_version.to_string(),
            "payload_sha256": manifest.digest(),
            "tree_size": manifest.tree_size,
            "to": to.unwrap_or_default(),
            "receipt": receipt.unwrap_or_default(),
        },
    });
    let writer = Writer::open(at, out)?;
    let recorded = writer.record_value(&statement)?;
    writer.publish()?;
    Ok(recorded.first().map_or(0, |durable| durable.index.0))
}
