//! A short campaign with every run of the tests; the long ones are in docs/measurements.md.

use std::process::Command;

#[test]
fn a_recorder_that_is_killed_fifteen_times_keeps_every_promise() {
    let run = Command::new(env!("CARGO_BIN_EXE_campaign"))
        .args(["kill", "--rounds", "15", "--longest-ms", "100", "--audit-every", "5"])
        .output()
        .expect("the campaign's program was just built");
    let (said, complained) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{said}{complained}");
    assert!(said.starts_with("kill: 15 rounds"), "{said}");
}
