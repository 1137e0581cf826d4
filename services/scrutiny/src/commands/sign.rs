//! `scrutiny sign`: statements to be signed by several people, or with keys that are elsewhere.
//!
//! ```text
//! ID.statement                  the bytes that everybody signs
//! ID.statement.sig              a signature as `ssh-keygen -Y sign` writes it (armored); or
//! ID.statement.<anything>.sig   another one
//! ID.statement.<n>.addendum     sealed content, in order; only for the recorder
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ledger_core::ids::KeyId;
use ledger_core::sshsig::Signature;
use ledger_core::statement::{NAMESPACE, Statement};
use ledger_draft::Prepared;
use recorder::Submission;
use serde_json::json;

use crate::cli::{Common, Sign};
use crate::exit::{Done, Stop, io};
use crate::keyring::{Keyring, write_new};
use crate::output::Output;
use crate::reading::Book;
use crate::signing;
use crate::writing::folder_of;

pub(crate) fn run(args: &Sign, at: &Common, out: Output) -> Done {
    let keyring = Keyring::new(&at.keys);
    let paths = if args.file.extension().is_some_and(|e| e == "statement") {
        vec![args.file.clone()]
    } else {
        prepare_all(args, at, &keyring)?
    };
    for path in &paths {
        add_signatures(path, &keyring)?;
    }
    let bundles = paths.iter().map(|p| Bundle::read(p)).collect::<Done<Vec<_>>>()?;
    let text: Vec<String> = bundles.iter().map(Bundle::progress).collect();
    let data = || json!(bundles.iter().map(Bundle::to_json).collect::<Vec<_>>());
    out.result("sign", &text.join("\n"), data);
    if let Some(bundle) = bundles.first() {
        out.say(&bundle.next_step());
    }
    Ok(())
}

fn prepare_all(args: &Sign, at: &Common, keyring: &Keyring) -> Done<Vec<PathBuf>> {
    let drafts = signing::read_drafts(&args.file)?;
    let folder = folder_of(&args.file);
    let book = Book::open(&at.ledger)?;
    let origin = book.origin()?;
    fs::create_dir_all(&args.out).map_err(io(&args.out))?;
    let versions = book.stream_versions()?;
    let version = |stream: &ledger_core::ids::StreamId| versions.get(stream).copied().unwrap_or(0);
    let prepare = |draft| {
        let prepared = signing::prepare(draft, &origin, keyring, &folder, &version)?;
        write_bundle(&args.out, &prepared)
    };
    drafts.iter().map(prepare).collect()
}

fn write_bundle(dir: &Path, prepared: &Prepared) -> Done<PathBuf> {
    let path = dir.join(format!("{}.statement", prepared.parsed.id));
    // Prepared a second time it has other salts, so that no signature gathered for the first one holds.
    write_new(&path, &prepared.statement, 0o644)?;
    for (n, addendum) in prepared.addenda.iter().enumerate() {
        write_new(&beside(&path, &format!(".{n}.addendum")), addendum.as_bytes(), 0o600)?;
    }
    Ok(path)
}

/// Signs with every key of the statement that is at hand and has not signed yet.
fn add_signatures(path: &Path, keyring: &Keyring) -> Done {
    let bundle = Bundle::read(path)?;
    for (n, id) in bundle.parsed.key_ids().enumerate() {
        if bundle.signature_by(id).is_some() {
            continue;
        }
        let Ok(named) = keyring.find(&id.to_string()) else { continue };
        match keyring.sign(&named.public, NAMESPACE, &bundle.bytes) {
            Ok(blob) => {
                let armor = Signature::parse(&blob).expect("a signature just made parses").to_armor();
                let path = beside(path, &format!(".{}.sig", n + 1));
                fs::write(&path, armor).map_err(io(&path))?;
            }
            Err(Stop::CannotDecide(_)) => {}
            Err(stop) => return Err(stop),
        }
    }
    Ok(())
}

/// A statement's file with what lies beside it.
pub(crate) struct Bundle {
    path: PathBuf,
    bytes: Bytes,
    pub(crate) parsed: Statement,
    signatures: Vec<Signature>,
    addenda: Vec<Bytes>,
}

impl Bundle {
    pub(crate) fn read(path: &Path) -> Done<Self> {
        let bytes = Bytes::from(fs::read(path).map_err(io(path))?);
        let parsed = signing::parse_statement(path, &bytes)?;
        let mut bundle =
            Self { path: path.to_owned(), bytes, parsed, signatures: Vec::new(), addenda: Vec::new() };
        for file in files_beside(path)? {
            match file.extension().and_then(|e| e.to_str()) {
                Some("sig") => bundle.signatures.push(read_signature(&file)?),
                Some("addendum") => bundle.addenda.push(fs::read(&file).map_err(io(&file))?.into()),
                _ => {}
            }
        }
        Ok(bundle)
    }

    pub(crate) fn into_submission(self) -> Done<Submission> {
        let missing: Vec<String> = self.missing().map(|id| id.to_string()).collect();
        if !missing.is_empty() {
            let sentence = format!("{} is not signed yet by {}", self.path.display(), missing.join(", "));
            return Err(Stop::CannotDecide(format!("{sentence}\n{}", self.next_step())));
        }
        let blob = |id| self.signature_by(id).map(|s| Bytes::copy_from_slice(s.blob()));
        let signatures = self.parsed.key_ids().filter_map(blob).collect();
        Ok(Submission { statement: self.bytes.clone(), signatures, addenda: self.addenda.clone() })
    }

    fn signature_by(&self, id: KeyId) -> Option<&Signature> {
        self.signatures.iter().find(|s| s.key_id() == id)
    }

    fn missing(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.parsed.key_ids().filter(|id| self.signature_by(*id).is_none())
    }

    fn progress(&self) -> String {
        let signers = self.parsed.signers.iter().map(|signer| {
            let state =
                if self.signature_by(signer.key_id).is_some() { "signed    " } else { "to be signed" };
            format!("  {state:<12}  {} of {}  {}", signer.role, signer.body, signer.key_id)
        });
        let lines: Vec<String> = signers.collect();
        format!("{}\n{}", self.path.display(), lines.join("\n"))
    }

    fn next_step(&self) -> String {
        let path = self.path.display();
        if self.missing().next().is_none() {
            return format!("Next: scrutiny record {path}");
        }
        format!(
            "Next: each remaining signer runs `scrutiny sign {path}`, or without our code\n      \
             `ssh-keygen -Y sign -n {NAMESPACE} -f KEY {path}` and keeps each signature as {path}.NAME.sig"
        )
    }

    fn to_json(&self) -> serde_json::Value {
        json!({
            "statement": self.path,
            "id": self.parsed.id.to_string(),
            "missing": self.missing().map(|id| id.to_string()).collect::<Vec<_>>(),
        })
    }
}

fn read_signature(path: &Path) -> Done<Signature> {
    let text = fs::read_to_string(path).map_err(io(path))?;
    Signature::from_armor(&text).map_err(|e| Stop::Usage(format!("{}: {e}", path.display())))
}

/// The files whose names go on where the statement's ends, in order.
fn files_beside(path: &Path) -> Done<Vec<PathBuf>> {
    let dir = path.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let listing = fs::read_dir(dir).map_err(io(dir))?;
    let mut found: Vec<PathBuf> = listing
        .filter_map(|item| item.ok().map(|i| i.path()))
        .filter(|p| p.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(name) && n != name))
        .collect();
    found.sort();
    Ok(found)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
