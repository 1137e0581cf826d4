//! The demonstration as a ledger in memory: every statement judged by the rules before it is folded.

use std::collections::BTreeMap;
use std::fs;

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, Origin, StreamId, TreeSize};
use ledger_core::sshsig::{self, PublicKey};
use ledger_core::statement::Statement;
use ledger_draft::{Draft, PrepareContext};
use ledger_rules::{Context, State, decide, evolve, keys};
use projector::{Projection, Standing};
use prost::Message;
use scrutiny_proto::ledger::v1 as wire;
use scrutiny_proto::ledger::v1::statement::Expected;
use scrutiny_proto::registry::v1::{KeyEnrolled, LedgerFounded, RoleAssigned};
use scrutiny_proto::vocabulary::Vocabulary;
use serde_json::Value;

const ORIGIN: &str = "scrutiny.example/demo";
/// 22 November 2026, 00:00 UTC.
const NOW_MS: u64 = 1_795_305_600_000;
const OFFICE: &str = "ledger-office";
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo");

/// The statements recorded so far, in order.
pub(crate) struct Ledger {
    state: State,
    statements: Vec<Statement>,
    versions: BTreeMap<StreamId, u64>,
    random: u64,
}

impl Ledger {
    /// Founded and staffed as `demo/people.yaml` says, with every file of the demonstration on it.
    pub(crate) fn of_the_demonstration() -> Self {
        let mut ledger =
            Self { state: State::default(), statements: Vec::new(), versions: BTreeMap::new(), random: 0 };
        ledger.found();
        ledger.staff();
        let mut files: Vec<_> = fs::read_dir(DEMO).unwrap().map(|item| item.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|e| e == "yaml") && !path.ends_with("people.yaml"));
        files.sort();
        for file in files {
            ledger.draft(&fs::read_to_string(&file).unwrap());
        }
        ledger
    }

    /// Enrols a key and gives it a role.
    pub(crate) fn hire(&mut self, who: &str, role: &str, body: &str) {
        self.appoint(who, 0, &serde_json::json!({ "role": role, "body": body }));
    }

    /// Records every statement of a YAML text.
    pub(crate) fn draft(&mut self, yaml: &str) {
        for draft in Draft::parse_many(yaml).unwrap() {
            let (origin, versions): (Origin, _) = (ORIGIN.parse().unwrap(), self.versions.clone());
            let random = &mut self.random;
            let prepared = draft.prepare(&mut PrepareContext {
                origin: &origin,
                key: &|name| Some(public(name).key_id()),
                version: &|stream| versions.get(stream).copied().unwrap_or(0),
                now_ms: NOW_MS,
                random: &mut |bytes: &mut [u8]| {
                    *random += 1;
                    bytes.fill(0);
                    bytes[..8].copy_from_slice(&random.to_be_bytes());
                },
                read: &|path| Err(format!("no file {path}")),
            });
            self.record(prepared.unwrap().parsed);
        }
    }

    /// Folds all of it.
    pub(crate) fn fold<P: Projection>(&self) -> P {
        let mut projection = P::default();
        for (index, statement) in (0..).zip(&self.statements) {
            projection.apply(EntryIndex(index), NOW_MS, statement);
        }
        projection
    }

    /// The id of a person's key.
    pub(crate) fn key_id(who: &str) -> String {
        public(who).key_id().to_string()
    }

    /// The stream of a person's key.
    pub(crate) fn key_stream(who: &str) -> String {
        format!("key/{}", public(who).key_id().to_hex())
    }

    pub(crate) fn standing(&self) -> Standing {
        let tree_size = TreeSize(self.statements.len().try_into().unwrap());
        Standing { tree_size, root: Hash::of(b"not a tree: these tests fold statements, not entries") }
    }

    fn record(&mut self, statement: Statement) {
        let version = self.versions.entry(statement.stream.clone()).or_default();
        let index = EntryIndex(self.statements.len().try_into().unwrap());
        let previous = Hash::ZERO;
        let context = Context { index, previous, stream_version: *version, recorded_at_ms: NOW_MS };
        if let Err(refusal) = decide(&self.state, &statement, &context) {
            panic!("{} on {}: {refusal}", statement.kind, statement.stream);
        }
        evolve(&mut self.state, &statement, &context);
        *version += 1;
        self.statements.push(statement);
    }

    fn found(&mut self) {
        let founded = LedgerFounded {
            origin: ORIGIN.to_owned(),
            root_keys: ["first-root", "second-root"].map(|who| public(who).blob().to_vec().into()).into(),
            charter: Some(Vocabulary::get().first_charter()),
            log_vkeys: Vec::new(),
            body: OFFICE.to_owned(),
        };
        self.registry("LedgerFounded", "charter/ledger", &founded, "ROOT", ["first-root", "second-root"]);
    }

    fn staff(&mut self) {
        let text = fs::read_to_string(format!("{DEMO}/people.yaml")).unwrap();
        let people: Value = serde_saphyr::from_str(&text).unwrap();
        for person in people["people"].as_array().unwrap() {
            let key = person["key"].as_str().unwrap();
            for (i, role) in person["roles"].as_array().unwrap().iter().enumerate() {
                self.appoint(key, i, role);
            }
        }
    }

    fn appoint(&mut self, key: &str, i: usize, role: &Value) {
        let code = role["role"].as_str().unwrap();
        let (by_role, by) = match code {
            "ROOT" => return,
            "KA" => ("ROOT", ["first-root", "second-root"]),
            _ => ("KA", ["first-registrar", "second-registrar"]),
        };
        let id = public(key).key_id();
        if i == 0 {
            let message = keys::enrolment_message(ORIGIN, &id);
            let enrolled = KeyEnrolled {
                public_key: public(key).blob().to_vec().into(),
                proof_of_possession: sshsig::sign(&secret(key), keys::ENROLMENT_NAMESPACE, &message).into(),
                holder: String::new(),
            };
            self.registry("KeyEnrolled", &Self::key_stream(key), &enrolled, by_role, by);
        }
        let assigned = RoleAssigned {
            key: id.to_string(),
            role: code.to_owned(),
            body: role["body"].as_str().unwrap().to_owned(),
            acting: role.get("acting").is_some_and(|a| a == true),
            pseudonym: role.get("pseudonym").and_then(Value::as_str).map_or_else(Bytes::new, unhex),
            ..RoleAssigned::default()
        };
        self.registry("RoleAssigned", &format!("role/{key}-{i}"), &assigned, by_role, by);
    }

    fn registry(&mut self, kind: &str, stream: &str, body: &impl Message, role: &str, by: [&str; 2]) {
        let signer = |who: &str| wire::Signer {
            key_id: Bytes::copy_from_slice(&public(who).key_id().0),
            role: role.to_owned(),
            body: OFFICE.to_owned(),
            ..wire::Signer::default()
        };
        let mut id = [0; 16];
        (id[6], id[8]) = (0x70, 0x80);
        id[12..].copy_from_slice(&u32::try_from(self.statements.len()).unwrap().to_be_bytes());
        let message = wire::Statement {
            ledger: ORIGIN.to_owned(),
            id: Bytes::copy_from_slice(&id),
            kind: format!("scrutiny.registry.v1.{kind}"),
            stream: stream.to_owned(),
            expected: Some(Expected::ExpectedVersion(0)),
            occurred: Some(wire::Occurred {
                precision: wire::Precision::Day.into(),
                value: "2026-11-22".to_owned(),
                words: String::new(),
            }),
            signers: by.map(signer).into(),
            marking: wire::Marking::Official.into(),
            regime: wire::Regime::None.into(),
            body: body.encode_to_vec().into(),
            ..wire::Statement::default()
        };
        self.record(Statement::parse(&message.encode_to_vec().into()).unwrap());
    }
}

fn secret(who: &str) -> SigningKey {
    SigningKey::from_bytes(&Hash::of(who.as_bytes()).0)
}

fn public(who: &str) -> PublicKey {
    PublicKey::from_ed25519(secret(who).verifying_key().as_bytes()).unwrap()
}

fn unhex(text: &str) -> Bytes {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digits).collect()
}
