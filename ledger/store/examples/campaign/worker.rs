//! The process that writes, and what its parent makes of it.

use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ledger_core::entry::Entry;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_core::merkle::tree_root;
use ledger_store::{Event, Options, SegmentStore, Store, StoreError, TreeOf, scrub};

use crate::testing::{Maker, Random};

/// Threads that write.
const WRITERS: u64 = 4;

pub(crate) fn options(watermark_bytes: u64) -> Options {
    Options { what: "campaign".into(), watermark_bytes }
}

/// `work <dir> <seed> <batches>`: appends from four threads, and tells what was acknowledged.
pub(crate) fn work(args: &[&str]) {
    let [dir, seed, batches] = args else { panic!("work <dir> <seed> <batches>") };
    let (seed, batches): (u64, u64) = (seed.parse().unwrap(), batches.parse().unwrap());
    let (store, _) = SegmentStore::open(Path::new(dir), options(0)).unwrap();
    let head = store.head();
    let maker = Maker::new(seed, head.size.0, head.last_leaf_hash);
    let shared = Mutex::new((store, maker));
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let shared = &shared;
            scope.spawn(move || write(shared, seed ^ (writer << 32), batches));
        }
    });
    println!("done");
}

fn write(shared: &Mutex<(SegmentStore, Maker)>, seed: u64, batches: u64) {
    let mut random = Random(seed);
    for _ in 0..batches {
        let size = [1, 3, 40, 600][random.below(4) as usize];
        let mut both = shared.lock().unwrap();
        let (store, maker) = &mut *both;
        // A batch that was refused is made again from the head: the maker goes back to where it was.
        let before = maker.clone();
        let result = store.append(maker.batch(size)).and_then(|head| {
            tell(&format!("entries {} {}", head.size, head.root));
            if random.below(3) == 0 {
                let note = format!("ledger.example/test\n{}\n{}\n\n— log sig\n", head.size, head.root);
                store.put_checkpoint(head.size, Bytes::from(note))?;
                tell(&format!("checkpoint {}", head.size));
            }
            if random.below(5) == 0 {
                let number = store.put_refusal(Bytes::from(format!("no role {}", head.size)))?;
                tell(&format!("refusal {number}"));
            }
            Ok(())
        });
        match result {
            Ok(()) => {}
            Err(StoreError::Poisoned { reason }) => {
                // As the recorder does: nothing more leaves this process.
                tell(&format!("poisoned {reason}"));
                std::process::exit(3);
            }
            Err(error) => {
                tell(&format!("refused {error}"));
                if store.head().size.0 == before.entry_index() {
                    *maker = before;
                }
            }
        }
    }
}

fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        // The campaign is gone. Nobody else would stop this process from filling the disk.
        std::process::exit(4);
    }
}

/// What a child acknowledged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acknowledged {
    pub(crate) size: u64,
    pub(crate) root: Option<Hash>,
    pub(crate) checkpoint: u64,
    pub(crate) refusals: u64,
    pub(crate) poisoned: Option<String>,
    pub(crate) refused: Vec<String>,
    pub(crate) done: bool,
}

/// A child at work, and the record of what it said.
pub(crate) struct Worker {
    pub(crate) child: Child,
    said: Arc<Mutex<Acknowledged>>,
    listener: std::thread::JoinHandle<()>,
}

impl Worker {
    /// Starts a child, behind the words of another command (`strace …`) if there are any.
    pub(crate) fn start(before: &[&str], dir: &Path, seed: u64, batches: u64) -> Self {
        let own = std::env::current_exe().unwrap();
        let mut words: Vec<String> = before.iter().map(|word| (*word).to_owned()).collect();
        words.push(own.to_str().unwrap().to_owned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args([
            "work",
            dir.to_str().unwrap(),
            &seed.to_string(),
            &batches.to_string(),
        ]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let said = Arc::new(Mutex::new(Acknowledged::default()));
        let (heard, out) = (Arc::clone(&said), BufReader::new(child.stdout.take().unwrap()));
        let listener = std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                heard.lock().unwrap().hear(&line);
            }
        });
        Self { child, said, listener }
    }

    /// Waits until the child has acknowledged something.
    pub(crate) fn wait_for_a_word(&self, limit: Duration) {
        let until = std::time::Instant::now() + limit;
        while self.so_far().size == 0 && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// What the child has acknowledged by now.
    pub(crate) fn so_far(&self) -> Acknowledged {
        self.said.lock().unwrap().clone()
    }

    /// Kills the child and returns what it acknowledged; the pipe holds it even if it was not read yet.
    pub(crate) fn kill(mut self) -> Acknowledged {
        let _ = self.child.kill();
        self.child.wait().unwrap();
        self.finish()
    }

    /// Waits for the child to end by itself. `false` when it had to be killed after `limit`.
    pub(crate) fn wait(mut self, limit: Duration) -> (Acknowledged, bool) {
        let until = std::time::Instant::now() + limit;
        while std::time::Instant::now() < until {
            if self.child.try_wait().unwrap().is_some() {
                return (self.finish(), true);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        (self.kill(), false)
    }

    fn finish(self) -> Acknowledged {
        self.listener.join().unwrap();
        self.said.lock().unwrap().clone()
    }
}

impl Acknowledged {
    fn hear(&mut self, line: &str) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["entries", size, root] => {
                (self.size, self.root) = (size.parse().unwrap(), Hash::from_base64(root));
            }
            ["checkpoint", size] => self.checkpoint = size.parse().unwrap(),
            ["refusal", number] => self.refusals = number.parse::<u64>().unwrap() + 1,
            ["poisoned", ..] => self.poisoned = Some(line.to_owned()),
            ["refused", ..] => self.refused.push(line.to_owned()),
            ["done"] => self.done = true,
            _ => {}
        }
    }
}

/// Opens the ledger and checks everything that was acknowledged. A poisoned one must pass its scrub first.
pub(crate) fn check(
    dir: &Path,
    acknowledged: &Acknowledged,
    random: &mut Random,
) -> Result<Vec<Event>, String> {
    let opened = match SegmentStore::open(dir, options(0)) {
        Err(StoreError::Poisoned { .. }) => {
            let report = scrub(dir, &mut |_, _| ()).map_err(|e| format!("scrub: {e}"))?;
            if !report.findings.is_empty() {
                return Err(format!("scrub found {:?}", report.findings));
            }
            SegmentStore::open(dir, options(0))
        }
        opened => opened,
    };
    let (store, report) = opened.map_err(|e| format!("does not open: {e}"))?;
    let size = store.head().size;
    if size.0 < acknowledged.size {
        return Err(format!("{} entries were acknowledged, {size} are there", acknowledged.size));
    }
    let root = tree_root(TreeSize(acknowledged.size), &TreeOf(&store)).map_err(|e| e.to_string())?;
    if acknowledged.root.is_some_and(|acknowledged| acknowledged != root) {
        return Err("the acknowledged root is not the tree's".into());
    }
    check_entries(&store, random)?;
    let checkpoint = TreeSize(acknowledged.checkpoint);
    if checkpoint.0 > 0 && store.checkpoint(checkpoint).map_err(|e| e.to_string())?.is_none() {
        return Err(format!("checkpoint {checkpoint} is lost"));
    }
    let refusals = store.refusals(0, usize::MAX).map_err(|e| e.to_string())?.len() as u64;
    if refusals < acknowledged.refusals {
        return Err(format!("{} refusals were acknowledged, {refusals} are there", acknowledged.refusals));
    }
    if !report.findings.is_empty() {
        return Err(format!("{:?}", report.findings));
    }
    Ok(report.healed)
}

/// The last entries and a sample of the others: present, in their place, linked, and found by id and stream.
fn check_entries(store: &SegmentStore, random: &mut Random) -> Result<(), String> {
    let size = store.head().size.0;
    let last = size.saturating_sub(1_500)..size;
    let sample: Vec<u64> = (0..size.min(100)).map(|_| random.below(size)).collect();
    for index in last.chain(sample) {
        let read = |index| store.entry(EntryIndex(index)).map_err(|e| e.to_string());
        let bytes = read(index)?.ok_or(format!("entry {index} is missing"))?;
        let entry = Entry::parse(&bytes).map_err(|e| e.to_string())?;
        let previous = match index.checked_sub(1) {
            Some(before) => Hash::leaf(&read(before)?.ok_or(format!("entry {before} is missing"))?),
            None => Hash::ZERO,
        };
        let found = store.find(&entry.statement.id).map_err(|e| e.to_string())?;
        let places =
            store.stream(&entry.statement.stream, entry.stream_version, 1).map_err(|e| e.to_string())?;
        let place = EntryIndex(index);
        if (entry.index, entry.previous, found) != (place, previous, Some(place)) || places != [place] {
            return Err(format!("entry {index} is not where it belongs: {found:?}, {places:?}"));
        }
    }
    Ok(())
}

/// A folder for a campaign, empty.
pub(crate) fn fresh(name: &str) -> std::path::PathBuf {
    let dir = std::env::temp_dir().join("ledger-campaign").join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}
