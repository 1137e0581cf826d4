//! From an officer to a durable receipt, through a real nats-server, against handing the same statements to a recorder
//! in the same process: `cargo run --release -p load --example services [STATEMENTS [ROUNDS]]`, and with `memory` as
//! the first argument, what the process holds while a million statements go through.
//!
//! The officer, the desk and the recorder share this process and its connections to the server; the server is a process
//! of its own, with `sync_interval: always`. "direct" is an officer whose messages go to the inbox as they are, "desk"
//! one who is checked early by a desk.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use brokers::Server;
use desk::client::Client;
use desk::{Desk, Limits, SUBMIT, Service, VERSIONS};
use host::bus::names::Force;
use host::bus::{Bus, Connection, Headers, Listener, Outgoing, ServiceSpec};
use host::{Board, Clock};
use ledger_core::checkpoint::LogSigner;
use ledger_core::hash::Hash;
use ledger_core::ids::StatementId;
use ledger_core::wire::{Answered, Outcome, ReceiptRequest, Receipts, Submissions};
use ledger_store::{MemoryDisk, MemoryStore, Options, SegmentStore};
use load::{Load, Signed};
use mirror::{LogKey, Mirror, follow};
use recorder::{Config, Recorder, Submission};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

const OFFICERS: u32 = 200;
/// Statements in one message at most: 256 KiB of usual ones.
const IN_MESSAGE: usize = 256;
const WAIT: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Direct,
    Desk,
}

fn main() {
    let mut args = std::env::args().skip(1);
    let first = args.next();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    let load = Arc::new(Load::new(OFFICERS, signer().verifier().vkeys()));
    if first.as_deref() == Some("memory") {
        return runtime
            .block_on(memory(&load, args.next().and_then(|n| n.parse().ok()).unwrap_or(1_000_000)));
    }
    let count = first.and_then(|n| n.parse().ok()).unwrap_or(40_000_u64);
    let rounds = args.next().and_then(|n| n.parse().ok()).unwrap_or(3);
    println!("signing {count} statements …");
    let facts = Arc::new(load.facts(0..count));
    for in_flight in [256, 4_096] {
        for round in 1..=rounds {
            let embedded = runtime.block_on(embedded(&load, &facts, in_flight));
            print!("{in_flight} in flight, round {round}: embedded {embedded:.0}/s");
            for (name, way) in [("direct", Way::Direct), ("desk", Way::Desk)] {
                let rate = runtime.block_on(through(&load, &facts, in_flight, way));
                print!("; {name} {rate:.0}/s, {:.2} of it", rate / embedded);
            }
            println!();
        }
    }
    for (name, way) in [("direct", Way::Direct), ("desk", Way::Desk)] {
        let rate = runtime.block_on(through(&load, &facts, 4_096, way)) / 10.0;
        let waits = runtime.block_on(paced(&load, &facts, rate, way));
        println!("{name} at {rate:.0}/s, a tenth: {}", percentiles(waits));
    }
}

fn signer() -> LogSigner {
    LogSigner::new(load::ORIGIN.parse().expect("an origin"), &[1; 32], &[2; 32]).expect("log keys")
}

fn config() -> Config {
    let ticks = AtomicU64::new(load::START_MS);
    let clock = Arc::new(move || ticks.fetch_add(1, Ordering::Relaxed));
    Config { signer: signer(), clock, checkpoint_every: Duration::from_millis(500), verify_threads: 0 }
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/services-benchmark");
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn store() -> Box<SegmentStore> {
    Box::new(SegmentStore::open(&folder(), Options::default()).expect("an empty folder opens").0)
}

fn submission(signed: &Signed) -> Submission {
    let Signed { statement, signatures, .. } = signed.clone();
    Submission { statement, signatures, addenda: Vec::new() }
}

fn force() -> Force {
    Force::parse("cambridgeshire").expect("a force")
}

async fn embedded(load: &Load, facts: &Arc<Vec<Signed>>, in_flight: usize) -> f64 {
    let recorder = Arc::new(Recorder::open(store(), config()).expect("an empty ledger opens"));
    for signed in load.founding() {
        recorder.submit(submission(&signed)).await.expect("in order");
    }
    let next = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let lane = |recorder: Arc<Recorder>, facts: Arc<Vec<Signed>>, next: Arc<AtomicU64>| async move {
        while let Some(fact) = facts.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            recorder.submit(submission(fact)).await.expect("in order");
        }
    };
    let lanes: Vec<_> = (0..in_flight)
        .map(|_| tokio::spawn(lane(Arc::clone(&recorder), Arc::clone(facts), Arc::clone(&next))))
        .collect();
    for lane in lanes {
        lane.await.expect("a lane ends");
    }
    let rate = facts.len() as f64 / begun.elapsed().as_secs_f64();
    tokio::task::spawn_blocking(move || drop(recorder)).await.expect("it closes");
    rate
}

/// Statements that have no receipt yet.
type Waiting = Arc<Mutex<HashMap<StatementId, Sent>>>;

/// Since when, by which digest to ask, and the place that a receipt gives back.
struct Sent {
    at: Instant,
    digest: Hash,
    _permit: Option<OwnedSemaphorePermit>,
}

/// A server, a recorder, a desk where one is wanted, and an officer.
struct Town {
    officer: Bus,
    way: Way,
    waiting: Waiting,
    waits: mpsc::UnboundedReceiver<Duration>,
    stop: oneshot::Sender<()>,
    recorder: tokio::task::JoinHandle<Result<(), recorder::service::ServiceError>>,
    _server: Server,
}

impl Town {
    async fn new(load: &Load, way: Way) -> Self {
        let server = Server::start().expect("this measurement needs a nats-server");
        let services = connect(&server, "services").await;
        let officer = connect(&server, "officer").await;
        services.ensure(&force().inbox()).await.expect("the inbox is made");
        services.ensure(&force().sealed_log()).await.expect("the sealed stream is made");
        let listener =
            officer.listen(&force().receipt("response", "several")).await.expect("the bus is open");
        let health = Board::default().role("recorder");
        let (stop, stopped) = oneshot::channel();
        let stopped = async move { drop(stopped.await) };
        let run = recorder::service::run(store(), config(), services.clone(), force(), health, stopped);
        let recorder = tokio::spawn(run);
        let (tell, waits) = mpsc::unbounded_channel();
        let waiting = Waiting::default();
        tokio::spawn(ask(officer.clone(), Arc::clone(&waiting), tell.clone()));
        tokio::spawn(receive(listener, Arc::clone(&waiting), tell));
        let mut town = Self { officer, way: Way::Direct, waiting, waits, stop, recorder, _server: server };
        for signed in load.founding() {
            town.send(vec![(signed, None)]).await;
            town.next_wait().await;
        }
        if way == Way::Desk {
            open_desk(services).await;
        }
        town.way = way;
        town
    }

    /// One message on its way to the inbox, or to the desk.
    fn send(&self, signed: Vec<(Signed, Option<OwnedSemaphorePermit>)>) -> impl Future<Output = ()> + use<> {
        let mut submissions = Vec::with_capacity(signed.len());
        let mut waiting = self.waiting.lock().expect("nobody panics");
        for (signed, permit) in signed {
            let digest = Hash::of(&signed.statement);
            submissions.push(submission(&signed));
            waiting.insert(signed.id, Sent { at: Instant::now(), digest, _permit: permit });
        }
        drop(waiting);
        let (bus, way) = (self.officer.clone(), self.way);
        async move {
            match way {
                Way::Direct => {
                    let payload = Submissions(submissions).to_bytes();
                    let id = Hash::of(&payload).to_hex();
                    let (subject, headers) = (force().several("response"), Headers::new());
                    let message = Outgoing { subject, id, headers, payload, expect_last: None };
                    bus.publish(message).await.expect("the inbox takes it");
                }
                Way::Desk => {
                    let client = Client::new(bus, force(), WAIT);
                    let verdicts = client.submit(Service::Response, submissions, Headers::new()).await;
                    let verdicts = verdicts.expect("the desk answers");
                    assert!(verdicts.iter().all(|v| v.answered == Answered::Accepted), "{verdicts:?}");
                }
            }
        }
    }

    async fn next_wait(&mut self) -> Duration {
        let wait = tokio::time::timeout(WAIT, self.waits.recv()).await;
        wait.expect("a receipt comes").expect("the officer listens")
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        self.recorder.await.expect("it does not panic").expect("an orderly end");
    }
}

async fn connect(server: &Server, name: &str) -> Bus {
    let bus = Bus::connect(&Connection::to(server.url(), name)).await.expect("it connects");
    bus.connected(WAIT).await.expect("the server answers");
    bus
}

async fn open_desk(bus: Bus) {
    let copy = MemoryStore::open(&MemoryDisk::new()).expect("opens");
    let mirror = Mirror::open(Box::new(copy), LogKey::FromFirstEntry).expect("an empty copy opens");
    let following = follow(mirror.clone(), bus.clone(), force());
    let replica = Arc::new(mirror);
    let desk = Desk::open(&bus, force(), Service::Response, replica, Clock::system(), Limits::default());
    let spec = ServiceSpec {
        name: "response".to_owned(),
        version: "0.1.0".to_owned(),
        description: "A desk.".to_owned(),
        subject: force().service("response"),
        endpoints: vec![SUBMIT.to_owned(), VERSIONS.to_owned()],
        metadata: Default::default(),
        figures: None,
    };
    tokio::spawn(async move {
        let _following = following;
        desk::serve(Arc::new(desk), &bus, spec, std::future::pending()).await.expect("it serves");
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
}

/// Hears the receipts, and lets the next statement go for each.
async fn receive(mut listener: Listener, waiting: Waiting, tell: mpsc::UnboundedSender<Duration>) {
    while let Some(told) = listener.next().await {
        let Receipts(receipts) = Receipts::parse(&told.payload).expect("receipts");
        let mut waiting = waiting.lock().expect("nobody panics");
        for receipt in receipts {
            assert!(matches!(receipt.outcome, Outcome::Durable(_)), "{receipt:?}");
            if let Some(sent) = receipt.id.and_then(|id| waiting.remove(&id)) {
                let _ = tell.send(sent.at.elapsed());
            }
        }
    }
}

/// Receipts are told at most once; what is not heard within a second is asked for.
async fn ask(bus: Bus, waiting: Waiting, tell: mpsc::UnboundedSender<Duration>) {
    let client = Client::new(bus, force(), WAIT);
    let mut asked = 0;
    while !tell.is_closed() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let late: Vec<ReceiptRequest> = {
            let waiting = waiting.lock().expect("nobody panics");
            let late = waiting.iter().filter(|(_, sent)| sent.at.elapsed() > Duration::from_secs(1));
            late.map(|(id, sent)| ReceiptRequest { id: *id, digest: sent.digest }).collect()
        };
        for request in late {
            if let Ok(Some(_)) = client.receipt(request).await
                && let Some(sent) = waiting.lock().expect("nobody panics").remove(&request.id)
            {
                asked += 1;
                let _ = tell.send(sent.at.elapsed());
            }
        }
    }
    if asked > 0 {
        print!(" ({asked} receipts were not heard and asked for)");
    }
}

async fn through(load: &Load, facts: &Arc<Vec<Signed>>, in_flight: usize, way: Way) -> f64 {
    let mut town = Town::new(load, way).await;
    let begun = Instant::now();
    let room = Arc::new(Semaphore::new(in_flight));
    // A quarter of what may be on its way at once, so that there is always some of it at each stage.
    let most = (in_flight / 4).clamp(1, IN_MESSAGE);
    let mut done = 0;
    for some in facts.chunks(most) {
        let mut message = Vec::with_capacity(some.len());
        for fact in some {
            let permit = Arc::clone(&room).acquire_owned().await.expect("it is never closed");
            message.push((fact.clone(), Some(permit)));
        }
        tokio::spawn(town.send(message));
        while town.waits.try_recv().is_ok() {
            done += 1;
        }
    }
    while done < facts.len() {
        town.next_wait().await;
        done += 1;
    }
    let rate = facts.len() as f64 / begun.elapsed().as_secs_f64();
    town.stop().await;
    rate
}

/// Statements one by one at so many a second, for ten seconds. What falls due together goes together.
async fn paced(load: &Load, facts: &Arc<Vec<Signed>>, rate: f64, way: Way) -> Vec<Duration> {
    let mut town = Town::new(load, way).await;
    let count = ((rate * 10.0) as usize).min(facts.len());
    let begun = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(4));
    let mut sent = 0;
    while sent < count {
        tick.tick().await;
        let due = ((begun.elapsed().as_secs_f64() * rate) as usize).min(count);
        if due > sent {
            let message = facts[sent..due].iter().map(|fact| (fact.clone(), None)).collect();
            tokio::spawn(town.send(message));
            sent = due;
        }
    }
    let mut waits = Vec::with_capacity(count);
    while waits.len() < count {
        waits.push(town.next_wait().await);
    }
    town.stop().await;
    waits
}

fn percentiles(mut waits: Vec<Duration>) -> String {
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    format!("p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms", at(0.50), at(0.99), at(1.0))
}

/// What this process holds while so many statements go through, signed as they go.
async fn memory(load: &Arc<Load>, count: u64) {
    const CHUNK: u64 = 4_096;
    let mut town = Town::new(load, Way::Direct).await;
    let (give, mut signed) = mpsc::channel(2);
    let signer = Arc::clone(load);
    std::thread::spawn(move || {
        let chunks = (0..count).step_by(CHUNK as usize).map(|from| from..count.min(from + CHUNK));
        for chunk in chunks {
            if give.blocking_send(signer.facts(chunk)).is_err() {
                return;
            }
        }
    });
    let room = Arc::new(Semaphore::new(4_096));
    let (mut done, mut next) = (0, 0);
    let begun = Instant::now();
    while let Some(chunk) = signed.recv().await {
        for some in chunk.chunks(IN_MESSAGE) {
            let mut message = Vec::with_capacity(some.len());
            for fact in some {
                let permit = Arc::clone(&room).acquire_owned().await.expect("it is never closed");
                message.push((fact.clone(), Some(permit)));
            }
            tokio::spawn(town.send(message));
            while town.waits.try_recv().is_ok() {
                done += 1;
            }
        }
        if done >= next {
            let (resident, most) = (resident_mib("VmRSS:"), resident_mib("VmHWM:"));
            println!(
                "{done} recorded in {:.0} s: resident {resident} MiB, {most} at most",
                begun.elapsed().as_secs_f64()
            );
            next = done + count / 10;
        }
    }
    while done < count {
        town.next_wait().await;
        done += 1;
    }
    let (resident, most) = (resident_mib("VmRSS:"), resident_mib("VmHWM:"));
    println!(
        "{done} recorded in {:.0} s: resident {resident} MiB, {most} at most",
        begun.elapsed().as_secs_f64()
    );
    town.stop().await;
}

/// A figure of `/proc/self/status`, in MiB.
fn resident_mib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says what a process holds");
    let line = status.lines().find(|line| line.starts_with(name)).expect("it says how much is resident");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") / 1024
}
