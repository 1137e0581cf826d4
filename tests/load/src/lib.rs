//! A founded ledger and signed statements by the thousand, for benchmarks and fault campaigns.
//!
//! Everything is a function of numbers: the same calls make the same bytes. In scope: statements that the
//! rules accept. Out of scope: recording them, and anything that looks like a real inspection (`demo/`).

pub mod history;

use bytes::Bytes;
use ed25519_dalek::SigningKey;
use ledger_core::hash::Hash;
use ledger_core::ids::StatementId;
use ledger_core::sshsig::{self, PublicKey};
use ledger_core::statement::NAMESPACE;
use prost::Message;
use rayon::prelude::*;
use scrutiny_proto::ledger::v1 as wire;
use scrutiny_proto::ledger::v1::statement::Expected;
use scrutiny_proto::privacy::v1::ErasureExecuted;
use scrutiny_proto::registry::v1::{
    CharterAdopted, CheckpointKeys, KeyEnrolled, LedgerFounded, LogKeyAuthorised, RoleAssigned,
};
use scrutiny_proto::response::v1::ScrutinyFactRecorded;
use scrutiny_proto::vocabulary::Vocabulary;

/// The origin of every ledger made here.
pub const ORIGIN: &str = "scrutiny.example/load";

/// Bytes of a statement made by [`Load::fact`].
pub const FACT_BYTES: usize = 700;

/// The body that everybody acts for.
pub const BODY: &str = "cambridgeshire";

/// SSHSIG namespace of a proof of possession.
const ENROLMENT: &str = "enrolment@scrutiny-ledger";

/// When the first statement is made, milliseconds since the Unix epoch: 2022-08-16, 09:00 in London.
pub const START_MS: u64 = 1_660_636_800_000;

/// A statement with its signatures, ready to be submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The statement's id.
    pub id: StatementId,
    /// The statement.
    pub statement: Bytes,
    /// Binary SSHSIG blobs, one for each signer.
    pub signatures: Vec<Bytes>,
}

/// Two root keys, and officers who may record facts.
pub struct Load {
    roots: Vec<SigningKey>,
    officers: Vec<SigningKey>,
    vkeys: Vec<String>,
}

impl Load {
    /// A ledger with so many officers, whose log has these keys in vkey form.
    #[must_use]
    pub fn new(officers: u32, vkeys: Vec<String>) -> Self {
        let key = |name: &str, n: u32| SigningKey::from_bytes(&Hash::of(format!("{name} {n}").as_bytes()).0);
        Self {
            roots: (0..2).map(|n| key("root", n)).collect(),
            officers: (0..officers).map(|n| key("officer", n)).collect(),
            vkeys,
        }
    }

    /// The statements that found the ledger and enrol its officers, in order.
    #[must_use]
    pub fn founding(&self) -> Vec<Signed> {
        let founded = LedgerFounded {
            origin: ORIGIN.to_owned(),
            root_keys: self.roots.iter().map(blob).collect(),
            charter: Some(Vocabulary::get().first_charter()),
            log_vkeys: self.vkeys.clone(),
            body: BODY.to_owned(),
        };
        let mut all =
            vec![self.by_roots(0, "scrutiny.registry.v1.LedgerFounded", "charter/ledger", &founded)];
        for (n, officer) in (1..).zip(&self.officers) {
            all.extend(self.enrolment(2 * n, officer, "G&I", &format!("officer-{n}")));
        }
        all
    }

    /// A service that imports: its key, and the statements that enrol it behind the founding.
    #[must_use]
    pub fn importer(&self) -> (SigningKey, Vec<Signed>) {
        let key = SigningKey::from_bytes(&Hash::of(b"importer").0);
        let n = 2 * (self.officers.len() as u64 + 1);
        (key.clone(), self.enrolment(n, &key, "SVC:import", "importer"))
    }

    /// One of several recorders: the seed of its key, and the statements that enrol it behind the founding.
    #[must_use]
    pub fn recorder(&self, number: u32) -> ([u8; 32], Vec<Signed>) {
        let seed = Hash::of(format!("recorder {number}").as_bytes()).0;
        let n = 2 * (self.officers.len() as u64 + 2 + u64::from(number));
        (seed, self.enrolment(n, &SigningKey::from_bytes(&seed), "REC", &format!("recorder-{number}")))
    }

    /// The charter that gives each recorder log keys of its own, behind the founding.
    #[must_use]
    pub fn rotating(&self) -> Signed {
        let mut charter = Vocabulary::get().first_charter();
        charter.checkpoint_keys = CheckpointKeys::Rotated.into();
        let body = CharterAdopted { charter: Some(charter), reason: "Keys of their own".to_owned() };
        self.by_roots_on(900_000, "scrutiny.registry.v1.CharterAdopted", ("charter/ledger", 1), &body)
    }

    /// The log keys that a recorder may bring into force, where `seen` were authorised before.
    #[must_use]
    pub fn authorised(&self, number: u32, log_vkeys: Vec<String>, seen: u64) -> Signed {
        let key = SigningKey::from_bytes(&self.recorder(number).0);
        let recorder_key = public(&key).key_id().to_string();
        let body = LogKeyAuthorised { recorder_key, log_vkeys, reason: "It stands by".to_owned() };
        let stream = ("recorder/log-keys", seen);
        self.by_roots_on(900_001 + seen, "scrutiny.registry.v1.LogKeyAuthorised", stream, &body)
    }

    /// The two who erase together, an information manager and a key administrator, and the statements that enrol them
    /// behind the founding.
    #[must_use]
    pub fn erasers(&self) -> ([SigningKey; 2], Vec<Signed>) {
        let key = |role: &str| SigningKey::from_bytes(&Hash::of(format!("eraser {role}").as_bytes()).0);
        let keys = ["IM", "KA"].map(key);
        let n = 2 * (self.officers.len() as u64 + 100);
        let mut enrolled = self.enrolment(n, &keys[0], "IM", "eraser-im");
        enrolled.extend(self.enrolment(n + 2, &keys[1], "KA", "eraser-ka"));
        (keys, enrolled)
    }

    /// The enrolment of person number `n`, whose name is sealed, and the addendum with the name.
    #[must_use]
    pub fn sealed_enrolment(&self, n: u64) -> (Signed, Bytes) {
        let holder = SigningKey::from_bytes(&Hash::of(format!("person {n}").as_bytes()).0);
        let mut addendum = Hash::of(format!("salt {n}").as_bytes()).0.to_vec();
        addendum.extend_from_slice(format!("Person {n}").as_bytes());
        let enrolled = self.enrolment(10_000 + n, &holder, "G&I", &format!("person-{n}")).swap_remove(0);
        let mut message = wire::Statement::decode(enrolled.statement).expect("an enrolment decodes");
        message.sealed = vec![wire::Commitment {
            field: "holder".to_owned(),
            digest: Bytes::copy_from_slice(Hash::of(&addendum).as_bytes()),
            reason_code: "PERSONAL_DATA".to_owned(),
        }];
        let made = (enrolled.id, message.encode_to_vec().into());
        (sign(made, &self.roots.iter().collect::<Vec<_>>()), addendum.into())
    }

    /// The erasure of an addendum, as statement number `n` of its own.
    #[must_use]
    pub fn erasure(&self, n: u64, [im, ka]: &[SigningKey; 2], digest: Hash) -> Signed {
        let body = ErasureExecuted {
            digests: vec![Bytes::copy_from_slice(digest.as_bytes())],
            reason_code: "DATA_SUBJECT_RIGHT".to_owned(),
            legal_hold_checked: true,
        };
        let (kind, stream) = ("scrutiny.privacy.v1.ErasureExecuted", format!("privacy/erasure-{n}"));
        let signers = [(im, "IM"), (ka, "KA")];
        let made = statement(50_000 + n, kind, &stream, &body, Expected::ExpectedVersion(0), &signers);
        sign(made, &[im, ka])
    }

    /// Facts number `range`, each of [`FACT_BYTES`] bytes, signed by one officer in turn, on all cores.
    #[must_use]
    pub fn facts(&self, range: std::ops::Range<u64>) -> Vec<Signed> {
        range.into_par_iter().map(|n| self.fact(n)).collect()
    }

    /// Fact number `n`. Its text is as long as the statement's length wants it.
    #[must_use]
    pub fn fact(&self, n: u64) -> Signed {
        let officer = &self.officers[usize::try_from(n).expect("a count fits") % self.officers.len()];
        let make = |text: String| {
            let body =
                ScrutinyFactRecorded { fact: "TrainingDelivered".to_owned(), text, ..Default::default() };
            let stream = format!("fact/{BODY}/topic-{}", n % 16);
            let kind = "scrutiny.response.v1.ScrutinyFactRecorded";
            statement(1_000_000 + n, kind, &stream, &body, Expected::AnyVersion(true), &[(officer, "G&I")])
        };
        // The length of the length grows with the text, so the first guess may be a byte or two off.
        let mut length = FACT_BYTES - make(String::new()).1.len();
        let mut made = make(words(n, length));
        while made.1.len() > FACT_BYTES {
            length -= made.1.len() - FACT_BYTES;
            made = make(words(n, length));
        }
        sign(made, &[officer])
    }

    /// Fact number `n` with something changed before it is signed, by the same officer.
    #[must_use]
    pub fn fact_with(&self, n: u64, change: impl FnOnce(&mut wire::Statement)) -> Signed {
        let fact = self.fact(n);
        let mut message = wire::Statement::decode(fact.statement).expect("a fact decodes");
        change(&mut message);
        let officer = &self.officers[usize::try_from(n).expect("a count fits") % self.officers.len()];
        sign((fact.id, message.encode_to_vec().into()), &[officer])
    }

    /// A key enrolled and given a role, as statements number `n` and the next.
    fn enrolment(&self, n: u64, holder: &SigningKey, role: &str, name: &str) -> Vec<Signed> {
        let key = public(holder).key_id();
        let proof = sshsig::sign(holder, ENROLMENT, format!("{ORIGIN}\n{key}\n").as_bytes());
        let enrolled = KeyEnrolled {
            public_key: blob(holder),
            proof_of_possession: proof.into(),
            holder: String::new(),
        };
        let assigned = RoleAssigned {
            key: key.to_string(),
            role: role.to_owned(),
            body: BODY.to_owned(),
            ..RoleAssigned::default()
        };
        let (enrolling, assigning) = (format!("key/{}", key.to_hex()), format!("role/{name}"));
        vec![
            self.by_roots(n, "scrutiny.registry.v1.KeyEnrolled", &enrolling, &enrolled),
            self.by_roots(n + 1, "scrutiny.registry.v1.RoleAssigned", &assigning, &assigned),
        ]
    }

    fn by_roots(&self, n: u64, kind: &str, stream: &str, body: &impl Message) -> Signed {
        self.by_roots_on(n, kind, (stream, 0), body)
    }

    fn by_roots_on(&self, n: u64, kind: &str, (stream, seen): (&str, u64), body: &impl Message) -> Signed {
        let signers: Vec<_> = self.roots.iter().map(|key| (key, "ROOT")).collect();
        let made = statement(n, kind, stream, body, Expected::ExpectedVersion(seen), &signers);
        sign(made, &self.roots.iter().collect::<Vec<_>>())
    }
}

/// Text that compresses like prose: a seeded choice from a small vocabulary.
fn words(seed: u64, length: usize) -> String {
    const WORDS: [&str; 32] = [
        "training",
        "officers",
        "review",
        "panel",
        "footage",
        "search",
        "record",
        "grounds",
        "force",
        "board",
        "audit",
        "monthly",
        "feedback",
        "community",
        "supervisor",
        "sample",
        "policy",
        "response",
        "victim",
        "data",
        "ethnicity",
        "progress",
        "plan",
        "meeting",
        "quality",
        "the",
        "of",
        "and",
        "to",
        "in",
        "for",
        "a",
    ];
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::with_capacity(length + 12);
    while text.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push_str(WORDS[(state % 32) as usize]);
        text.push(' ');
    }
    text.truncate(length);
    text
}

fn statement(
    n: u64,
    kind: &str,
    stream: &str,
    body: &impl Message,
    expected: Expected,
    signers: &[(&SigningKey, &str)],
) -> (StatementId, Bytes) {
    // One a millisecond, the number in the random part as well: distinct, and in order of time.
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    let uuid = uuid::Builder::from_unix_timestamp_millis(START_MS + n / 64, &random).into_uuid();
    let id = StatementId::from_uuid(uuid).expect("a UUID made as version 7 is one");
    let signer = |(key, role): &(&SigningKey, &str)| wire::Signer {
        key_id: Bytes::copy_from_slice(&public(key).key_id().0),
        role: (*role).to_owned(),
        body: BODY.to_owned(),
        acting: false,
        on_behalf_of: String::new(),
    };
    let message = wire::Statement {
        ledger: ORIGIN.to_owned(),
        id: Bytes::copy_from_slice(id.as_bytes()),
        kind: kind.to_owned(),
        stream: stream.to_owned(),
        expected: Some(expected),
        occurred: Some(wire::Occurred {
            precision: wire::Precision::Day.into(),
            value: "2021-06-01".to_owned(),
            words: String::new(),
        }),
        signers: signers.iter().map(signer).collect(),
        marking: wire::Marking::Official.into(),
        regime: wire::Regime::None.into(),
        body: body.encode_to_vec().into(),
        imported: true,
        ..Default::default()
    };
    (id, message.encode_to_vec().into())
}

fn sign((id, statement): (StatementId, Bytes), keys: &[&SigningKey]) -> Signed {
    let signatures = keys.iter().map(|key| sshsig::sign(key, NAMESPACE, &statement).into()).collect();
    Signed { id, statement, signatures }
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from_ed25519(key.verifying_key().as_bytes())
        .expect("a key from a seed is a point of large order")
}

fn blob(key: &SigningKey) -> Bytes {
    Bytes::copy_from_slice(public(key).blob())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_has_the_length_it_should_and_verifies() {
        let load = Load::new(3, Vec::new());
        for n in [0, 1, 17, 100_000] {
            let fact = load.fact(n);
            assert!(
                (FACT_BYTES - 2..=FACT_BYTES).contains(&fact.statement.len()),
                "{}",
                fact.statement.len()
            );
            let signature = sshsig::Signature::parse(&fact.signatures[0]).expect("a signature");
            assert!(signature.verify(NAMESPACE, &fact.statement).is_ok());
            assert_eq!(load.fact(n), fact, "the same number makes the same bytes");
        }
    }
}
