//! From what a person typed to a signed submission.

use std::io::Read;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ledger_core::ids::{KeyId, Origin, StatementId, StreamId};
use ledger_core::sshsig::PublicKey;
use ledger_core::statement::{NAMESPACE, Statement};
use ledger_draft::{Draft, PrepareContext, Prepared};
use recorder::Submission;

use crate::exit::{Done, Stop, io};
use crate::keyring::Keyring;

/// Bytes of drafts read at a time: a thousand statements of the largest size, and more than the YAML
/// reader's own bound on items lets through.
const MAX_DRAFT_BYTES: u64 = 64 << 20;

/// Reads drafts from a file, or from standard input for `-`.
pub(crate) fn read_drafts(file: &Path) -> Done<Vec<Draft>> {
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(io(file))?)
    };
    source.take(MAX_DRAFT_BYTES + 1).read_to_end(&mut bytes).map_err(io(file))?;
    let name = file.display();
    if bytes.len() as u64 > MAX_DRAFT_BYTES {
        let sentence =
            format!("{name}: it is longer than {MAX_DRAFT_BYTES} bytes; record it in several files");
        return Err(Stop::Usage(sentence));
    }
    let text =
        String::from_utf8(bytes).map_err(|e| Stop::Usage(format!("{name}: it is no text in UTF-8: {e}")))?;
    parse_drafts(&name.to_string(), &text)
}

/// Reads drafts from text that is called `name` in errors.
pub(crate) fn parse_drafts(name: &str, text: &str) -> Done<Vec<Draft>> {
    let drafts = Draft::parse_many(text).map_err(|e| Stop::Usage(format!("{name}: {e}")))?;
    if drafts.is_empty() {
        return Err(Stop::Usage(format!("{name}: there is no statement in it")));
    }
    Ok(drafts)
}

/// Makes the statement of a draft. Documents are read relative to `folder`.
pub(crate) fn prepare(
    draft: &Draft,
    origin: &Origin,
    keyring: &Keyring,
    folder: &Path,
    version: &dyn Fn(&StreamId) -> u64,
) -> Done<Prepared> {
    let mut fault = None;
    let mut fill = |bytes: &mut [u8]| {
        if let Err(e) = getrandom::fill(bytes) {
            fault = Some(Stop::Io(format!("the system gives no random bytes: {e}")));
        }
    };
    let prepared = draft.prepare(&mut PrepareContext {
        origin,
        key: &|name| keyring.find(name).ok().map(|named| named.public.key_id()),
        version,
        now_ms: now_ms(),
        random: &mut fill,
        read: &|path| std::fs::read(folder.join(path)).map_err(|e| e.to_string()),
    });
    if let Some(stop) = fault {
        return Err(stop);
    }
    prepared.map_err(|e| Stop::Usage(format!("{} in {}: {e}", draft.kind.short_name, draft.stream)))
}

/// Signs a prepared statement with every key it names.
pub(crate) fn sign_all(prepared: &Prepared, keyring: &Keyring) -> Done<Submission> {
    let sign =
        |id: KeyId| keyring.sign(&public_key(keyring, id)?, NAMESPACE, &prepared.statement).map(Bytes::from);
    Ok(Submission {
        statement: prepared.statement.clone(),
        signatures: prepared.parsed.key_ids().map(sign).collect::<Done<_>>()?,
        addenda: prepared.addenda.iter().map(|a| Bytes::copy_from_slice(a.as_bytes())).collect(),
    })
}

/// The public key with an id; it must be in the key folder, its private half need not.
pub(crate) fn public_key(keyring: &Keyring, id: KeyId) -> Done<PublicKey> {
    Ok(keyring.find(&id.to_string())?.public)
}

/// A statement's bytes, read back.
pub(crate) fn parse_statement(name: &Path, bytes: &Bytes) -> Done<Statement> {
    Statement::parse(bytes).map_err(|e| Stop::Usage(format!("{}: {e}", name.display())))
}

/// A fresh id for a statement.
pub(crate) fn new_id() -> Done<StatementId> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|e| Stop::Io(format!("the system gives no random bytes: {e}")))?;
    let uuid = uuid::Builder::from_unix_timestamp_millis(now_ms(), &random).into_uuid();
    Ok(StatementId::from_uuid(uuid).expect("a UUID made as version 7 is one"))
}

/// Now, milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
