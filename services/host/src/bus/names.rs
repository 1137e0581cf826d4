//! The names of subjects and streams, made and read in one place.
//!
//! ```text
//! ev.<force>.<service>.<kind>.<id>     one statement for the record          stream INBOX_<FORCE>
//! ev.<force>.<service>.several         several statements in one message     stream INBOX_<FORCE>
//! ev.<force>.<service>.refused         what a desk refused                   stream INBOX_<FORCE>
//! rcpt.<force>.<service>.<statement>   receipts                              told, not kept
//! rcpt.<force>.<service>.several       every receipt of one message          told, not kept
//! svc.<service>.<force>.<endpoint>     requests                              answered
//! ledger.<force>.sealed                sealed batches                        stream SEALED_<FORCE>
//! ledger.<force>.leading               who leads, every half second          told, not kept
//! addenda.<force>.<digest>             what a batch leaves out               stream ADDENDA_<FORCE>
//! deliver.<force>.sealed               sealed batches on their way to the hub
//! ```
//!
//! Subjects show in logs, in the broker's own pages and in advisories: nothing personal stands in one.

mod streams;

use std::fmt;

use serde::{Deserialize, Serialize};

/// Bytes in one message at most, headers included: NATS's own default (`max_payload`), below which every
/// bound of ours stays.
pub const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// Bytes of statements a publisher puts together in one message: large enough that the broker's one `fsync`
/// a message is shared by some hundred statements, small enough to stay far from [`MAX_MESSAGE_BYTES`].
pub const MAX_SUBMISSIONS_BYTES: usize = 256 << 10;

/// Bytes in one sealed batch: 64 KiB below [`MAX_MESSAGE_BYTES`] is room for headers (a NATS header block is
/// 65,535 bytes at most), rounded down.
pub const MAX_SEALED_BYTES: usize = 900 << 10;

/// A force as subjects name it: the slug of the ledger's founding body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Force(String);

/// A token that cannot stand in a subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot stand in a subject: 1 to 64 of a-z, 0-9 and the hyphen")]
pub struct BadToken(pub String);

impl Force {
    /// Reads a slug: `cambridgeshire`.
    ///
    /// # Errors
    /// When it is not 1 to 64 of a-z, 0-9 and the hyphen.
    pub fn parse(text: &str) -> Result<Force, BadToken> {
        if is_token(text) { Ok(Force(text.to_owned())) } else { Err(BadToken(text.to_owned())) }
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where one statement goes: `ev.<force>.<service>.<kind>.<id>`. `kind` is the message's short name
    /// (`BodyRegistered`), `id` a statement id.
    pub fn event(&self, service: &str, kind: &str, id: impl fmt::Display) -> String {
        format!("ev.{self}.{service}.{}.{id}", kind_token(kind))
    }

    /// Where several statements in one message go.
    pub fn several(&self, service: &str) -> String {
        format!("ev.{self}.{service}.several")
    }

    /// Where a desk tells what it refused.
    pub fn refused(&self, service: &str) -> String {
        format!("ev.{self}.{service}.refused")
    }

    /// Where the receipts of one statement are told.
    pub fn receipt(&self, service: &str, id: impl fmt::Display) -> String {
        format!("rcpt.{self}.{service}.{id}")
    }

    /// Where a service answers: `svc.<service>.<force>`; its endpoints are one token below.
    pub fn service(&self, service: &str) -> String {
        format!("svc.{service}.{self}")
    }

    /// Where one endpoint of a service answers.
    pub fn endpoint(&self, service: &str, endpoint: &str) -> String {
        format!("svc.{service}.{self}.{endpoint}")
    }

    /// Where sealed batches are appended.
    pub fn sealed(&self) -> String {
        format!("ledger.{self}.sealed")
    }

    /// Where the recorder that leads says so.
    pub fn leading(&self) -> String {
        format!("ledger.{self}.leading")
    }

    /// Where one addendum is put: `digest` in hexadecimal, or `*` for all.
    pub fn addendum(&self, digest: impl fmt::Display) -> String {
        format!("addenda.{self}.{digest}")
    }
}

impl fmt::Display for Force {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Force {
    type Error = BadToken;

    fn try_from(text: String) -> Result<Force, BadToken> {
        Force::parse(&text)
    }
}

impl From<Force> for String {
    fn from(force: Force) -> String {
        force.0
    }
}

/// A subject of ours, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One statement.
    Event {
        /// Whose.
        force: Force,
        /// Which desk sent it.
        service: String,
        /// The kind's token: `body-registered`.
        kind: String,
        /// The statement's id.
        id: String,
    },
    /// Several statements in one message.
    Several {
        /// Whose.
        force: Force,
        /// Which desk sent them.
        service: String,
    },
    /// What a desk refused.
    Refused {
        /// Whose.
        force: Force,
        /// Which desk refused it.
        service: String,
    },
    /// A receipt.
    Receipt {
        /// Whose.
        force: Force,
        /// Which desk the statement came through.
        service: String,
        /// The statement's id.
        id: String,
    },
    /// Sealed batches.
    Sealed {
        /// Whose.
        force: Force,
    },
}

impl Subject {
    /// Reads a subject. `None` when it is none of ours.
    pub fn parse(subject: &str) -> Option<Subject> {
        let tokens: Vec<&str> = subject.split('.').collect();
        if !tokens.iter().all(|token| is_token(token)) {
            return None;
        }
        let force = |text: &str| Force(text.to_owned());
        match tokens.as_slice() {
            ["ev", f, service, "several"] => {
                Some(Subject::Several { force: force(f), service: (*service).to_owned() })
            }
            ["ev", f, service, "refused"] => {
                Some(Subject::Refused { force: force(f), service: (*service).to_owned() })
            }
            ["ev", f, service, kind, id] => Some(Subject::Event {
                force: force(f),
                service: (*service).to_owned(),
                kind: (*kind).to_owned(),
                id: (*id).to_owned(),
            }),
            ["rcpt", f, service, id] => Some(Subject::Receipt {
                force: force(f),
                service: (*service).to_owned(),
                id: (*id).to_owned(),
            }),
            ["ledger", f, "sealed"] => Some(Subject::Sealed { force: force(f) }),
            _ => None,
        }
    }
}

/// A kind's short name as a token: `BodyRegistered` is `body-registered`.
pub fn kind_token(kind: &str) -> String {
    let mut out = String::with_capacity(kind.len() + 8);
    for (at, letter) in kind.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            out.push('-');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// Whether a subject fits a pattern: `*` stands for one token, a last `>` for one or more.
pub fn fits(pattern: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    for part in pattern.split('.') {
        match (part, tokens.next()) {
            (">", Some(_)) => return true,
            (_, None) => return false,
            ("*", Some(_)) => {}
            (part, Some(token)) if part == token => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

fn is_token(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_read_back_as_they_were_made() {
        let force = Force::parse("greater-manchester").unwrap();
        let subject = force.event("inspection", "BodyRegistered", "0198-a");
        assert_eq!(subject, "ev.greater-manchester.inspection.body-registered.0198-a");
        let Some(Subject::Event { kind, id, .. }) = Subject::parse(&subject) else { panic!("{subject}") };
        assert_eq!((kind.as_str(), id.as_str()), ("body-registered", "0198-a"));
        assert_eq!(Subject::parse(&force.sealed()), Some(Subject::Sealed { force: force.clone() }));
        for made in [force.several("review"), force.refused("review"), force.receipt("review", "x")] {
            assert!(Subject::parse(&made).is_some(), "{made}");
            assert!(!made.starts_with("ev.") || fits(&force.inbox().subjects[0], &made));
        }
        assert_eq!(force.inbox().name, "INBOX_GREATER-MANCHESTER");
        assert!(fits(&force.addenda().subjects[0], &force.addendum("00ff")));
    }

    #[test]
    fn a_slug_with_a_dot_a_star_or_a_capital_is_no_force() {
        for bad in ["", "a.b", "*", ">", "Met", "a b", &"x".repeat(65)] {
            assert!(Force::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns_fit_as_nats_says() {
        for (pattern, subject, fit) in [
            ("ev.x.>", "ev.x.review.k.1", true),
            ("ev.x.>", "ev.x", false),
            ("ev.*.review", "ev.x.review", true),
            ("ev.*.review", "ev.x.review.k", false),
            ("ev.x", "ev.xy", false),
            (">", "a", true),
        ] {
            assert_eq!(fits(pattern, subject), fit, "{pattern} {subject}");
        }
    }
}
