//! Campaigns against the recorder: kills, power cuts, failing system calls and full disks.
//!
//! ```text
//! campaign kill     [--rounds 200] [--longest-ms 600] [--audit-every 1]
//! campaign powercut [--rounds 40]                     needs root, mkfs.ext4, loop mounts, python3
//! campaign strace   [--rounds 400]                    needs strace
//! campaign diskfull [--rounds 20]                     needs root, mkfs.ext4, loop mounts
//! ```
//!
//! A process of its own ([`worker`]) opens a ledger as the command line does and submits facts from four
//! threads, printing every answer at once. Something happens to it. This process opens the ledger again, with
//! no repair command, and holds it against everything that was ever said about it ([`book`]).
//!
//! In scope: what a user of the recorder was promised. Out of scope: the store's own seams (`ledger-store`'s
//! campaigns), damage to files (there too).

mod answers;
mod book;
mod check;
mod child;
mod disk;
mod diskfull;
mod kill;
mod powercut;
mod proof;
mod random;
mod scene;
mod strace;
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u64| {
        let at = args.iter().position(|arg| arg == name);
        at.and_then(|at| args.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let outcome = match args.first().map(String::as_str) {
        Some("work") => return worker::work(&args[1..]),
        Some("kill") => {
            kill::campaign(number("--rounds", 200), number("--longest-ms", 600), number("--audit-every", 1))
        }
        Some("powercut") => powercut::campaign(number("--rounds", 40)),
        Some("strace") => strace::campaign(number("--rounds", 400)),
        Some("diskfull") => diskfull::campaign(number("--rounds", 20)),
        _ => Err("which campaign? kill, powercut, strace or diskfull, and perhaps --rounds N".to_owned()),
    };
    match outcome {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("FAILED: {problem}");
            ExitCode::FAILURE
        }
    }
}
