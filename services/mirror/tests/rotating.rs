//! A log that rotates its keys, recorded by two recorders in turn, and what a mirror believes that knows the first keys,
//! the second ones, or none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use host::bus::Bus;
use host::bus::names::Force;
use ledger_core::checkpoint::{LogSigner, LogVerifier};
use ledger_core::entry::Entry;
use ledger_core::ids::TreeSize;
use ledger_core::wire::SealedBatch;
use ledger_store::{MemoryDisk, MemoryStore, Options, SegmentStore};
use load::{Load, START_MS, Signed};
use mirror::{Break, LogKey, Mirror};
use recorder::service::StreamLog;
use recorder::{Config, Node, RecorderKey, Submission};

fn force() -> Force {
    Force::parse("cambridgeshire").expect("a force")
}

/// The log keys of recorder 0, which founds the ledger, and of recorder 1.
fn signer(number: u8) -> LogSigner {
    let origin = load::ORIGIN.parse().expect("an origin");
    LogSigner::new(origin, &[10 + number; 32], &[20 + number; 32]).expect("log keys")
}

fn keys(number: u8) -> LogVerifier {
    signer(number).verifier()
}

struct Scene {
    load: Load,
    bus: Bus,
    clock: Arc<AtomicU64>,
}

impl Scene {
    fn node(&self, number: u8) -> Node {
        let ticks = Arc::clone(&self.clock);
        let config = Config {
            signer: signer(number),
            clock: Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed)),
            checkpoint_every: Duration::from_secs(3600),
            verify_threads: 1,
        };
        let store = MemoryStore::open(&MemoryDisk::new()).expect("opens");
        let log = StreamLog::new(self.bus.clone(), force());
        Node::open(Box::new(store), config, Some(Box::new(log))).expect("replays")
    }

    fn key(&self, number: u8) -> RecorderKey {
        RecorderKey::from_seed(&self.load.recorder(number.into()).0).expect("a key")
    }

    /// Everything on the sealed stream.
    async fn sealed(&self) -> Vec<SealedBatch> {
        let stream = force().sealed_log().name;
        let last = self.bus.tail(&stream).await.expect("there").last_sequence;
        let mut batches = Vec::new();
        for sequence in 1..=last {
            let message = self.bus.message(&stream, sequence).await.expect("readable").expect("kept");
            batches.push(SealedBatch::parse(&message.payload).expect("a batch"));
        }
        batches
    }
}

async fn record(node: &mut Node, signed: impl IntoIterator<Item = Signed>) {
    for Signed { statement, signatures, .. } in signed {
        let submission = Submission { statement, signatures, addenda: Vec::new() };
        node.submit(vec![submission]).await.remove(0).expect("recorded");
    }
}

/// Recorder 0 founds, rotates and writes epoch 1 under its own keys, recorder 1 epoch 2 under others. Gives what they
/// sealed, and how many batches came before the second took over.
async fn rotated() -> (Vec<SealedBatch>, usize) {
    let bus = Bus::in_process();
    bus.ensure(&force().inbox()).await.expect("the inbox is made");
    bus.ensure(&force().sealed_log()).await.expect("the sealed stream is made");
    let load = Load::new(3, keys(0).vkeys());
    let scene = Scene { load, bus, clock: Arc::new(AtomicU64::new(START_MS)) };
    let mut first = scene.node(0);
    first.lead_alone().await.expect("nobody else is there");
    record(&mut first, scene.load.founding()).await;
    record(&mut first, (0..2).flat_map(|number| scene.load.recorder(number).1)).await;
    first.publish().await.expect("it leads");
    let authorised = (0..2).map(|n| scene.load.authorised(n.into(), keys(n).vkeys(), n.into()));
    record(&mut first, std::iter::once(scene.load.rotating()).chain(authorised)).await;
    assert_eq!(first.take_over(&scene.key(0)).await, Ok(1));
    record(&mut first, [scene.load.fact(1)]).await;
    let before = scene.sealed().await.len();
    let mut second = scene.node(1);
    assert_eq!(second.take_over(&scene.key(1)).await, Ok(2));
    record(&mut second, [scene.load.fact(2)]).await;
    second.publish().await.expect("it leads");
    (scene.sealed().await, before)
}

fn mirror(log: LogKey) -> Mirror {
    let store = MemoryStore::open(&MemoryDisk::new()).expect("opens");
    Mirror::open(Box::new(store), log).expect("an empty copy opens")
}

fn given(number: u8) -> LogKey {
    LogKey::Given(Box::new(keys(number)))
}

fn take_all(mirror: &Mirror, batches: &[SealedBatch]) {
    for batch in batches {
        mirror.take(batch).expect("it follows");
    }
}

fn entries(batches: &[SealedBatch]) -> u64 {
    batches.iter().map(|batch| batch.entries.len() as u64).sum()
}

#[tokio::test]
async fn a_mirror_follows_from_the_keys_that_it_knows_to_those_that_two_roots_authorised() {
    let (batches, _) = rotated().await;
    let any = LogKey::AnyOf(vec![keys(0), keys(1)]);
    for log in [given(0), given(1), any, LogKey::FromFirstEntry] {
        let mirror = mirror(log.clone());
        take_all(&mirror, &batches);
        let standing = mirror.standing();
        assert_eq!(standing.size, TreeSize(entries(&batches)));
        assert_eq!(standing.covered, standing.size, "{log:?}");
        assert_eq!(mirror.log_at(TreeSize(1)), Some(keys(0)));
        assert_eq!(mirror.log_at(standing.size), Some(keys(1)));
    }
}

/// Whoever knows only the second keys takes the copy, and says that nobody vouches for it before those have signed.
#[tokio::test]
async fn nothing_is_covered_before_the_keys_that_were_given_have_signed() {
    let (batches, before) = rotated().await;
    let late = mirror(given(1));
    take_all(&late, &batches[..before]);
    assert_eq!(late.standing().size, TreeSize(entries(&batches[..before])));
    assert_eq!(late.standing().covered, TreeSize(0));
    let early = mirror(given(0));
    // The stream has lost every checkpoint of the first keys: nothing leads from them to the second.
    for batch in &batches {
        let lost = batch.end().0 <= entries(&batches[..before]);
        let checkpoint = batch.checkpoint.clone().filter(|_| !lost);
        early.take(&SealedBatch { checkpoint, ..batch.clone() }).expect("it follows");
    }
    assert_eq!(early.standing().size, TreeSize(entries(&batches)));
    assert_eq!(early.standing().covered, TreeSize(0));
}

#[tokio::test]
async fn a_copy_of_a_rotated_log_is_taken_up_again_under_either_key() {
    let (batches, before) = rotated().await;
    let folder = tempfile::tempdir().expect("a folder");
    let open = |log| {
        let (store, _) = SegmentStore::open(folder.path(), Options::default()).expect("the folder opens");
        Mirror::open(Box::new(store), log)
    };
    for part in [&batches[..before], &batches[before..]] {
        let mirror = open(given(0)).expect("opens");
        take_all(&mirror, part);
        mirror.save();
    }
    for log in [given(0), given(1), LogKey::FromFirstEntry] {
        let standing = open(log).expect("opens again").standing();
        assert_eq!(standing.covered, TreeSize(entries(&batches)));
    }
    let strangers = open(given(7));
    assert!(matches!(strangers, Err(Break::Signature { .. })), "{strangers:?}");
}

#[tokio::test]
async fn keys_out_of_their_time_and_an_epoch_that_nobody_may_write_are_not_believed() {
    let (batches, before) = rotated().await;
    let behind = || {
        let mirror = mirror(given(0));
        take_all(&mirror, &batches[..before]);
        mirror
    };
    let epoch = &batches[before];
    assert_eq!((epoch.entries.len(), &epoch.checkpoint), (1, &None), "the epoch comes alone");
    let real = Entry::parse(&epoch.entries[0]).expect("an entry");
    assert!(real.statement.kind.ends_with("RecorderEpochStarted"));

    // A signature by somebody else, and none of its own.
    let other = Entry::parse(&batches[before - 1].entries.first().unwrap_or(&batches[0].entries[0]).clone());
    let signatures = vec![other.expect("an entry").signatures[0].clone()];
    let forged = Entry { signatures, ..real.clone() }.seal().expect("it fits");
    let broken = behind().take(&SealedBatch { entries: vec![forged.into()], ..epoch.clone() });
    assert!(matches!(broken, Err(Break::Authority { .. })), "{broken:?}");

    // Signed rightly, and recorded where it does not belong.
    let mut late = real.clone();
    let mirror = behind();
    late.index.0 = 0;
    let moved = SealedBatch { entries: vec![late.seal().expect("it fits").into()], ..epoch.clone() };
    assert!(matches!(mirror.take(&moved), Err(Break::Chain { .. })));

    // The second keys before the epoch, and the first ones behind it.
    let mirror = behind();
    let (size, root) = (mirror.standing().size, mirror.standing().root);
    let note = |number, size, root| signer(number).sign(size, root).expect("a tree").to_bytes().into();
    let only = |size: TreeSize, note| SealedBatch {
        first: ledger_core::ids::EntryIndex(size.0),
        entries: Vec::new(),
        checkpoint: Some(note),
    };
    let early = mirror.take(&only(size, note(1, size, root)));
    assert!(matches!(early, Err(Break::Signature { .. })), "{early:?}");
    mirror.take(epoch).expect("it follows");
    let (size, root) = (mirror.standing().size, mirror.standing().root);
    let old = mirror.take(&only(size, note(0, size, root)));
    assert!(matches!(old, Err(Break::Signature { .. })), "{old:?}");
    mirror.take(&only(size, note(1, size, root))).expect("in force now");
    assert_eq!(mirror.standing().covered, size);
}
