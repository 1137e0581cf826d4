//! Campaigns against the store: what a crash, a power cut, a failing disk, a full disk and damage do to it.
//!
//! ```text
//! cargo run --release -p ledger-store --example campaign -- kill      --rounds 200
//! cargo run --release -p ledger-store --example campaign -- flips     --rounds 2000
//! cargo run --release -p ledger-store --example campaign -- powercut  --rounds 30     (root: loop mounts)
//! cargo run --release -p ledger-store --example campaign -- strace    --rounds 400    (strace)
//! cargo run --release -p ledger-store --example campaign -- diskfull  --rounds 20     (root: tmpfs mounts)
//! ```
//!
//! A child process writes with four threads and says through a pipe what was acknowledged; something
//! happens to it; the ledger is opened again and must hold everything that was acknowledged, without a gap,
//! under the very root that was acknowledged. Whatever fails ends the campaign with the seed that shows it.

#![allow(clippy::unwrap_used, reason = "a campaign that cannot go on should say where")]

#[path = "../../src/testing.rs"]
#[allow(dead_code, unreachable_pub, reason = "each user of the shared file needs a part of it")]
mod testing;

mod faults;
mod flips;
mod kill;
mod power;
mod worker;

use ledger_store::SealedEntry;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let text: Vec<&str> = args.iter().map(String::as_str).collect();
    let rounds = |default: u64| {
        let place = text.iter().position(|arg| *arg == "--rounds");
        place.and_then(|i| text.get(i + 1)).map_or(default, |n| n.parse().unwrap())
    };
    match text.first() {
        Some(&"work") => worker::work(&text[1..]),
        Some(&"kill") => kill::campaign(rounds(200)),
        Some(&"flips") => flips::campaign(rounds(2_000)),
        Some(&"powercut") => power::campaign(rounds(30)),
        Some(&"strace") => faults::strace(rounds(400)),
        Some(&"diskfull") => faults::disk_full(rounds(20)),
        _ => {
            eprintln!("which campaign? kill, flips, powercut, strace or diskfull [--rounds N]");
            std::process::exit(2);
        }
    }
}
