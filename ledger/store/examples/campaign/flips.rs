//! One random byte flipped in one file of a ledger, then opened, read and scrubbed.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ledger_core::hash::Hash;
use ledger_core::ids::{EntryIndex, TreeSize};
use ledger_store::{Event, Finding, SealedEntry, SegmentStore, Store, StoreError, scrub};

use crate::testing::{Maker, Random};
use crate::worker::{fresh, options};

pub(crate) fn campaign(rounds: u64) {
    let dir = fresh("flips");
    let (live, closed) = (dir.join("live"), dir.join("closed"));
    let all = make(&live, &closed);
    // sled's and our own messages about what is about to be healed would fill the screen.
    std::panic::set_hook(Box::new(|_| ()));
    let mut random = Random(0x0066_6c69_7073);
    let mut outcomes: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for round in 0..rounds {
        let copy = dir.join("copy");
        let _ = fs::remove_dir_all(&copy);
        copy_all(if round % 2 == 0 { &live } else { &closed }, &copy);
        let (name, at) = flip_somewhere(&copy, &mut random);
        let result = catch_unwind(AssertUnwindSafe(|| one(&copy, &all, round % 4 < 2)));
        let outcome = match result {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(problem)) => fail(round, &name, at, &problem),
            Err(_) => fail(round, &name, at, "a panic came through"),
        };
        let kind = name.split(['/', '.']).next().unwrap_or_default().to_owned();
        let may_be_silent = ["index", "lock"].contains(&kind.as_str());
        if outcome == "no effect" && !may_be_silent {
            fail(round, &name, at, "nobody noticed");
        }
        *outcomes.entry((kind, outcome)).or_default() += 1;
        if round % 100 == 99 {
            println!("{} rounds", round + 1);
        }
    }
    println!("flips: {rounds} single bytes, nothing lost, no wrong bytes, no panic");
    for ((kind, outcome), count) in outcomes {
        println!("  {kind:12} {outcome:28} {count}");
    }
}

fn fail(round: u64, name: &str, at: u64, problem: &str) -> ! {
    eprintln!("round {round}: byte {at} of {name}: {problem}");
    std::process::exit(1);
}

/// A ledger with everything in it, copied once while it was open and once after it was closed.
fn make(live: &Path, closed: &Path) -> Vec<SealedEntry> {
    let all = Maker::new(5, 0, Hash::ZERO).batch(5_000);
    let (mut store, _) = SegmentStore::open(closed, options(0)).unwrap();
    for batch in all.chunks(170) {
        let head = store.append(batch.to_vec()).unwrap();
        let note = format!("ledger.example/test\n{}\n{}\n\n— log sig\n", head.size, head.root);
        store.put_checkpoint(head.size, Bytes::from(note)).unwrap();
        store.put_refusal(Bytes::from(vec![7; 300])).unwrap();
    }
    for n in 0..9u8 {
        store.put_addendum(Hash::of(&[n; 99]), Bytes::from(vec![n; 99])).unwrap();
    }
    store.save_snapshot(TreeSize(4_999), Bytes::from(vec![5; 20_000])).unwrap();
    store.wait_until_caught_up();
    copy_all(closed, live);
    all
}

/// Small files are as likely to be hit as large ones: half of the flips choose the file first.
fn flip_somewhere(dir: &Path, random: &mut Random) -> (String, u64) {
    let files = files_of(dir);
    let total: u64 = files.iter().map(|(_, length)| length).sum();
    let (path, at) = if random.below(2) == 0 {
        let (path, length) = &files[random.below(files.len() as u64) as usize];
        (path, random.below(*length))
    } else {
        let mut at = random.below(total);
        let mut chosen = &files[0].0;
        for (path, length) in &files {
            chosen = path;
            if at < *length {
                break;
            }
            at -= length;
        }
        (chosen, at)
    };
    let mut content = fs::read(path).unwrap();
    content[at as usize] ^= 1 << random.below(8);
    fs::write(path, content).unwrap();
    (path.strip_prefix(dir).unwrap().display().to_string(), at)
}

/// Opens, reads all and scrubs (or the other way round); says what came of it.
fn one(dir: &Path, all: &[SealedEntry], scrub_first: bool) -> Result<&'static str, String> {
    let mut events = Vec::new();
    let mut findings = Vec::new();
    let check = |events: &mut Vec<Event>| -> Result<(), String> {
        let (mut store, report) = SegmentStore::open(dir, options(0)).map_err(|e| format!("open: {e}"))?;
        read_all(&mut store, all)?;
        events.extend(report.healed);
        events.extend(store.take_events());
        Ok(())
    };
    if !scrub_first {
        check(&mut events)?;
    }
    let report = scrub(dir, &mut |_, _| ()).map_err(|e| format!("scrub: {e}"))?;
    events.extend(report.events);
    findings.extend(report.findings);
    check(&mut events)?;
    if let Some(bad) = findings.iter().find(|finding| !matches!(finding, Finding::AddendumDamaged { .. })) {
        return Err(format!("not healed: {bad}"));
    }
    let again = scrub(dir, &mut |_, _| ()).map_err(|e| format!("second scrub: {e}"))?;
    let lasting = |event: &&Event| !matches!(event, Event::SnapshotIgnored { .. });
    if let Some(event) = again.events.iter().find(lasting) {
        return Err(format!("the first scrub left something: {event}"));
    }
    Ok(match (events.is_empty(), findings.is_empty()) {
        (true, true) => "no effect",
        (false, true) => "healed and reported",
        (_, false) => "reported (has one copy)",
    })
}

fn read_all(store: &mut SegmentStore, all: &[SealedEntry]) -> Result<(), String> {
    if store.head().size.0 != all.len() as u64 {
        return Err(format!("{} entries of {}", store.head().size, all.len()));
    }
    for (index, entry) in (0..).map(EntryIndex).zip(all) {
        let found = store.find(&entry.statement_id).map_err(|e| format!("find: {e}"))?;
        let bytes = store.entry(index).map_err(|e| format!("entry: {e}"))?;
        if found != Some(index) || bytes.as_ref() != Some(&entry.bytes) {
            return Err(format!("entry {index} is wrong"));
        }
    }
    for size in store.checkpoint_sizes(TreeSize(0), usize::MAX) {
        store.checkpoint(size).map_err(|e| format!("checkpoint: {e}"))?;
    }
    let counts = (
        store.checkpoint_sizes(TreeSize(0), 99).len(),
        store.refusals(0, 99).map_err(|e| e.to_string())?.len(),
    );
    if counts != (30, 30) {
        return Err(format!("{counts:?} checkpoints and refusals of 30 each"));
    }
    for n in 0..9u8 {
        match store.addendum(&Hash::of(&[n; 99])) {
            Ok(Some(bytes)) if bytes[..] == [n; 99] => {}
            Err(StoreError::Damaged { .. }) => {}
            other => return Err(format!("addendum {n}: {other:?}")),
        }
    }
    match store.load_snapshot() {
        None => Ok(()),
        Some((_, state)) if state[..] == [5; 20_000] => Ok(()),
        Some(_) => Err("a damaged snapshot was loaded".into()),
    }
}

fn files_of(dir: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir).unwrap() {
        let path = item.unwrap().path();
        let length = fs::metadata(&path).unwrap().len();
        if path.is_dir() {
            found.extend(files_of(&path));
        } else if length > 0 {
            found.push((path, length));
        }
    }
    found.sort();
    found
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let path = item.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_all(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
