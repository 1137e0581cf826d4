//! A ledger in memory, judged by the real rules, with people who hold the keys of the examples.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, KeyId, Origin, StreamId};
use ledger_core::sshsig::{self, PublicKey};
use ledger_core::statement::Statement;
use ledger_draft::{Draft, Person, PrepareContext, Prepared, examples};
use ledger_rules::keys::{ENROLMENT_NAMESPACE, enrolment_message};
use ledger_rules::{Context, Refusal, State, decide, evolve};
use prost::Message as _;
use scrutiny_proto::registry::v1::RecorderEpochStarted;
use scrutiny_proto::vocabulary::Vocabulary;
use serde_json::{Value, json};

/// 22 November 2025, 00:00 UTC.
const NOW_MS: u64 = 1_763_769_600_000;

pub(crate) struct World {
    pub(crate) state: State,
    versions: BTreeMap<StreamId, u64>,
    index: u64,
    ids: u64,
}

pub(crate) fn public_key(name: &str) -> PublicKey {
    let key = SigningKey::from_bytes(&examples::seed(name));
    PublicKey::from_ed25519(key.verifying_key().as_bytes()).expect("a key")
}

pub(crate) fn people() -> Vec<Person> {
    let text = include_str!("../../../../demo/people.yaml");
    Person::parse_many(text).expect("people.yaml")
}

/// The demonstration has one recorder and needs no key for it; the examples have one more.
fn recorders() -> Vec<Person> {
    let text = "people: [{key: standby-recorder, office: A second recorder, roles: [{role: REC, body: ledger-office}]}]";
    Person::parse_many(text).expect("a person")
}

impl World {
    /// Founds the ledger with the first example, enrols everybody and assigns every role.
    pub(crate) fn with_people() -> Self {
        let mut world = Self { state: State::default(), versions: BTreeMap::new(), index: 0, ids: 0 };
        let founding = Vocabulary::get().kind("LedgerFounded").expect("a kind").example;
        world.record_all("LedgerFounded", &Draft::parse_many(founding).expect("the founding"));
        for person in people().iter().chain(&recorders()).filter(|p| !p.is_root()) {
            world.enrol(person);
        }
        world
    }

    fn enrol(&mut self, person: &Person) {
        let is_registrar = person.roles.iter().any(|r| r.role == "KA");
        let (role, names) = if is_registrar {
            ("ROOT", ["first-root", "second-root"])
        } else {
            ("KA", ["first-registrar", "second-registrar"])
        };
        let signed_by = names.map(|n| format!("{n} as {role} of ledger-office"));
        let key = public_key(&person.key);
        let secret = SigningKey::from_bytes(&examples::seed(&person.key));
        let proof =
            sshsig::sign(&secret, ENROLMENT_NAMESPACE, &enrolment_message(examples::ORIGIN, &key.key_id()));
        self.record_json(&json!({
            "kind": "KeyEnrolled", "stream": format!("key/{}", key.key_id().to_hex()), "signed_by": signed_by,
            "body": { "public_key": hex(key.blob()), "proof_of_possession": hex(&proof), "holder": person.office },
        }));
        for (i, line) in person.roles.iter().enumerate() {
            self.record_json(&json!({
                "kind": "RoleAssigned", "stream": format!("role/{}-{i}", person.key), "signed_by": signed_by,
                "body": { "key": key.key_id().to_string(), "role": line.role, "body": line.body,
                          "acting": line.acting, "valid_from": line.valid_from, "valid_to": line.valid_to,
                          "pseudonym": line.pseudonym },
            }));
        }
    }

    fn record_json(&mut self, draft: &Value) {
        let text = draft.to_string();
        self.record_all(&text, &Draft::parse_many(&text).expect(&text));
    }

    /// Records drafts in order; stops the test at the first that is refused.
    pub(crate) fn record_all(&mut self, from: &str, drafts: &[Draft]) {
        for draft in drafts {
            let recorded = self.record(draft);
            recorded.unwrap_or_else(|r| panic!("{from} line {}, {}: {r}", draft.line, draft.stream));
        }
    }

    pub(crate) fn record(&mut self, draft: &Draft) -> Result<Prepared, Refusal> {
        let prepared = self.prepare(draft);
        let statement = &prepared.parsed;
        let version = self.versions.entry(statement.stream.clone()).or_default();
        let context = Context { stream_version: *version, ..place(self.index, statement) };
        decide(&self.state, statement, &context)?;
        evolve(&mut self.state, statement, &context);
        *version += 1;
        self.index += 1;
        Ok(prepared)
    }

    fn prepare(&mut self, draft: &Draft) -> Prepared {
        let origin: Origin = examples::ORIGIN.parse().expect("an origin");
        let ids = &mut self.ids;
        // Salts are zero bytes, as the examples say; ids count.
        let mut random = |bytes: &mut [u8]| {
            bytes.fill(0);
            if bytes.len() == 10 {
                *ids += 1;
                bytes[2..].copy_from_slice(&ids.to_be_bytes());
            }
        };
        let prepared = draft.prepare(&mut PrepareContext {
            origin: &origin,
            key: &|name| (!name.contains(':')).then(|| key_id(name)),
            version: &|stream| self.versions.get(stream).copied().unwrap_or(0),
            now_ms: NOW_MS,
            random: &mut random,
            read: &|path| Err(format!("no draft here names a path, and {path} is one")),
        });
        prepared.unwrap_or_else(|e| panic!("line {}: {e}", draft.line))
    }
}

/// Where a statement stands. An epoch names the entry that it was written after, which no example can know: so it is
/// taken to stand where it says.
fn place(index: u64, statement: &Statement) -> Context {
    let context =
        Context { index: EntryIndex(index), previous: Hash::ZERO, stream_version: 0, recorded_at_ms: NOW_MS };
    if !statement.kind.ends_with("RecorderEpochStarted") {
        return context;
    }
    let epoch = RecorderEpochStarted::decode(statement.body.clone()).expect("an epoch");
    let previous = Hash::from_slice(&epoch.tail_leaf_hash).expect("a hash");
    Context { index: EntryIndex(epoch.tail_size), previous, ..context }
}

pub(crate) fn key_id(name: &str) -> KeyId {
    public_key(name).key_id()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Every digest that somebody committed to, by what it commits to.
pub(crate) fn digest_of(text: &str) -> Hash {
    Hash::of(&[&[0; 32], text.as_bytes()].concat())
}
