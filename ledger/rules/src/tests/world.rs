//! A ledger in memory, with people who sign.

use std::collections::BTreeMap;

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, KeyId};
use ledger_core::sshsig::{self, PublicKey};
use ledger_core::statement::Statement;
use prost::Message as _;
use scrutiny_proto::ledger::v1 as wire;
use scrutiny_proto::ledger::v1::statement::Expected;
use scrutiny_proto::vocabulary::Vocabulary;
use serde_json::{Value, json};

use crate::keys::{ENROLMENT_NAMESPACE, enrolment_message};
use crate::{Code, Context, Refusal, State, decide, evolve};

pub(super) const ORIGIN: &str = "scrutiny.example/test";
pub(super) const FORCE: &str = "cambridgeshire";
pub(super) const LPB: &str = "cambridgeshire-lpb";

#[derive(Clone)]
pub(super) struct World {
    pub(super) state: State,
    versions: BTreeMap<String, u64>,
    index: u64,
    now_ms: u64,
    ids: u64,
}

/// The key of a person, made from the name.
pub(super) fn secret(who: &str) -> SigningKey {
    SigningKey::from_bytes(&Hash::of(who.as_bytes()).0)
}

pub(super) fn public(who: &str) -> PublicKey {
    PublicKey::from_ed25519(secret(who).verifying_key().as_bytes()).unwrap()
}

pub(super) fn key_id(who: &str) -> KeyId {
    public(who).key_id()
}

pub(super) fn key_stream(who: &str) -> String {
    format!("key/{}", key_id(who).to_hex())
}

/// The body of a KeyEnrolled of this person.
pub(super) fn enrolment(who: &str) -> Value {
    json!({ "public_key": hex(public(who).blob()), "proof_of_possession": hex(&proof(who, ORIGIN)) })
}

pub(super) fn proof(who: &str, origin: &str) -> Vec<u8> {
    proof_by(who, who, origin)
}

/// What `signer` can sign to pass for the holder of another's key.
pub(super) fn proof_by(signer: &str, holder: &str, origin: &str) -> Vec<u8> {
    sshsig::sign(&secret(signer), ENROLMENT_NAMESPACE, &enrolment_message(origin, &key_id(holder)))
}

/// How records name this person.
pub(super) fn person(who: &str) -> String {
    Hash::of(who.as_bytes()).to_hex()[..32].to_owned()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

pub(super) fn founding() -> Value {
    let charter = Vocabulary::get().first_charter();
    let lines: Vec<_> = charter.lines.iter().map(charter_line).collect();
    json!({
        "origin": ORIGIN,
        "root_keys": [hex(public("root one").blob()), hex(public("root two").blob())],
        "charter": { "lines": lines },
        "body": "home-office",
    })
}

pub(super) fn charter_line(line: &scrutiny_proto::registry::v1::CharterLine) -> Value {
    let set = |set: &scrutiny_proto::options::v1::SignerSet| {
        let require = |r: &scrutiny_proto::options::v1::Requirement| {
            let mut value = json!({ "role": r.role });
            if r.count > 0 {
                value["count"] = json!(r.count);
            }
            if !r.body.is_empty() {
                value["body"] = json!(r.body);
            }
            value
        };
        let require: Vec<_> = set.require.iter().map(require).collect();
        if set.document {
            json!({ "require": require, "document": true })
        } else {
            json!({ "require": require })
        }
    };
    json!({ "kind": line.kind, "signers": line.signers.iter().map(set).collect::<Vec<_>>() })
}

impl World {
    /// Before entry 0, at noon on 13 April 2021.
    pub(super) fn empty() -> Self {
        let mut world =
            Self { state: State::default(), versions: BTreeMap::new(), index: 0, now_ms: 0, ids: 0 };
        world.it_is("2021-04-13T11:00:00Z");
        world
    }

    /// Founded, with two key administrators.
    pub(super) fn founded() -> Self {
        Self::founded_as(founding())
    }

    /// As [`Self::founded`], by a founding of one's own.
    pub(super) fn founded_as(founding: Value) -> Self {
        let mut world = Self::empty();
        let founding = world.say("LedgerFounded", "charter/ledger", founding);
        founding.by("root one", "ROOT", "home-office").by("root two", "ROOT", "home-office").ok();
        for who in ["ka one", "ka two"] {
            world.enrol_by(who, "ROOT", ["root one", "root two"]);
            world.assign_by(who, "KA", "home-office", "ROOT", ["root one", "root two"]);
        }
        world
    }

    /// Founded, with everybody who takes part in an inspection and its answers.
    pub(super) fn staffed() -> Self {
        let mut world = Self::founded();
        for (who, role, body) in [
            ("hmi", "HMI", "hmicfrs"),
            ("clerk one", "HMI-T", FORCE),
            ("clerk two", "HMI-T", FORCE),
            ("alice", "G&I", FORCE),
            ("chief", "CC", FORCE),
            ("lead", "LEAD", FORCE),
            ("pcc", "LPB", LPB),
            ("office", "LPB-O", LPB),
            ("chair", "CHAIR", "cambs.bcb"),
            ("im", "IM", FORCE),
            ("cumbria chief", "CC", "cumbria"),
        ] {
            world.hire(who, role, body);
        }
        world
    }

    pub(super) fn hire(&mut self, who: &str, role: &str, body: &str) {
        self.enrol_by(who, "KA", ["ka one", "ka two"]);
        self.assign_by(who, role, body, "KA", ["ka one", "ka two"]);
    }

    /// As [`Self::hire`], with a pseudonym made from the name.
    pub(super) fn hire_known(&mut self, who: &str, role: &str, body: &str) {
        self.enrol_by(who, "KA", ["ka one", "ka two"]);
        self.bind(who, role, body);
    }

    /// Gives an enrolled key another role, bound to the same person.
    pub(super) fn bind(&mut self, who: &str, role: &str, body: &str) {
        let stream = format!("role/{}-{}", who.replace(' ', "-"), role.to_lowercase());
        let assigned = json!({
            "key": key_id(who).to_string(), "role": role, "body": body, "pseudonym": person(who),
        });
        let draft = self.say("RoleAssigned", &stream, assigned);
        draft.by("ka one", "KA", "home-office").by("ka two", "KA", "home-office").ok();
    }

    /// A key administrator through a last day.
    pub(super) fn appoint_ka_until(&mut self, who: &str, last_day: &str) {
        let roots = ["root one", "root two"];
        self.enrol_by(who, "ROOT", roots);
        let key = key_id(who).to_string();
        let assigned = json!({ "key": key, "role": "KA", "body": "home-office", "valid_to": last_day });
        let draft = self.say("RoleAssigned", &format!("role/{}", who.replace(' ', "-")), assigned);
        draft.by(roots[0], "ROOT", "home-office").by(roots[1], "ROOT", "home-office").ok();
    }

    fn enrol_by(&mut self, who: &str, role: &str, by: [&str; 2]) {
        let draft = self.say("KeyEnrolled", &key_stream(who), enrolment(who));
        draft.by(by[0], role, "home-office").by(by[1], role, "home-office").ok();
    }

    fn assign_by(&mut self, who: &str, role: &str, body: &str, by_role: &str, by: [&str; 2]) {
        let stream = format!("role/{}", who.replace(' ', "-"));
        let assigned = json!({ "key": key_id(who).to_string(), "role": role, "body": body });
        let draft = self.say("RoleAssigned", &stream, assigned);
        draft.by(by[0], by_role, "home-office").by(by[1], by_role, "home-office").ok();
    }

    pub(super) fn it_is(&mut self, instant: &str) {
        let at: jiff::Timestamp = instant.parse().unwrap();
        self.now_ms = u64::try_from(at.as_millisecond()).unwrap();
    }

    pub(super) fn next_index(&self) -> u64 {
        self.index
    }

    /// What stands for the leaf hash of the entry before the next one: this ledger keeps statements, not entries.
    pub(super) fn previous(&self) -> Hash {
        Hash::of(&self.index.to_be_bytes())
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Starts a statement. It occurs now, expects what the stream holds, and nobody has signed it.
    pub(super) fn say(&mut self, kind: &str, stream: &str, body: Value) -> Draft<'_> {
        let kind = Vocabulary::get().kind(kind).unwrap_or_else(|| panic!("no kind {kind}"));
        let now = jiff::Timestamp::from_millisecond(i64::try_from(self.now_ms).unwrap()).unwrap();
        self.ids += 1;
        let message = wire::Statement {
            ledger: ORIGIN.to_owned(),
            id: Bytes::copy_from_slice(&id_bytes(self.ids)),
            kind: kind.full_name.clone(),
            stream: stream.to_owned(),
            expected: Some(Expected::ExpectedVersion(self.versions.get(stream).copied().unwrap_or(0))),
            occurred: Some(wire::Occurred {
                precision: wire::Precision::Instant.into(),
                value: now.to_string(),
                words: String::new(),
            }),
            marking: wire::Marking::Official.into(),
            regime: wire::Regime::None.into(),
            body: kind.body_from_json(&body).unwrap_or_else(|e| panic!("{}: {e}", kind.short_name)).into(),
            ..wire::Statement::default()
        };
        Draft { world: self, message }
    }
}

fn id_bytes(n: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[6] = 0x70;
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    bytes[8] = 0x80;
    bytes
}

/// A statement being written.
pub(super) struct Draft<'w> {
    world: &'w mut World,
    message: wire::Statement,
}

impl Draft<'_> {
    pub(super) fn by(mut self, who: &str, role: &str, body: &str) -> Self {
        self.message.signers.push(wire::Signer {
            key_id: Bytes::copy_from_slice(&key_id(who).0),
            role: role.to_owned(),
            body: body.to_owned(),
            ..wire::Signer::default()
        });
        self
    }

    /// The signer named last signs as acting, or for another role.
    pub(super) fn acting(mut self) -> Self {
        self.message.signers.last_mut().unwrap().acting = true;
        self
    }

    pub(super) fn on_behalf_of(mut self, role: &str) -> Self {
        self.message.signers.last_mut().unwrap().on_behalf_of = role.to_owned();
        self
    }

    pub(super) fn seen(mut self, version: u64) -> Self {
        self.message.expected = Some(Expected::ExpectedVersion(version));
        self
    }

    pub(super) fn any_version(mut self) -> Self {
        self.message.expected = Some(Expected::AnyVersion(true));
        self
    }

    pub(super) fn occurred(mut self, precision: wire::Precision, value: &str) -> Self {
        let words = String::new();
        self.message.occurred =
            Some(wire::Occurred { precision: precision.into(), value: value.to_owned(), words });
        self
    }

    pub(super) fn imported(mut self) -> Self {
        self.message.imported = true;
        self
    }

    pub(super) fn with_document(mut self) -> Self {
        self.message.documents.push(wire::Document {
            sha256: Bytes::from_static(&[7; 32]),
            media_type: "application/pdf".to_owned(),
            title: "The letter".to_owned(),
        });
        self
    }

    /// Changes the message itself, for what no honest tool would write.
    pub(super) fn but(mut self, change: impl FnOnce(&mut wire::Statement)) -> Self {
        change(&mut self.message);
        self
    }

    fn judge(self) -> (Result<(), Refusal>, String) {
        let Self { world, message } = self;
        let statement = Statement::parse(&message.encode_to_vec().into()).unwrap();
        let stream = statement.stream.as_str().to_owned();
        let version = world.versions.get(&stream).copied().unwrap_or(0);
        let context = Context {
            index: EntryIndex(world.index),
            previous: world.previous(),
            stream_version: version,
            recorded_at_ms: world.now_ms,
        };
        let verdict = decide(&world.state, &statement, &context);
        if verdict.is_ok() {
            evolve(&mut world.state, &statement, &context);
            world.versions.insert(stream, version + 1);
            world.index += 1;
        }
        (verdict, statement.id.to_string())
    }

    /// Signed by `sign` and judged; only the code of a refusal is kept.
    pub(super) fn judged_by(self, sign: impl FnOnce(Self) -> Self) -> Result<(), Code> {
        sign(self).judge().0.map_err(|refusal| refusal.code)
    }

    /// It is recorded; gives its id.
    #[track_caller]
    pub(super) fn ok(self) -> String {
        let (verdict, id) = self.judge();
        if let Err(refusal) = verdict {
            panic!("refused: {refusal}");
        }
        id
    }

    /// It is refused, and nothing changes; gives the sentence.
    #[track_caller]
    pub(super) fn refused(self, code: Code) -> String {
        let Self { world, message } = self;
        let before = world.state.clone();
        let (verdict, _) = Draft { world: &mut *world, message }.judge();
        let refusal = verdict.expect_err("it should be refused");
        assert_eq!(refusal.code, code, "{refusal}");
        assert_eq!(world.state, before, "a refusal changes nothing");
        refusal.sentence
    }
}
