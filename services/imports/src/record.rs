//! From a row to the statement that records it, signed by a service.
//!
//! The same row makes the same statement, byte for byte, under the same key: its id is made from the file's digest
//! and the row's number, behind the time at which the file's own statement was made. So a row that is handed in twice
//! is answered with the receipt of the first time. Ids grow with the rows, which is what the store's index likes.

use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use ledger_core::hash::Hash;
use ledger_core::ids::{Origin, StatementId};
use ledger_core::sshsig::{self, HashAlgorithm, PublicKey};
use ledger_core::statement::NAMESPACE;
use ledger_core::wire::Submission;
use ledger_rules::civil::Day;
use prost::Message;
use scrutiny_proto::ledger::v1 as wire;
use scrutiny_proto::ledger::v1::statement::Expected;
use scrutiny_proto::review::v1::{StopSearchRecorded, TableRowImported};

use crate::codes::{Flag, flags};
use crate::search::{Search, When};
use crate::source;

/// The role of a service that imports.
pub const ROLE: &str = "SVC:import";

/// Rows in a file at most: as many as an id has room to count.
pub const MAX_ROWS: u64 = u32::MAX as u64;

/// A service's identity, ready to sign thousands of statements.
pub struct Service {
    origin: String,
    key: SigningKey,
    public: PublicKey,
    signer: wire::Signer,
}

impl Service {
    /// The service that holds this key, acting for a body.
    ///
    /// # Errors
    /// When the key is none that a ledger takes.
    pub fn new(origin: &Origin, key: SigningKey, body: &str) -> Result<Self, sshsig::SshsigError> {
        let public = PublicKey::from_ed25519(key.verifying_key().as_bytes())?;
        let signer = wire::Signer {
            key_id: Bytes::copy_from_slice(&public.key_id().0),
            role: ROLE.to_owned(),
            body: body.to_owned(),
            acting: false,
            on_behalf_of: String::new(),
        };
        Ok(Self { origin: origin.as_str().to_owned(), key, public, signer })
    }

    /// Signs a statement of this service's about public data.
    #[must_use]
    pub fn submission(
        &self,
        id: StatementId,
        kind: &str,
        stream: String,
        occurred: wire::Occurred,
        body: Bytes,
        documents: Vec<wire::Document>,
    ) -> Submission {
        let statement = wire::Statement {
            ledger: self.origin.clone(),
            id: Bytes::copy_from_slice(id.as_bytes()),
            kind: kind.to_owned(),
            stream,
            expected: Some(Expected::ExpectedVersion(0)),
            occurred: Some(occurred),
            signers: vec![self.signer.clone()],
            marking: wire::Marking::Official.into(),
            regime: wire::Regime::None.into(),
            body,
            documents,
            imported: true,
            ..Default::default()
        };
        let statement = Bytes::from(statement.encode_to_vec());
        let signature = self.sign(&statement).into();
        Submission { statement, signatures: vec![signature], addenda: Vec::new() }
    }

    /// As `sshsig::sign` does it; the public key is made ready once and not for every row.
    fn sign(&self, statement: &[u8]) -> Vec<u8> {
        let raw = self.key.sign(&sshsig::signed_data(NAMESPACE, HashAlgorithm::Sha512, statement));
        let algorithm = self.public.kind().algorithm().as_bytes();
        let mut signature = Vec::with_capacity(83);
        for part in [algorithm, &raw.to_bytes()] {
            signature.extend_from_slice(&u32::try_from(part.len()).expect("some bytes").to_be_bytes());
            signature.extend_from_slice(part);
        }
        sshsig::envelope(&self.public, NAMESPACE, &signature)
    }
}

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Searches: streams `search/…`.
    Searches,
    /// Counts: streams `table/…`.
    Counts,
}

/// The rows of one file, on their way into the ledger.
pub struct Batch<'a> {
    service: &'a Service,
    rows: Rows,
    digest: Hash,
    /// The time in the id of the file's own statement, milliseconds since the Unix epoch.
    begun_ms: u64,
    /// No row is recorded as having happened after this day.
    today: Day,
}

impl<'a> Batch<'a> {
    /// The rows of the file with this digest.
    #[must_use]
    pub fn new(service: &'a Service, rows: Rows, digest: Hash, file: StatementId, today: Day) -> Self {
        let mut ms = [0; 8];
        ms[2..].copy_from_slice(&file.as_bytes()[..6]);
        Self { service, rows, digest, begun_ms: u64::from_be_bytes(ms), today }
    }

    /// The signed statement of a row, and what in it no table knows; rows are counted from 1.
    #[must_use]
    pub fn submission(&self, number: u64, row: &[u8]) -> (Submission, Vec<Flag>) {
        let line = Bytes::copy_from_slice(row);
        let search = self.search(row);
        let (kind, body) = match self.rows {
            Rows::Searches => {
                let body = StopSearchRecorded { source_line: line, ..StopSearchRecorded::default() };
                ("scrutiny.review.v1.StopSearchRecorded", body.encode_to_vec())
            }
            Rows::Counts => {
                let body = TableRowImported { source_line: line };
                ("scrutiny.review.v1.TableRowImported", body.encode_to_vec())
            }
        };
        let occurred = search.as_ref().map_or_else(unknown, |search| self.occurred(search));
        let stream = row_stream(self.rows, &self.digest, number);
        let made = self.service.submission(self.id(number), kind, stream, occurred, body.into(), Vec::new());
        (made, search.map_or_else(Vec::new, |search| self.flags_of(&search)))
    }

    /// What in a row no table knows.
    #[must_use]
    pub fn flags(&self, row: &[u8]) -> Vec<Flag> {
        self.search(row).map_or_else(Vec::new, |search| self.flags_of(&search))
    }

    fn search<'r>(&self, row: &'r [u8]) -> Option<Search<'r>> {
        match self.rows {
            Rows::Searches => source::search(row).ok(),
            Rows::Counts => None,
        }
    }

    fn flags_of(&self, search: &Search<'_>) -> Vec<Flag> {
        let mut found = flags(search);
        if search.when().is_some_and(|when| when.day() > self.today) {
            found.push(Flag { column: "Date", words: search.date.to_string() });
        }
        found
    }

    fn occurred(&self, search: &Search<'_>) -> wire::Occurred {
        // A slip of the pen ("2204") would be refused as not having come yet; the row's own words stay as they are.
        let Some(when) = search.when().filter(|when| when.day() <= self.today) else { return unknown() };
        let (precision, value) = match when {
            When::Instant(at) => (wire::Precision::Instant, at.to_string()),
            When::Day(day) => (wire::Precision::Day, day.to_string()),
        };
        wire::Occurred { precision: precision.into(), value, words: String::new() }
    }

    fn id(&self, number: u64) -> StatementId {
        let n = u32::try_from(number).expect("a file has no more rows than an id can count");
        let hash = Hash::of(&[self.digest.as_bytes().as_slice(), &number.to_be_bytes()].concat());
        let mut random = [0; 10];
        // 12 bits, 6 behind the variant, 8 and 6: the row's number, so that ids grow with it. Then the hash.
        random[0] = (n >> 28) as u8;
        random[1] = (n >> 20) as u8;
        random[2] = ((n >> 14) & 0x3f) as u8;
        random[3] = (n >> 6) as u8;
        random[4] = (n << 2) as u8;
        random[5..].copy_from_slice(&hash.as_bytes()[..5]);
        let uuid = uuid::Builder::from_unix_timestamp_millis(self.begun_ms, &random).into_uuid();
        StatementId::from_uuid(uuid).expect("a UUID made as version 7 is one")
    }
}

/// The stream of a file: `source/` and the first 16 digits of its digest.
#[must_use]
pub fn source_stream(digest: &Hash) -> String {
    format!("source/{}", prefix(digest))
}

/// The stream of a row, counted from 1: `search/7fcc3018f59cd3f4-1`.
#[must_use]
pub fn row_stream(rows: Rows, digest: &Hash, number: u64) -> String {
    let power = match rows {
        Rows::Searches => "search",
        Rows::Counts => "table",
    };
    format!("{power}/{}-{number}", prefix(digest))
}

fn prefix(digest: &Hash) -> String {
    let mut hex = digest.to_hex();
    hex.truncate(16);
    hex
}

fn unknown() -> wire::Occurred {
    wire::Occurred { precision: wire::Precision::Unknown.into(), ..Default::default() }
}

#[cfg(test)]
mod tests {
    use ledger_core::sshsig::Signature;
    use ledger_core::statement::Statement;

    use super::*;

    const ROW: &[u8] = b"Person search,2024-06-01T02:52:00+00:00,True,,52.2,0.1,Male,18-24,White - Irish,White,Misuse of Drugs Act 1971 (section 23),Controlled drugs,Arrest,,False\r\n";

    fn service() -> Service {
        let origin = "scrutiny.example/test".parse().unwrap();
        Service::new(&origin, SigningKey::from_bytes(&[7; 32]), "cambridgeshire").unwrap()
    }

    fn batch(service: &Service) -> Batch<'_> {
        let file = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        Batch::new(service, Rows::Searches, Hash([3; 32]), file, "2026-11-22".parse().unwrap())
    }

    #[test]
    fn a_row_makes_the_same_signed_statement_every_time() {
        let service = service();
        let (made, flags) = batch(&service).submission(1, ROW);
        assert_eq!(flags, []);
        assert_eq!(made, batch(&service).submission(1, ROW).0);
        let signature = Signature::parse(&made.signatures[0]).unwrap();
        assert!(signature.verify(NAMESPACE, &made.statement).is_ok());
        let statement = Statement::parse(&made.statement).unwrap();
        assert_eq!(statement.stream.as_str(), "search/0303030303030303-1");
        assert_eq!(statement.occurred.value, "2024-06-01T02:52:00Z");
        let body = StopSearchRecorded::decode(statement.body).unwrap();
        assert_eq!(body.source_line, ROW);
        assert!(made.statement.len() < 420, "{} bytes", made.statement.len());
    }

    #[test]
    fn ids_grow_with_the_rows_and_none_comes_twice() {
        let service = service();
        let batch = batch(&service);
        let numbers =
            [1, 2, 63, 64, 65, 16_383, 16_384, 16_385, 1 << 20, (1 << 20) + 1, MAX_ROWS - 1, MAX_ROWS];
        let ids: Vec<StatementId> = numbers.into_iter().map(|n| batch.id(n)).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    }

    #[test]
    fn a_day_that_has_not_come_is_no_day() {
        let service = service();
        let slip = String::from_utf8_lossy(ROW).replace("2024", "2204");
        let (made, flags) = batch(&service).submission(1, slip.as_bytes());
        assert_eq!(flags[0].words, "2204-06-01T02:52:00+00:00");
        let statement = Statement::parse(&made.statement).unwrap();
        assert_eq!(statement.occurred.precision, ledger_core::statement::Precision::Unknown);
    }
}
