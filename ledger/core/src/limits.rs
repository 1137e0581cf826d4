//! Every bound, with where it comes from.

/// Bytes in one entry: an entry bundle gives each a 16-bit length (C2SP tlog-tiles).
pub const MAX_ENTRY_BYTES: usize = 65_535;

/// Bytes in one statement. What is left of an entry holds the signatures, the entry's own fields and the
/// addenda index: [`MAX_SIGNATURES`] × [`MAX_SIGNATURE_BYTES`] + 128 + 4 × [`MAX_SEALED_FIELDS`] + 1.
pub const MAX_STATEMENT_BYTES: usize =
    MAX_ENTRY_BYTES - MAX_SIGNATURES * (MAX_SIGNATURE_BYTES + 4) - 128 - 4 * MAX_SEALED_FIELDS - 1;

/// Signatures on one statement: a decision by more than eight people is a meeting's.
pub const MAX_SIGNATURES: usize = 8;

/// Bytes in one binary SSHSIG blob. An Ed25519 one is 195 with our namespace; a FIDO2 one adds the
/// application string (255 at most here), flags and a counter.
pub const MAX_SIGNATURE_BYTES: usize = 640;

/// Sealed fields of one statement. The addenda index counts in one byte; 64 is far beyond any kind.
pub const MAX_SEALED_FIELDS: usize = 64;

/// Bytes in one addendum, its 32 random bytes included.
pub const MAX_ADDENDUM_BYTES: usize = 1 << 20;

/// Documents named by one statement.
pub const MAX_DOCUMENTS: usize = 64;

/// Bytes in a stream identifier: it is a key in the store and part of a subject on the bus.
pub const MAX_STREAM_ID_BYTES: usize = 200;

/// Bytes in an origin: ML-DSA cosignatures give it a one-byte length (C2SP tlog-cosignature).
pub const MAX_ORIGIN_BYTES: usize = 255;

/// Entries in the tree: Go's tools read sizes as signed 64-bit numbers.
pub const MAX_TREE_SIZE: u64 = 1 << 62;

/// Bytes in a signed note, and signature lines in it (Go's `sumdb/note`).
pub const MAX_NOTE_BYTES: usize = 1_000_000;
/// Signature lines in a signed note.
pub const MAX_NOTE_SIGNATURES: usize = 100;

/// Bytes in the name of a key that we configure: ML-DSA cosignatures give it a one-byte length.
pub const MAX_KEY_NAME_BYTES: usize = 255;

/// Hashes in an inclusion or consistency proof: one a level for trees below 2^63 (C2SP tlog-witness).
pub const MAX_PROOF_HASHES: usize = 63;

/// Bytes of extra data in a `.tlog-proof`: in base64 they stay under the 64 KiB at which Go's line reader
/// gives up.
pub const MAX_PROOF_EXTRA_BYTES: usize = 48_000;

/// Bytes in a policy file: 128 ML-DSA keys of 1.8 kB make 230 kB; the rest is room to explain them.
pub const MAX_POLICY_BYTES: usize = 256 << 10;

/// Logs, witnesses and groups of a policy, each; C2SP tlog-policy asks for 32 at least.
pub const MAX_POLICY_NAMES: usize = 64;

/// Entries the recorder commits together: enough to share one `fdatasync`, few enough that the last one
/// in waits no longer than a few milliseconds.
pub const MAX_BATCH_ENTRIES: usize = 4_096;
/// Bytes the recorder commits together.
pub const MAX_BATCH_BYTES: usize = 16 << 20;

/// Bytes in one message between services. nats-server takes 1 MiB, headers of up to 64 KiB included.
pub const MAX_MESSAGE_BYTES: usize = 900 << 10;

/// Statements in one message: what fits [`SEND_TOGETHER_BYTES`] when they are as short as they get.
pub const MAX_SUBMISSIONS: usize = 1_024;

/// Bytes that a sender puts into one message while more waits: with one flush of the broker's disk a message, enough
/// to share it, and few enough that the recorder starts on the first while the second is written.
pub const SEND_TOGETHER_BYTES: usize = 256 << 10;

/// Bytes in the code and sentence of a refusal. Rules quote what they were given, so longer ones are cut.
pub const MAX_REFUSAL_BYTES: usize = 4 << 10;
