//! What each kind does to the offices.

use ledger_core::hash::Hash;
use ledger_core::ids::KeyId;
use ledger_core::statement::Statement;
use ledger_rules::civil::Day;
use scrutiny_proto::registry::v1 as registry;

use super::{Office, Offices};
use crate::{decode, stream_parts};

/// The day and the index of an entry.
type At = (Day, u64);

/// One key's time in one office.
#[derive(Debug, Clone)]
pub(super) struct Tenure {
    pub(super) from: Day,
    to: Option<Day>,
    key: KeyId,
    role: String,
    body: String,
    acting: bool,
    how: &'static str,
    kinds: Vec<String>,
    stream: String,
    entries: Vec<u64>,
    ended: Option<(&'static str, At)>,
}

impl Tenure {
    /// Whether it ended before its first day came.
    pub(super) fn never_began(&self) -> bool {
        self.ended.is_some_and(|(_, (day, _))| day < self.from)
    }

    /// An end later than the day asked for had not happened yet, and one after the last day ended nothing.
    pub(super) fn view(&self, as_of: Day) -> Office {
        let ended = self.ended.filter(|(_, (day, _))| *day <= as_of && self.to.is_none_or(|to| *day <= to));
        let to = ended.map(|(_, (day, _))| day).or(self.to);
        Office {
            body: self.body.clone(),
            role: self.role.clone(),
            acting: self.acting,
            how: self.how,
            kinds: self.kinds.clone(),
            key: self.key.to_string(),
            from: self.from.to_string(),
            to: to.map(|day| day.to_string()),
            held: ended.is_none() && to.is_none_or(|to| as_of <= to),
            ended_by: ended.map(|(how, _)| how),
            stream: self.stream.clone(),
            entries: self.entries.iter().copied().chain(ended.map(|(_, (_, entry))| entry)).collect(),
        }
    }
}

impl Offices {
    pub(super) fn founded(&mut self, at: At, statement: &Statement) {
        let Some(body) = decode::<registry::LedgerFounded>(statement) else { return };
        for blob in &body.root_keys {
            let key = KeyId::of_blob(blob);
            self.keys.insert(key, at);
            self.tenures.push(Tenure {
                from: at.0,
                to: None,
                key,
                role: "ROOT".to_owned(),
                body: body.body.clone(),
                acting: false,
                how: "founded",
                kinds: Vec::new(),
                stream: statement.stream.as_str().to_owned(),
                entries: vec![at.1],
                ended: None,
            });
        }
    }

    pub(super) fn enrolled(&mut self, at: At, statement: &Statement) {
        if let Some(body) = decode::<registry::KeyEnrolled>(statement) {
            self.keys.insert(KeyId::of_blob(&body.public_key), at);
        }
    }

    pub(super) fn assigned(&mut self, at: At, statement: &Statement) {
        let Some(body) = decode::<registry::RoleAssigned>(statement) else { return };
        let Ok(key) = body.key.parse::<KeyId>() else { return };
        self.tenures.push(Tenure {
            from: body.valid_from.parse().unwrap_or(at.0),
            to: body.valid_to.parse().ok(),
            key,
            role: body.role,
            body: body.body,
            acting: body.acting,
            how: "assigned",
            kinds: Vec::new(),
            stream: statement.stream.as_str().to_owned(),
            entries: self.since_enrolment(&key, at.1),
            ended: None,
        });
    }

    pub(super) fn delegated(&mut self, at: At, statement: &Statement) {
        let Some(body) = decode::<registry::DelegationGranted>(statement) else { return };
        self.end_stream("delegation ended", at, statement);
        let Ok(key) = body.to_key.parse::<KeyId>() else { return };
        if body.ended {
            return;
        }
        self.tenures.push(Tenure {
            from: body.valid_from.parse().unwrap_or(at.0),
            to: body.valid_to.parse().ok(),
            key,
            role: body.from_role,
            body: body.body,
            acting: false,
            how: "delegated",
            kinds: body.kinds,
            stream: statement.stream.as_str().to_owned(),
            entries: self.since_enrolment(&key, at.1),
            ended: None,
        });
    }

    pub(super) fn revoked(&mut self, at: At, statement: &Statement) {
        let Some(key) = key_of(statement) else { return };
        self.keys.remove(&key);
        for tenure in self.tenures.iter_mut().filter(|t| t.key == key && t.ended.is_none()) {
            tenure.ended = Some(("key revoked", at));
        }
    }

    /// The new key takes over what the old one still holds, or will hold.
    pub(super) fn rotated(&mut self, at: At, statement: &Statement) {
        let (Some(old), Some(body)) = (key_of(statement), decode::<registry::KeyRotated>(statement)) else {
            return;
        };
        let key = KeyId::of_blob(&body.new_public_key);
        self.keys.remove(&old);
        self.keys.insert(key, at);
        let mut taken_over = Vec::new();
        for tenure in self.tenures.iter_mut().filter(|t| t.key == old && t.ended.is_none()) {
            if tenure.to.is_none_or(|to| at.0 <= to) {
                let mut next = Tenure { key, from: tenure.from.max(at.0), ..tenure.clone() };
                next.entries.push(at.1);
                taken_over.push(next);
                tenure.ended = Some(("key rotated", at));
            }
        }
        self.tenures.append(&mut taken_over);
    }

    /// Ends what is in force on the statement's stream.
    pub(super) fn end_stream(&mut self, how: &'static str, at: At, statement: &Statement) {
        let stream = statement.stream.as_str();
        for tenure in self.tenures.iter_mut().filter(|t| t.stream == stream && t.ended.is_none()) {
            tenure.ended = Some((how, at));
        }
    }

    fn since_enrolment(&self, key: &KeyId, entry: u64) -> Vec<u64> {
        self.keys.get(key).map(|(_, enrolled)| *enrolled).into_iter().chain([entry]).collect()
    }
}

/// The key in a stream `key/{hexadecimal digits}`.
fn key_of(statement: &Statement) -> Option<KeyId> {
    let [key] = stream_parts(statement);
    Hash::from_hex(key).map(|hash| KeyId(hash.0))
}
