//! What can be said of a statement without knowing the ledger, on all cores.

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{KeyId, StatementId};
use ledger_core::sshsig::KeyCache;
use ledger_core::statement::Statement;
use ledger_core::wire::{RefusalClass, Refused, Submission};
use ledger_rules::{Class, Refusal};
use rayon::prelude::*;

/// A statement whose form and signatures were checked.
pub(crate) struct Checked {
    pub(crate) submission: Submission,
    pub(crate) digest: Hash,
    /// Its id and who it says signs it, where that much could be read.
    pub(crate) id: Option<StatementId>,
    pub(crate) key_ids: Vec<KeyId>,
    pub(crate) statement: Result<Statement, Refused>,
}

/// Checks what one message brought. Takes as long as the signatures do: not for an async thread.
pub(crate) fn check(submissions: Vec<Submission>, keys: &KeyCache) -> Vec<Checked> {
    submissions.into_par_iter().with_min_len(8).map(|submission| one(submission, keys)).collect()
}

fn one(submission: Submission, keys: &KeyCache) -> Checked {
    let digest = submission.digest();
    match recorder::verify_submission(&submission, keys) {
        Ok(statement) => Checked {
            digest,
            id: Some(statement.id),
            key_ids: statement.key_ids().collect(),
            statement: Ok(statement),
            submission,
        },
        Err(refusal) => {
            let (id, key_ids) = claimed(&submission.statement);
            Checked { digest, id, key_ids, statement: Err(refused(refusal)), submission }
        }
    }
}

/// Whose it claims to be. Nothing of it is proved.
fn claimed(statement: &Bytes) -> (Option<StatementId>, Vec<KeyId>) {
    Statement::parse(statement).map_or_else(|_| (None, Vec::new()), |s| (Some(s.id), s.key_ids().collect()))
}

/// A refusal as it travels.
pub(crate) fn refused(refusal: Refusal) -> Refused {
    let class = match refusal.code.class() {
        Class::Refused => RefusalClass::Refused,
        Class::Conflict => RefusalClass::Conflict,
    };
    Refused { code: refusal.code.to_string(), sentence: refusal.sentence, class }
}
