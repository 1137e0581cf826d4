//! As many mirrors as there are forces: what they take is what `bounds.rs` says.

#[allow(dead_code, reason = "each test file needs a part of the scene")]
mod scene;

use hub::State;
use scene::{Hub, Line, Place};
use tempfile::TempDir;

/// Territorial forces of England and Wales.
const FORCES: usize = 43;

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

fn of_this_process(what: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says how a process is");
    let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("it is there");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_three_forces_side_by_side_take_what_was_reckoned() {
    let dir = TempDir::new().expect("a temporary folder");
    let names: Vec<String> = (1..=FORCES).map(|n| format!("force-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let bus = Hub::bus(&names).await;
    // One history stands in for all: what a mirror costs does not depend on whose it is.
    let mut place = Place::founded(&dir, "everybody", 300).await;
    let size = place.head().await.expect("a head").size.0;
    let mut lines = Vec::new();
    for name in &names {
        lines.push(Line(vec![place.sealed_as(&bus, name).await, place.questions_as(&bus, name).await]));
    }
    let (files, threads, memory) = (open_files(), of_this_process("Threads:"), of_this_process("VmRSS:"));
    let hub = Hub::start(&bus, dir.path(), &names, &[]);
    for name in &names {
        hub.sees(name, |force| force.state == State::NotPinned && force.held == size).await;
    }
    let each = |now: usize, before: usize| now.saturating_sub(before) as f64 / FORCES as f64;
    let (files, threads) = (each(open_files(), files), each(of_this_process("Threads:"), threads));
    let memory = each(of_this_process("VmRSS:"), memory);
    println!("for each of {FORCES} mirrors: {files:.1} files, {threads:.1} threads, {memory:.0} KiB");
    assert!(files <= 16.0, "{files} open files for each mirror");
    assert!(threads <= 6.0, "{threads} threads for each mirror");
    hub.stop().await;
    place.stop().await;
}
