//! The projections, live: from the ledger's folder, from the sealed stream, and as a service that is asked.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use host::bus::names::Force;
use host::bus::{Bus, Headers, Outgoing, RequestError};
use host::{Board, Clock, Config, Given, Host, Stopping};
use ledger_core::checkpoint::LogSigner;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::wire::{Submissions, Versions, VersionsRequest};
use ledger_store::{MemoryDisk, MemoryStore, Options, SegmentStore, Store};
use load::{Load, START_MS, Signed};
use projector::service::{Live, ROLE, follow_folder, serve};
use recorder::{Recorder, Submission};
use serde_json::Value;

const SOON: Duration = Duration::from_secs(10);

fn signer() -> LogSigner {
    LogSigner::new(load::ORIGIN.parse().expect("an origin"), &[1; 32], &[2; 32]).expect("log keys")
}

fn recorder_config() -> recorder::Config {
    let ticks = AtomicU64::new(START_MS);
    recorder::Config {
        signer: signer(),
        clock: Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed)),
        checkpoint_every: Duration::from_millis(30),
        verify_threads: 1,
    }
}

fn store(folder: &Path) -> Box<dyn Store> {
    Box::new(SegmentStore::open(folder, Options::default()).expect("the folder opens").0)
}

fn load() -> Load {
    Load::new(3, signer().verifier().vkeys())
}

fn submission(signed: Signed) -> Submission {
    Submission { statement: signed.statement, signatures: signed.signatures, addenda: Vec::new() }
}

async fn reaches(live: &Live, size: TreeSize, root: Hash) {
    let mut standing = live.watch();
    let reached = tokio::time::timeout(SOON, standing.wait_for(|now| now.tree_size == size)).await;
    assert!(reached.is_ok(), "{live:?} is not {size}");
    assert_eq!(live.standing().root, root);
}

#[tokio::test]
async fn what_is_recorded_is_in_the_views_of_whoever_sits_beside_the_recorder() {
    let folder = tempfile::tempdir().expect("a folder");
    let live = Live::new();
    let following = follow_folder(live.clone(), folder.path());
    let recorder = Recorder::open(store(folder.path()), recorder_config()).expect("an empty ledger opens");
    for signed in load().founding() {
        recorder.submit(submission(signed)).await.expect("in order");
    }
    let durable = recorder.submit(submission(load().fact(1))).await.expect("in order");
    let head = recorder.look(|store, _| store.head()).await;
    reaches(&live, head.size, head.root).await;
    let offices = live.look(|all, at| all.offices.view("2022-08-16".parse().expect("a day"), at));
    assert_eq!(offices.provenance.tree_size, durable.index.0 + 1);
    let (size, versions) = live.versions(&["charter/ledger".parse().expect("a stream")]);
    assert_eq!((size, versions), (head.size, vec![1]));
    assert_eq!(following.trouble(), None);
}

#[test]
fn entries_out_of_order_or_unreadable_are_not_folded() {
    let disk = MemoryDisk::new();
    let store = MemoryStore::open(&disk).expect("opens");
    let recorder = Recorder::open(Box::new(store), recorder_config()).expect("an empty ledger opens");
    load().founding().into_iter().for_each(|signed| drop(recorder.submit_blocking(submission(signed))));
    let entries = recorder.read(|store, _| {
        (0..3).map(|i| store.entry(EntryIndex(i)).expect("read").expect("there")).collect::<Vec<_>>()
    });
    let live = Live::new();
    assert!(live.take(&entries[1..]).is_err(), "the first is missing");
    live.take(&entries[..1]).expect("the first");
    let bad = [entries[1].clone(), Bytes::from_static(b"no entry")];
    assert!(live.take(&bad).is_err());
    assert_eq!(live.standing().tree_size, TreeSize(2), "what came before it is there");
    live.take(&entries[2..]).expect("and it goes on");
}

fn force() -> Force {
    Force::parse("cambridgeshire").expect("a force")
}

/// A recorder and a projector on one bus.
struct Town {
    bus: Bus,
    stopping: Stopping,
    board: Board,
    projector: tokio::task::JoinHandle<host::Outcome>,
}

impl Town {
    async fn new(told: &[(&str, &str)]) -> Self {
        let bus = Bus::in_process();
        bus.ensure(&force().inbox()).await.expect("the inbox is made");
        bus.ensure(&force().sealed_log()).await.expect("the sealed stream is made");
        let (stopping, board) = (Stopping::new(), Board::default());
        let disk = MemoryStore::open(&MemoryDisk::new()).expect("opens");
        let (health, stop) = (board.role("recorder"), stopping.clone());
        let running = recorder::service::run(
            Box::new(disk),
            recorder_config(),
            bus.clone(),
            force(),
            health,
            async move { stop.asked().await },
        );
        tokio::spawn(running);
        let mut flags = vec![("force".to_owned(), force().to_string())];
        flags.extend(told.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config = Config::gather(&ROLE, Given { flags, ..Given::default() }).expect("it is configured");
        let (clock, _) = Clock::by_hand(START_MS);
        let host = Host::new(&ROLE, config, bus.clone(), clock, &board, stopping.clone());
        let projector = tokio::spawn(host.run(serve));
        Self { bus, stopping, board, projector }
    }

    async fn record(&self, signed: &[Signed]) {
        let all = signed.iter().cloned().map(submission).collect();
        let payload = Submissions(all).to_bytes();
        let id = Hash::of(&payload).to_hex();
        let (subject, headers) = (force().several("review"), Headers::new());
        let message = Outgoing { subject, id, headers, payload, expect_last: None };
        self.bus.publish(message).await.expect("the inbox takes it");
    }

    async fn ask(&self, endpoint: &str, payload: impl Into<Bytes>) -> Result<Bytes, RequestError> {
        let subject = force().endpoint("projector", endpoint);
        Ok(self.bus.request(&subject, Headers::new(), payload.into(), SOON).await?.payload)
    }

    async fn view(&self, ask: &'static str) -> Value {
        let answer = self.ask("view", ask).await.expect("an answer");
        serde_json::from_slice(&answer).expect("JSON")
    }

    /// Waits until so many entries are in the views, under a checkpoint.
    async fn stands_on(&self, size: u64) -> Value {
        let mut last = Value::Null;
        for _ in 0..500 {
            if let Ok(answer) = self.ask("standing", Bytes::new()).await {
                let standing: Value = serde_json::from_slice(&answer).expect("JSON");
                last = standing.clone();
                if standing["covered_by_checkpoint"] == size {
                    return standing;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the projector does not come to {size} entries but to {last}: {:?}", self.board.roles());
    }

    async fn stop(self) {
        self.stopping.ask(SOON);
        self.projector.await.expect("it does not panic").expect("an orderly end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_on_the_bus_answers_and_says_what_its_answers_stand_on() {
    let town = Town::new(&[]).await;
    let (load, founding) = (load(), load().founding());
    town.record(&founding).await;
    town.record(&[load.fact(1), load.fact(2)]).await;
    let size = founding.len() as u64 + 2;
    let standing = town.stands_on(size).await;
    let offices = town.view(r#"{"view":"offices"}"#).await;
    for said in [&standing, &offices] {
        assert_eq!((&said["tree_size"], &said["root"]), (&Value::from(size), &standing["root"]));
    }
    assert_eq!(offices["as_of"], "2022-08-16", "today, by the clock it was given");
    assert_eq!(offices["document"]["tree_size"], size);
    let facts = town.view(r#"{"view":"facts","as_of":"2021-07-01","form":"table"}"#).await;
    assert!(!facts["table"]["rows"].as_array().expect("rows").is_empty(), "{facts}");
    let register = town.view(r#"{"body":"cambridgeshire"}"#).await;
    assert!(register["document"]["register"]["rows"].is_array());
    let asked =
        VersionsRequest(vec!["charter/ledger".parse().expect("one"), "report/x".parse().expect("one")]);
    let versions = Versions::parse(&town.ask("versions", asked.to_bytes()).await.expect("an answer"));
    assert_eq!(versions.expect("versions").versions, [1, 0]);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_cannot_be_answered_say_why() {
    let town = Town::new(&[]).await;
    town.stands_on(0).await;
    for (ask, code, why) in [
        (r#"{"view":"nothing"}"#, 404, "there are: register"),
        (r#"{"as_of":"yesterday"}"#, 400, "as_of"),
        (r#"{"on":"2022-01-01"}"#, 400, "unknown field"),
        ("{", 400, "does not read"),
    ] {
        match town.ask("view", ask).await {
            Err(RequestError::Refused { code: got, sentence }) => {
                assert!(got == code && sentence.contains(why), "{ask}: {got} {sentence}");
            }
            other => panic!("{ask}: {other:?}"),
        }
    }
    assert!(matches!(town.ask("versions", "{}").await, Err(RequestError::Refused { code: 400, .. })));
    let nobody = town.ask("elsewhere", "").await;
    assert!(matches!(nobody, Err(RequestError::NobodyThere(_))), "{nobody:?}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projector_takes_up_its_own_copy_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy").display().to_string();
    let town = Town::new(&[("projector.mirror", &copy)]).await;
    let founding = load().founding();
    town.record(&founding).await;
    let standing = town.stands_on(founding.len() as u64).await;
    town.stop().await;
    // Another bus, on which nothing was ever sealed: what it says comes from its copy.
    let again = Town::new(&[("projector.mirror", &copy)]).await;
    assert_eq!(again.stands_on(founding.len() as u64).await, standing);
    again.stop().await;
}
